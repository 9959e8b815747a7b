use thiserror::Error;

use super::{InternalRegistry, RegistryHost};
use crate::image::{ImageRef, ParseImageError};

/// Where build pods search for a short name: `unqualified-search-registries` of the builder image's registries.conf
/// (openshift/builder `imagecontent/etc/containers/registries.conf`) and of the one that the build controller
/// generates; short-name mode is disabled there, so the first registry that answers wins.
const BUILD_SEARCH: &[&str] = &[
    "registry.redhat.io",
    "registry.access.redhat.com",
    "quay.io",
    "docker.io",
];
/// Where CRI-O searches for a short name on a node as installed; `containerRuntimeSearchRegistries` of
/// `images.config.openshift.io/cluster` replaces it (openshift/enhancements, machine-config
/// "append-unqualified-search-registries").
const NODE_SEARCH: &[&str] = &["registry.access.redhat.com", "docker.io"];

/// The purpose of the field that holds a reference. It decides what a short name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefRole {
    /// `from` of an ImageStream tag or an ImageStreamImport. The importer defaults to docker.io
    /// (openshift-apiserver `pkg/image/apiserver/importer/importer.go`).
    Import,
    /// `spec.output.to` of a build. The builder pushes to `docker://<name>`, hence to docker.io
    /// (openshift/builder `pkg/build/builder/daemonless.go` `pushDaemonlessImage`).
    Push,
    /// `from` of a build strategy, or `FROM` in a Dockerfile.
    BasePull,
    /// `spec.source.images[].from` of a build.
    SourcePull,
    /// `image` of a container. The kubelet normalizes a short name to docker.io only to find credentials
    /// (`pkg/kubelet/images`, `parsers.ParseImageName`); it passes the name to CRI-O as written, which searches.
    WorkloadPull,
}

/// Which registry a reference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution<'a> {
    /// This registry. The reference is as written, without defaults.
    Certain(RegistryHost<'a>, ImageRef<'a>),
    /// The first of these registries that has the image. A cluster can be configured with another list.
    FirstOf(&'static [&'static str], ImageRef<'a>),
    /// The integrated registry.
    Internal(ImageRef<'a>),
    /// It still contains a template parameter (`${…}`), so its meaning is unknown.
    Parameter,
    /// Nothing that can be pulled or pushed.
    Invalid(InvalidRef),
}

/// Why a reference names no image.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum InvalidRef {
    /// OpenShift's API server rejects the string.
    #[error("{0}")]
    Syntax(ParseImageError),
    /// OpenShift accepts the string, but it names a registry and no repository in it.
    #[error("names a registry but no repository in it")]
    RegistryOnly,
    /// OpenShift accepts the string, but its consumers read the upper-case first component as a host.
    #[error(
        "has upper case in its first component, which importer, builder and kubelet use as a registry host"
    )]
    UpperCase,
}

impl RefRole {
    /// Every role, in the order that data passes them.
    pub const ALL: [Self; 5] = [
        Self::Import,
        Self::Push,
        Self::BasePull,
        Self::SourcePull,
        Self::WorkloadPull,
    ];

    /// The registries tried in order for a name without one; `None` where it is always docker.io.
    pub fn search_list(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Import | Self::Push => None,
            Self::BasePull | Self::SourcePull => Some(BUILD_SEARCH),
            Self::WorkloadPull => Some(NODE_SEARCH),
        }
    }
}

impl<'a> Resolution<'a> {
    /// The registry, if the reference names exactly one outside the cluster.
    pub fn certain_host(&self) -> Option<RegistryHost<'a>> {
        match *self {
            Self::Certain(host, _) => Some(host),
            _ => None,
        }
    }

    /// The reference as written, if it is valid.
    pub fn image(&self) -> Option<ImageRef<'a>> {
        match *self {
            Self::Certain(_, image) | Self::FirstOf(_, image) | Self::Internal(image) => {
                Some(image)
            }
            Self::Parameter | Self::Invalid(_) => None,
        }
    }
}

/// Resolves the registry that `input` means in a field of role `role`.
pub fn resolve<'a>(input: &'a str, role: RefRole, internal: &InternalRegistry) -> Resolution<'a> {
    if has_parameter(input) {
        return Resolution::Parameter;
    }
    let image = match ImageRef::parse(input) {
        Ok(image) => image,
        Err(error) => return Resolution::Invalid(InvalidRef::Syntax(error)),
    };
    if image.is_registry_only() {
        return Resolution::Invalid(InvalidRef::RegistryOnly);
    }
    if image.has_upper_case_component() {
        return Resolution::Invalid(InvalidRef::UpperCase);
    }
    match (image.registry(), role.search_list()) {
        ("", None) => Resolution::Certain(RegistryHost::DockerHub, image),
        ("", Some(list)) => Resolution::FirstOf(list, image),
        (host, _) if internal.contains(host) => Resolution::Internal(image),
        (host, _) => Resolution::Certain(RegistryHost::of(host), image),
    }
}

/// The part before the tag, if parameters of a Template (`${NAME}`) are in the tag alone: every tag
/// then gives the same registry and repository.
pub fn before_tag_parameter(input: &str) -> Option<&str> {
    let (before, tag) = input.rsplit_once(':')?;
    let is_tag = !tag.contains(['/', '@']) && !before.contains('@');
    (is_tag && has_parameter(tag) && !before.contains("${")).then_some(before)
}

/// `${NAME}` or `${{NAME}}` of a Template.
pub(crate) fn has_parameter(input: &str) -> bool {
    input
        .split_once("${")
        .is_some_and(|(_, rest)| rest.contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_of(input: &str, role: RefRole) -> Result<&str, Resolution<'_>> {
        match resolve(input, role, &InternalRegistry::default()) {
            Resolution::Certain(host, _) => Ok(host.as_str()),
            other => Err(other),
        }
    }

    #[test]
    fn short_names_depend_on_the_role() {
        for name in ["nginx", "user/app:v1", "a/b/c", "localhost2/app"] {
            for role in [RefRole::Import, RefRole::Push] {
                assert_eq!(host_of(name, role), Ok("docker.io"), "{name} {role:?}");
            }
            for role in [RefRole::BasePull, RefRole::SourcePull] {
                let Resolution::FirstOf(list, image) =
                    resolve(name, role, &InternalRegistry::default())
                else {
                    panic!("{name} {role:?}");
                };
                assert_eq!(
                    list,
                    [
                        "registry.redhat.io",
                        "registry.access.redhat.com",
                        "quay.io",
                        "docker.io"
                    ]
                );
                assert_eq!(image.exact(), name);
            }
            assert!(matches!(
                host_of(name, RefRole::WorkloadPull),
                Err(Resolution::FirstOf(
                    ["registry.access.redhat.com", "docker.io"],
                    _
                ))
            ));
        }
    }

    #[test]
    fn a_parameter_in_the_tag_leaves_the_repository_decided() {
        for (input, want) in [
            ("docker.io/u/a:${TAG}", Some("docker.io/u/a")),
            ("docker.io:5000/u/a:v${TAG}-x", Some("docker.io:5000/u/a")),
            ("u/a:${TAG}", Some("u/a")),
            ("docker.io/u/${NAME}:v1", None),
            ("docker.io/u/${NAME}:${TAG}", None),
            ("docker.io:${PORT}/u/a", None),
            ("docker.io/u/a@sha256:${DIGEST}", None),
            ("docker.io/u/a:v1", None),
            ("${IMAGE}", None),
        ] {
            assert_eq!(before_tag_parameter(input), want, "{input}");
        }
    }

    #[test]
    fn written_hosts_mean_the_same_everywhere() {
        for role in RefRole::ALL {
            assert_eq!(host_of("index.docker.io/u/a", role), Ok("docker.io"));
            assert_eq!(host_of("docker.io:443/u/a", role), Ok("docker.io:443"));
            assert_eq!(host_of("DOCKER.IO/u/a", role), Ok("DOCKER.IO"));
            assert_eq!(host_of("quay.io/org", role), Ok("quay.io"));
            assert!(matches!(
                host_of(
                    "image-registry.openshift-image-registry.svc:5000/ns/app",
                    role
                ),
                Err(Resolution::Internal(_))
            ));
            assert_eq!(
                host_of("docker.io", role),
                Err(Resolution::Invalid(InvalidRef::RegistryOnly))
            );
            assert_eq!(
                host_of("node.js:18", role),
                Err(Resolution::Invalid(InvalidRef::RegistryOnly))
            );
            assert_eq!(
                host_of("User/app", role),
                Err(Resolution::Invalid(InvalidRef::UpperCase))
            );
            assert_eq!(
                host_of("docker.io/u/a:", role),
                Err(Resolution::Invalid(InvalidRef::Syntax(
                    ParseImageError::Format
                )))
            );
            for template in [
                "${REG}/app",
                "docker.io/u/a:${TAG}",
                "${{IMAGE}}",
                "x ${A} y",
            ] {
                assert_eq!(
                    host_of(template, role),
                    Err(Resolution::Parameter),
                    "{template}"
                );
            }
            assert_eq!(
                host_of("a${b", role),
                Err(Resolution::Invalid(InvalidRef::Syntax(
                    ParseImageError::Format
                )))
            );
        }
    }
}
