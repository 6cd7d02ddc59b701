use crate::surface::sshd::{SshdSettings, findings};
use crate::surface::sshd_config::{parse, parse_alone};
use crate::surface::{State, Tri};

fn read(text: &str) -> SshdSettings {
    parse("/etc/ssh/sshd_config", text, &|_| Vec::new())
}

fn values(settings: &SshdSettings, keyword: &str) -> String {
    settings.get(keyword).map(super::super::sshd::Setting::text).unwrap_or_default()
}

#[test]
fn the_first_value_wins_and_lists_add_up() {
    let settings = read(
        "PasswordAuthentication no\npasswordauthentication yes\nAllowUsers ann\nAllowUsers bob@10.0.0.0/8 # not eve\n\
         Port=2222\n  PORT = 22\n",
    );
    assert_eq!(values(&settings, "passwordauthentication"), "no");
    assert_eq!(values(&settings, "allowusers"), "ann bob@10.0.0.0/8");
    assert_eq!(values(&settings, "port"), "2222 22");
    assert_eq!(settings.get("passwordauthentication").and_then(|setting| setting.origin.clone()).map(|o| o.line), Some(1));
}

#[test]
fn lines_are_split_as_openssh_splits_them() {
    let settings = read(
        "\"PermitRootLogin\" no\r\nAuthorizedKeysFile \"/etc/keys/%u file\" .ssh/a\\ b\nForceCommand echo \"a # b\"\n\
         #PubkeyAuthentication no\nBanner \"open\nUsePAM\n\tTrustedUserCAKeys\t/etc/ca\x0c\n",
    );
    assert_eq!(values(&settings, "permitrootlogin"), "no");
    assert_eq!(
        settings.get("authorizedkeysfile").map(|setting| setting.values.clone()).unwrap_or_default(),
        ["/etc/keys/%u file", ".ssh/a b"]
    );
    assert_eq!(values(&settings, "forcecommand"), "echo \"a # b\"");
    assert_eq!(values(&settings, "pubkeyauthentication"), "yes");
    assert_eq!(values(&settings, "trustedusercakeys"), "/etc/ca");
    assert_eq!(settings.problems.len(), 2, "{:?}", settings.problems);
}

#[test]
fn keyboard_interactive_with_pam_is_a_password_login() {
    let open = "PasswordAuthentication no\nUsePAM yes\n";
    assert_eq!(read(open).password_login(), Tri::Yes);
    assert_eq!(read(&format!("{open}ChallengeResponseAuthentication no\n")).password_login(), Tri::No);
    assert_eq!(read("PasswordAuthentication no\nUsePAM no\n").password_login(), Tri::No);
    assert_eq!(read("PasswordAuthentication no\n").password_login(), Tri::Unknown, "the default of UsePAM differs by build");
}

#[test]
fn lists_of_methods_decide() {
    let base = "PasswordAuthentication yes\nKbdInteractiveAuthentication no\nUsePAM yes\n";
    for (list, password, key, root) in [
        ("any", Tri::Yes, Tri::Yes, Tri::Yes),
        ("publickey", Tri::No, Tri::Yes, Tri::Yes),
        ("publickey,password", Tri::No, Tri::Yes, Tri::No),
        ("publickey,keyboard-interactive", Tri::No, Tri::No, Tri::No),
        ("publickey,password password", Tri::Yes, Tri::Yes, Tri::No),
        ("password", Tri::Yes, Tri::No, Tri::No),
    ] {
        let settings = read(&format!("{base}AuthenticationMethods {list}\n"));
        let found = (settings.password_login(), settings.public_key_login(), settings.root_login());
        assert_eq!(found, (password, key, root), "{list}");
    }
}

#[test]
fn root_needs_a_method_and_a_server_that_does_not_refuse_all() {
    for (text, root) in [
        ("PermitRootLogin no", Tri::No),
        ("PermitRootLogin yes", Tri::Yes),
        ("", Tri::Yes),
        ("PermitRootLogin without-password\nPubkeyAuthentication no", Tri::No),
        ("PermitRootLogin forced-commands-only", Tri::Yes),
        ("PermitRootLogin yes\nDenyUsers *", Tri::No),
        ("PermitRootLogin yes\nDenyUsers root", Tri::Yes),
        ("PermitRootLogin yes\nAllowUsers ann bob", Tri::Yes),
        ("PermitRootLogin yes\nRefuseConnection yes", Tri::No),
        ("PermitRootLogin sometimes", Tri::Unknown),
    ] {
        assert_eq!(read(text).root_login(), root, "{text}");
    }
}

#[test]
fn no_source_of_keys_means_no_login_with_a_key() {
    assert_eq!(read("AuthorizedKeysFile none").public_key_login(), Tri::No);
    assert_eq!(read("AuthorizedKeysFile none\nTrustedUserCAKeys /etc/ca").public_key_login(), Tri::Yes);
    assert_eq!(read("AuthorizedKeysFile none\nAuthorizedKeysCommand /bin/keys").public_key_login(), Tri::Yes);
}

#[test]
fn a_match_block_opens_what_the_rest_closes() {
    let text = "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM yes\nPermitRootLogin no\n\
                Match User backup Address 10.0.0.0/8\n  PasswordAuthentication yes\nMatch Group staff\n  PermitTTY no\n";
    let settings = read(text);
    let openings = settings.openings();
    assert_eq!(openings.len(), 1, "{openings:?}");
    assert_eq!(openings[0].login_path, "ssh_password");
    assert_eq!(openings[0].block.criteria, "User backup Address 10.0.0.0/8");
    assert_eq!(openings[0].block.origin.line, 5);
    assert_eq!(settings.password_login(), Tri::No);
    let found = findings(&settings);
    assert!(found.iter().any(|finding| finding.state == State::Enabled && finding.detail.starts_with("Match User backup")));
    // The list of methods outside the block still counts inside it.
    assert!(read(&format!("AuthenticationMethods publickey\n{text}")).openings().is_empty());
}

#[test]
fn match_all_overrides_what_stands_before_it() {
    let settings =
        read("PasswordAuthentication no\nUsePAM no\nMatch User ann\nPermitTTY no\nMatch All\nPasswordAuthentication yes\n");
    assert_eq!(settings.password_login(), Tri::Yes);
    assert!(settings.openings().is_empty(), "it holds for everybody, not for some");
    // Of two blocks that match, the earlier one counts.
    let settings = read("UsePAM no\nMatch User ann\nPasswordAuthentication no\nMatch all\nPasswordAuthentication yes\n");
    assert_eq!(settings.view_of(0), Tri::No);
    let settings = read("Match User ann\nUsePAM yes\nPort 22\n");
    assert_eq!(settings.problems.len(), 2);
}

#[test]
fn includes_are_expanded_in_place() {
    let files = |pattern: &str| match pattern {
        "/etc/ssh/sshd_config.d/*.conf" => vec![
            (
                "/etc/ssh/sshd_config.d/10.conf".to_owned(),
                "PasswordAuthentication yes\nMatch User ann\nPermitRootLogin yes\n".to_owned(),
            ),
            ("/etc/ssh/sshd_config.d/20.conf".to_owned(), "PasswordAuthentication no\n".to_owned()),
        ],
        "/etc/nested" => {
            vec![("/etc/nested".to_owned(), "X11Forwarding no\nMatch Group b\nPubkeyAuthentication no\n".to_owned())]
        }
        _ => Vec::new(),
    };
    let text = "Include sshd_config.d/*.conf /nothing\nPasswordAuthentication no\nPermitRootLogin no\n\
                Match Host a\nInclude /etc/nested\nPasswordAuthentication no\n";
    let settings = parse("/etc/ssh/sshd_config", text, &files);
    let setting = settings.get("passwordauthentication").expect("set");
    assert_eq!(setting.text(), "yes");
    assert_eq!(setting.origin.as_ref().map(ToString::to_string).as_deref(), Some("line 1 of /etc/ssh/sshd_config.d/10.conf"));
    // A Match block of an included file ends with the file.
    assert_eq!(settings.root_login(), Tri::No);
    let criteria: Vec<&str> = settings.matches.iter().map(|block| block.criteria.as_str()).collect();
    assert_eq!(criteria, ["User ann", "Host a", "Host a and Group b"]);
    assert!(settings.matches[1].settings.contains_key("passwordauthentication"), "the block goes on after the Include");
    assert_eq!(settings.includes.iter().map(|include| include.files).collect::<Vec<_>>(), [Some(2), Some(0), Some(1)]);
}

#[test]
fn a_file_that_includes_itself_ends() {
    let files = |_: &str| vec![("/a".to_owned(), "Include /a\nInclude /a\n".to_owned())];
    let settings = parse("/a", "Include /a\n", &files);
    assert!(!settings.problems.is_empty());
}

#[test]
fn an_include_that_is_not_here_leaves_what_follows_in_doubt() {
    let settings =
        parse_alone("sshd_config", "PermitRootLogin no\nInclude /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication no\n");
    assert_eq!(settings.root_login(), Tri::No, "it stands before the Include");
    assert_eq!(settings.password_login(), Tri::Unknown);
    assert_eq!(settings.public_key_login(), Tri::Unknown, "defaults too");
    assert!(findings(&settings).iter().any(|finding| finding.detail.contains("included at line 2")));
}

#[test]
fn what_sshd_t_does_not_show_is_not_known() {
    let dump = "port 22\npermitrootlogin without-password\npasswordauthentication no\npubkeyauthentication yes\nusepam yes\n\
                authorizedkeysfile .ssh/authorized_keys\n";
    let settings = SshdSettings::from_effective("dump", dump, 101);
    assert_eq!(settings.password_login(), Tri::Unknown);
    assert_eq!(settings.public_key_login(), Tri::Unknown, "authenticationmethods is not shown");
    assert_eq!(settings.get("usepam").and_then(|setting| setting.origin.clone()).map(|origin| origin.line), Some(105));
    let whole = format!("{dump}kbdinteractiveauthentication no\nauthenticationmethods any\nhostbasedauthentication no\n");
    let settings = SshdSettings::from_effective("dump", &whole, 1);
    assert_eq!((settings.password_login(), settings.public_key_login()), (Tri::No, Tri::Yes));
    assert_eq!(settings.root_login(), Tri::Yes);
}

#[test]
fn nothing_that_a_stranger_writes_stops_the_reader() {
    let long = "Match ".repeat(40_000);
    for text in ["\0\0", "Match\n", "= =\n", "\"", "Include\n", "Port \\", &long, "\u{feff}Port 22\n", "Match all all\nPort 1\n"]
    {
        let _ = findings(&read(text));
        let _ = findings(&parse_alone("x", text));
        let _ = findings(&SshdSettings::from_effective("x", text, u64::MAX));
    }
}
