//! The part of the document `extreg.io/v1` AuditReport that comparing asks for. What else it holds
//! is left out, so that a document of a later version with more in it can be read.

use extreg_remedy::Outcome;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::coverage::SavedCoverage;
use super::place::SavedPlace;
use crate::check::Severity;

/// The `apiVersion` of our documents.
pub const API_VERSION: &str = "extreg.io/v1";
/// The `kind` of a report.
pub const KIND: &str = "AuditReport";

/// A report that was saved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedReport {
    /// When it was made, RFC 3339.
    pub generated: String,
    /// The version of the program that made it.
    pub version: String,
    /// The checks that were asked.
    pub checks: Vec<SavedCheck>,
    /// One for each cluster or set of files.
    pub sections: Vec<SavedSection>,
}

/// A check that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedCheck {
    /// `EXR001`.
    pub id: String,
}

/// The part of a report that is about one cluster or one set of files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedSection {
    /// Its name.
    pub source: String,
    /// What was looked at.
    pub coverage: SavedCoverage,
    /// The findings.
    pub findings: Vec<SavedFinding>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedFinding {
    /// What identifies it over time.
    pub fingerprint: String,
    /// `EXR001`.
    pub check: String,
    /// What of the check it is.
    pub rule: String,
    /// How bad it is.
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    /// Whether it is so.
    #[serde(deserialize_with = "outcome")]
    pub outcome: Outcome,
    /// Where.
    pub place: SavedPlace,
    /// What is so.
    pub message: String,
    /// Who said that this is all right, if somebody did.
    #[serde(default)]
    pub suppression: Option<SavedSuppression>,
}

/// Who said that a finding is all right.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedSuppression {
    /// Where it is said.
    pub by: String,
    /// Until when.
    pub expires: String,
}

/// Why a file is not the document that it should be. The text goes behind the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// It is another document, or none of ours.
    #[error("{found}, not {API_VERSION} {kind}; {help}")]
    Kind {
        /// What it is.
        found: String,
        /// What it should be.
        kind: &'static str,
        /// How one is made.
        help: &'static str,
    },
    /// It is a version that is not known here.
    #[error(
        "{kind} of {found}, and this version reads {API_VERSION}; write it anew, or read it with the version that wrote it"
    )]
    Version {
        /// Its `apiVersion`.
        found: String,
        /// What it is.
        kind: &'static str,
    },
    /// A field of it has another form.
    #[error("{kind} that cannot be read: {cause}")]
    Shape {
        /// What it is.
        kind: &'static str,
        /// What and where.
        cause: String,
    },
}

impl SavedReport {
    /// Reads the text of a report.
    pub fn parse(text: &str) -> Result<Self, SavedError> {
        parse_document(text, KIND, "write one with oc extreg audit -o json=FILE")
    }

    /// Whether that check was asked.
    pub fn asked(&self, check: &str) -> bool {
        self.checks.iter().any(|asked| asked.id == check)
    }
}

impl SavedFinding {
    /// Whether it counts: it is so and nobody said that this is all right.
    pub const fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::Fail) && self.suppression.is_none()
    }
}

/// Reads one of our documents of that kind; `help` says how one is made.
pub(crate) fn parse_document<T: DeserializeOwned>(
    text: &str,
    kind: &'static str,
    help: &'static str,
) -> Result<T, SavedError> {
    // An array is no document of ours, and serde would take one for a struct.
    if !text.trim_start().starts_with('{') {
        let value = serde_json::from_str::<serde::de::IgnoredAny>(text);
        return Err(match value {
            Err(error) => SavedError::Json(error.to_string()),
            Ok(_) => SavedError::Kind {
                found: "no document of ours".to_owned(),
                kind,
                help,
            },
        });
    }
    let header: Header =
        serde_json::from_str(text).map_err(|error| SavedError::Json(error.to_string()))?;
    if header.kind != kind || !header.api_version.starts_with("extreg.io/") {
        let found = format!("{} {}", header.api_version, header.kind);
        return Err(SavedError::Kind {
            found: match found.trim() {
                "" => "no document of ours".to_owned(),
                found => found.to_owned(),
            },
            kind,
            help,
        });
    }
    if header.api_version != API_VERSION {
        let found = header.api_version;
        return Err(SavedError::Version { found, kind });
    }
    serde_json::from_str(text).map_err(|error| SavedError::Shape {
        kind,
        cause: error.to_string(),
    })
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Header {
    api_version: String,
    kind: String,
}

fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    let word = String::deserialize(deserializer)?;
    let found = Severity::ALL
        .into_iter()
        .find(|severity| severity.as_str() == word);
    found.ok_or_else(|| D::Error::custom(format!("{word:?} is no severity")))
}

fn outcome<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
    match &*String::deserialize(deserializer)? {
        "fail" => Ok(Outcome::Fail),
        "unknown" => Ok(Outcome::Unknown),
        word => Err(D::Error::custom(format!("{word:?} is no outcome"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
  "apiVersion": "extreg.io/v1",
  "kind": "AuditReport",
  "generated": "2026-11-20T10:00:00Z",
  "version": "0.1.0",
  "summary": {"suppressed": 1},
  "checks": [{"id": "EXR001", "title": "…"}],
  "sections": [{
    "source": "prod",
    "coverage": {
      "percent": 50,
      "read": [{"resource": "pods", "objects": 3}],
      "notServed": ["tasks.tekton.dev"],
      "gaps": [{"what": "secrets in shop", "resource": "secrets", "namespace": "shop", "reason": "forbidden"}]
    },
    "findings": [{
      "fingerprint": "00000000000000aa",
      "check": "EXR001",
      "rule": "not-allowed",
      "severity": "high",
      "outcome": "fail",
      "place": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "cart",
        "part": "web", "field": "spec", "file": {"path": "a.yaml", "line": 3}},
      "message": "m",
      "suppression": {"by": "annotation", "reason": "ours", "expires": "2027-01-31"},
      "later": [1, 2]
    }]
  }]
}"#;

    #[test]
    fn a_report_is_read_and_what_is_more_in_it_is_left_out() {
        let report = SavedReport::parse(REPORT).unwrap();
        assert!(report.asked("EXR001") && !report.asked("EXR002"));
        let section = report.sections.first().unwrap();
        let finding = section.findings.first().unwrap();
        assert_eq!(
            finding.place.to_string(),
            "deployment.apps/cart in shop, web"
        );
        assert_eq!(finding.place.file.as_ref().unwrap().path, "a.yaml");
        assert_eq!(finding.severity, Severity::High);
        assert!(!finding.is_open());
        assert_eq!(section.coverage.gaps.first().unwrap().namespace, "shop");
    }

    #[test]
    fn what_is_no_report_says_what_it_is() {
        let change = |from: &str, to: &str| {
            let text = REPORT.replacen(from, to, 1);
            assert_ne!(text, REPORT);
            text
        };
        for (text, want) in [
            (String::new(), "not JSON"),
            ("{".to_owned(), "not JSON"),
            ("apiVersion: extreg.io/v1\n".to_owned(), "not JSON"),
            (
                "[]".to_owned(),
                "no document of ours, not extreg.io/v1 AuditReport; write one with",
            ),
            ("\"hunter2\"".to_owned(), "no document of ours, not"),
            ("{}".to_owned(), "no document of ours, not"),
            (
                r#"{"apiVersion": "v1", "kind": "Secret", "data": "hunter2"}"#.to_owned(),
                "v1 Secret, not extreg.io/v1 AuditReport",
            ),
            (
                change("AuditReport", "AuditBaseline"),
                "extreg.io/v1 AuditBaseline, not",
            ),
            (
                change("extreg.io/v1", "extreg.io/v2"),
                "AuditReport of extreg.io/v2, and this",
            ),
            (change("\"high\"", "\"awful\""), "\"awful\" is no severity"),
            (change("\"fail\"", "\"pass\""), "\"pass\" is no outcome"),
            (
                change("\"sections\"", "\"section\""),
                "missing field `sections`",
            ),
        ] {
            let error = SavedReport::parse(&text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
