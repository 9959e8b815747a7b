//! A validated list.

use super::document::ApprovedDocument;
use super::pattern::{Pattern, PatternError};

/// A list of approved registries. It is always valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    name: String,
    entries: Vec<String>,
    patterns: Vec<Pattern>,
}

/// Why a list is invalid. The text names the entry and the fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovedError {
    /// It has no entry: that could mean either everything or nothing.
    #[error(
        "spec.registries is empty; name at least one registry, such as docker.io/acme, \
         or omit the list"
    )]
    Empty,
    /// An entry.
    #[error("spec.registries[{index}]: {error}")]
    Entry {
        /// Its index.
        index: usize,
        /// The error in it.
        error: PatternError,
    },
}

impl Approved {
    /// Compiles a document.
    pub fn compile(document: &ApprovedDocument) -> Result<Self, ApprovedError> {
        if let Some(fault) = Self::faults(document).into_iter().next() {
            return Err(fault);
        }
        let entries = &document.spec.registries;
        Ok(Self {
            name: document.metadata.name.clone(),
            entries: entries.clone(),
            patterns: entries
                .iter()
                .filter_map(|entry| Pattern::parse(entry).ok())
                .collect(),
        })
    }

    /// All errors of a document.
    pub fn faults(document: &ApprovedDocument) -> Vec<ApprovedError> {
        let entries = &document.spec.registries;
        if entries.is_empty() {
            return vec![ApprovedError::Empty];
        }
        let fault = |(index, entry): (usize, &String)| {
            let error = Pattern::parse(entry).err()?;
            Some(ApprovedError::Entry { index, error })
        };
        entries.iter().enumerate().filter_map(fault).collect()
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its entries, as they are written.
    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Whether it approves a repository, `acme/app`, of a registry: its host with its port; any of
    /// Docker Hub's three names matches all of them.
    pub fn covers(&self, host: &str, repository: &str) -> bool {
        self.patterns
            .iter()
            .any(|pattern| pattern.matches(host, repository))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(entries: &str) -> Result<Approved, ApprovedError> {
        let json = format!(
            r#"{{"apiVersion":"extreg.io/v1alpha1","kind":"ApprovedRegistries",
            "metadata":{{"name":"acme"}},"spec":{{"registries":{entries}}}}}"#
        );
        Approved::compile(&serde_json::from_str(&json).unwrap())
    }

    #[test]
    fn one_entry_is_enough() {
        let list = compile(r#"["quay.io/acme", "docker.io"]"#).unwrap();
        assert_eq!(list.name(), "acme");
        assert!(list.covers("docker.io", "library/nginx"));
        assert!(list.covers("quay.io", "acme/app"));
        assert!(!list.covers("quay.io", "other/app"));
        assert!(!list.covers("ghcr.io", "acme/app"));
    }

    #[test]
    fn an_error_names_the_entry() {
        assert_eq!(compile("[]"), Err(ApprovedError::Empty));
        let error = compile(r#"["quay.io", "acme/app"]"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "spec.registries[1]: \"acme/app\" names no registry; write the host in front, \
             such as docker.io/acme/app"
        );
    }
}
