//! What an InSpec test looked at, read from the sentence that it is reported by (`code_desc`).
//!
//! Source: the `to_s` of InSpec's resources (`lib/inspec/resources/ssh_config.rb`, `service.rb`, `package.rb`, `port.rb`) and
//! RSpec's descriptions, which said `should` and now say `is expected to`.

use super::login_rules::{Finding, Wanted};

/// Reads `SSHD Configuration PermitRootLogin should eq "no"`, `Service sshd is expected not to be running` and their like.
pub(super) fn sentence(sentence: &str, holds: bool) -> Option<Finding> {
    let (subject, wish, negated) =
        [(" is expected not to ", true), (" should not ", true), (" is expected to ", false), (" should ", false)]
            .iter()
            .find_map(|(verb, negated)| {
                sentence.split_once(verb).map(|(subject, wish)| (subject.trim(), wish.trim(), *negated))
            })?;
    if subject.starts_with("SSHD ") {
        let keyword = subject.rsplit(' ').next()?.to_lowercase();
        return wanted(wish).filter(|_| !negated).map(|wanted| Finding::Setting(keyword, wanted, holds));
    }
    let so = holds != negated;
    let (kind, name) = subject.rsplit_once(' ')?;
    match (kind, wish) {
        ("Service", "be running") => Some(Finding::Running(name.to_owned(), so)),
        ("Service", "be enabled") => Some(Finding::Enabled(name.to_owned(), so)),
        ("System Package", "be installed") => Some(Finding::Installed(name.to_owned(), so)),
        ("Port", "be listening") => Some(Finding::Listening(name.to_owned(), so)),
        _ => None,
    }
}

/// What a setting should be: `eq "no"`, `cmp == "no"`, `match /no|without-password/`.
fn wanted(wish: &str) -> Option<Wanted> {
    if let Some(pattern) = wish.strip_prefix("match /") {
        let alternatives = pattern.trim_end_matches('/').trim_matches(['^', '$', '(', ')']);
        return alternatives.split('|').any(|one| one == "no").then_some(Wanted::NoAmongOthers);
    }
    let value = wish.strip_prefix("eq ").or_else(|| wish.strip_prefix("cmp == ")).or_else(|| wish.strip_prefix("cmp "))?;
    match value.trim_matches(['"', '\'']) {
        "no" => Some(Wanted::No),
        "yes" => Some(Wanted::Yes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_every_age_are_read() {
        let setting = |wanted, holds| Some(Finding::Setting("permitrootlogin".to_owned(), wanted, holds));
        for (text, holds, expected) in [
            ("SSHD Configuration PermitRootLogin should eq \"no\"", true, setting(Wanted::No, true)),
            ("SSHD Configuration PermitRootLogin is expected to cmp == \"no\"", false, setting(Wanted::No, false)),
            (
                "SSHD Active Configuration (active path: /etc/ssh/sshd_config) PermitRootLogin is expected to eq \"no\"",
                true,
                setting(Wanted::No, true),
            ),
            (
                "SSHD Configuration PermitRootLogin should match /no|without-password|prohibit-password/",
                true,
                setting(Wanted::NoAmongOthers, true),
            ),
            ("SSHD Configuration PermitRootLogin should not eq \"yes\"", true, None),
            ("Service sshd should not be running", true, Some(Finding::Running("sshd".to_owned(), false))),
            ("Service sshd is expected not to be enabled", false, Some(Finding::Enabled("sshd".to_owned(), true))),
            (
                "System Package openssh-server should not be installed",
                true,
                Some(Finding::Installed("openssh-server".to_owned(), false)),
            ),
            ("Port 22 is expected to be listening", true, Some(Finding::Listening("22".to_owned(), true))),
            ("File /etc/passwd should be file", true, None),
            ("", true, None),
        ] {
            assert_eq!(sentence(text, holds), expected, "{text}");
        }
    }
}
