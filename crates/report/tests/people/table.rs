//! The tables of a terminal.

use extreg_audit::check::CheckId;
use extreg_audit::report::Report;
use extreg_report::table::{Tone, WIDTH, details, table, wide};
use extreg_snapshot::kind::Kind;
use extreg_terminal::Text;

use crate::report::{clean, finding, image, large, place, report};

fn text(lines: &[Text]) -> Vec<String> {
    lines.iter().map(|line| line.render(false)).collect()
}

fn lines(report: &Report, width: Option<usize>) -> Vec<String> {
    text(&details(report).lines(width))
}

#[test]
fn the_counts_come_first_and_each_open_finding_is_one_line() {
    let report = report();
    let shown = text(&table(&report).lines(Some(WIDTH)));
    assert_eq!(
        shown[1..4],
        [
            "9 open findings: 1 critical, 6 high, 1 medium, 1 info",
            "1 inconclusive, 1 suppressed",
            "Against the baseline: 1 new, 1 fixed",
        ]
    );
    let head = shown
        .iter()
        .position(|line| line.starts_with("SEVERITY  CHECK   "))
        .unwrap();
    let end = shown[head..].iter().position(String::is_empty).unwrap();
    let rows = &shown[head + 1..head + end];
    let open = report.findings().filter(|(_, finding)| finding.is_open());
    assert_eq!(rows.len(), open.count());
    assert!(rows.iter().all(|row| row.chars().count() <= WIDTH));
    let checks: Vec<&str> = rows.iter().map(|row| &row[10..16]).collect();
    let mut grouped = checks.clone();
    grouped.dedup();
    let mut once = grouped.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(grouped.len(), once.len(), "{checks:?}");
    assert_eq!(checks[0], "EXR004");
}

#[test]
fn a_message_is_cut_to_the_terminal_and_whole_in_the_details() {
    let mut report = clean();
    let mut of = finding(
        CheckId::Exr001,
        "not-allowed",
        place(Kind::Deployment, "shop", "cart", "web", "image"),
    );
    of.message = "word ".repeat(40);
    report.sections[0].findings.push(of);
    let row = |lines: Vec<String>| lines.into_iter().find(|l| l.contains("EXR001")).unwrap();
    let cut = row(text(&table(&report).lines(Some(100))));
    assert_eq!(cut.chars().count(), 100, "{cut}");
    assert!(cut.ends_with('\u{2026}'), "{cut}");
    let whole = row(lines(&report, None));
    assert!(whole.contains(&"word ".repeat(39)), "{whole}");
}

#[test]
fn what_is_inconclusive_is_a_line_each_cause_with_what_decides_it() {
    let mut report = clean();
    for name in ["a", "b", "c"] {
        let mut of = finding(
            CheckId::Exr007,
            "unknown",
            place(Kind::Pod, "shop", name, "web", "image"),
        );
        of.outcome = extreg_remedy::Outcome::Unknown;
        of.message = format!("cannot determine whether {name} has a credential");
        of.why = "Inconclusive: serviceaccount/default in shop was not read".to_owned();
        of.fix = extreg_remedy::Remedy::instruct("oc adm inspect ns/shop");
        report.sections[0].findings.push(of);
    }
    assert_eq!(
        text(
            &table(&report)
                .inconclusive
                .iter()
                .map(|line| {
                    line.iter()
                        .fold(Text::new(), |text, cell| text.plain(cell.text.as_str()))
                })
                .collect::<Vec<_>>()
        ),
        [
            "Inconclusive: 3 results",
            "    3  EXR007  serviceaccount/default in shop was not read; to decide: oc adm inspect ns/shop",
        ]
    );
    let shown = lines(&report, None).join("\n");
    assert_eq!(
        shown.matches("serviceaccount/default in shop").count(),
        1,
        "{shown}"
    );
}

#[test]
fn findings_are_grouped_by_image_and_shown_once() {
    let shown = lines(&report(), None);
    let at = shown
        .iter()
        .position(|line| line.starts_with("docker.io/library/nginx"))
        .unwrap();
    assert_eq!(
        shown[at..at + 10],
        [
            "docker.io/library/nginx:latest  39 pods, 3 namespaces",
            "high      EXR007  Pulled from docker.io without a credential",
            "          at      deployment.apps/feeds in data, web, and 3 more",
            "          why     Docker Hub allows 100 pulls in 6 hours to one address without a \
             credential, and all nodes behind one gateway share them",
            "          fix     oc secrets link default dockerhub --for=pull -n data",
            "medium    EXR010  nginx:latest names no registry",
            "          at      deployment.apps/proxy in legacy, proxy",
            "          why     The node queries the search registries in order and uses the first \
             one that has it",
            "          fix     oc set image deployment/proxy \
             proxy=docker.io/library/nginx:latest -n legacy",
            "",
        ]
    );
}

#[test]
fn counts_and_gaps_follow_the_rows() {
    let shown = lines(&report(), None);
    let at = shown
        .iter()
        .position(|line| line.starts_with("Opted out"))
        .unwrap();
    assert_eq!(
        shown[4],
        "69 objects with 46 image fields read, coverage 77%"
    );
    assert_eq!(
        shown[at..],
        [
            "Opted out: namespace/sandbox by label extreg.io/ignore",
            "Opted out: imagestream.image.openshift.io/cart in shop, v1 by annotation extreg.io/scheduled",
            "Unused exception: exceptions.yaml:20: EXR007 deployment.apps/gone in shop",
            "Notice: exceptions.yaml:12 lapses on 2026-12-04",
            "",
            "Not read: 2 gaps",
            "forbidden: secrets in data (secrets is forbidden: User \"ci\" cannot list resource \
             \"secrets\" in the namespace \"data\")",
            "not part of the source: the global pull secret",
        ]
    );
    assert_eq!(
        table(&report()).next,
        ["oc extreg audit rbac --export", "oc extreg explain EXR004"]
    );
}

#[test]
fn what_is_incomplete_is_never_shown_as_well() {
    let tone = |report: &Report| table(report).summary[0][0].tone;
    let mut report = clean();
    assert_eq!(tone(&report), Tone::Good);
    report.sections[0].coverage = self::report().sections.remove(0).coverage;
    assert_eq!(tone(&report), Tone::Attention);
    report.sections[0].coverage.read.clear();
    assert_eq!(tone(&report), Tone::Bad);
    assert!(lines(&report, None).contains(&"Nothing was read".to_owned()));
}

#[test]
fn long_text_is_wrapped_but_a_command_is_not() {
    let shown = lines(&report(), Some(60));
    let commands: Vec<&String> = shown
        .iter()
        .filter(|line| line.starts_with("          fix "))
        .collect();
    assert!(commands.iter().any(|line| line.len() > 60));
    let at = shown
        .iter()
        .position(|line| line.contains("Docker Hub allows"))
        .unwrap();
    assert_eq!(
        shown[at..at + 4],
        [
            "          why     Docker Hub allows 100 pulls in 6 hours to",
            "                  one address without a credential, and all",
            "                  nodes behind one gateway share them",
            "          fix     oc secrets link default dockerhub --for=pull -n data",
        ]
    );
}

#[test]
fn clusters_have_separate_sections() {
    let mut two = report();
    let mut other = two.sections[0].clone();
    other.source = "prod-us".to_owned();
    two.sections.push(other);
    let shown = lines(&two, None);
    assert!(shown.contains(&"in prod-eu:".to_owned()));
    assert!(shown.contains(&"in prod-us:".to_owned()));
    assert!(wide(&two).headers.contains(&"SOURCE"));
    assert!(!wide(&report()).headers.contains(&"SOURCE"));
}

#[test]
fn wide_has_a_row_for_each_finding_and_no_empty_columns() {
    let table = wide(&report());
    assert_eq!(
        table.headers,
        [
            "SEVERITY",
            "CHECK",
            "RULE",
            "STATE",
            "BASELINE",
            "NAMESPACE",
            "OBJECT",
            "PART",
            "FILE",
            "IMAGE",
            "FINDING",
            "WHY",
            "FIX"
        ]
    );
    let rows = &table.groups[0].rows;
    assert_eq!(rows.len(), report().findings().count());
    let row = rows.iter().find(|row| row[3].text == "suppressed").unwrap();
    let cells: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
    assert_eq!(
        cells,
        [
            "medium",
            "EXR005",
            "not-scheduled",
            "suppressed",
            "-",
            "shop",
            "imagestream.image.openshift.io/cart",
            "v1",
            "-",
            "docker.io/acme/cart:v1",
            "Tag v1 is never imported again",
            "A rebuilt image under the same tag does not reach the cluster",
            "oc tag docker.io/acme/cart:v1 shop/cart:v1 --scheduled",
        ]
    );
    let small = wide(&large(3));
    assert!(!small.headers.contains(&"BASELINE") && !small.headers.contains(&"FILE"));
}

#[test]
fn names_cannot_act_on_a_terminal_or_make_a_row() {
    let mut hostile = clean();
    let name = "a\u{1b}[2J\nb\u{202e}c";
    let mut of = finding(
        CheckId::Exr001,
        "not-allowed",
        place(Kind::Pod, name, name, name, name),
    );
    of.image = Some(image(name, "", ""));
    of.message = name.to_owned();
    of.why = name.to_owned();
    of.fix = extreg_remedy::Remedy::instruct(name);
    hostile.sections[0].findings.push(of);
    hostile.sections[0].source = name.to_owned();
    hostile.notices.push(name.to_owned());
    for table in [table(&hostile), details(&hostile), wide(&hostile)] {
        for line in text(&table.lines(Some(80))) {
            assert!(!line.contains(['\u{1b}', '\n', '\u{202e}']), "{line:?}");
        }
    }
    assert!(lines(&hostile, None).contains(&"a^[[2J\\nb\\u{202e}c".to_owned()));
}
