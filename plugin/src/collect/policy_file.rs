//! `--policy FILE`: RegistryPolicies, and a list of approved registries.

use std::path::PathBuf;

use extreg_core::policy::PolicySet;
use extreg_documents::FoundObject;
use extreg_snapshot::approved::{Approved, ApprovedDocument};

use crate::{engine::policies, error::Error};

/// The kind of the list.
const APPROVED: &str = "ApprovedRegistries";

/// The content of a file of policies.
#[derive(Clone, Debug, Default)]
pub(crate) struct PolicyFile {
    /// The policies; `None` to use those of the cluster.
    pub(crate) policies: Option<PolicySet>,
    /// The list; `None` to use the cluster's.
    pub(crate) approved: Option<Approved>,
}

/// Reads a file. Any other kind or an unknown field is an error.
///
/// # Errors
/// [`Error::Usage`] with the file, the line and the field.
pub(crate) fn read(path: PathBuf) -> Result<PolicyFile, Error> {
    let name = path.display().to_string();
    let mut file = PolicyFile::default();
    let policies = policies::of_source(policies::source(path)?, |object| {
        if object.kind != APPROVED {
            return Ok(false);
        }
        if file.approved.replace(approved(object)?).is_some() {
            return Err("the file has another list; only one is allowed".to_owned());
        }
        Ok(true)
    })?;
    if !policies.is_empty() {
        file.policies = Some(PolicySet::new(policies));
    }
    if file.policies.is_none() && file.approved.is_none() {
        return Err(Error::usage(format!(
            "--policy: {name} contains neither a RegistryPolicy nor an {APPROVED}"
        )));
    }
    Ok(file)
}

fn approved(object: &FoundObject<'_>) -> Result<Approved, String> {
    let document: ApprovedDocument = serde_path_to_error::deserialize(object.body.as_ref())
        .map_err(|error| match error.path().to_string().as_str() {
            "." => error.inner().to_string(),
            path => format!("{path}: {}", error.inner()),
        })?;
    Approved::compile(&document).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "apiVersion: extreg.io/v1alpha1\nkind: RegistryPolicy\n\
        metadata: {name: hub}\nspec: {registry: docker.io}\n";
    const LIST: &str = "apiVersion: extreg.io/v1alpha1\nkind: ApprovedRegistries\n\
        metadata: {name: acme}\nspec: {registries: [docker.io/acme]}\n";

    fn parsed(text: &str) -> Result<PolicyFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.yaml");
        std::fs::write(&path, text).unwrap();
        read(path).map_err(|error| error.to_string())
    }

    #[test]
    fn both_kinds_are_read() {
        let both = parsed(&format!("{POLICY}---\n{LIST}")).unwrap();
        assert!(both.policies.is_some());
        assert_eq!(both.approved.unwrap().name(), "acme");
        let list = parsed(LIST).unwrap();
        assert!(list.policies.is_none(), "the cluster's own hold");
    }

    #[test]
    fn errors_name_file_line_and_field() {
        for (text, part) in [
            (
                LIST.replace("[docker.io/acme]", "[]"),
                "p.yaml:1: ApprovedRegistries acme: spec.registries is empty",
            ),
            (
                LIST.replace("registries:", "registry:"),
                "unknown field `registry`",
            ),
            (
                format!("{LIST}---\n{LIST}"),
                "p.yaml:6: ApprovedRegistries acme: the file has another list",
            ),
            (
                POLICY.replace("docker.io", "docker"),
                "RegistryPolicy hub: spec.registry",
            ),
            (
                POLICY.replace("RegistryPolicy", "Secret"),
                "not a RegistryPolicy",
            ),
            ("# none\n".to_owned(), "contains neither"),
        ] {
            let error = parsed(&text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
