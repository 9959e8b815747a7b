//! Which exceptions suppressed nothing, according to a report of the audit.

use std::path::Path;

use extreg_audit::{exceptions::Exception, saved::SavedReport};
use serde_json::Value;

use super::{file::line_of, gather::Annotation};
use crate::error::Error;

/// The end of the report's line about an unused exception.
const END: &str = " suppresses nothing: remove it";

/// The unused exceptions of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unused {
    labels: Vec<String>,
}

impl Unused {
    /// Reads a report that was saved as JSON.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is not a report.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: String| Error::usage(format!("--report {}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        SavedReport::parse(&text).map_err(|error| wrong(error.to_string()))?;
        let report: Value =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self::from_report(&report))
    }

    fn from_report(report: &Value) -> Self {
        let lines = report.get("unusedExceptions").and_then(Value::as_array);
        let lines = lines.into_iter().flatten().filter_map(Value::as_str);
        Self {
            labels: lines
                .filter_map(|line| line.strip_suffix(END))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Whether an exception of a file suppressed nothing. The report contains the path of the file at
    /// that time, so the file name, the line and the checks are compared.
    pub(super) fn has_entry(&self, exception: &Exception) -> bool {
        let report_line = exception.to_string();
        let Some((place, checks)) = report_line.split_once(": exception for ") else {
            return false;
        };
        let file = |place: &str| {
            let path = place.rsplit_once(':').map_or(place, |(path, _)| path);
            Path::new(path).file_name().map(ToOwned::to_owned)
        };
        let line = format!(":{}", line_of(exception));
        self.labels
            .iter()
            .filter_map(|label| label.split_once(": exception for "))
            .any(|(other, others)| {
                others == checks && other.ends_with(&line) && file(other) == file(place)
            })
    }

    /// Whether a statement of an annotation suppressed nothing.
    pub(super) fn has_annotation(&self, annotation: &Annotation) -> bool {
        let Ok(statement) = &annotation.statement else {
            return false;
        };
        let of = match &annotation.part {
            Some(part) => format!(" of {part}"),
            None => String::new(),
        };
        let label = format!(
            "{}: annotation for {}{of}",
            annotation.object, statement.check
        );
        let behind = format!(": {label}");
        self.labels
            .iter()
            .any(|line| *line == label || line.ends_with(&behind))
    }
}

#[cfg(test)]
mod tests {
    use extreg_audit::exceptions::{Exceptions, statements};
    use extreg_snapshot::{kind::Kind, place::ObjectId};
    use serde_json::json;

    use super::{super::gather::Spot, *};

    #[test]
    fn file_name_line_and_checks_are_compared() {
        let unused = Unused::from_report(&json!({"unusedExceptions": [
            "./deploy/x.yaml:4: exception for EXR007 suppresses nothing: remove it",
            "prod: pod/a in n: annotation for EXR007 suppresses nothing: remove it",
        ]}));
        let text = "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions:\n\
            - {check: EXR007, reason: x, expires: 2027-01-31}\n\
            - {check: EXR007, reason: x, expires: 2027-01-31}\n";
        let has = |path: &str, text: &str| -> Vec<bool> {
            let read = Exceptions::parse(path, text).unwrap();
            read.entries
                .iter()
                .map(|one| unused.has_entry(one))
                .collect()
        };
        assert_eq!(has("x.yaml", text), [true, false]);
        assert_eq!(has("y.yaml", text), [false, false]);
        assert_eq!(
            has("x.yaml", &text.replace("EXR007", "EXR001")),
            [false, false]
        );

        let annotation = |name: &str, value: &str| Annotation {
            object: ObjectId {
                kind: Kind::Pod,
                namespace: "n".into(),
                name: name.into(),
            },
            spot: Spot::Object,
            part: None,
            key: String::new(),
            statement: statements(value).remove(0),
        };
        assert!(unused.has_annotation(&annotation("a", "EXR007 until 2027-01-31: x")));
        assert!(!unused.has_annotation(&annotation("a", "EXR001 until 2027-01-31: x")));
        assert!(!unused.has_annotation(&annotation("aa", "EXR007 until 2027-01-31: x")));
    }
}
