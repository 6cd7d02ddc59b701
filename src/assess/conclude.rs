//! The conclusion of a control. The default is *Could not conclude*.

use super::coverage::Coverage;
use super::population::Counted;
use crate::catalogue::{AppliesTo, Control, Empty};
use crate::report::Conclusion;

/// Concludes, and says why in a sentence. `unread` are the records that could not be read in sources that the test draws
/// on, and files of such sources that were not read to the end; `inventory` is whether any host was listed by an inventory.
#[must_use]
pub fn conclude(
    control: &Control,
    counted: &Counted,
    accepted: u64,
    coverage: &Coverage,
    unread: u64,
    inventory: bool,
) -> (Conclusion, String) {
    let all = counted.all();
    if counted.exception > 0 {
        let noun = if counted.exception == 1 { "exception" } else { "exceptions" };
        let accepted = match accepted {
            0 => String::new(),
            number if number == counted.exception => " (accepted by waiver)".to_owned(),
            number => format!(" ({} accepted by waiver)", thousands(number)),
        };
        let doubts = doubts(counted, coverage, unread);
        let besides = if doubts.is_empty() { String::new() } else { format!(" In addition, {}.", doubts.join("; ")) };
        return (
            Conclusion::Exceptions,
            format!("{} {noun}{accepted} in {}.{besides}", thousands(counted.exception), items(all)),
        );
    }
    let mut doubts = doubts(counted, coverage, unread);
    if all == 0 {
        match control.population.empty {
            Empty::NotApplicable if !inventory && control.applies_to != AppliesTo::Changes => {
                doubts.insert(0, "no inventory is among the evidence, so nobody knows to which hosts it applies".to_owned());
            }
            Empty::NotApplicable if unread == 0 => {
                return (Conclusion::NotApplicable, format!("The population is empty: {}.", control.population.empty_reason));
            }
            _ => doubts.insert(0, format!("the population is empty: {}", control.population.empty_reason)),
        }
    }
    if !doubts.is_empty() {
        return (Conclusion::CouldNotConclude, format!("No exception was found, but {}.", doubts.join("; ")));
    }
    if counted.met == 0 {
        return (Conclusion::NotApplicable, format!("The control applies to none of {}.", items(all)));
    }
    (Conclusion::NoExceptions, format!("{} tested, none an exception.", items(all - counted.not_applicable)))
}

/// What keeps the evidence from carrying a clean conclusion.
fn doubts(counted: &Counted, coverage: &Coverage, unread: u64) -> Vec<String> {
    let all = counted.all();
    let mut doubts = Vec::new();
    if counted.inconclusive > 0 {
        doubts.push(format!("{} of {} could not be judged", thousands(counted.inconclusive), items(all)));
    }
    if coverage.total > 0 {
        let noun = if coverage.total == 1 { "silence" } else { "silences" };
        doubts.push(format!("{} {noun} longer than allowed in the streams that it needs", thousands(coverage.total)));
    }
    if unread > 0 {
        let noun = if unread == 1 { "record" } else { "records" };
        doubts.push(format!("{} {noun} of the evidence that it draws on could not be read", thousands(unread)));
    }
    doubts
}

fn items(number: u64) -> String {
    if number == 1 { "1 item".to_owned() } else { format!("{} items", thousands(number)) }
}

/// A number with its thousands separated by commas.
#[must_use]
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn conclusion(id: &str, counted: Counted, coverage: &Coverage, unread: u64) -> Conclusion {
        let catalogue = crate::catalogue::Catalogue::load(None, &Config::default()).expect("the embedded controls");
        let control = catalogue.controls.into_iter().find(|control| control.id == id).expect("the control");
        conclude(&control, &counted, 0, coverage, unread, true).0
    }

    #[test]
    fn silence_is_never_good_news() {
        let met = Counted { met: 3, ..Counted::default() };
        let whole = Coverage::default();
        let gap = Coverage { total: 1, ..Coverage::default() };
        assert_eq!(conclusion("SUDO-02", met, &whole, 0), Conclusion::NoExceptions);
        assert_eq!(conclusion("SUDO-02", Counted::default(), &whole, 0), Conclusion::CouldNotConclude);
        assert_eq!(conclusion("SUDO-01", Counted::default(), &whole, 0), Conclusion::NotApplicable);
        assert_eq!(conclusion("SUDO-01", Counted::default(), &whole, 1), Conclusion::CouldNotConclude);
        assert_eq!(conclusion("SUDO-02", met, &gap, 0), Conclusion::CouldNotConclude);
        assert_eq!(conclusion("SUDO-02", met, &whole, 1), Conclusion::CouldNotConclude);
        let doubtful = Counted { met: 3, inconclusive: 1, ..Counted::default() };
        assert_eq!(conclusion("SUDO-02", doubtful, &whole, 0), Conclusion::CouldNotConclude);
        let exception = Counted { exception: 1, ..met };
        assert_eq!(conclusion("SUDO-02", exception, &gap, 1), Conclusion::Exceptions);
        let none = Counted { not_applicable: 2, ..Counted::default() };
        assert_eq!(conclusion("SUDO-02", none, &whole, 0), Conclusion::NotApplicable);
    }

    #[test]
    fn without_an_inventory_nobody_knows_whether_there_are_such_hosts() {
        let catalogue = crate::catalogue::Catalogue::load(None, &Config::default()).expect("the embedded controls");
        let control = catalogue.controls.into_iter().find(|control| control.id == "SUDO-01").expect("the control");
        let (conclusion, why) = conclude(&control, &Counted::default(), 0, &Coverage::default(), 0, false);
        assert_eq!(conclusion, Conclusion::CouldNotConclude);
        assert!(why.contains("no inventory"), "{why}");
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!([1, 999, 1000, 1_234_567].map(thousands), ["1", "999", "1,000", "1,234,567"]);
    }
}
