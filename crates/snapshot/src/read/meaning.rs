//! The registry of each field, when the cluster's configuration is known.

use std::sync::Arc;

use extreg_core::image::ImageRef;
use extreg_core::registry::{InternalRegistry, RegistryHost, Resolution, resolve};

use super::intern::Names;
use super::item::Found;
use crate::place::ImageName;
use crate::snapshot::{Meaning, UseRole};

/// The configuration that determines the meaning of names.
pub(super) struct Meanings<'c> {
    pub(super) internal: &'c InternalRegistry,
    /// `containerRuntimeSearchRegistries`; empty if the node's own list applies.
    pub(super) search: &'c [Arc<str>],
    pub(super) names: &'c mut Names,
}

impl Meanings<'_> {
    /// The image of a field and its meaning.
    pub(super) fn of(&mut self, found: &Found) -> (ImageName, Meaning) {
        let Found {
            role,
            written,
            digest,
            meaning,
            ..
        } = found;
        let image = |registry: Arc<str>, repository: Arc<str>, named: Arc<str>| ImageName {
            written: Arc::clone(written),
            registry,
            repository,
            digest: if digest.is_empty() {
                named
            } else {
                Arc::clone(digest)
            },
        };
        let none = || image(Arc::default(), Arc::default(), Arc::default());
        if let Some(meaning) = meaning {
            return (none(), *meaning);
        }
        let (host, reference, meaning) = match resolve(written, role.as_reference(), self.internal)
        {
            Resolution::Certain(host, reference) => (host, reference, Meaning::External),
            Resolution::Internal(reference) => (
                RegistryHost::Other(reference.registry()),
                reference,
                Meaning::Internal,
            ),
            Resolution::FirstOf(_, reference) => match self.search {
                [only] if matches!(role, UseRole::Run | UseRole::Volume) => {
                    (RegistryHost::of(only), reference, Meaning::External)
                }
                _ => (RegistryHost::Other(""), reference, Meaning::Searched),
            },
            Resolution::Parameter => return (none(), Meaning::Parameter),
            Resolution::Invalid(_) => return (none(), Meaning::Invalid),
        };
        let registry = self.names.get(host.as_str());
        let repository = self.repository(host, &reference);
        let named = self.names.get(reference.id());
        (image(registry, repository, named), meaning)
    }

    /// The repository, with `library/` on Docker Hub only.
    fn repository(&mut self, host: RegistryHost<'_>, reference: &ImageRef<'_>) -> Arc<str> {
        match (reference.namespace(), reference.name()) {
            ("", name) if host == RegistryHost::DockerHub => {
                self.names.field(format_args!("library/{name}"))
            }
            ("", name) => self.names.get(name),
            (namespace, name) => self.names.field(format_args!("{namespace}/{name}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(written: &str, role: UseRole, search: &[&str]) -> (String, Meaning) {
        let search: Vec<Arc<str>> = search.iter().map(|host| (*host).into()).collect();
        let mut meanings = Meanings {
            internal: &InternalRegistry::default(),
            search: &search,
            names: &mut Names::default(),
        };
        let found = Found::new(role, Arc::default(), Arc::default(), written.into());
        let (image, meaning) = meanings.of(&found);
        let ImageName {
            registry,
            repository,
            digest,
            ..
        } = image;
        (format!("{registry}|{repository}|{digest}"), meaning)
    }

    #[test]
    fn field_resolves_to_one_registry_or_is_ambiguous() {
        use Meaning::{External, Internal, Invalid, Parameter, Searched};
        use UseRole::{Base, Import, Push, Run, Source, Volume};
        let digest = format!("sha256:{}", "a".repeat(64));
        for (written, role, search, image, meaning) in [
            (
                "nginx",
                Import,
                &[][..],
                "docker.io|library/nginx|",
                External,
            ),
            (
                "acme/batch:v1",
                Push,
                &[],
                "docker.io|acme/batch|",
                External,
            ),
            ("nginx", Base, &["quay.io"], "|nginx|", Searched),
            ("nginx", Source, &[], "|nginx|", Searched),
            ("nginx:1", Run, &[], "|nginx|", Searched),
            ("nginx", Run, &["quay.io", "docker.io"], "|nginx|", Searched),
            ("nginx", Run, &["quay.io"], "quay.io|nginx|", External),
            (
                "nginx",
                Volume,
                &["docker.io"],
                "docker.io|library/nginx|",
                External,
            ),
            (
                "registry-1.docker.io/redis",
                Run,
                &[],
                "docker.io|library/redis|",
                External,
            ),
            ("DOCKER.IO/a", Run, &[], "DOCKER.IO|a|", External),
            ("docker.io:443/a", Import, &[], "docker.io:443|a|", External),
            (
                "docker.io.evil.com/a/b",
                Run,
                &[],
                "docker.io.evil.com|a/b|",
                External,
            ),
            (
                "image-registry.openshift-image-registry.svc:5000/ns/app",
                Push,
                &[],
                "image-registry.openshift-image-registry.svc:5000|ns/app|",
                Internal,
            ),
            ("docker.io/u/a:${TAG}", Run, &[], "||", Parameter),
            ("node.js:18", Run, &[], "||", Invalid),
            (" ", Run, &[], "||", Invalid),
            ("User/app", Import, &[], "||", Invalid),
        ] {
            let want = (image.to_owned(), meaning);
            assert_eq!(of(written, role, search), want, "{written} {role:?}");
        }
        let by_digest = format!("quay.io/a/b:1@{digest}");
        let want = (format!("quay.io|a/b|{digest}"), External);
        assert_eq!(of(&by_digest, Run, &[]), want);
    }
}
