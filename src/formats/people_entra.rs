//! Users of Entra ID (Azure AD): `az ad user list`, and Microsoft Graph's `GET /users`.
//!
//! Source: the Graph reference (`user` resource type). A list of users, or an object whose `value` is that list. The person
//! is named by `onPremisesSamAccountName`, else `mailNickname`, else `userPrincipalName`.

use super::inventory::extract;
use super::lazy::{Json, Members};
use super::people_directory::{NOT_SHOWN, Names, mail_of_proxy};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{PEOPLE, Table};

/// Users of Entra ID.
pub(super) struct EntraUsers;

impl Format for EntraUsers {
    fn name(&self) -> &'static str {
        "people-entra"
    }

    fn about(&self) -> &'static str {
        "people and their names from Entra ID (az ad user list, Graph GET /users)"
    }

    fn recognised_by(&self) -> &'static str {
        "a list of users with userPrincipalName and displayName"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&PEOPLE] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let users = text.contains("\"userPrincipalName\"") && text.contains("\"displayName\"");
        let listed = match head.first_byte()? {
            b'[' => true,
            b'{' => text.contains("\"value\""),
            _ => false,
        };
        (users && listed).then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let wrapped = wrapped(document);
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let document = Members::of(&wrapped).ok()?;
        let mut found = None;
        users(document.get("document")?, |users| {
            let user = users.get(index).and_then(Json::members);
            found = user.map(|user| extract(&user, &["userPrincipalName", "displayName", "mail"]));
        });
        found
    }

    fn read(&self, segment: &Segment<'_>, _: &Reading<'_>, sink: &mut Sink<'_>) {
        let text = match segment.text() {
            Ok(text) => text,
            Err(line) => return sink.record(line).reject("byte that is not UTF-8", b""),
        };
        let wrapped = wrapped(text);
        let document = match Members::of(&wrapped) {
            Ok(document) => document,
            Err(error) => return sink.record(1).reject(&format!("damaged or torn JSON ({error})"), NOT_SHOWN),
        };
        let Some(outer) = document.get("document").filter(|_| document.iter().count() == 1) else {
            return sink.record(1).reject("something follows the document: two answers in one file, or damaged JSON", NOT_SHOWN);
        };
        if outer.members().is_some_and(|answer| answer.filled("@odata.nextLink").is_some()) {
            let text = "the answer has a nextLink: further users are on pages that are not in this file";
            sink.limit("partial-list", None, text);
        }
        let listed = users(outer, |users| {
            for (number, user) in (1..).zip(users) {
                match user.members().filter(|user| user.get("userPrincipalName").is_some()) {
                    Some(user) => names(&user).give(sink.record(number), number),
                    None => sink.record(number).reject("not a user: an object with userPrincipalName is expected", NOT_SHOWN),
                }
            }
        });
        if !listed {
            sink.record(1).reject("no list of users", NOT_SHOWN);
        }
    }
}

/// The file as a member of an object, so that what follows a document is seen.
fn wrapped(text: &str) -> String {
    format!("{{\"document\":{}}}", text.trim_start_matches('\u{feff}'))
}

/// Hands over the list of users, where there is one.
fn users(document: &Json<'_>, take: impl FnOnce(&[Json<'_>])) -> bool {
    let answer = document.members();
    let list = answer.as_ref().and_then(|answer| answer.get("value")).unwrap_or(document);
    let listed = list.raw().starts_with('[');
    if listed {
        take(&list.elements());
    }
    listed
}

fn names(user: &Members<'_>) -> Names {
    let one = |key: &str| user.filled(key).map(|text| text.into_owned());
    let several = |key: &str| -> Vec<String> {
        let values = user.get(key).map(Json::elements).unwrap_or_default();
        values.iter().filter_map(|value| value.filled().map(|text| text.into_owned())).collect()
    };
    let accounts = ["onPremisesSamAccountName", "mailNickname", "userPrincipalName"].into_iter().filter_map(one).collect();
    let mut others: Vec<String> = ["mail", "displayName"].into_iter().filter_map(one).collect();
    others.extend(several("otherMails"));
    others.extend(several("proxyAddresses").iter().filter_map(|value| mail_of_proxy(value).map(str::to_owned)));
    Names { accounts, others }
}
