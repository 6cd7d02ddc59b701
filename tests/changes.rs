//! What change records become as facts: times and their zones, states and kinds in a site's own words, who decided.

use std::collections::BTreeMap;

use arrow::array::{Array, StringArray, TimestampMicrosecondArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use steadfast::collect::{CollectOptions, EvidenceFile, collect};
use steadfast::config::Config;
use steadfast::facts::Micros;
use steadfast::mapping::Mapping;
use steadfast::period::Period;

use crate::support::root;

/// Rows by column; what is null is not there.
type Row = BTreeMap<String, String>;

/// What was read from one file.
struct Read {
    tables: BTreeMap<String, Vec<Row>>,
    limits: Vec<&'static str>,
    format: Option<&'static str>,
    rejected: u64,
}

impl Read {
    fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    /// One column of every row of a table, `-` where it is null.
    fn column(&self, table: &str, column: &str) -> Vec<&str> {
        self.rows(table).iter().map(|row| row.get(column).map_or("-", String::as_str)).collect()
    }
}

fn read(bytes: &[u8], config: &str) -> Read {
    let config = Config::parse("steadfast.toml", config).expect("a configuration");
    let work = tempfile::tempdir().expect("a folder");
    let path = work.path().join("evidence");
    std::fs::write(&path, bytes).expect("written");
    let files = [EvidenceFile::new(path, "evidence".to_owned())];
    let period = Period::parse("2026-Q3", chrono_tz::Tz::UTC).expect("a period");
    let options = CollectOptions { config: &config, period: &period, threads: 1, progress: &|_, _| {} };
    let store = work.path().join("facts");
    let collected = collect(&files, &store, options).expect("collected");
    let mut tables = BTreeMap::new();
    for table in ["changes", "approvals", "change_targets", "incidents"] {
        if let Ok(file) = std::fs::File::open(store.join(format!("{table}.parquet"))) {
            tables.insert(table.to_owned(), rows(file));
        }
    }
    let source = &collected.sources[0];
    Read {
        tables,
        limits: collected.limits.iter().map(|limit| limit.code).collect(),
        format: source.format.map(|format| format.name()),
        rejected: source.tally.rejected,
    }
}

fn rows(file: std::fs::File) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("a reader") {
        let batch = batch.expect("a batch");
        for index in 0..batch.num_rows() {
            let mut row = Row::new();
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                if column.is_null(index) {
                    continue;
                }
                if let Some(texts) = column.as_any().downcast_ref::<StringArray>() {
                    row.insert(field.name().clone(), texts.value(index).to_owned());
                } else if let Some(times) = column.as_any().downcast_ref::<TimestampMicrosecondArray>() {
                    row.insert(field.name().clone(), Micros(times.value(index)).iso());
                }
            }
            rows.push(row);
        }
    }
    rows
}

fn fixture(name: &str, config: &str) -> Read {
    read(&std::fs::read(root().join("tests/fixtures").join(name)).expect("the fixture"), config)
}

const BERLIN: &str = "[[bind]]\npath = \"evidence\"\ntime_zone = \"Europe/Berlin\"\n";
const CHICAGO: &str = "[[bind]]\npath = \"evidence\"\ntime_zone = \"America/Chicago\"\n";

#[test]
fn the_value_of_a_time_goes_before_what_the_user_sees() {
    // Display 12:03:03 in the zone of the user, value 20:03:03 UTC; a bound zone changes nothing.
    for config in ["", BERLIN] {
        let read = fixture("servicenow-changes/sn_chg_rest.json", config);
        assert_eq!(read.column("changes", "planned_start"), ["2026-07-20T20:03:03Z", "-"]);
        assert_eq!(read.column("changes", "work_start"), ["-", "-"], "UNKNOWN is no time");
        assert_eq!(read.column("approvals", "decided_at"), ["-", "2026-07-16T00:45:06Z"]);
        assert_eq!(read.column("changes", "state"), ["draft", "in_progress"]);
    }
}

#[test]
fn times_of_a_csv_are_in_the_zone_of_whoever_exported_and_numbers_say_that_they_are_not() {
    let unbound = fixture("servicenow-csv/good.csv", "");
    assert_eq!(unbound.column("changes", "planned_start")[0], "2026-07-10T15:00:00Z");
    assert!(unbound.limits.contains(&"zone-unknown"));
    let bound = fixture("servicenow-csv/good.csv", CHICAGO);
    assert_eq!(bound.column("changes", "planned_start")[0], "2026-07-10T20:00:00Z");
    assert_eq!(bound.column("approvals", "decided_at")[0], "2026-07-08T08:59:58Z");
    assert!(!bound.limits.contains(&"zone-unknown"));
    let raw = fixture("servicenow-csv/raw.csv", CHICAGO);
    assert_eq!(raw.column("changes", "planned_start"), ["2026-07-10T20:00:00Z"]);
    // A view without the state still shows display values.
    let stateless = b"number,short_description,type,start_date\nCHG0041877,x,Normal,2026-07-10 15:00:00\n";
    assert!(read(stateless, "").limits.contains(&"zone-unknown"));
}

#[test]
fn the_same_change_says_the_same_in_json_csv_and_xml() {
    let told = |read: &Read| {
        let change = read.rows("changes")[0].clone();
        let columns = ["change_id", "kind", "state", "planned_start", "planned_end", "work_start", "work_end", "closed_at"];
        columns.map(|column| change.get(column).cloned().unwrap_or_default())
    };
    let json = told(&fixture("servicenow-changes/good.json", ""));
    assert_eq!(told(&fixture("servicenow-csv/good.csv", CHICAGO)), json);
    assert_eq!(told(&fixture("servicenow-csv/cp1252.csv", CHICAGO)), json);
    assert_eq!(told(&fixture("servicenow-xml/good.xml", CHICAGO)), json, "XML holds values for machines: no zone matters");
}

#[test]
fn words_and_fields_of_a_site_are_understood() {
    let config = "[servicenow]\nstates = { \"Pending Approval\" = \"awaiting_approval\", \"-7\" = \"approved\" }\n\
                  kinds = { Comprehensive = \"normal\", \"Pre-approved\" = \"standard\" }\n\
                  fields = { start_date = \"u_begins\", state = \"u_chg_stage\" }\n\
                  approver = [\"Approved by\"]\napproved_at = []\ntargets = [\"u_hosts\"]\n";
    let csv = b"number,short_description,type,state,u_chg_stage,u_begins,approval,approved_by,u_hosts\n\
                CHG0041877,x,Comprehensive,Authorize,pending approval,2026-07-10 15:00:00,Approved,Maryam Okafor,\"a-1, a-2\"\n\
                CHG0041878,x,Pre-approved,Scheduled,Stage 4,,Requested,,\n";
    let told = read(csv, config);
    assert_eq!(told.format, Some("servicenow-csv"));
    assert_eq!(told.column("changes", "state"), ["awaiting_approval", "stage 4"]);
    assert_eq!(told.column("changes", "kind"), ["normal", "standard"]);
    assert_eq!(told.column("changes", "planned_start"), ["2026-07-10T15:00:00Z", "-"]);
    assert_eq!(told.column("approvals", "approver"), ["Maryam Okafor", "-"]);
    assert_eq!(told.column("change_targets", "target"), ["a-1", "a-2"]);
    assert!(told.limits.contains(&"status-unknown") && !told.limits.contains(&"kind-unknown"));
    let json = br#"{"result":[{"number":"CHG1","sys_id":"1","state":"-7","start_date":"","type":"normal"}]}"#;
    assert_eq!(read(json, "[servicenow]\nstates = { \"-7\" = \"approved\" }").column("changes", "state"), ["approved"]);
}

#[test]
fn an_export_that_ends_where_exports_end_is_named() {
    let row = |number: usize| format!("CHG{number:07},x,Normal,Closed,2026-07-10 15:00:00\n");
    let csv = |rows: usize| {
        let body: String = (0..rows).map(row).collect();
        read(format!("number,short_description,type,state,start_date\n{body}").as_bytes(), CHICAGO)
    };
    assert!(csv(10_000).limits.contains(&"export-limit"));
    assert!(!csv(9_999).limits.contains(&"export-limit"));
    let json = |records: usize, meta: bool| {
        let mut list: Vec<String> = (0..records)
            .map(|number| format!(r#"{{"number":"CHG{number:07}","sys_id":"{number}","state":"3","start_date":""}}"#))
            .collect();
        list.extend(meta.then(|| r#"{"__meta":{}}"#.to_owned()));
        read(format!("{{\"result\":[{}]}}", list.join(",")).as_bytes(), "")
    };
    assert!(json(10_000, false).limits.contains(&"export-limit"));
    assert!(json(10_000, true).limits.contains(&"export-limit"), "the description of the list is no record");
    assert!(!json(9_999, true).limits.contains(&"export-limit"));
    let xml = (0..10_000).fold(String::new(), |text, number| {
        text + &format!("<change_request><number>CHG{number:07}</number><state>3</state></change_request>")
    });
    assert!(read(format!("<xml>{xml}</xml>").as_bytes(), "").limits.contains(&"export-limit"));
    let issue = |number: usize| format!("x,QCHG-{number},Done\n");
    let jira =
        |rows: usize| read(format!("Summary,Issue key,Status\n{}", (0..rows).map(issue).collect::<String>()).as_bytes(), "");
    assert!(jira(1_000).limits.contains(&"export-limit"));
    assert!(!jira(999).limits.contains(&"export-limit"));
}

#[test]
fn who_approved_their_own_change_stands_on_both_sides() {
    for (name, index) in
        [("servicenow-csv/good.csv", 1), ("jira-search/good.json", 3), ("github-pull-requests/gh_single.json", 0)]
    {
        let read = fixture(name, "");
        let change = &read.rows("changes")[index];
        let approvers: Vec<&String> = read
            .rows("approvals")
            .iter()
            .filter(|row| row["change_id"] == change["change_id"] && row["decision"] == "approved")
            .filter_map(|row| row.get("approver"))
            .collect();
        assert_eq!(approvers, [&change["requested_by"]], "{name}");
    }
}

#[test]
fn what_waits_for_a_further_approval_is_not_approved() {
    let jira = fixture("jira-search/good.json", "");
    let of = |key: &str| -> Vec<(String, Option<String>)> {
        let rows = jira.rows("approvals").iter().filter(|row| row["change_id"] == key);
        rows.map(|row| (row["decision"].clone(), row.get("decided_at").cloned())).collect()
    };
    let at = Some("2026-07-08T08:59:58Z".to_owned());
    assert_eq!(of("QCHG-12"), [("approved".to_owned(), at.clone()), ("requested".to_owned(), None)]);
    assert_eq!(of("QCHG-13"), [("requested".to_owned(), None), ("requested".to_owned(), None)]);
    assert_eq!(of("QCHG-14"), [("rejected".to_owned(), at)]);
    assert_eq!(jira.column("changes", "state"), ["done", "awaiting_approval", "rejected", "in_progress"]);
    assert_eq!(jira.column("changes", "planned_start")[0], "2026-07-10T20:00:00Z");
    let gitlab = fixture("gitlab-approvals/several.json", "");
    assert_eq!(gitlab.column("approvals", "decision"), ["approved", "requested", "requested", "not_requested"]);
}

#[test]
fn fields_of_jira_are_found_by_name_or_by_id() {
    let by_id = "[jira]\nstart = [\"customfield_10101\"]\nkinds = { Normal = \"standard\" }\nissue_types = [\"[System] change\"]\n\
                 states = { completed = \"done\", \"Work in progress\" = \"in_progress\" }\ntargets = [\"labels\"]\n";
    let read = fixture("jira-search/good.json", by_id);
    assert_eq!(read.column("changes", "planned_start")[0], "2026-07-10T20:00:00Z");
    assert_eq!(read.column("changes", "kind")[0], "standard");
    assert_eq!(read.column("change_targets", "target"), ["quill", "quill", "quill", "quill"]);
    assert!(!read.limits.contains(&"status-by-category"));
    let other = fixture("jira-search/good.json", "[jira]\nissue_types = [\"Incident\"]\n");
    assert!(other.rows("changes").is_empty());
    let csv = fixture("jira-csv/good.csv", &format!("{BERLIN}[jira]\napproved_by = [\"Reporter\"]\n"));
    assert_eq!(csv.column("changes", "planned_start"), ["2026-07-10T13:00:00Z", "2026-08-04T23:10:00Z", "-"]);
    assert_eq!(csv.column("approvals", "decision"), ["approved", "approved", "approved"]);
    assert!(!csv.limits.contains(&"zone-unknown") && !csv.limits.contains(&"approvals-not-exported"));
}

#[test]
fn an_approval_of_an_older_commit_counts_only_where_the_team_says_so() {
    let strict = fixture("github-pull-requests/gh.json", "");
    assert_eq!(strict.column("approvals", "decision"), ["approved", "cancelled", "requested", "rejected", "cancelled"]);
    assert_eq!(strict.column("changes", "work_start")[0], "2026-07-10T20:03:11Z");
    assert_eq!(strict.column("changes", "planned_start")[0], "-");
    let lenient = fixture("github-pull-requests/gh.json", "[github]\ncount_reviews_of_older_commits = true\n");
    assert_eq!(lenient.column("approvals", "decision")[1], "approved");
    assert!(lenient.limits.contains(&"review-of-older-commit"));
    let reviews = fixture("github-reviews/good.json", "");
    assert_eq!(reviews.column("approvals", "decision"), ["cancelled", "approved", "rejected", "cancelled"]);
}

#[test]
fn labels_name_kinds_and_targets() {
    let config = "[github]\nkinds = { hotfix = \"emergency\" }\ntarget_labels = [\"host:\"]\n[hosts]\nstrip_domains = [\"corp.example\"]\n";
    let read = fixture("github-pull-requests/good.json", config);
    assert_eq!(read.column("change_targets", "target"), ["quill-data-1"]);
    assert_eq!(read.column("changes", "kind"), ["standard", "emergency", "-"]);
    assert_eq!(fixture("github-pull-requests/gh.json", config).column("changes", "kind")[0], "emergency");
}

#[test]
fn merge_requests_and_their_approvals_come_to_one_name() {
    let config = "[gitlab]\nprojects = { 7 = \"quill/images\" }\n";
    let request = fixture("gitlab-merge-requests/good.json", config);
    let approval = fixture("gitlab-approvals/good.json", config);
    assert_eq!(request.column("changes", "change_id")[0], "quill/images!44");
    assert_eq!(approval.column("approvals", "change_id"), ["quill/images!44"]);
    assert_eq!(approval.column("approvals", "decided_at"), ["2026-07-08T08:59:58Z"]);
    assert_eq!(request.column("changes", "state"), ["done", "cancelled", "draft", "awaiting_approval"]);
}

#[test]
fn a_declared_document_type_is_refused_with_its_reason() {
    let read = fixture("servicenow-xml/doctype.xml", "");
    assert_eq!((read.format, read.rejected), (Some("servicenow-xml"), 1));
    assert!(read.rows("changes").is_empty());
}

#[test]
fn an_approval_by_a_machine_is_named() {
    let review = br#"[{"user":{"login":"merge-me[bot]"},"state":"APPROVED","submitted_at":"2026-07-08T08:00:00Z","commit_id":"a",
        "pull_request_url":"https://api.github.com/repos/quill/images/pulls/7"}]"#;
    assert!(read(review, "").limits.contains(&"approval-by-machine"));
    let approvals = br#"{"iid":44,"project_id":7,"approvals_left":0,"approved_by":[{"user":{"username":"project_7_bot_x"}}]}"#;
    assert!(read(approvals, "").limits.contains(&"approval-by-machine"));
}

#[test]
fn incidents_are_no_changes_and_changes_no_incidents() {
    let incidents = fixture("servicenow-incidents/good.json", "");
    assert_eq!((incidents.format, incidents.rows("changes").len()), (Some("servicenow-incidents"), 0));
    let changes = std::fs::read_to_string(root().join("tests/fixtures/servicenow-changes/good.json")).expect("the fixture");
    let called = read(changes.replace("\"phase\"", "\"caller_id\"").as_bytes(), "");
    assert_eq!((called.format, called.rows("incidents").len(), called.rejected), (Some("servicenow-changes"), 0, 0));
    // An export of the table that both extend: the incident is rejected, whichever comes first.
    let change =
        r#"{"number":"CHG1","sys_id":"1","state":"3","sys_class_name":"change_request","opened_at":"2026-07-01 10:00:00"}"#;
    let incident = r#"{"number":"INC1","sys_id":"2","state":"6","sys_class_name":"incident","opened_at":"2026-07-01 10:00:00"}"#;
    for records in [[change, incident], [incident, change]] {
        let read = read(format!("{{\"result\":[{}]}}", records.join(",")).as_bytes(), "");
        assert_eq!((read.format, read.rejected), (Some("servicenow-changes"), 1));
        assert_eq!((read.column("changes", "change_id"), read.rows("incidents").len()), (vec!["CHG1"], 0));
    }
    // A change behind the beginning by which the file was told.
    let list = format!("{{\"result\":[{}{change}]}}", format!("{incident},").repeat(1_000));
    let read = read(list.as_bytes(), "");
    assert_eq!((read.format, read.rejected, read.rows("incidents").len()), (Some("servicenow-incidents"), 1, 1_000));
}

#[test]
fn an_incident_says_when_it_was_open_and_whose_it_was() {
    let good = fixture("servicenow-incidents/good.json", "");
    assert_eq!(good.column("incidents", "state"), ["closed", "closed", "resolved", "on_hold", "on_hold", "cancelled"]);
    let resolved = ["2026-07-10T22:40:02Z", "2026-07-10T22:40:02Z", "2026-08-05T03:10:00Z", "-", "-", "2026-09-02T18:20:00Z"];
    assert_eq!(good.column("incidents", "resolved_at"), resolved, "closing is the end only where no other is known");
    assert_eq!(good.column("incidents", "assigned_to"), ["rsilva", "rsilva", "mokafor", "rsilva", "rsilva", "-"]);
    assert_eq!(good.column("incidents", "opened_by")[0], "pnovak");
    // The value of a time is UTC, whatever the user sees; what the user sees is in their zone.
    let all = fixture("servicenow-incidents/display_all.json", CHICAGO);
    assert_eq!(all.column("incidents", "opened_at")[0], "2026-07-10T20:00:00Z");
    let shown = fixture("servicenow-incidents/display_true.json", CHICAGO);
    assert_eq!(shown.column("incidents", "opened_at")[0], "2026-07-10T18:00:00Z");
    let csv = fixture("incidents-csv/good.csv", "[hosts]\nstrip_domains = [\"example.net\"]\n");
    assert_eq!(csv.column("incidents", "target"), ["quill-data-1", "quill-data-2", "quill-data-3", "-", "edge"]);
    assert_eq!(csv.column("incidents", "opened_at")[1], "2026-08-05T01:10:00Z");
}

#[test]
fn a_mapping_feeds_incidents_and_is_held_to_their_states() {
    let mapping = |state: &str| {
        format!(
            "format_version = 1\nname = \"pager\"\n[recognise]\ncontains = [\"pager\"]\n[records]\nlayout = \"json-lines\"\n\
             [[fact]]\ntable = \"incidents\"\n[fact.columns]\nincident_id = {{ field = \"/id\" }}\n\
             opened_at = {{ field = \"/at\", time = \"rfc3339\" }}\nstate = {{ field = \"/s\", map = {{ ack = \"{state}\" }} }}\n\
             target = {{ field = \"/service\", make = \"host\" }}\n"
        )
    };
    Mapping::parse("pager.toml", &mapping("in_progress")).unwrap_or_else(|error| panic!("{error}"));
    let error = Mapping::parse("pager.toml", &mapping("acknowledged")).expect_err("no word of the table").to_string();
    assert!(error.contains("incidents.state") && error.contains("on_hold"), "{error}");
}

#[test]
fn depth_and_length_do_no_harm() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let title = "x".repeat(70_000);
    for document in [
        format!(r#"{{"issues":[{{"key":"QCHG-1","fields":{{"summary":"x","customfield_1":{deep}}}}}]}}"#),
        format!(r#"{{"result":[{{"number":"CHG1","sys_id":"1","state":"3","start_date":"","x":{deep}}}]}}"#),
        format!(r#"[{{"number":1,"state":"OPEN","isDraft":false,"title":"{title}","x":{deep}}}]"#),
    ] {
        let read = read(document.as_bytes(), "");
        assert_eq!((read.format.is_some(), read.rejected, read.rows("changes").len()), (true, 1, 0));
    }
    let nested = format!("<unload><change_request><number>CHG1</number>{}x", "<a>".repeat(200_000));
    assert_eq!(read(nested.as_bytes(), "").rejected, 1);
    let long = format!("number,short_description,type,state,start_date\nCHG1,{},Normal,Closed,\n", "x".repeat(1 << 20));
    assert_eq!(read(long.as_bytes(), "").rows("changes").len(), 1);
}
