//! The image of an application.

mod registry_name;

use std::fmt;

use extreg_core::registry::{InternalRegistry, RefRole, RegistryHost, Resolution, resolve};

use crate::error::Error;

/// A repository in an external registry and a tag, in full form. Displays as `docker.io/ably77/python-lyapp:latest`,
/// the spelling for which every consumer finds a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    registry: Registry,
    /// The path in the registry, e.g. `ably77/python-lyapp`.
    path: String,
    /// The tag; `latest` by default.
    pub(crate) tag: String,
}

/// A registry outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Registry {
    /// Docker Hub, under any of its names.
    DockerHub,
    /// Another one, by its host and port.
    Other(String),
}

impl Target {
    /// Parses an image as the output of a build.
    ///
    /// # Errors
    /// [`Error::Usage`] for an image that cannot be pushed to, or not from here.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Err(Error::usage(format!("--image {text}: {why}")));
        let (host, image) = match resolve(text, RefRole::Push, &InternalRegistry::default()) {
            Resolution::Certain(host, image) => (host, image),
            Resolution::Internal(_) => {
                return refuse(
                    "this is the cluster's own registry; setup supports external registries only",
                );
            }
            Resolution::Parameter => return refuse("a template parameter, not an image"),
            Resolution::Invalid(why) => return refuse(&why.to_string()),
            Resolution::FirstOf(..) => return refuse("does not name its registry"),
        };
        if !image.id().is_empty() {
            return refuse("a digest cannot be pushed to; use a tag");
        }
        let registry = match host {
            RegistryHost::DockerHub => Registry::DockerHub,
            RegistryHost::Other(host) => Registry::Other(host.to_owned()),
        };
        let path = image.repository_path().into_owned();
        if registry == Registry::DockerHub && path.starts_with("library/") {
            return refuse(&format!(
                "without a user this is docker.io/{path}, which is reserved for Docker and cannot be \
                 pushed to; use docker.io/USER/{}",
                path.trim_start_matches("library/"),
            ));
        }
        if path != path.to_lowercase() {
            return refuse("a repository name cannot have upper case letters");
        }
        let tag = if image.tag().is_empty() {
            "latest"
        } else {
            image.tag()
        };
        Ok(Self {
            registry,
            path,
            tag: tag.to_owned(),
        })
    }

    /// Refuses a registry whose name is likely to be misspelled: otherwise the error would only show when the first
    /// push fails.
    ///
    /// # Errors
    /// [`Error::Usage`] with the likely image.
    pub(crate) fn check_registry(&self) -> Result<(), Error> {
        let refuse = |what: String, registry: &str, path: &str| {
            Err(Error::usage(format!(
                "--image {self}: {what}; did you mean {registry}/{path}:{}? (--any-registry accepts it as \
                 it is)",
                self.tag
            )))
        };
        match &self.registry {
            Registry::Other(host) => match registry_name::meant(host) {
                Some(meant) => refuse(format!("{host} resembles {meant}"), meant, &self.path),
                None => Ok(()),
            },
            // Docker Hub has no nested repositories: the first part is more likely a host.
            Registry::DockerHub => match self.path.split_once('/') {
                Some((first, rest)) if rest.contains('/') => {
                    let what = "docker.io has repositories of the form USER/NAME only".to_owned();
                    let host = registry_name::meant_by_part(first).unwrap_or("HOST");
                    refuse(what, host, rest)
                }
                _ => Ok(()),
            },
        }
    }

    /// The registry's name in messages and in references.
    pub(crate) fn host(&self) -> &str {
        match &self.registry {
            Registry::DockerHub => "docker.io",
            Registry::Other(host) => host,
        }
    }

    /// The path in the registry.
    pub(crate) fn repository(&self) -> &str {
        &self.path
    }

    /// The first part of the path: on Docker Hub the account.
    pub(crate) fn account(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// The keys of a docker config with which every consumer finds a credential for this image. Docker Hub needs two:
    /// the keyring of builds, imports and the kubelet uses `docker.io` only for images written with it, and Shipwright
    /// uses only the other one.
    pub(crate) fn config_keys(&self) -> Vec<&str> {
        match &self.registry {
            Registry::DockerHub => vec!["docker.io", "https://index.docker.io/v1/"],
            Registry::Other(host) => vec![host],
        }
    }

    /// The default name of its secret.
    pub(crate) fn default_secret(&self) -> String {
        RegistryHost::of(self.host()).secret_name()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.host(), self.path, self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_written_out() {
        let cases = [
            (
                "docker.io/ably77/python-lyapp",
                "docker.io/ably77/python-lyapp:latest",
            ),
            ("ably77/python-lyapp:v1", "docker.io/ably77/python-lyapp:v1"),
            ("index.docker.io/u/a:v1", "docker.io/u/a:v1"),
            ("registry-1.docker.io/u/a", "docker.io/u/a:latest"),
            ("quay.io/org/deep/app:1.0", "quay.io/org/deep/app:1.0"),
            (
                "registry.example.com:5000/app",
                "registry.example.com:5000/app:latest",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(Target::parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn trap_60_unpushable_images_are_refused_with_the_reason() {
        let cases = [
            ("docker.io/app", "reserved for Docker"),
            ("app:v1", "use docker.io/USER/app"),
            ("docker.io/library/app", "reserved for Docker"),
            (
                "docker.io/u/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "a digest",
            ),
            (
                "image-registry.openshift-image-registry.svc:5000/snow/app",
                "cluster's own",
            ),
            ("quay.io", "no repository"),
            ("docker.io/u/${APP}", "template parameter"),
            ("User/app", "upper case"),
            ("", "--image :"),
            ("docker.io/u/a:b:c", "--image"),
        ];
        for (text, expected) in cases {
            let error = Target::parse(text).unwrap_err();
            assert_eq!(error.exit().code(), 2);
            assert!(error.to_string().contains(expected), "{text}: {error}");
        }
    }
}
