#[test]
fn throwaway() {
    for root in ["full", "trixie", "min", "masked"] {
        let path = std::path::PathBuf::from(format!("/tmp/ri/{root}"));
        if !path.exists() { continue }
        let mut interest = super::Interest::new(&Default::default(), Default::default());
        let tree = super::folder::read(&path, &mut interest).unwrap();
        let files = super::unit_files::UnitFiles::read(&tree);
        let mut out = String::new();
        for name in files.names() {
            if let Some(s) = files.state(name) { out += &format!("{name} {}\n", s.state); }
        }
        std::fs::write(format!("/tmp/ri/{root}.ours"), out).unwrap();
    }
}
