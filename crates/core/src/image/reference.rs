use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::{ParseImageError, grammar};
use crate::registry::RegistryHost;

/// An image reference as OpenShift reads it, borrowed from the string it was read from.
///
/// Parts that were not written are `""`; no default is applied (library-go `reference.Parse`). A string that names
/// only a registry is accepted by OpenShift and has an empty name; see [`ImageRef::is_registry_only`].
#[derive(Clone, Copy, Debug)]
pub struct ImageRef<'a> {
    registry: &'a str,
    namespace: &'a str,
    name: &'a str,
    /// Namespace and name as they were written.
    path: &'a str,
    tag: &'a str,
    id: &'a str,
}

/// Compares the meaning: a default that was filled in equals one that was written.
impl PartialEq for ImageRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for ImageRef<'_> {}

impl Hash for ImageRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl<'a> ImageRef<'a> {
    fn parts(&self) -> [&'a str; 5] {
        [self.registry, self.namespace, self.name, self.tag, self.id]
    }

    /// Reads `input` in one pass, without allocating.
    ///
    /// # Errors
    /// The error of OpenShift's API server, with its text.
    pub fn parse(input: &'a str) -> Result<Self, ParseImageError> {
        let parts = grammar::split(input)?;
        let (registry, path) = match parts.name.split_once('/') {
            None if parts.name.contains('.') || parts.name.starts_with("localhost") => {
                return Ok(Self {
                    registry: input,
                    namespace: "",
                    name: "",
                    path: "",
                    tag: "",
                    id: parts.digest,
                });
            }
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
            _ => ("", parts.name),
        };
        let (namespace, name) = path.split_once('/').unwrap_or(("", path));
        Ok(Self {
            registry,
            namespace,
            name,
            path,
            tag: parts.tag,
            id: parts.digest,
        })
    }

    /// The registry host with its port, or, for a registry-only reference, the whole string.
    pub fn registry(&self) -> &'a str {
        self.registry
    }

    /// The first component of the path if there is more than one.
    pub fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// The path after the namespace; it can contain slashes.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The tag as written.
    pub fn tag(&self) -> &'a str {
        self.tag
    }

    /// The digest as written, algorithm included.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// Fills in the docker client's defaults (`DockerClientDefaults`): registry `docker.io`, namespace `library` on
    /// Docker Hub, tag `latest` even where a digest is present.
    #[must_use]
    pub fn with_defaults(self) -> Self {
        let registry = if self.registry.is_empty() {
            "docker.io"
        } else {
            self.registry
        };
        let library =
            self.namespace.is_empty() && RegistryHost::of(registry) == RegistryHost::DockerHub;
        Self {
            registry,
            namespace: if library { "library" } else { self.namespace },
            tag: if self.tag.is_empty() {
                "latest"
            } else {
                self.tag
            },
            ..self
        }
    }

    /// Whether the *defaulted* registry is one of Docker Hub's three names (`IsRegistryDockerHub` of
    /// `DockerClientDefaults().Registry`), so `nginx` is. Only fields that default to docker.io use this meaning; see
    /// [`crate::registry::resolve`].
    pub fn is_docker_hub(&self) -> bool {
        self.registry.is_empty() || RegistryHost::of(self.registry) == RegistryHost::DockerHub
    }

    /// Whether the string names a registry and nothing in it: `quay.io`, but also `node.js:18` and `localhostapp`.
    pub fn is_registry_only(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether OpenShift parsed an upper-case first component as a namespace (`User/app`). The importer, the builder
    /// and the kubelet parse the string again by newer rules and use that component as a registry host.
    pub fn has_upper_case_component(&self) -> bool {
        self.registry.is_empty() && self.namespace.contains(|c: char| c.is_ascii_uppercase())
    }

    /// `namespace/name`; on Docker Hub an absent namespace is `library`. Empty for a registry-only reference.
    pub fn repository_path(&self) -> Cow<'a, str> {
        match (self.name, self.namespace) {
            (name, "") if !name.is_empty() && self.is_docker_hub() => {
                Cow::Owned(format!("library/{name}"))
            }
            // A default that was filled in.
            (name, namespace)
                if !name.is_empty() && !namespace.is_empty() && self.path.len() == name.len() =>
            {
                Cow::Owned(format!("{namespace}/{name}"))
            }
            _ => Cow::Borrowed(self.path),
        }
    }

    /// The parts that were written, with nothing defaulted (`Exact`): the digest hides the tag, and a registry-only
    /// reference is the empty string.
    pub fn exact(&self) -> String {
        Exact(*self).to_string()
    }
}

/// The pull specification (`String`): [`ImageRef::exact`] with `library/` where one of Docker Hub's names is
/// written without a namespace.
impl fmt::Display for ImageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let library =
            self.namespace.is_empty() && RegistryHost::of(self.registry) == RegistryHost::DockerHub;
        Exact(Self {
            namespace: if library { "library" } else { self.namespace },
            ..*self
        })
        .fmt(f)
    }
}

struct Exact<'a>(ImageRef<'a>);

impl fmt::Display for Exact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ImageRef {
            registry,
            namespace,
            name,
            path: _,
            tag,
            id,
        } = self.0;
        if name.is_empty() {
            return Ok(());
        }
        for part in [registry, namespace] {
            if !part.is_empty() {
                write!(f, "{part}/")?;
            }
        }
        f.write_str(name)?;
        match (id, tag) {
            ("", "") => Ok(()),
            ("", tag) => write!(f, ":{tag}"),
            (id, _) => write!(f, "@{id}"),
        }
    }
}
