//! Which exceptions suppressed nothing, as a report of the audit says.

use std::path::Path;

use extreg_audit::{exceptions::Exception, saved::SavedReport};
use serde_json::Value;

use super::{file::line_of, gather::Said};
use crate::error::Error;

/// How the report's line about one ends.
const END: &str = " suppresses nothing: remove it";

/// What a report says of exceptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unused {
    labels: Vec<String>,
}

impl Unused {
    /// Reads a report that was saved as JSON.
    ///
    /// # Errors
    /// [`Error::Usage`] if it is none.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: String| Error::usage(format!("--report {}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        SavedReport::parse(&text).map_err(|error| wrong(error.to_string()))?;
        let report: Value =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self::of(&report))
    }

    fn of(report: &Value) -> Self {
        let lines = report.get("unusedExceptions").and_then(Value::as_array);
        let lines = lines.into_iter().flatten().filter_map(Value::as_str);
        Self {
            labels: lines
                .filter_map(|line| line.strip_suffix(END))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Whether an exception of a file suppressed nothing: the report names the file as it was called
    /// then, so that its last part, the line and the checks decide.
    pub(super) fn has_entry(&self, exception: &Exception) -> bool {
        let told = exception.to_string();
        let Some((place, checks)) = told.split_once(": exception for ") else {
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

    /// Whether what an annotation says suppressed nothing.
    pub(super) fn has_said(&self, said: &Said) -> bool {
        let Ok(statement) = &said.says else {
            return false;
        };
        let of = match &said.part {
            Some(part) => format!(" of {part}"),
            None => String::new(),
        };
        let label = format!("{}: annotation for {}{of}", said.object, statement.check);
        let behind = format!(": {label}");
        self.labels
            .iter()
            .any(|told| *told == label || told.ends_with(&behind))
    }
}

#[cfg(test)]
mod tests {
    use extreg_audit::exceptions::{Exceptions, statements};
    use extreg_snapshot::{kind::Kind, place::ObjectId};
    use serde_json::json;

    use super::{super::gather::Spot, *};

    #[test]
    fn file_line_and_checks_decide() {
        let unused = Unused::of(&json!({"unusedExceptions": [
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

        let said = |name: &str, value: &str| Said {
            object: ObjectId {
                kind: Kind::Pod,
                namespace: "n".into(),
                name: name.into(),
            },
            spot: Spot::Object,
            part: None,
            key: String::new(),
            says: statements(value).remove(0),
        };
        assert!(unused.has_said(&said("a", "EXR007 until 2027-01-31: x")));
        assert!(!unused.has_said(&said("a", "EXR001 until 2027-01-31: x")));
        assert!(!unused.has_said(&said("aa", "EXR007 until 2027-01-31: x")));
    }
}
