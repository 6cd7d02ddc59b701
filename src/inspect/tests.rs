//! The tree: layers over each other, and lookups in it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::lookup::Text;
use super::tree::{Content, DEEPEST, Entry, Tree, What};

/// What an entry of a test makes.
enum Make<'a> {
    File(&'a str),
    Folder,
    Link(&'a str),
    HardLink(&'a str),
}

use Make::{File, Folder, HardLink, Link};

fn tree(layers: &[&[(&str, Make<'_>)]]) -> Tree {
    let mut tree = Tree::new(true);
    for (layer, entries) in (0..).zip(layers) {
        for (number, (name, make)) in (0..).zip(entries.iter()) {
            let what = match make {
                File(text) => What::File(Content::Kept(text.as_bytes().to_vec())),
                Folder => What::Folder,
                Link(target) => What::Link(target.as_bytes().to_vec()),
                HardLink(target) => What::HardLink(target.as_bytes().to_vec()),
            };
            tree.put(layer, Entry { name: name.as_bytes().to_vec(), what, mode: 0o644, uid: 0, size: 1, number });
        }
    }
    tree
}

fn text(tree: &Tree, path: &str) -> Option<String> {
    match tree.text(path) {
        Text::Known(_, text) => Some(text.into_owned()),
        Text::Absent | Text::Unknown(..) => None,
    }
}

fn files(tree: &Tree) -> Vec<String> {
    let mut files = Vec::new();
    tree.each(&mut |path, _, _| files.push(path.to_owned()));
    files
}

fn codes(tree: &Tree) -> Vec<&'static str> {
    tree.limits.sentences().into_iter().map(|(code, _)| code).collect()
}

#[test]
fn a_whiteout_hides_lower_layers_only_whatever_the_order() {
    let lower: &[(&str, Make<'_>)] = &[("etc/a", File("1")), ("etc/b", File("1"))];
    for upper in [
        [(".wh.none", File("")), ("etc/.wh.a", File("")), ("etc/a", File("2"))],
        [(".wh.none", File("")), ("etc/a", File("2")), ("etc/.wh.a", File(""))],
    ] {
        let tree = tree(&[lower, &upper]);
        assert_eq!(text(&tree, "/etc/a").as_deref(), Some("2"));
        assert_eq!(files(&tree), ["/etc/a", "/etc/b"]);
    }
    let hidden = tree(&[lower, &[("etc/.wh.a", File(""))]]);
    assert_eq!(files(&hidden), ["/etc/b"]);
}

#[test]
fn an_opaque_folder_keeps_what_its_own_layer_puts_there() {
    let lower: &[(&str, Make<'_>)] = &[("srv/old", File("1")), ("srv/deep/old", File("1"))];
    let upper: &[(&str, Make<'_>)] = &[("srv/deep/new", File("2")), ("srv/.wh..wh..opq", File("")), ("srv/new", File("2"))];
    assert_eq!(files(&tree(&[lower, upper])), ["/srv/deep/new", "/srv/new"]);
    let again: &[(&str, Make<'_>)] = &[(".wh.srv", File("")), ("srv/third", File("3"))];
    assert_eq!(files(&tree(&[lower, upper, again])), ["/srv/third"]);
}

#[test]
fn names_below_a_link_go_where_it_leads_and_a_folder_replaces_it() {
    let lower: &[(&str, Make<'_>)] = &[("usr/bin", Folder), ("bin", Link("usr/bin"))];
    let through = tree(&[lower, &[("bin/sh", File("2"))]]);
    assert_eq!(files(&through), ["/bin", "/usr/bin/sh"]);
    assert_eq!(codes(&through), ["through-symlink"]);
    let replaced = tree(&[lower, &[("bin", Folder), ("bin/sh", File("2"))]]);
    assert_eq!(files(&replaced), ["/bin/sh"]);
}

#[test]
fn a_hard_link_outlives_the_name_it_was_made_from() {
    let twice = tree(&[&[("a", File("1")), ("b", HardLink("a"))], &[(".wh.a", File(""))]]);
    assert_eq!(text(&twice, "/b").as_deref(), Some("1"));
    let nothing = tree(&[&[("b", HardLink("../../etc/shadow"))]]);
    assert_eq!(files(&nothing), Vec::<String>::new());
    assert_eq!(codes(&nothing), ["damaged-entry"]);
}

#[test]
fn no_name_leads_out_of_the_root() {
    let tree = tree(&[&[
        ("../../etc/passwd", File("1")),
        ("/abs", File("2")),
        ("up", Link("../../../etc/passwd")),
        ("to", Link("/etc")),
    ]]);
    assert_eq!(text(&tree, "/up").as_deref(), Some("1"), "inside the root");
    assert_eq!(text(&tree, "/to/../to/passwd").as_deref(), Some("1"));
    assert_eq!(text(&tree, "/abs").as_deref(), Some("2"));
    assert_eq!(codes(&tree), ["path-outside-root"]);
}

#[test]
fn links_in_circles_end() {
    let tree = tree(&[&[("a", Link("b")), ("b", Link("a")), ("self", Link("self/self/self")), ("a/x", File("1"))]]);
    assert_eq!(text(&tree, "/a/x").as_deref(), Some("1"), "a folder took the place of a link that leads nowhere");
    assert!(tree.find("/self").is_none());
}

#[test]
fn folders_have_an_end() {
    let deep = "d/".repeat(DEEPEST + 1);
    let tree = tree(&[&[(deep.as_str(), Folder)]]);
    assert_eq!(codes(&tree), ["nesting-over-cap"]);
    assert!(tree.limits.hide_something());
}

#[test]
fn patterns_are_those_of_shells() {
    let tree = tree(&[&[
        ("etc/c.d/10-a.conf", File("")),
        ("etc/c.d/.hidden.conf", File("")),
        ("etc/c.d/b.txt", File("")),
        ("etc/x.d/c.conf", File("")),
    ]]);
    let paths = |pattern: &str| -> Vec<String> {
        tree.glob(pattern).into_iter().map(|path| String::from_utf8(path).expect("UTF-8")).collect()
    };
    assert_eq!(paths("/etc/c.d/*.conf"), ["/etc/c.d/10-a.conf"]);
    assert_eq!(paths("/etc/?.d/*.conf"), ["/etc/c.d/10-a.conf", "/etc/x.d/c.conf"]);
    assert_eq!(paths("/etc/[!c].d/*"), ["/etc/x.d/c.conf"]);
    assert_eq!(paths("/etc/c.d/[0-9]*"), ["/etc/c.d/10-a.conf"]);
    assert_eq!(paths("/etc/none/*"), Vec::<String>::new());
}

#[test]
fn names_that_are_not_utf_8_are_found() {
    let mut tree = Tree::new(true);
    let what = What::File(Content::Kept(b"x".to_vec()));
    tree.put(0, Entry { name: b"etc/c.d/\xff.conf".to_vec(), what, mode: 0o644, uid: 0, size: 1, number: 0 });
    let paths = tree.glob("/etc/c.d/*.conf");
    assert!(
        matches!(paths.as_slice(), [path] if matches!(tree.text(path), Text::Known(found, _) if found.path == r"/etc/c.d/\xff.conf"))
    );
}

/// One entry of a random layer: folders are `d…`, files `f…`, so that no name is both.
fn entry() -> impl Strategy<Value = String> {
    let folder = proptest::collection::vec(prop_oneof![Just("d1"), Just("d2")], 0..4);
    let last = prop_oneof![
        4 => prop_oneof![Just("f1"), Just("f2")].prop_map(str::to_owned),
        1 => prop_oneof![Just(".wh.f1"), Just(".wh.d1"), Just(".wh.d2"), Just(".wh..wh..opq")].prop_map(str::to_owned),
    ];
    (folder, last).prop_map(|(folder, last)| folder.into_iter().map(|name| format!("{name}/")).collect::<String>() + &last)
}

/// The files that stay, by the words of the specification: whiteouts of a layer act on the layers below it.
fn model(layers: &[Vec<String>]) -> BTreeMap<String, u32> {
    let mut files: BTreeMap<String, u32> = BTreeMap::new();
    for (number, layer) in (0..).zip(layers) {
        for name in layer {
            let (folder, last) = name.rsplit_once('/').map_or(("", name.as_str()), |(folder, last)| (folder, last));
            let within = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            if last == ".wh..wh..opq" {
                files.retain(|path, _| !path.starts_with(&within));
            } else if let Some(hidden) = last.strip_prefix(".wh.") {
                let hidden = format!("{within}{hidden}");
                files.retain(|path, _| *path != hidden && !path.starts_with(&format!("{hidden}/")));
            }
        }
        files.extend(layer.iter().filter(|name| !name.contains(".wh.")).map(|name| (name.clone(), number)));
    }
    files
}

proptest! {
    #[test]
    fn layers_add_up_as_the_specification_says(layers in proptest::collection::vec(proptest::collection::vec(entry(), 0..8), 1..5)) {
        let made: Vec<Vec<(&str, Make<'_>)>> =
            layers.iter().map(|layer| layer.iter().map(|name| (name.as_str(), File("x"))).collect()).collect();
        let slices: Vec<&[(&str, Make<'_>)]> = made.iter().map(Vec::as_slice).collect();
        let tree = tree(&slices);
        let mut found = BTreeMap::new();
        tree.each(&mut |path, _, layer| { found.insert(path.trim_start_matches('/').to_owned(), layer); });
        prop_assert_eq!(found, model(&layers));
    }

    #[test]
    fn no_entry_and_no_lookup_panics(
        entries in proptest::collection::vec(("[a-c./]{0,12}", 0..5u8, "[a-c./*]{0,8}"), 0..40),
        paths in proptest::collection::vec("[a-c./*?\\[\\]!-]{0,12}", 0..20),
    ) {
        let made: Vec<(&str, Make<'_>)> = entries.iter().map(|(name, kind, target)| (name.as_str(), match kind {
            0 => File("x"),
            1 => Folder,
            2 => HardLink(target),
            _ => Link(target),
        })).collect();
        let tree = tree(&[&made]);
        let mut seen = BTreeSet::new();
        for path in &paths {
            seen.extend(tree.glob(path));
            let _ = (tree.find(path), tree.link(path), tree.text(path));
        }
        tree.each(&mut |path, _, _| assert!(path.starts_with('/')));
    }
}
