//! A valid, compiled policy.

use super::document::{Mode, PolicySpec, PushTarget};
use super::glob::{GlobError, RepositoryGlob};
use super::selector::{Selector, SelectorError};
use crate::dns;
use crate::registry::{InternalRegistry, RegistryHost};

/// A valid policy; an invalid one cannot be constructed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    name: String,
    pub(super) created: String,
    registry: String,
    repositories: Vec<RepositoryGlob>,
    namespaces: Option<Selector>,
    pub(super) mode: Mode,
    push: Option<(String, PushTarget)>,
    pull_secret: Option<String>,
    scheduled: bool,
}

/// Why a policy is invalid: the field, and its constraint in the words of the definition's schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A glob of `spec.repositories`.
    #[error("spec.repositories[{0}]: {1}")]
    Repositories(usize, GlobError),
    /// `spec.namespaceSelector`.
    #[error("spec.{0}")]
    Selector(#[from] SelectorError),
    /// `spec.registry`.
    #[error("spec.registry: Invalid value: {0:?}: {1}")]
    Registry(String, RegistryError),
    /// A secret's name.
    #[error(
        "spec.{field}: Invalid value: {name:?}: must be the name of a Secret: lower case letters, \
         digits, '-' and '.'"
    )]
    SecretName {
        /// The field.
        field: &'static str,
        /// What stands there.
        name: String,
    },
}

/// Why a registry cannot be that of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// It has a scheme.
    #[error("must be a host without a scheme: docker.io, not https://docker.io")]
    Scheme,
    /// It has a path.
    #[error("must be a host without a path: put the path in repositories")]
    Path,
    /// It has upper-case letters.
    #[error(
        "must be in lower case: OpenShift compares the names of registries as they are spelled"
    )]
    Case,
    /// It is not a valid host.
    #[error("must be a host or host:port, such as docker.io or registry.example.com:8443")]
    Host,
    /// It is a word.
    #[error("must have a dot or a port, or OpenShift reads it as the first part of a repository")]
    Word,
    /// It is the cluster's own registry.
    #[error("must not be the integrated registry, for which OpenShift itself has the credentials")]
    Integrated,
}

impl Policy {
    /// Compiles a document. `created` is `metadata.creationTimestamp`, empty for a file.
    pub fn compile(name: &str, created: &str, spec: &PolicySpec) -> Result<Self, PolicyError> {
        check_registry(&spec.registry)
            .map_err(|error| PolicyError::Registry(spec.registry.clone(), error))?;
        let push = spec.push.as_ref();
        let push_secret = push.map(|push| secret_name("push.secretName", &push.secret_name));
        let pull_secret = spec
            .pull
            .as_ref()
            .map(|pull| secret_name("pull.secretName", &pull.secret_name));
        Ok(Self {
            name: name.to_owned(),
            created: created.to_owned(),
            registry: spec.registry.clone(),
            repositories: spec
                .repositories
                .iter()
                .enumerate()
                .map(|(index, glob)| {
                    RepositoryGlob::parse(glob)
                        .map_err(|error| PolicyError::Repositories(index, error))
                })
                .collect::<Result<_, _>>()?,
            namespaces: match &spec.namespace_selector {
                Some(document) => Selector::compile(document)?,
                None => None,
            },
            mode: spec.mode,
            push: push_secret.transpose()?.zip(push.map(|push| push.target)),
            pull_secret: pull_secret.transpose()?,
            scheduled: spec.import.as_ref().is_some_and(|import| import.scheduled),
        })
    }

    /// The policy of a cluster that does not know the kind: docker.io, secret `dockerhub`, scheduled imports.
    pub fn builtin(mode: Mode) -> Self {
        Self {
            name: Self::BUILTIN.to_owned(),
            created: String::new(),
            registry: "docker.io".to_owned(),
            repositories: Vec::new(),
            namespaces: None,
            mode,
            push: Some((Self::DEFAULT_SECRET.to_owned(), PushTarget::Both)),
            pull_secret: None,
            scheduled: true,
        }
    }

    /// The name of the built-in policy.
    pub const BUILTIN: &'static str = "builtin-dockerhub";
    /// The secret that the built-in policy names.
    pub const DEFAULT_SECRET: &'static str = RegistryHost::DOCKER_HUB_SECRET;

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The registry that the policy is for.
    pub fn registry(&self) -> RegistryHost<'_> {
        RegistryHost::of(&self.registry)
    }

    /// The repositories that it is for; none for all of the registry.
    pub fn repositories(&self) -> &[RepositoryGlob] {
        &self.repositories
    }

    /// The namespaces of the policy; none for all.
    pub fn namespaces(&self) -> Option<&Selector> {
        self.namespaces.as_ref()
    }

    /// The mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The push secret's name and the objects that get it.
    pub fn push(&self) -> Option<(&str, PushTarget)> {
        self.push
            .as_ref()
            .map(|(secret, target)| (secret.as_str(), *target))
    }

    /// The pull secret's name.
    pub fn pull_secret(&self) -> Option<&str> {
        self.pull_secret.as_deref()
    }

    /// Whether new tags are scheduled.
    pub fn schedules(&self) -> bool {
        self.scheduled
    }

    /// The names of the secrets in the policy.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.push
            .iter()
            .map(|(secret, _)| secret.as_str())
            .chain(self.pull_secret.as_deref())
    }

    /// Whether both apply to the same image in some namespace, and none is more specific.
    pub(super) fn ties_with(&self, other: &Self) -> bool {
        let repositories = match (&*self.repositories, &*other.repositories) {
            ([], []) => true,
            (a, b) => a.iter().any(|x| {
                b.iter()
                    .any(|y| x.specificity() == y.specificity() && x.overlaps(y))
            }),
        };
        let namespaces = match (&self.namespaces, &other.namespaces) {
            (None, None) => true,
            (Some(a), Some(b)) => a.overlaps(b),
            _ => false,
        };
        self.registry() == other.registry() && repositories && namespaces
    }
}

/// Which policy is in force for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// This one.
    Policy(&'a Policy),
    /// No policy matches the registry, repository and namespace.
    None,
    /// It depends on unknown labels of the namespace.
    NamespaceUnknown(&'a Policy),
}

fn secret_name(field: &'static str, name: &str) -> Result<String, PolicyError> {
    if dns::is_subdomain(name) {
        Ok(name.to_owned())
    } else {
        Err(PolicyError::SecretName {
            field,
            name: name.to_owned(),
        })
    }
}

/// A host is the first component of an image: it has a dot or a port, or is `localhost`.
fn check_registry(host: &str) -> Result<(), RegistryError> {
    if host.contains("://") {
        return Err(RegistryError::Scheme);
    }
    if host.contains('/') {
        return Err(RegistryError::Path);
    }
    if host.contains(|c: char| c.is_ascii_uppercase()) {
        return Err(RegistryError::Case);
    }
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let is_port =
        |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    if !name.split('.').all(dns::is_label) || !port.is_none_or(is_port) {
        return Err(RegistryError::Host);
    }
    if !host.contains(['.', ':']) && host != "localhost" {
        return Err(RegistryError::Word);
    }
    if InternalRegistry::default().contains(host) {
        return Err(RegistryError::Integrated);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_policy_does_not_exist() {
        for (json, want) in [
            (
                r#"{"registry":"https://docker.io/a"}"#,
                "spec.registry: Invalid value: \"https://docker.io/a\": must be a host without a scheme",
            ),
            (r#"{"registry":"docker.io/Acme"}"#, "without a path"),
            (r#"{"registry":"Docker"}"#, "in lower case"),
            (r#"{"registry":"docker_x.io"}"#, "host or host:port"),
            (r#"{"registry":"docker"}"#, "a dot or a port"),
            (r#"{"registry":""}"#, "host or host:port"),
            (
                r#"{"registry":"image-registry.openshift-image-registry.svc:5000"}"#,
                "integrated",
            ),
            (
                r#"{"registry":"docker.io","push":{"secretName":"Hub"}}"#,
                "spec.push.secretName",
            ),
            (
                r#"{"registry":"docker.io","pull":{"secretName":""}}"#,
                "spec.pull.secretName",
            ),
            (
                r#"{"registry":"docker.io","repositories":["a//b"]}"#,
                "spec.repositories[0]",
            ),
        ] {
            let spec = serde_json::from_str(json).unwrap();
            let error = Policy::compile("p", "", &spec).unwrap_err().to_string();
            assert!(error.contains(want), "{json}: {error}");
        }
        for json in [
            r#"{"registry":"docker.io","mod":"Warn"}"#,
            r#"{"registry":"docker.io","mode":"warn"}"#,
            r#"{"registry":"docker.io","push":{}}"#,
        ] {
            assert!(serde_json::from_str::<PolicySpec>(json).is_err(), "{json}");
        }
    }
}
