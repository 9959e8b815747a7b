//! The page.

#![expect(clippy::unwrap_used, reason = "a test panics to fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_audit::check::CheckId;
use extreg_audit::finding::Suppression;
use extreg_report::html::html;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use sha2::{Digest as _, Sha256};

use crate::report::{clean, finding, image, large, place, report};

/// What is between the only pair of these tags.
fn only<'a>(page: &'a str, open: &str, close: &str) -> &'a str {
    let (_, rest) = page.split_once(open).unwrap();
    let (inner, rest) = rest.split_once(close).unwrap();
    assert!(!rest.contains(open), "a second {open}");
    inner
}

/// Writes pages to the temporary folder of the build, for manual inspection.
#[test]
fn writes_pages_for_inspection() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, report) in [
        ("audit.html", report()),
        ("audit-clean.html", clean()),
        ("audit-large.html", large(10_000)),
    ] {
        let page = html(&report);
        fs::write(folder.join(name), &page).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>"), "{name}");
        assert!(page.ends_with("</html>\n"), "{name}");
    }
}

#[test]
fn page_has_every_part_of_the_report() {
    let page = html(&report());
    for text in [
        "prod-eu",
        "2026-11-24T09:30:00Z",
        "9 open findings",
        "the most severe critical",
        "Pulled from docker.io without a credential",
        "deployment.apps/<wbr>cart",
        "docker.io/<wbr>library/<wbr>nginx:latest",
        "oc secrets link default dockerhub --for=pull -n shop",
        "CIS OpenShift 1.9.0 <b>5.5.1</b>",
        "oc extreg explain EXR007",
        "docs/checks/EXR007.md",
        "manifests/legacy/batch.yaml:12",
        "v1 is frozen until the move to v2 is over",
        "until 2027-03-31, by exceptions.yaml:12",
        "The registries of the keys in secret hub are unknown",
        "secrets in data",
        "the global pull secret",
        "oc extreg audit rbac --export",
        "label extreg.io/ignore",
        "extreg: secret dockerhub has no key for the image, the push will fail",
        "unchanged: already set",
        "ghcr.io/<wbr>acme/<wbr>side@sha256:",
        "exceptions.yaml:20: EXR007 deployment.apps/gone in shop",
        "exceptions.yaml:12 lapses on 2026-12-04",
        "Tag old is never imported again",
        "buildruns.shipwright.io",
        "configmap (12)",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for check in CheckId::ALL {
        let title = check.title().replace('\'', "&#39;");
        assert!(page.contains(&title), "{check}");
    }
}

#[test]
fn what_is_incomplete_is_never_called_clean() {
    assert!(html(&clean()).contains("verdict good"));
    let mut gap = clean();
    let gaps = report().sections.remove(0).coverage.gaps;
    gap.sections[0].coverage.gaps = gaps;
    assert!(!html(&gap).contains("verdict good"));
    let mut nothing = clean();
    nothing.sections[0].coverage.read.clear();
    let page = html(&nothing);
    assert!(!page.contains("verdict good"));
    assert!(page.contains("No objects were read"));
}

#[test]
fn policy_allows_only_inline_style_and_script() {
    let page = html(&report());
    let policy = only(
        &page,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"",
        "\">",
    );
    for (directive, open, close) in [
        ("style-src", "<style>", "</style>"),
        ("script-src", "<script>", "</script>"),
    ] {
        let hash = STANDARD.encode(Sha256::digest(only(&page, open, close)));
        let want = format!("{directive} 'sha256-{hash}'");
        assert!(policy.contains(&want), "{policy} has no {want}");
    }
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for loads in [
        "http:", "https:", " src=", "url(", "@import", " style=", " on",
    ] {
        let outside = page.replace(only(&page, "<script>", "</script>"), "");
        let tags = outside.split('<').filter_map(|part| part.split('>').next());
        for tag in tags {
            assert!(!tag.contains(loads), "{tag} has {loads}");
        }
    }
    assert!(!only(&page, "<style>", "</style>").contains("url("));
}

/// Tags that are opened are closed, in order: what a parser that corrects nothing demands.
#[test]
fn tags_are_balanced() {
    for report in [report(), clean(), hostile()] {
        let page = html(&report);
        let script = only(&page, "<script>", "</script>").to_owned();
        let page = page.replace(&script, "");
        let mut open = Vec::new();
        for part in page.split('<').skip(1) {
            let tag = part.split_once('>').unwrap().0;
            let name = tag.split([' ', '\n']).next().unwrap();
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "{part}");
            } else if !matches!(name, "!DOCTYPE" | "meta" | "br" | "wbr" | "input") {
                open.push(name);
            }
        }
        assert_eq!(open, Vec::<&str>::new());
    }
}

#[test]
fn headers_have_a_scope_and_links_a_target() {
    let page = html(&report());
    let tags: Vec<&str> = page
        .split('<')
        .filter_map(|part| part.split('>').next())
        .collect();
    for tag in &tags {
        if tag.starts_with("th ") || *tag == "th" {
            assert!(tag.contains("scope=\""), "{tag}");
        }
    }
    let values = |key: &str| -> Vec<&str> {
        tags.iter()
            .filter_map(|tag| tag.split_once(&format!(" {key}=\""))?.1.split('"').next())
            .collect()
    };
    let ids = values("id");
    assert_eq!(
        ids.iter().collect::<BTreeSet<_>>().len(),
        ids.len(),
        "an id is given twice"
    );
    let links = values("href");
    assert!(links.contains(&"#EXR007"));
    for link in links {
        assert!(ids.contains(&link.strip_prefix('#').unwrap()), "{link}");
    }
    for landmark in ["header", "nav aria-label=\"Contents\"", "main", "footer"] {
        assert!(tags.contains(&landmark), "{landmark}");
    }
}

const HOSTILE: &str =
    "</script><script>alert(1)</script>\"'><img src=x onerror=y>&amp;\u{1b}[31m\n\u{202e}\u{2028}";

/// A report in which every text that was read is hostile.
fn hostile() -> extreg_audit::report::Report {
    let mut report = report();
    report.generated = HOSTILE.into();
    report.version = HOSTILE.into();
    report.notices = vec![HOSTILE.to_owned()];
    report.unused_exceptions = vec![HOSTILE.to_owned()];
    for known in &mut report.fixed {
        known.place.name = HOSTILE.into();
        known.fingerprint = HOSTILE.into();
        known.message = HOSTILE.into();
    }
    for section in &mut report.sections {
        section.source = HOSTILE.into();
        section.coverage.others.insert(HOSTILE.to_owned(), 1);
        section
            .coverage
            .gaps
            .insert(extreg_snapshot::coverage::Gap {
                what: extreg_snapshot::coverage::GapSubject::Document(HOSTILE.to_owned()),
                why: extreg_snapshot::coverage::GapReason::Unreadable,
                message: HOSTILE.to_owned(),
            });
        for number in 0..3 {
            let mut at = place(Kind::Pod, HOSTILE, HOSTILE, HOSTILE, HOSTILE);
            at.origin = Origin::File {
                path: HOSTILE.into(),
                line: 1,
            };
            let mut of = finding(CheckId::Exr001, "not-allowed", at.clone());
            of.message = HOSTILE.into();
            of.why = HOSTILE.into();
            of.fix = extreg_remedy::Remedy::instruct(HOSTILE);
            of.image = Some(image(HOSTILE, HOSTILE, HOSTILE));
            of.suppression = (number == 1).then(|| Suppression {
                by: HOSTILE.to_owned(),
                reason: HOSTILE.to_owned(),
                expires: HOSTILE.to_owned(),
            });
            if number == 2 {
                of.outcome = extreg_remedy::Outcome::Unknown;
            }
            section.findings.push(of);
            section.uses.push(crate::report::used(
                at.clone(),
                extreg_snapshot::UseRole::Run,
                image(HOSTILE, HOSTILE, HOSTILE),
            ));
            section.opt_outs.push(extreg_snapshot::OptOut {
                place: at,
                by: "label extreg.io/ignore",
            });
        }
        for injection in &mut section.injections {
            injection.place = place(Kind::Pod, HOSTILE, HOSTILE, HOSTILE, HOSTILE);
            injection.image = HOSTILE.into();
            injection.policy = Some(HOSTILE.into());
            injection.words = HOSTILE.into();
            injection.warnings = vec![HOSTILE.to_owned()];
        }
    }
    report
}

#[test]
fn hostile_names_do_nothing() {
    let page = html(&hostile());
    // The only script is ours: `only` fails on a second.
    let script = only(&page, "<script>", "</script>").to_owned();
    let page = page.replace(&script, "");
    assert!(page.contains("&lt;img src=x onerror=y&gt;&amp;amp;^[[31m\\n\\u{202e}\\u{2028}"));
    assert!(!page.contains("<img"));
    for c in ['\u{1b}', '\u{202e}', '\u{2028}'] {
        assert!(!page.contains(c), "{c:?}");
    }
}

/// The page grows linearly with the findings.
#[test]
fn page_grows_linearly_with_findings() {
    let size = |findings| html(&large(findings)).len();
    let (none, some, many) = (size(0), size(1_000), size(10_000));
    let each = (some - none) / 1_000;
    assert!(each < 1_400, "{each} bytes for a finding");
    assert!(
        many - none < 11 * (some - none),
        "{none}, {some} and {many} bytes"
    );
}
