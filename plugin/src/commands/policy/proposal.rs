//! The registries in use, as a policy or a list names them.

use std::collections::BTreeMap;

use extreg_core::{image::ImageRef, registry::RegistryHost};
use extreg_snapshot::{Meaning, Snapshot, UseRole};

use crate::{
    collect::{Input, PolicyFile, collect},
    context::Context,
    error::Error,
};

/// Public registries, where any user can own a name: a list names the organization.
const SHARED: [&str; 5] = [
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "quay.io",
    "registry.gitlab.com",
];

/// A registry, or an organization on one, that is in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    /// `docker.io`.
    pub(super) registry: String,
    /// As in a list: `docker.io/acme`.
    pub(super) entry: String,
    /// Whether builds push there.
    pub(super) pushes: bool,
    /// Whether tags come from there.
    pub(super) imports: bool,
    /// The push secret that builds already name.
    pub(super) push_secret: Option<String>,
}

impl Used {
    /// Whether a policy would have an effect.
    pub(super) const fn is_for_policies(&self) -> bool {
        self.pushes || self.imports
    }
}

/// Reads files, or a namespace, or a cluster.
///
/// # Errors
/// If a flag or the kubeconfig is invalid, or the cluster does not answer.
pub(super) async fn used(
    files: &[String],
    recursive: bool,
    all_namespaces: bool,
    context: &Context,
) -> Result<Vec<Used>, Error> {
    let input = if files.is_empty() {
        Input::of_cluster(context.contexts(), all_namespaces)
    } else {
        Input::of_files(files.to_vec(), recursive)
    };
    let collected = Box::pin(collect(&input, PolicyFile::default(), context)).await?;
    let mut found = BTreeMap::new();
    for snapshot in &collected.snapshots {
        add(snapshot, &mut found);
    }
    Ok(found.into_values().collect())
}

fn add(snapshot: &Snapshot, found: &mut BTreeMap<String, Used>) {
    for used in &snapshot.uses {
        let Ok(image) = ImageRef::parse(&used.image.written) else {
            continue;
        };
        if used.meaning != Meaning::External {
            continue;
        }
        let registry = used.image.registry.to_string();
        let entry = entry(&registry, &used.image.repository);
        let one = found.entry(entry.clone()).or_insert_with(|| Used {
            registry,
            entry,
            ..Used::default()
        });
        one.pushes |= used.role == UseRole::Push;
        one.imports |= used.role == UseRole::Import && image.id().is_empty();
    }
    for build in &snapshot.builds {
        let Ok(image) = ImageRef::parse(&build.pushes_to) else {
            continue;
        };
        let registry = match image.registry() {
            "" => "docker.io",
            host => RegistryHost::of(host).as_str(),
        };
        if build.push_secret.is_empty() {
            continue;
        }
        for one in found.values_mut().filter(|one| one.registry == registry) {
            one.push_secret
                .get_or_insert_with(|| build.push_secret.to_string());
        }
    }
}

fn entry(registry: &str, repository: &str) -> String {
    match repository.split_once('/') {
        Some((organization, _)) if SHARED.contains(&registry) => {
            format!("{registry}/{organization}")
        }
        _ => registry.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_public_registries_the_list_names_the_organization() {
        for (registry, repository, want) in [
            ("docker.io", "library/nginx", "docker.io/library"),
            ("quay.io", "acme/team/app", "quay.io/acme"),
            ("registry.redhat.io", "ubi9/ubi", "registry.redhat.io"),
            (
                "registry.example.com:5000",
                "app",
                "registry.example.com:5000",
            ),
        ] {
            assert_eq!(entry(registry, repository), want);
        }
    }
}
