//! The known findings: a gate with a baseline fails only on new ones.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::finding::BaselineState;
use crate::report::{Report, Section};
use crate::saved::{
    API_VERSION, KnownFinding, SavedCoverage, SavedError, SavedPlace, parse_document,
};

/// The `kind` of the document.
pub const KIND: &str = "AuditBaseline";

/// The known findings, as a document: sorted, and identical for the same findings, so that
/// it can be kept in Git.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    api_version: String,
    kind: String,
    findings: Vec<KnownFinding>,
}

impl Baseline {
    /// The open findings of a report, each once.
    pub fn of(report: &Report) -> Self {
        let open = report.findings().filter(|(_, finding)| finding.is_open());
        let mut findings: Vec<_> = open
            .map(|(section, finding)| KnownFinding {
                source: section.source.clone(),
                check: finding.check.to_string(),
                rule: finding.rule.to_owned(),
                place: SavedPlace::of(&finding.place),
                fingerprint: finding.fingerprint(),
                message: finding.message.clone(),
            })
            .collect();
        findings.sort();
        let mut seen = BTreeSet::new();
        findings.retain(|known| seen.insert((known.source.clone(), known.fingerprint.clone())));
        Self {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            findings,
        }
    }

    /// Reads the text of a baseline.
    pub fn parse(text: &str) -> Result<Self, SavedError> {
        let help = "write one with oc extreg audit --write-baseline FILE";
        let baseline: Self = parse_document(text, KIND, help)?;
        let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        for known in &baseline.findings {
            if known.fingerprint.len() != 16 || !known.fingerprint.chars().all(is_digit) {
                return Err(SavedError::Shape {
                    kind: KIND,
                    cause: format!(
                        "{:?} is not a valid fingerprint of 16 hexadecimal digits",
                        known.fingerprint
                    ),
                });
            }
        }
        Ok(baseline)
    }

    /// The document, as JSON with a line feed at its end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The findings in it.
    pub fn findings(&self) -> &[KnownFinding] {
        &self.findings
    }

    /// Marks each finding of a report that is new, and lists those of the baseline that are fixed. A
    /// finding whose check did not run or whose place was not read is neither; a notice counts those.
    pub fn compare(&self, report: &mut Report) {
        let named: BTreeSet<_> = self.findings.iter().map(|known| &*known.source).collect();
        // If both have one section, the names make no difference: the folder of an inspect tree
        // always has another name.
        let alone = named.len() <= 1 && report.sections.len() == 1;
        let of = |source: &str| {
            if alone {
                String::new()
            } else {
                source.to_owned()
            }
        };
        let mut known_in: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for known in &self.findings {
            let known_there = known_in.entry(of(&known.source)).or_default();
            known_there.insert(&known.fingerprint);
        }
        let mut seen: BTreeMap<String, Vec<Seen>> = BTreeMap::new();
        for section in &mut report.sections {
            let source = of(&section.source);
            let known = known_in.get(&source);
            let marked = mark(section, |fingerprint| {
                known.is_some_and(|known| known.contains(fingerprint))
            });
            seen.entry(source).or_default().push(marked);
        }
        let mut fixed = BTreeSet::new();
        let mut undecided = 0_usize;
        for known in &self.findings {
            let there = seen.get(&of(&known.source)).map_or(&[][..], Vec::as_slice);
            if there
                .iter()
                .any(|seen| seen.found.contains(&known.fingerprint))
            {
                continue;
            }
            let asked = report
                .checks
                .iter()
                .any(|check| check.as_str() == known.check);
            let looked = !there.is_empty()
                && there
                    .iter()
                    .all(|seen| seen.coverage.blind_spot(&known.place).is_none());
            if asked && looked {
                fixed.insert(known.clone());
            } else {
                undecided += 1;
            }
        }
        report.fixed = fixed.into_iter().collect();
        if undecided > 0 {
            report.notices.push(format!(
                "cannot determine whether {undecided} of the {} findings of the baseline are fixed: their \
                 check did not run, or their place was not read",
                self.findings.len()
            ));
        }
    }
}

/// What a section has, and what it read.
struct Seen {
    found: BTreeSet<String>,
    coverage: SavedCoverage,
}

fn mark(section: &mut Section, is_known: impl Fn(&str) -> bool) -> Seen {
    let mut found = BTreeSet::new();
    for finding in &mut section.findings {
        let fingerprint = finding.fingerprint();
        finding.baseline = Some(if is_known(&fingerprint) {
            BaselineState::Unchanged
        } else {
            BaselineState::New
        });
        found.insert(fingerprint);
    }
    Seen {
        found,
        coverage: SavedCoverage::of(&section.coverage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::CheckId::{Exr001, Exr006, Exr007};
    use crate::finding::{Finding, Suppression};
    use crate::testing::finding;
    use extreg_remedy::Outcome;
    use extreg_snapshot::coverage::{Gap, GapReason, GapSubject};
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{object, place};

    fn about(name: &str) -> Finding {
        finding(
            Exr001,
            "not-allowed",
            place(&object(Kind::Deployment, "shop", name), "web", "spec"),
        )
    }

    fn section(source: &str, names: &[&str]) -> Section {
        Section {
            source: source.to_owned(),
            findings: names.iter().map(|name| about(name)).collect(),
            ..Section::default()
        }
    }

    fn report(sections: Vec<Section>) -> Report {
        Report {
            checks: vec![Exr001, Exr007],
            sections,
            ..Report::default()
        }
    }

    fn new(report: &Report) -> Vec<bool> {
        let state = |finding: &Finding| finding.baseline.unwrap() == BaselineState::New;
        report
            .findings()
            .map(|(_, finding)| state(finding))
            .collect()
    }

    fn fixed(report: &Report) -> Vec<String> {
        report.fixed.iter().map(KnownFinding::words).collect()
    }

    #[test]
    fn a_baseline_has_the_open_findings_and_is_reproducible() {
        let mut all = report(vec![section("prod", &["b", "a", "suppressed", "unknown"])]);
        let findings = &mut all.sections[0].findings;
        findings[2].suppression = Some(Suppression {
            by: "annotation".to_owned(),
            reason: "ours".to_owned(),
            expires: "2027-01-31".to_owned(),
        });
        findings[3].outcome = Outcome::Unknown;
        let twice = findings[0].clone();
        findings.push(twice);
        let baseline = Baseline::of(&all);
        let names: Vec<_> = baseline
            .findings()
            .iter()
            .map(|known| &*known.place.name)
            .collect();
        assert_eq!(names, ["a", "b"]);
        all.sections[0].findings.reverse();
        assert_eq!(Baseline::of(&all), baseline);
        let text = baseline.to_json().unwrap();
        assert_eq!(Baseline::parse(&text), Ok(baseline));
        assert_eq!(
            text.lines().take(16).collect::<Vec<_>>().join("\n"),
            format!(
                r#"{{
  "apiVersion": "extreg.io/v1",
  "kind": "AuditBaseline",
  "findings": [
    {{
      "source": "prod",
      "check": "EXR001",
      "rule": "not-allowed",
      "place": {{
        "namespace": "shop",
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "a",
        "part": "web"
      }},
      "fingerprint": "{}","#,
                about("a").fingerprint()
            )
        );
    }

    #[test]
    fn known_findings_are_unchanged_and_missing_ones_are_fixed() {
        let baseline = Baseline::of(&report(vec![section("prod", &["a", "b", "c"])]));
        let mut later = report(vec![section("inspect.local.7", &["a", "c", "d"])]);
        // The finding is now inconclusive: not fixed.
        later.sections[0].findings[1].outcome = Outcome::Unknown;
        baseline.compare(&mut later);
        assert_eq!(new(&later), [false, false, true]);
        let gone = "deployment.apps/b in shop, web: EXR001 not-allowed";
        assert_eq!(fixed(&later), [gone]);
        assert!(later.notices.is_empty());
    }

    #[test]
    fn findings_of_unread_places_are_not_reported_as_fixed() {
        let baseline = Baseline::of(&report(vec![section("prod", &["a", "b"])]));
        let notice = "cannot determine whether 2 of the 2 findings of the baseline are fixed: their \
                      check did not run, or their place was not read";
        let mut not_asked = report(vec![section("prod", &[])]);
        not_asked.checks = vec![Exr006];
        let mut forbidden = report(vec![section("prod", &[])]);
        forbidden.sections[0].coverage.gaps.insert(Gap {
            what: GapSubject::List {
                kind: Kind::Deployment,
                namespace: "".into(),
            },
            why: GapReason::Forbidden,
            message: String::new(),
        });
        let mut elsewhere = report(vec![section("prod", &[])]);
        let scope = &mut elsewhere.sections[0].coverage.scope;
        scope.namespaces = Some(BTreeSet::from(["dev".into()]));
        for mut report in [not_asked, forbidden, elsewhere, report(Vec::new())] {
            baseline.compare(&mut report);
            assert_eq!(fixed(&report), [""; 0]);
            assert_eq!(report.notices, [notice]);
        }
    }

    #[test]
    fn each_of_several_clusters_has_its_own_findings() {
        let both = report(vec![section("prod", &["a"]), section("test", &["b"])]);
        let baseline = Baseline::of(&both);
        let mut later = report(vec![section("prod", &["a", "b"]), section("test", &[])]);
        baseline.compare(&mut later);
        assert_eq!(new(&later), [false, true]);
        assert_eq!(fixed(&later).len(), 1);
        // Only one of them this time: the other is inconclusive.
        let mut one = report(vec![section("test", &["b"])]);
        baseline.compare(&mut one);
        assert_eq!(new(&one), [false]);
        assert_eq!((one.fixed.len(), one.notices.len()), (0, 1));
    }

    #[test]
    fn a_file_that_is_not_a_baseline_is_rejected() {
        let text = Baseline::of(&report(vec![section("prod", &["a"])]))
            .to_json()
            .unwrap();
        for (from, to, want) in [
            ("{", "", "not JSON"),
            (
                "AuditBaseline",
                "AuditReport",
                "extreg.io/v1 AuditReport, not extreg.io/v1 AuditBaseline; write one with oc \
                 extreg audit --write-baseline FILE",
            ),
            (
                "extreg.io/v1",
                "extreg.io/v3",
                "AuditBaseline of extreg.io/v3",
            ),
            (
                "\"fingerprint\": \"",
                "\"fingerprint\": \"x",
                "is not a valid fingerprint",
            ),
            ("\"findings\"", "\"finding\"", "missing field `findings`"),
        ] {
            let changed = text.replacen(from, to, 1);
            let error = Baseline::parse(&changed).unwrap_err().to_string();
            assert!(error.contains(want), "{to}: {error}");
        }
        // Fields of a later version are ignored.
        let more = text.replacen('{', "{\"generated\": \"x\",", 1);
        assert_eq!(Baseline::parse(&more), Baseline::parse(&text));
    }
}
