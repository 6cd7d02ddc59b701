//! Who goes by which names: a directory's LDIF, users of Entra, a register in CSV. Whoever approves their own work does so
//! under another name, and some commands are typed under one.

use serde_json::{Value, json};

use super::story::GROUPS;
use super::write::Folder;

/// The account of the person who works on a group.
pub(super) fn engineer(group: usize) -> String {
    format!("eng{group:02}")
}

/// Another account of the same person.
pub(super) fn other_account(group: usize) -> String {
    format!("adm{group:02}")
}

pub(super) fn write(folder: &Folder) {
    let third = GROUPS / 3;
    let mut ldif = "version: 1\n\n".to_owned();
    for group in 0..third {
        let (name, other) = (engineer(group), other_account(group));
        ldif += &format!(
            "dn: uid={name},ou=people,dc=corp,dc=example\nobjectClass: inetOrgPerson\nuid: {name}\nsAMAccountName: {other}\n\
             cn: Engineer {group}\nmail: {name}@cor\n p.example\n\n"
        );
    }
    folder.text("people/people.ldif", &(ldif + "# search result\nsearch: 2\nresult: 0 Success\n"));
    let users: Vec<Value> = (third..2 * third)
        .map(|group| {
            json!({ "displayName": format!("Engineer {group}"), "mail": null, "onPremisesSamAccountName": engineer(group),
                    "mailNickname": other_account(group), "otherMails": [format!("e{group}@home.example")],
                    "userPrincipalName": format!("{}@corp.example", engineer(group)) })
        })
        .collect();
    folder.json("people/users.json", &Value::Array(users));
    let mut csv = "Person,Alias\n".to_owned();
    for group in 2 * third..GROUPS {
        csv += &format!("{},{}\n", engineer(group), other_account(group).to_uppercase());
    }
    folder.text("people/people.csv", &csv);
}
