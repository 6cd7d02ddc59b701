//! Text from evidence is hostile: it comes out as text in every output, and never as markup, formula or terminal control.

use steadfast::config::Config;
use steadfast::outputs::OUTPUTS;
use steadfast::redact::is_hidden;

use crate::support::{judged, printed, rendered};

const SCRIPT: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>";
const MARKDOWN: &str = "| [x](http://evil.example/) ![y](http://evil.example/z.png) `";
const FORMULA: &str = "=HYPERLINK(\\\"http://evil.example/\\\")";
const HIDDEN: &str = "\u{202e}\u{200b}\u{1b}[31m\u{1b}]8;;http://evil.example\u{7}";

fn evidence() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let event = |user: &str, argument: &str| {
        let argument = argument.replace('\u{1b}', "\\u001b").replace('\u{7}', "\\u0007");
        format!(
            "{{\"accept\":{{\"uuid\":\"1\",\"server_time\":{{\"seconds\":1785600000,\"nanoseconds\":0}},\"submituser\":\"{user}\",\"command\":\"/bin/echo\",\"submithost\":\"db-1\",\"runargv\":[\"echo\",\"{argument}\"]}}}}\n"
        )
    };
    let log: String = [SCRIPT, MARKDOWN, FORMULA, HIDDEN]
        .iter()
        .enumerate()
        .map(|(index, text)| event(&format!("u{index}{}", if index == 0 { "<b>" } else { "" }), text))
        .collect();
    std::fs::write(folder.path().join("sudo.jsonl"), log).expect("written");
    std::fs::write(folder.path().join("hosts.csv"), "observed_at,host,class\n2026-07-01T00:00:00Z,db-1,stateful\n")
        .expect("written");
    std::fs::write(folder.path().join("<b>&.bin"), "x").expect("written");
    folder
}

#[test]
fn hostile_text_stays_text_in_every_output() {
    let folder = evidence();
    let judged = judged(folder.path(), &Config::default(), "2026-Q3");
    assert_eq!(judged.report.every_exception.len(), 4 + 2, "four commands, and the silences of the log before and after them");
    for output in OUTPUTS {
        let text = rendered(*output, &judged.report);
        let hidden = text.chars().find(|character| is_hidden(*character) && *character != '\n');
        assert_eq!(hidden, None, "{} holds a hidden character", output.path());
        match output.path() {
            "index.html" => {
                assert!(!text.contains("<script") && !text.contains("<img") && !text.contains("<b>"), "markup got through");
                assert!(text.contains("&#60;script&#62;") || text.contains("&lt;script&gt;"), "the text itself is shown");
            }
            "report.md" => assert_markdown_is_text(&text),
            _ => {}
        }
    }
}

/// Parses the Markdown: outside code there is no link, image or markup to a place that evidence named.
fn assert_markdown_is_text(text: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                assert!(!dest_url.contains("evil"), "a link got through: {dest_url}");
            }
            Event::Html(html) | Event::InlineHtml(html) => panic!("markup got through: {html}"),
            _ => {}
        }
    }
}

#[test]
fn spreadsheets_see_no_formula_and_terminals_no_escape() {
    let folder = evidence();
    let pack = folder.path().with_extension("pack");
    let output = crate::support::command()
        .arg("pack")
        .arg(folder.path())
        .args(["--period", "2026-Q3", "--out"])
        .arg(&pack)
        .output()
        .expect("runs");
    let text = printed(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\u{7}'),
        "the terminal gets control characters"
    );
    for entry in walkdir::WalkDir::new(pack.join("data")) {
        let entry = entry.expect("an entry");
        if entry.path().extension().is_some_and(|ending| ending == "csv") {
            let mut reader = csv::ReaderBuilder::new().flexible(false).from_path(entry.path()).expect("CSV");
            for record in reader.records() {
                for cell in &record.expect("as many cells as the header") {
                    let formula = cell.starts_with(['=', '+', '-', '@', '\t']) && cell.parse::<f64>().is_err();
                    assert!(!formula, "{}: {cell}", entry.path().display());
                }
            }
        }
    }
    std::fs::remove_dir_all(&pack).expect("removed");
}
