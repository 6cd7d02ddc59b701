//! The pages as a reader and a machine see them: structure, links, tables, numbers; and in a real browser, where there is
//! one, nothing overflows and the paper has everything.

use std::collections::BTreeSet;
use std::process::Command;

use regex::Regex;

use crate::support::{have, sample_pack};

fn html() -> String {
    std::fs::read_to_string(sample_pack().join("data/index.html")).expect("the page")
}

fn all<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).map(|found| found.get(1).or(found.get(0)).expect("a match").as_str()).collect()
}

#[test]
fn the_page_is_whole_without_network_or_script() {
    let html = html();
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
    assert!(html.contains("default-src 'none'") && !html.contains("<script"));
    assert_eq!(all(r#"(?:src|href|action)="(https?:[^"]*)""#, &html), Vec::<&str>::new(), "a remote address");
    assert!(html.contains("lang=\"en\""));
    assert!(html.contains("not an auditor"));
}

#[test]
fn headings_ids_links_and_tables_are_sound() {
    let html = html();
    assert_eq!(all("<h1[ >]", &html).len(), 1);
    let levels: Vec<u32> = all("<h([1-6])[ >]", &html).iter().map(|level| level.parse().expect("a digit")).collect();
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "a heading level is skipped");
    let ids = all(r#"\sid="([^"]+)""#, &html);
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an id stands twice");
    for link in all(r##"href="#([^"]+)""##, &html) {
        assert!(unique.contains(link), "#{link} leads nowhere");
    }
    assert_eq!(all("<table[ >]", &html).len(), all("<caption[ >]", &html).len(), "a table without a caption");
    assert_eq!(all("<th[ >]", &html).len(), all(r#"<th[^>]*scope=""#, &html).len(), "a head without a scope");
}

#[test]
fn sections_have_the_same_numbers_and_titles_in_every_output_and_in_their_contents() {
    let markdown = std::fs::read_to_string(sample_pack().join("data/report.md")).expect("the report");
    let html = html();
    let headings: Vec<&str> = all(r"<h2[^>]*>([^<]+)</h2>", &html).into_iter().collect();
    let twins: Vec<String> = all(r"(?m)^## (.+)$", &markdown).iter().map(|text| text.replace('\\', "")).collect();
    let plain: Vec<String> = headings.iter().map(|text| text.replace("&#39;", "'")).collect();
    assert_eq!(plain, twins);
    assert!(plain.len() > 10);
    let contents = html.split("<ol class=\"contents\">").nth(1).and_then(|rest| rest.split("</ol>").next()).expect("contents");
    let contents: Vec<&str> = all(r##"<a href="#[^"]+">([^<]+)</a>"##, contents);
    let listed =
        all(r"(?m)^\d+\. .+$", markdown.split("### Contents").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("them"));
    for (place, heading) in headings.iter().enumerate() {
        assert_eq!(**heading, format!("{}. {}", place + 1, contents[place]));
        assert_eq!(twins[place], listed[place].replace('\\', ""));
    }
}

#[test]
fn numbers_add_up_and_every_exception_is_cited() {
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(sample_pack().join("data/report.json")).expect("the report")).expect("JSON");
    let html = html();
    let hashes: BTreeSet<&str> =
        report["sources"].as_array().expect("a list").iter().filter_map(|source| source["sha256"].as_str()).collect();
    for control in report["controls"].as_array().expect("a list") {
        let counts = &control["counts"];
        let number = |name: &str| counts[name].as_u64().expect("a number");
        assert_eq!(number("population"), number("met") + number("exception") + number("inconclusive") + number("not_applicable"));
        let csv = std::fs::read(sample_pack().join(control["population_csv"]["path"].as_str().expect("a path")))
            .expect("the population");
        let sha256 = control["population_csv"]["sha256"].as_str().expect("a hash");
        assert_eq!(ring_sha256(&csv), sha256);
        assert!(html.contains(sha256), "the page names the hash of {}", control["id"]);
        let rows = csv::Reader::from_reader(csv.as_slice()).records().count() as u64;
        assert_eq!(rows, number("population"), "{}", control["id"]);
        assert!(csv.starts_with(b"resource,status,reason,source,line"));
    }
    for exception in report["exceptions"].as_array().expect("a list") {
        let id = exception["id"].as_str().expect("an id");
        assert!(html.contains(&format!(">{id}<")) || html.contains(&format!("id=\"{id}\"")), "{id} is not on the page");
        let sha256 = exception["source_sha256"].as_str().expect("every exception of the sample has a deciding record");
        assert!(hashes.contains(sha256), "{id} cites a source that is not in the register");
    }
    let counts = &report["conclusion_counts"];
    let total: u64 = counts.as_object().expect("an object").values().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(total, report["controls"].as_array().expect("a list").len() as u64);
}

#[test]
fn coverage_by_host_and_day_is_the_same_on_the_page_in_json_and_in_the_csv() {
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(sample_pack().join("data/report.json")).expect("the report")).expect("JSON");
    let html = html();
    for stream in report["streams"].as_array().expect("a list") {
        let name = stream["stream"].as_str().expect("a name");
        let csv = std::fs::read(sample_pack().join(stream["csv"]["path"].as_str().expect("a path"))).expect("the CSV");
        let sha256 = stream["csv"]["sha256"].as_str().expect("a hash");
        assert_eq!(ring_sha256(&csv), sha256);
        assert!(html.contains(sha256), "the page names the hash of the {name} log's days");
        let rows: Vec<csv::StringRecord> =
            csv::Reader::from_reader(csv.as_slice()).records().map(|row| row.expect("a row")).collect();
        let hosts = stream["hosts"].as_array().expect("a list");
        assert_eq!(rows.len(), hosts.len() * 92, "{name}");
        let start = html.find(&format!("id=\"stream-{name}\"")).expect("the section");
        let section = &html[start..start + html[start..].find("</figure>").expect("the picture")];
        assert!(section.contains(&format!("<title>{}</title>", stream["summary"].as_str().expect("a sentence"))));
        // Days are seven units wide: bars and lines give their length, boxes are one each.
        for (kind, cell) in
            [("records", "records"), ("no-record", "no_record"), ("silent", "silent"), ("partly-silent", "partly_silent")]
        {
            let paths = all(&format!(r#"class="day-{kind}" d="([^"]*)""#), section);
            let drawn: usize = match kind {
                "records" | "no-record" => {
                    let lengths = paths.iter().flat_map(|path| all(r"h(\d+)", path));
                    lengths.map(|length| length.parse::<usize>().expect("a number") / 7).sum()
                }
                _ => paths.iter().map(|path| path.matches('M').count()).sum(),
            };
            assert_eq!(drawn, rows.iter().filter(|row| &row[4] == cell).count(), "{name}: {kind}");
        }
    }
    let pictures = all("<svg role=\"img\"[^>]*>\\s*<title>[^<]+</title>", &html);
    assert_eq!(pictures.len(), all("<svg role=\"img\"", &html).len(), "a picture without a title");
}

fn ring_sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn no_page_gives_an_opinion() {
    let markdown = std::fs::read_to_string(sample_pack().join("data/report.md")).expect("the report");
    let fences = Regex::new(r"(?s)\n(`{3,}|~{3,})[^\n]*\n.*?\n(`{3,}|~{3,})\n").expect("a pattern");
    let prose = fences.replace_all(&markdown, "\n");
    for word in ["compliant", "certified", "passed", "failed", "score", "grade"] {
        let pattern = Regex::new(&format!(r"(?i)\b{word}\b")).expect("a pattern");
        assert!(
            !pattern.is_match(&prose),
            "the word `{word}`: {:?}",
            pattern.find(&prose).map(|found| &prose[found.start().saturating_sub(60)..found.end() + 20])
        );
    }
    assert!(!Regex::new(r"\d\s?%").expect("a pattern").is_match(&prose), "a percentage");
}

#[test]
fn the_markdown_twin_has_the_same_identifiers_and_no_markup() {
    let markdown = std::fs::read_to_string(sample_pack().join("data/report.md")).expect("the report");
    let html = html();
    for id in all(r#"id="(X-\d+)""#, &html) {
        assert!(markdown.contains(id), "{id} is not in the Markdown");
    }
    let captions = all(r"(Table \d+)\.", &html).into_iter().collect::<BTreeSet<_>>();
    let twins = all(r"(Table \d+)\.", &markdown).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(captions, twins);
    for row in markdown.lines().filter(|line| line.starts_with('|')) {
        let cells = row.replace("\\|", "").matches('|').count() - 1;
        assert!(cells <= 6, "a table of {cells} columns: {row}");
    }
}

const CHROMIUM: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
];

#[test]
fn paper_has_every_exception_every_hash_and_page_numbers() {
    if !have("chromium") || !have("pdftotext") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let pdf = folder.path().join("page.pdf");
    let output = Command::new("chromium")
        .args(CHROMIUM)
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--print-to-pdf={}", pdf.display()))
        .arg(format!("file://{}", sample_pack().join("data/index.html").display()))
        .output()
        .expect("chromium runs");
    assert!(pdf.exists(), "{}", crate::support::printed(&output));
    let text = Command::new("pdftotext").arg(&pdf).arg("-").output().expect("pdftotext runs");
    let text = String::from_utf8(text.stdout).expect("UTF-8");
    assert!(text.contains("Page 1 of"));
    let mut sheets = text.split('\u{c}');
    let first = sheets.next().expect("a sheet");
    for part in ["The question answered", "Table 1.", "Fingerprint", "Contents", "Limits of the evidence", "in its own section"] {
        assert!(first.contains(part), "the first sheet lacks: {part}");
    }
    assert!(sheets.next().is_some_and(|sheet| sheet.contains("2. Exceptions")), "the first page is more than one sheet");
    let joined: String = text.split_whitespace().collect();
    for id in all(r#"id="(X-\d+)""#, &html()) {
        assert!(text.contains(id), "{id} is not on paper");
    }
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(sample_pack().join("data/report.json")).expect("the report")).expect("JSON");
    for source in report["sources"].as_array().expect("a list") {
        let sha256 = source["sha256"].as_str().expect("a hash");
        // A hash may break over the end of a page, where the foot stands between its parts.
        let halves = sha256.split_at(32);
        assert!(joined.contains(halves.0) || joined.contains(halves.1), "{sha256} is not on paper");
    }
}
