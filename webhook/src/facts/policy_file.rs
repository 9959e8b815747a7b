//! Policies from a file, for a webhook without a cluster.

use std::path::{Path, PathBuf};
use std::{fs, io};

use extreg_core::policy::{GROUP, KIND, PolicySpec, VERSION};
use serde::Deserialize;

use super::policies::PolicyRecord;

/// A file of `RegistryPolicy` documents in YAML or JSON, separated by `---`.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    last: Option<String>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// It cannot be read.
    #[error("cannot read the policy file {path}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// It is not YAML, or a document has an unexpected structure.
    #[error("policy file {path}: {cause}", path = path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What and where.
        cause: String,
    },
    /// A document has another kind.
    #[error(
        "policy file {path}: document {position} is {found}, not {GROUP}/{VERSION} {KIND}",
        path = path.display()
    )]
    Kind {
        /// The file.
        path: PathBuf,
        /// Which document, from 1.
        position: usize,
        /// Its own `apiVersion` and `kind`.
        found: String,
    },
    /// Two documents have one name.
    #[error("policy file {path}: two policies are named {name:?}", path = path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
}

impl PolicyFile {
    /// A file that is read with the first [`PolicyFile::changed`].
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            last: None,
        }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; `None` if its content is unchanged since it was last valid.
    pub fn changed(&mut self) -> Result<Option<Vec<PolicyRecord>>, PolicyFileError> {
        let text = fs::read_to_string(&self.path).map_err(|cause| PolicyFileError::Read {
            path: self.path.clone(),
            cause,
        })?;
        if self.last.as_ref() == Some(&text) {
            return Ok(None);
        }
        let records = self.parse(&text)?;
        self.last = Some(text);
        Ok(Some(records))
    }

    fn parse(&self, text: &str) -> Result<Vec<PolicyRecord>, PolicyFileError> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            // A snippet would quote the file, which can be a Secret by mistake.
            with_snippet: false,
        };
        let documents: Vec<Option<Document>> =
            serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
                PolicyFileError::Parse {
                    path: self.path.clone(),
                    cause: error.to_string(),
                }
            })?;
        let mut records: Vec<PolicyRecord> = Vec::new();
        for (document, position) in documents.into_iter().zip(1..) {
            let Some(document) = document else { continue };
            if document.kind != KIND || document.api_version != format!("{GROUP}/{VERSION}") {
                return Err(PolicyFileError::Kind {
                    path: self.path.clone(),
                    position,
                    found: format!("{} {}", document.api_version, document.kind),
                });
            }
            let name = document.metadata.name;
            if records.iter().any(|record| record.name == name) {
                return Err(PolicyFileError::Duplicate {
                    path: self.path.clone(),
                    name,
                });
            }
            records.push(PolicyRecord {
                name,
                created: String::new(),
                spec: Ok(document.spec),
            });
        }
        Ok(records)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: PolicySpec,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "apiVersion: extreg.io/v1alpha1\nkind: RegistryPolicy\n\
        metadata:\n  name: NAME\nspec:\n  registry: docker.io\n  push:\n    secretName: hub\n";

    fn file(text: &str) -> (tempfile::TempDir, PolicyFile) {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("policy.yaml");
        fs::write(&path, text).unwrap();
        (folder, PolicyFile::new(path))
    }

    fn named(name: &str) -> String {
        POLICY.replace("NAME", name)
    }

    #[test]
    fn reads_documents_and_detects_changes() {
        let (_folder, mut policies) = file(&format!("---\n{}---\n{}", named("a"), named("b")));
        let records = policies.changed().unwrap().unwrap();
        let names: Vec<_> = records.iter().map(|record| &*record.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(policies.changed().unwrap(), None);
        fs::write(policies.path(), named("c")).unwrap();
        assert_eq!(policies.changed().unwrap().unwrap().len(), 1);
    }

    #[test]
    fn an_invalid_file_is_rejected_with_the_reason() {
        let table = [
            (named("a").replace("registry:", "registery:"), "registery"),
            (
                named("a").replace("RegistryPolicy", "Policy"),
                "document 1 is extreg.io/v1alpha1 Policy",
            ),
            (
                named("a") + "---\n" + &named("a"),
                "two policies are named \"a\"",
            ),
            ("a: [".to_owned(), "policy.yaml"),
            (named("a").replace("  push:", "\tpush:"), "policy.yaml"),
            ("42".to_owned(), "policy.yaml"),
        ];
        for (text, expected) in table {
            let (_folder, mut policies) = file(&text);
            let error = policies.changed().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let missing = PolicyFile::new("/nowhere/policy.yaml")
            .changed()
            .unwrap_err();
        assert!(missing.to_string().contains("/nowhere/policy.yaml"));
    }

    #[test]
    fn another_file_given_by_mistake_is_not_quoted() {
        for text in [
            "hunter2",
            "[hunter2]",
            "password: hunter2",
            "{kind: Secret, stringData: {password: hunter2}}",
            "{apiVersion: v1, kind: Secret, stringData: {password: hunter2}}",
            "password: [hunter2\n",
            "password: hunter2: hunter2\n",
            "password: hunter2\n\tuser: hunter2\n",
        ] {
            let (_folder, mut policies) = file(text);
            let error = policies.changed().unwrap_err().to_string();
            assert!(error.contains("policy.yaml"), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{text}: {error}");
        }
        // An invalid file is not quoted with its surroundings.
        let (_folder, mut policies) = file(&(named("a") + "  # hunter2\n  pish: x\n"));
        let error = policies.changed().unwrap_err().to_string();
        assert!(
            error.contains("pish") && !error.contains("hunter2"),
            "{error}"
        );
    }

    #[test]
    fn an_empty_file_contains_no_policy() {
        let (_folder, mut policies) = file("");
        assert_eq!(policies.changed().unwrap().unwrap(), []);
    }
}
