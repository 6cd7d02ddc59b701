//! What each way to log in looks like in the files of an image.

use serde_json::{Value, json};

use crate::inspect_image::{inspected, request};
use crate::support::images::{Layer, gzip, oci, write};
use steadfast::inspect::Request;

/// The ways that `controls/views/required_login_paths.sql` asks for.
const REQUIRED: [&str; 8] = ["sshd", "ssh_socket", "getty", "serial_getty", "account", "authorized_key", "agent", "debug_shell"];

/// The manifest of a root filesystem.
fn machine(layer: Layer) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("root.tar");
    std::fs::write(&path, layer.bytes()).expect("a file");
    inspected(&Request { observed_at: Some("2026-07-01T10:00:00Z"), ..request(&path) })
}

/// The manifest of an image for containers.
fn container(layer: Layer, run: Value) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &oci(&[layer.bytes()], gzip, run));
    inspected(&request(folder.path()))
}

/// State and detail of every finding of a way to log in.
fn ways(found: &Value, login_path: &str) -> Vec<(String, String)> {
    let text = |way: &Value, key: &str| way[key].as_str().unwrap_or_default().to_owned();
    let ways = found["login_paths"].as_array().expect("a list").iter().filter(|way| way["login_path"] == login_path);
    ways.map(|way| (text(way, "state"), text(way, "detail"))).collect()
}

/// The state that outweighs the others.
fn state(found: &Value, login_path: &str) -> String {
    let order = ["enabled", "unknown", "disabled", "absent"];
    let states: Vec<String> = ways(found, login_path).into_iter().map(|(state, _)| state).collect();
    order.iter().find(|state| states.iter().any(|found| found == *state)).map_or("nothing said", |state| *state).to_owned()
}

/// systemd with the units that every image has, and an account for root without a password.
fn systemd() -> Layer {
    Layer::new()
        .program("usr/lib/systemd/systemd", 0o755)
        .link("sbin", "usr/sbin")
        .link("lib", "usr/lib")
        .link("usr/sbin/init", "../lib/systemd/systemd")
        .file("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        .program("usr/lib/systemd/system-generators/systemd-getty-generator", 0o755)
        .file("usr/lib/systemd/system/getty@.service", GETTY)
        .file("usr/lib/systemd/system/serial-getty@.service", GETTY)
        .file("usr/lib/systemd/system/debug-shell.service", "[Install]\nWantedBy=sysinit.target\n")
        .link("usr/lib/systemd/system/autovt@.service", "getty@.service")
        .file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        .file("etc/shadow", "root:*:19000:0:99999:7:::\n")
        .program("bin/sh", 0o755)
}

const GETTY: &str = "[Service]\nExecStart=-/sbin/agetty -o '-p -- \\\\u' --noclear - $TERM\n[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n";
const SSH: &str = "[Service]\nExecStart=/usr/sbin/sshd -D\n[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n";

fn with_ssh() -> Layer {
    systemd()
        .program("usr/sbin/sshd", 0o755)
        .file("usr/lib/systemd/system/ssh.service", SSH)
        .file("etc/ssh/sshd_config", "UsePAM yes\nKbdInteractiveAuthentication no\n")
}

#[test]
fn every_required_way_is_spoken_of() {
    let empty = container(Layer::new(), json!({}));
    for login_path in REQUIRED {
        assert_eq!(state(&empty, login_path), "absent", "{login_path}");
    }
    assert_eq!(state(&empty, "container_shell"), "absent");
    for found in [machine(systemd()), machine(with_ssh()), machine(Layer::new().folder("etc/"))] {
        for login_path in REQUIRED {
            assert_ne!(state(&found, login_path), "nothing said", "{login_path}");
        }
    }
}

#[test]
fn a_unit_is_enabled_by_a_link_and_shut_by_a_mask() {
    let off = machine(with_ssh());
    assert_eq!(state(&off, "sshd"), "disabled");
    assert_eq!(state(&off, "ssh_password"), "disabled", "no server, no password");
    let on =
        machine(with_ssh().link("etc/systemd/system/multi-user.target.wants/ssh.service", "/usr/lib/systemd/system/ssh.service"));
    assert_eq!(state(&on, "sshd"), "enabled");
    assert_eq!(state(&on, "ssh_password"), "enabled");
    let vendor = machine(with_ssh().link("usr/lib/systemd/system/multi-user.target.wants/ssh.service", "../ssh.service"));
    assert_eq!(state(&vendor, "sshd"), "enabled", "an image may start it from /usr");
    let masked = machine(
        with_ssh()
            .link("etc/systemd/system/multi-user.target.wants/ssh.service", "/usr/lib/systemd/system/ssh.service")
            .link("etc/systemd/system/ssh.service", "/dev/null"),
    );
    assert_eq!(state(&masked, "sshd"), "disabled");
}

#[test]
fn a_unit_without_its_program_or_its_init_starts_nothing() {
    let enabled = |layer: Layer| {
        layer
            .file("usr/lib/systemd/system/ssh.service", SSH)
            .link("etc/systemd/system/multi-user.target.wants/ssh.service", "/usr/lib/systemd/system/ssh.service")
    };
    let no_program = machine(enabled(systemd()));
    assert_eq!(state(&no_program, "sshd"), "disabled");
    let with_server = || enabled(Layer::new().program("usr/sbin/sshd", 0o755).folder("etc/"));
    assert_eq!(state(&machine(with_server()), "sshd"), "unknown", "a tree without an init is part of something");
    assert_eq!(state(&container(with_server(), json!({ "Cmd": ["nginx"] })), "sshd"), "disabled");
    let other = with_server().program("sbin/init", 0o755);
    assert!(ways(&machine(other), "sshd").iter().any(|(state, detail)| state == "disabled" && detail.contains("not systemd")));
}

#[test]
fn systemd_256_opens_a_socket_though_the_server_is_masked() {
    let masked = || with_ssh().link("etc/systemd/system/ssh.service", "/dev/null");
    let generator = "usr/lib/systemd/system-generators/systemd-ssh-generator";
    let found = machine(masked().program(generator, 0o755));
    assert_eq!((state(&found, "sshd").as_str(), state(&found, "ssh_socket").as_str()), ("disabled", "enabled"));
    assert_eq!(state(&machine(masked()), "ssh_socket"), "absent");
    let shut = masked().program(generator, 0o755).link("etc/systemd/system/sshd-unix-local.socket", "/dev/null");
    assert_eq!(state(&machine(shut), "ssh_socket"), "disabled");
    let no_generator =
        masked().program(generator, 0o755).link("etc/systemd/system-generators/systemd-ssh-generator", "/dev/null");
    assert_eq!(state(&machine(no_generator), "ssh_socket"), "absent");
}

#[test]
fn presets_count_at_a_first_boot() {
    let without_id = || {
        Layer::new()
            .program("usr/lib/systemd/systemd", 0o755)
            .program("usr/sbin/sshd", 0o755)
            .file("usr/lib/systemd/system/ssh.service", SSH)
    };
    assert!(
        ways(&machine(without_id()), "sshd")
            .iter()
            .any(|(state, detail)| state == "enabled" && detail.contains("no preset names it"))
    );
    let shut = without_id().file("usr/lib/systemd/system-preset/90.preset", "# all\ndisable *\n");
    assert_eq!(state(&machine(shut), "sshd"), "disabled");
    let first = without_id()
        .file("usr/lib/systemd/system-preset/90.preset", "disable *\n")
        .file("etc/systemd/system-preset/10.preset", "enable ssh*\n");
    assert!(
        ways(&machine(first), "sshd").iter().any(|(state, detail)| state == "enabled" && detail.contains("a preset says so"))
    );
    let emptied = without_id().file("etc/machine-id", "");
    assert_eq!(state(&machine(emptied), "sshd"), "disabled", "an empty file is no first boot");
}

#[test]
fn consoles_and_what_opens_them_without_a_password() {
    let found = machine(
        systemd().link("etc/systemd/system/getty.target.wants/getty@tty1.service", "/usr/lib/systemd/system/getty@.service"),
    );
    assert_eq!((state(&found, "getty").as_str(), state(&found, "serial_getty").as_str()), ("enabled", "unknown"));
    assert_eq!(state(&found, "debug_shell"), "disabled");
    let shut = machine(
        systemd()
            .link("etc/systemd/system/getty@.service", "/dev/null")
            .link("etc/systemd/system/autovt@.service", "/dev/null")
            .link("etc/systemd/system/serial-getty@.service", "/dev/null")
            .link("etc/systemd/system/debug-shell.service", "/dev/null")
            .file("boot/loader/entries/one.conf", "options root=/dev/sda1 console=ttyS0\n"),
    );
    for login_path in ["getty", "serial_getty", "debug_shell"] {
        assert_eq!(state(&shut, login_path), "disabled", "{login_path}");
    }
    let open = machine(
        systemd()
            .file(
                "etc/systemd/system/serial-getty@ttyS0.service.d/auto.conf",
                "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root %I\n",
            )
            .file("usr/lib/systemd/system/rescue.service", "[Service]\nExecStart=/usr/lib/systemd/systemd-sulogin-shell rescue\n")
            .file("etc/systemd/system/rescue.service.d/force.conf", "[Service]\nEnvironment=SYSTEMD_SULOGIN_FORCE=1\n")
            .file("boot/grub/grub.cfg", "linux /vmlinuz root=/dev/sda1 systemd.debug_shell=1\n# systemd.debug_shell\n"),
    );
    for login_path in ["serial_getty", "rescue_shell", "debug_shell"] {
        assert_eq!(state(&open, login_path), "enabled", "{login_path}");
    }
    let busybox = machine(Layer::new().program("sbin/init", 0o755).file(
        "etc/inittab",
        "ttyS0::respawn:/sbin/getty -L ttyS0 115200 vt100\ntty1::askfirst:-/bin/sh\n#tty2::respawn:/sbin/getty 38400 tty2\n",
    ));
    assert_eq!(
        (state(&busybox, "serial_getty").as_str(), state(&busybox, "debug_shell").as_str(), state(&busybox, "getty").as_str()),
        ("enabled", "enabled", "absent")
    );
}

#[test]
fn settings_are_followed_through_include_and_match() {
    let started =
        || with_ssh().link("etc/systemd/system/multi-user.target.wants/ssh.service", "/usr/lib/systemd/system/ssh.service");
    let config = "Include /etc/ssh/more/*.conf\nUsePAM yes\nKbdInteractiveAuthentication no\nPasswordAuthentication yes\n";
    let hard = "PasswordAuthentication no\nPermitRootLogin no\nMatch User backup\n\tPasswordAuthentication yes\n";
    let found = machine(
        started().file("etc/ssh/sshd_config", config).link("etc/ssh/more", "/opt/site/sshd").file("opt/site/sshd/10.conf", hard),
    );
    let password = ways(&found, "ssh_password");
    assert!(
        password.iter().any(|(state, detail)| state == "disabled" && detail.contains("passwordauthentication no")),
        "{password:?}"
    );
    assert!(password.iter().any(|(state, detail)| state == "enabled" && detail.contains("Match User backup")), "{password:?}");
    assert_eq!(state(&found, "ssh_root"), "disabled");
    // Settings that were not read close nothing.
    let large = format!("{hard}{}", "# padding\n".repeat(200_000));
    let found = machine(started().file("etc/ssh/sshd_config", config).file("etc/ssh/more/10.conf", large));
    assert_eq!(state(&found, "ssh_root"), "enabled");
    assert!(found["limits"].to_string().contains("/etc/ssh/more/10.conf"));
    let found =
        machine(started().file("etc/ssh/sshd_config", format!("PasswordAuthentication no\n{}", "# padding\n".repeat(200_000))));
    assert!(ways(&found, "ssh_root").iter().all(|(state, _)| state != "disabled"));
    let options = machine(
        started().file("etc/ssh/sshd_config", hard).file("etc/default/ssh", "SSHD_OPTS=\"-o PasswordAuthentication=yes\"\n"),
    );
    assert_eq!(state(&options, "ssh_root"), "unknown");
}

#[test]
fn accounts_are_judged_with_their_keys_and_shells() {
    let layer = || {
        Layer::new().program("sbin/init", 0o755).program("bin/sh", 0o755).program("usr/sbin/sshd", 0o755).file(
            "etc/passwd",
            "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/zsh\ncron:x:9:9::/:/usr/sbin/nologin\n",
        )
    };
    let shadow = "root:*:19000::::::\nann:!:19000::::::\nbob:$y$j9T$salt$hash:19000::::::\ncron:*:19000::::::\n";
    let found = machine(
        layer()
            .file("etc/shadow", shadow)
            .file("srv/keys/ann", KEY)
            .file("etc/ssh/sshd_config", "AuthorizedKeysFile /srv/keys/%u\n"),
    );
    let accounts = ways(&found, "account");
    let of = |name: &str| accounts.iter().find(|(_, detail)| detail.contains(&format!("account {name} "))).expect("an account");
    assert_eq!(of("ann").0, "enabled", "a locked password does not lock a key");
    assert!(of("bob").0 == "disabled" && of("bob").1.contains("/bin/zsh is not in the image"), "{accounts:?}");
    assert_eq!((of("root").0.as_str(), of("cron").0.as_str()), ("disabled", "disabled"));
    assert_eq!(state(&found, "authorized_key"), "enabled");
    let command =
        machine(layer().file("etc/shadow", shadow).file("etc/ssh/sshd_config", "AuthorizedKeysCommand /usr/bin/keys %u\n"));
    assert!(ways(&command, "account").iter().any(|(state, detail)| state == "unknown" && detail.contains("account root ")));
    let stray = machine(layer().file("etc/shadow", shadow).file("etc/skel/.ssh/authorized_keys", KEY));
    assert_eq!(state(&stray, "authorized_key"), "unknown");
    let directory = machine(layer().file("etc/shadow", shadow).file("etc/nsswitch.conf", "passwd: files ldap\n"));
    assert!(ways(&directory, "account").iter().any(|(_, detail)| detail.contains("a directory (ldap)")));
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ann@quill\n";

#[test]
fn the_command_of_a_container_may_start_a_server() {
    let server = || Layer::new().program("usr/sbin/sshd", 0o755).program("bin/sh", 0o755);
    assert_eq!(state(&container(server(), json!({ "Cmd": ["/usr/sbin/sshd", "-D"] })), "sshd"), "enabled");
    assert_eq!(state(&container(server(), json!({ "Cmd": ["/bin/sh", "-c", "exec /usr/sbin/sshd -D"] })), "sshd"), "enabled");
    let script = server().entry(
        "start.sh",
        tar::EntryType::Regular,
        0o755,
        "",
        b"#!/bin/sh\n# not sshd\nservice_start; /usr/sbin/sshd -D\n",
    );
    assert_eq!(state(&container(script, json!({ "Entrypoint": ["/start.sh"] })), "sshd"), "unknown");
    assert_eq!(state(&container(server(), json!({ "Cmd": ["nginx"] })), "sshd"), "disabled");
}

#[test]
fn a_shell_is_a_way_into_a_container_and_not_into_a_machine() {
    let busybox = || Layer::new().program("bin/busybox", 0o755).link("bin/sh", "/bin/busybox").link("bin/ash", "busybox");
    let found = container(busybox(), json!({}));
    let shells = ways(&found, "container_shell");
    assert_eq!(shells.len(), 1, "one program by three names: {shells:?}");
    assert!(shells[0].0 == "enabled" && shells[0].1.contains("ash, busybox, sh"));
    assert_eq!(state(&machine(busybox()), "container_shell"), "nothing said");
}

#[test]
fn start_scripts_with_the_name_of_a_server_are_none() {
    let found = machine(
        Layer::new()
            .program("sbin/init", 0o755)
            .program("etc/init.d/sshd", 0o755)
            .program("usr/share/initramfs-tools/hooks/dropbear", 0o755),
    );
    assert_eq!(state(&found, "sshd"), "absent");
    let hidden = machine(Layer::new().program("sbin/init", 0o755).program("opt/.x/sshd", 0o755));
    assert_eq!(state(&hidden, "sshd"), "disabled", "a server lies where nobody expects one");
}

#[test]
fn agents_and_other_starters_are_found() {
    let found = machine(
        Layer::new()
            .program("sbin/init", 0o755)
            .program("usr/bin/amazon-ssm-agent", 0o755)
            .program("usr/sbin/dropbear", 0o755)
            .program("usr/sbin/tailscaled", 0o755)
            .program("etc/init.d/dropbear", 0o755)
            .program("etc/init.d/tailscaled", 0o755)
            .link("etc/runlevels/default/dropbear", "/etc/init.d/dropbear")
            .link("etc/rc2.d/S20tailscaled", "../init.d/tailscaled"),
    );
    assert_eq!(state(&found, "sshd"), "enabled");
    let agents = ways(&found, "agent");
    assert!(agents.iter().any(|(state, detail)| state == "enabled" && detail.contains("Tailscale")), "{agents:?}");
    assert!(agents.iter().any(|(state, detail)| state == "disabled" && detail.contains("SSM")), "{agents:?}");
}

#[test]
fn cloud_init_leaves_the_last_word_to_the_cloud() {
    let cloud =
        || systemd().program("usr/bin/cloud-init", 0o755).file("etc/cloud/cloud.cfg", "users:\n  - default\nssh_pwauth: true\n");
    let found = machine(cloud());
    assert_eq!(state(&found, "account"), "unknown");
    assert_eq!(state(&found, "ssh_password"), "enabled");
    let off = machine(cloud().file("etc/cloud/cloud-init.disabled", ""));
    assert_eq!(state(&off, "account"), "disabled");
}

#[test]
fn more_power_stands_beside_the_ways_in() {
    let found = machine(
        systemd()
            .program("usr/bin/sudo", 0o4755)
            .file("etc/sudoers", "root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n")
            .file("etc/sudoers.d/ops", "%ops ALL=(ALL) NOPASSWD: ALL\n")
            .file("etc/sudoers.d/ops.bak", "all ALL=(ALL) NOPASSWD: ALL\n"),
    );
    let power = found["privilege"].to_string();
    assert!(power.contains("sudo asks %ops for no password") && power.contains("/usr/bin/sudo"), "{power}");
    assert!(!power.contains("sudo asks all"), "sudo leaves out names with a dot");
    assert!(found["login_paths"].as_array().expect("a list").iter().all(|way| way["login_path"] != "privilege"));
}
