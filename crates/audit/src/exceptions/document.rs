//! The file: documents of kind `Exceptions`.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::exception::{EntryError, Exception, ExceptionEntry};

/// The `apiVersion` of the document.
pub const API_VERSION: &str = "extreg.io/v1alpha1";
/// The `kind` of the document.
pub const KIND: &str = "Exceptions";

/// The exceptions of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// The exceptions.
    pub entries: Vec<Exception>,
}

/// Why a file cannot be used. None of its exceptions applies: half of them would give a result that
/// the user did not intend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExceptionsError {
    /// It is not YAML or JSON, or has another structure.
    #[error("exceptions file {path}: {cause}")]
    Shape {
        /// The file.
        path: String,
        /// The cause and its position.
        cause: String,
    },
    /// A document is of another kind.
    #[error(
        "exceptions file {path}: document {position} is {found}, not {API_VERSION} {KIND}; start \
         it with apiVersion: {API_VERSION} and kind: {KIND}"
    )]
    Kind {
        /// The file.
        path: String,
        /// Which document, from 1.
        position: usize,
        /// Its own `apiVersion` and `kind`.
        found: String,
    },
    /// An entry is invalid.
    #[error("exceptions file {path}:{line}: entry {position}: {cause}")]
    Entry {
        /// The file.
        path: String,
        /// The line on which the entry starts, from 1.
        line: u64,
        /// Which entry of its document, from 1.
        position: usize,
        /// The cause.
        cause: EntryError,
    },
}

impl Exceptions {
    /// Reads the text of a file, YAML or JSON. An empty one has no exceptions.
    pub fn parse(path: &str, text: &str) -> Result<Self, ExceptionsError> {
        // Check the kind first: for a document of another kind, an error about an unknown field
        // would mislead.
        for (header, position) in documents::<Header>(path, text)?.into_iter().zip(1..) {
            let Some(header) = header else { continue };
            if header.api_version != API_VERSION || header.kind != KIND {
                return Err(ExceptionsError::Kind {
                    path: path.to_owned(),
                    position,
                    found: header.words(),
                });
            }
        }
        let mut entries = Vec::new();
        for document in documents::<Document>(path, text)?.into_iter().flatten() {
            for (entry, position) in document.exceptions.into_iter().zip(1..) {
                let line = entry.referenced.line();
                let exception = Exception::parse(format!("{path}:{line}"), &entry.value);
                entries.push(exception.map_err(|cause| ExceptionsError::Entry {
                    path: path.to_owned(),
                    line,
                    position,
                    cause,
                })?);
            }
        }
        Ok(Self { entries })
    }
}

fn documents<T: for<'a> Deserialize<'a>>(
    path: &str,
    text: &str,
) -> Result<Vec<Option<T>>, ExceptionsError> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        // A snippet would quote the file, which may be a Secret by mistake.
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        ExceptionsError::Shape {
            path: path.to_owned(),
            cause: error.to_string(),
        }
    })
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Header {
    api_version: String,
    kind: String,
}

impl Header {
    fn words(&self) -> String {
        match (&*self.api_version, &*self.kind) {
            ("", "") => "without apiVersion and kind".to_owned(),
            (version, kind) => format!("{version} {kind}").trim().to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    exceptions: Vec<Spanned<ExceptionEntry>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
apiVersion: extreg.io/v1alpha1
kind: Exceptions
exceptions:
- check: EXR007
  namespace: shop
  reason: the mirror comes in January
  expires: 2027-01-31

- checks: [EXR001, EXR011]
  image: docker.io/acme/*
  reason: ours
  expires: \"2027-02-28\"
";

    #[test]
    fn a_file_is_read_with_its_lines() {
        let exceptions = Exceptions::parse("x.yaml", FILE).unwrap();
        let lines: Vec<_> = exceptions.entries.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "x.yaml:4: exception for EXR007",
                "x.yaml:9: exception for EXR001, EXR011"
            ]
        );
        let twice = format!("{FILE}---\n{FILE}");
        let twice = Exceptions::parse("x.yaml", &twice).unwrap();
        assert_eq!(twice.entries.len(), 4);
        let last = twice.entries.last().unwrap();
        assert_eq!(last.place(), "x.yaml:22");
    }

    #[test]
    fn json_is_yaml() {
        let text = r#"{"apiVersion": "extreg.io/v1alpha1", "kind": "Exceptions", "exceptions": [
            {"check": "EXR007", "reason": "why", "expires": "2027-01-31"}]}"#;
        let exceptions = Exceptions::parse("x.json", text).unwrap();
        assert_eq!(exceptions.entries.first().unwrap().place(), "x.json:2");
    }

    #[test]
    fn an_empty_file_is_valid() {
        let empty = "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions: []\n";
        for text in ["", "---\n", "# nothing yet\n", empty] {
            assert_eq!(
                Exceptions::parse("x.yaml", text),
                Ok(Exceptions::default()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_file_is_reported_with_its_position() {
        for (from, to, want) in [
            (
                "EXR007",
                "EXR077",
                "x.yaml:4: entry 1: check: unknown check",
            ),
            (
                "reason: ours",
                "reason: \"\"",
                "x.yaml:9: entry 2: reason: no reason",
            ),
            (
                "  reason: ours\n",
                "",
                "x.yaml:9: entry 2: reason: no reason",
            ),
            ("2027-01-31", "2027-13-31", "x.yaml:4: entry 1: expires:"),
            ("namespace:", "namespaces:", "namespaces"),
            ("namespace: shop", "namespace: [shop]", "line 5"),
            (
                "kind: Exceptions",
                "kind: Exception",
                "document 1 is extreg.io/v1alpha1 Exception,",
            ),
            ("v1alpha1", "v2", "document 1 is extreg.io/v2 Exceptions,"),
            ("exceptions:\n", "excepted:\n", "excepted"),
            ("- check", "\t- check", "x.yaml"),
        ] {
            let text = FILE.replacen(from, to, 1);
            assert_ne!(text, FILE);
            let error = Exceptions::parse("x.yaml", &text).unwrap_err().to_string();
            assert!(error.contains(want), "{to}: {error}");
        }
    }

    #[test]
    fn a_file_of_another_kind_is_not_quoted() {
        for text in [
            "hunter2",
            "[hunter2]",
            "password: hunter2",
            "{apiVersion: v1, kind: Secret, stringData: {password: hunter2}}",
            "password: [hunter2\n",
            "password: hunter2: hunter2\n",
        ] {
            let error = Exceptions::parse("x.yaml", text).unwrap_err().to_string();
            assert!(error.contains("x.yaml"), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{text}: {error}");
        }
    }
}
