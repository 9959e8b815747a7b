//! The part of the document `extreg.io/v1` AuditReport that comparing needs. Other fields
//! are ignored, so that a document of a later version can be read.

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
    /// When it was created, RFC 3339.
    pub generated: String,
    /// The version of the program that created it.
    pub version: String,
    /// The checks that ran.
    pub checks: Vec<SavedCheck>,
    /// One for each cluster or set of files.
    pub sections: Vec<SavedSection>,
}

/// A check that ran.
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
    /// What was read.
    pub coverage: SavedCoverage,
    /// The findings.
    pub findings: Vec<SavedFinding>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedFinding {
    /// Its fingerprint, which identifies it over time.
    pub fingerprint: String,
    /// `EXR001`.
    pub check: String,
    /// The kind of finding.
    pub rule: String,
    /// Its severity.
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    /// Whether it failed or is inconclusive.
    #[serde(deserialize_with = "outcome")]
    pub outcome: Outcome,
    /// Its place.
    pub place: SavedPlace,
    /// Its message.
    pub message: String,
    /// The exception that applies, if any.
    #[serde(default)]
    pub suppression: Option<SavedSuppression>,
}

/// An exception that applies to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedSuppression {
    /// Its position.
    pub by: String,
    /// Its expiry date.
    pub expires: String,
}

/// Why a file is not the expected document. The file's name precedes the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Json(String),
    /// It is another document, or not one of ours.
    #[error("{found}, not {API_VERSION} {kind}; {help}")]
    Kind {
        /// Its kind.
        found: String,
        /// The expected kind.
        kind: &'static str,
        /// How to create one.
        help: &'static str,
    },
    /// Its version is unknown here.
    #[error(
        "{kind} of {found}, but this version reads {API_VERSION}; write it again, or use the version that wrote it"
    )]
    Version {
        /// Its `apiVersion`.
        found: String,
        /// Its kind.
        kind: &'static str,
    },
    /// A field has another form.
    #[error("{kind} that cannot be read: {cause}")]
    Shape {
        /// Its kind.
        kind: &'static str,
        /// The cause and its position.
        cause: String,
    },
}

impl SavedReport {
    /// Reads the text of a report.
    pub fn parse(text: &str) -> Result<Self, SavedError> {
        parse_document(text, KIND, "write one with oc extreg audit -o json=FILE")
    }

    /// Whether that check ran.
    pub fn has_run(&self, check: &str) -> bool {
        self.checks.iter().any(|asked| asked.id == check)
    }
}

impl SavedFinding {
    /// Whether it counts: it failed and no exception applies.
    pub const fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::Fail) && self.suppression.is_none()
    }
}

/// Parses one of our documents of that kind; `help` describes how to create one.
pub(crate) fn parse_document<T: DeserializeOwned>(
    text: &str,
    kind: &'static str,
    help: &'static str,
) -> Result<T, SavedError> {
    // An array is not a document of ours, but serde would accept one as a struct.
    if !text.trim_start().starts_with('{') {
        let value = serde_json::from_str::<serde::de::IgnoredAny>(text);
        return Err(match value {
            Err(error) => SavedError::Json(error.to_string()),
            Ok(_) => SavedError::Kind {
                found: "an unknown document".to_owned(),
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
                "" => "an unknown document".to_owned(),
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
    found.ok_or_else(|| D::Error::custom(format!("{word:?} is not a valid severity")))
}

fn outcome<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
    match &*String::deserialize(deserializer)? {
        "fail" => Ok(Outcome::Fail),
        "unknown" => Ok(Outcome::Unknown),
        word => Err(D::Error::custom(format!("{word:?} is not a valid outcome"))),
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
    fn a_report_is_read_and_unknown_fields_are_ignored() {
        let report = SavedReport::parse(REPORT).unwrap();
        assert!(report.has_run("EXR001") && !report.has_run("EXR002"));
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
    fn another_document_is_rejected_with_its_kind() {
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
                "an unknown document, not extreg.io/v1 AuditReport; write one with",
            ),
            ("\"hunter2\"".to_owned(), "an unknown document, not"),
            ("{}".to_owned(), "an unknown document, not"),
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
                "AuditReport of extreg.io/v2, but this",
            ),
            (
                change("\"high\"", "\"awful\""),
                "\"awful\" is not a valid severity",
            ),
            (
                change("\"fail\"", "\"pass\""),
                "\"pass\" is not a valid outcome",
            ),
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
