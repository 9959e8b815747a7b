//! The image that a field requests from a registry.

use extreg_core::facts::Known;
use extreg_core::image::ImageRef;
use extreg_core::registry::{RefRole, RegistryHost};
use extreg_snapshot::{ClusterRecord, ImageUse, Meaning, UseRole};

/// An image with all defaults filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// The host with its port, as written; `docker.io` by default.
    pub(crate) host: String,
    /// The repository, with `library/` if that is implied.
    pub(crate) repository: String,
    /// The tag as written; can be empty.
    pub(crate) tag: String,
    /// The digest as written; can be empty.
    pub(crate) digest: String,
}

impl Target {
    /// What a reference means in this registry.
    pub(crate) fn of(image: &ImageRef<'_>, host: &str) -> Self {
        let on_hub = RegistryHost::of(host) == RegistryHost::DockerHub;
        let repository = match (image.namespace(), image.name()) {
            ("", name) if on_hub => format!("library/{name}"),
            ("", name) => name.to_owned(),
            (namespace, name) => format!("{namespace}/{name}"),
        };
        Self {
            host: host.to_owned(),
            repository,
            tag: image.tag().to_owned(),
            digest: image.id().to_owned(),
        }
    }

    /// The registry's identity; the three names of Docker Hub are one.
    pub(crate) fn registry(&self) -> &str {
        RegistryHost::of(&self.host).as_str()
    }

    /// `host/repository`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// The full reference; without a tag if none is
    /// written.
    pub(crate) fn reference(&self) -> String {
        with_version(&self.name(), self)
    }

    /// The same image in another repository.
    pub(crate) fn at(&self, name: &str) -> String {
        with_version(name, self)
    }
}

fn with_version(name: &str, target: &Target) -> String {
    let mut text = name.to_owned();
    for (mark, part) in [(':', &target.tag), ('@', &target.digest)] {
        if !part.is_empty() {
            text.push(mark);
            text.push_str(part);
        }
    }
    text
}

/// The images that a field can mean outside the cluster: one, or for a short name one in each registry that
/// is tried, in that order. Empty for an invalid image and for one of the integrated registry. Unknown
/// only for a short name whose search list could not be read.
pub(crate) fn targets(used: &ImageUse, cluster: &ClusterRecord) -> Known<Vec<Target>> {
    let Ok(image) = ImageRef::parse(&used.image.written) else {
        return Known::Known(Vec::new());
    };
    match used.meaning {
        Meaning::External => {
            let host = match image.registry() {
                "" => &used.image.registry,
                host => host,
            };
            Known::Known(vec![Target::of(&image, host)])
        }
        Meaning::Searched => match search_list(used.role, cluster) {
            Known::Known(hosts) => {
                Known::Known(hosts.iter().map(|host| Target::of(&image, host)).collect())
            }
            Known::Unknown => Known::Unknown,
        },
        Meaning::Internal | Meaning::Parameter | Meaning::Invalid | Meaning::Unset => {
            Known::Known(Vec::new())
        }
    }
}

/// The registries that are tried for a short name in a field of this role.
///
/// Builds have a separate list. Nodes have one too, which `containerRuntimeSearchRegistries`
/// replaces; without OpenShift the runtime reads docker.io.
pub(crate) fn search_list(role: UseRole, cluster: &ClusterRecord) -> Known<Vec<&str>> {
    let installed = |role: RefRole| role.search_list().unwrap_or(&["docker.io"]).to_vec();
    match role {
        UseRole::Import => Known::Known(installed(RefRole::Import)),
        UseRole::Push => Known::Known(installed(RefRole::Push)),
        UseRole::Base => Known::Known(installed(RefRole::BasePull)),
        UseRole::Source => Known::Known(installed(RefRole::SourcePull)),
        UseRole::Run | UseRole::Volume => match &cluster.registries {
            Known::Known(Some(sources)) if sources.search.is_empty() => {
                Known::Known(installed(RefRole::WorkloadPull))
            }
            Known::Known(Some(sources)) => {
                Known::Known(sources.search.iter().map(|host| &**host).collect())
            }
            Known::Known(None) => Known::Known(vec!["docker.io"]),
            Known::Unknown => Known::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::RegistrySources;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{image_use, object, place};

    fn names(role: UseRole, written: &str, sources: Known<Option<RegistrySources>>) -> Vec<String> {
        let at = place(
            &object(Kind::Pod, "shop", "x"),
            "c",
            "spec.containers[0].image",
        );
        let mut used = image_use(at, role, "docker.io/x");
        used.image.written = written.into();
        used.meaning = if written.starts_with("quay.io/") {
            Meaning::External
        } else {
            Meaning::Searched
        };
        let cluster = ClusterRecord {
            registries: sources,
            ..ClusterRecord::default()
        };
        match targets(&used, &cluster) {
            Known::Known(all) => all.iter().map(Target::reference).collect(),
            Known::Unknown => vec!["unknown".to_owned()],
        }
    }

    #[test]
    fn a_short_name_is_searched_as_its_field_requires() {
        let openshift = |search: &[&str]| {
            Known::Known(Some(RegistrySources {
                search: search.iter().map(|host| (*host).into()).collect(),
                ..RegistrySources::default()
            }))
        };
        for (role, written, sources, want) in [
            (
                UseRole::Run,
                "nginx:1",
                openshift(&[]),
                vec![
                    "registry.access.redhat.com/nginx:1",
                    "docker.io/library/nginx:1",
                ],
            ),
            (
                UseRole::Run,
                "nginx",
                openshift(&["quay.io"]),
                vec!["quay.io/nginx"],
            ),
            (
                UseRole::Volume,
                "a/b",
                Known::Known(None),
                vec!["docker.io/a/b"],
            ),
            (UseRole::Run, "nginx", Known::Unknown, vec!["unknown"]),
            (
                UseRole::Base,
                "a/b:1",
                openshift(&["quay.io"]),
                vec![
                    "registry.redhat.io/a/b:1",
                    "registry.access.redhat.com/a/b:1",
                    "quay.io/a/b:1",
                    "docker.io/a/b:1",
                ],
            ),
            (UseRole::Run, "quay.io/a/b@sha256:", Known::Unknown, vec![]),
            (
                UseRole::Run,
                "quay.io/a/b:1",
                Known::Unknown,
                vec!["quay.io/a/b:1"],
            ),
        ] {
            assert_eq!(names(role, written, sources), want, "{role:?} {written}");
        }
    }
}
