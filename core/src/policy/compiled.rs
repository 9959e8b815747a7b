//! A policy that holds together, and the set of those that a cluster has.

use std::cmp::Reverse;

use super::document::{Mode, PolicySpec, PushTarget};
use super::glob::{GlobError, RepositoryGlob};
use super::index::{Index, Search};
use super::selector::{Labels, Selector, SelectorError};
use crate::facts::Known;
use crate::registry::{InternalRegistry, RegistryHost};

/// A policy. What is invalid never becomes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    name: String,
    created: String,
    registry: String,
    repositories: Vec<RepositoryGlob>,
    namespaces: Option<Selector>,
    mode: Mode,
    push: Option<(String, PushTarget)>,
    pull_secret: Option<String>,
    scheduled: bool,
}

/// Why a policy cannot be used. The text names the field and what to write there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A glob of `spec.repositories`.
    #[error("spec.repositories: {0}")]
    Repositories(#[from] GlobError),
    /// `spec.namespaceSelector`.
    #[error("spec.{0}")]
    Selector(#[from] SelectorError),
    /// `spec.registry` is no host.
    #[error(
        "spec.registry: {0:?} is not a registry host; write the host as images name it, \
         with its port and without scheme or path, such as docker.io or quay.example.com:5000"
    )]
    Registry(String),
    /// `spec.registry` is the cluster's own registry.
    #[error("spec.registry: {0:?} is the integrated registry, which needs no push secret")]
    Internal(String),
    /// A secret's name.
    #[error("spec.{field}: {name:?} cannot be the name of a secret")]
    SecretName {
        /// The field.
        field: &'static str,
        /// What stands there.
        name: String,
    },
}

impl Policy {
    /// Compiles a document. `created` is `metadata.creationTimestamp`, empty for a file.
    pub fn compile(name: &str, created: &str, spec: &PolicySpec) -> Result<Self, PolicyError> {
        if !is_host(&spec.registry) {
            return Err(PolicyError::Registry(spec.registry.clone()));
        }
        if InternalRegistry::default().contains(&spec.registry) {
            return Err(PolicyError::Internal(spec.registry.clone()));
        }
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
                .map(|glob| RepositoryGlob::parse(glob))
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

    /// The namespaces that it is for; none for all.
    pub fn namespaces(&self) -> Option<&Selector> {
        self.namespaces.as_ref()
    }

    /// What it does.
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

    /// The names of the secrets that it speaks of.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.push
            .iter()
            .map(|(secret, _)| secret.as_str())
            .chain(self.pull_secret.as_deref())
    }

    fn ties_with(&self, other: &Self) -> bool {
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

/// The policies of a cluster, in the order in which they win.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    policies: Vec<Policy>,
    index: Index,
}

/// Which policy is in force for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// This one.
    Policy(&'a Policy),
    /// None speaks of that registry, repository and namespace.
    None,
    /// One would have to know the namespace's labels.
    NamespaceUnknown(&'a Policy),
}

impl PolicySet {
    /// The policies of a cluster. Of two that tie the older wins, then the first by name.
    pub fn new(mut policies: Vec<Policy>) -> Self {
        policies.sort_by(|a, b| (&a.created, &a.name).cmp(&(&b.created, &b.name)));
        let index = Index::new(&policies);
        Self { policies, index }
    }

    /// The policies that are in force on a cluster: its own, or the built-in one where it does not know the kind
    /// (`None`). A cluster that knows the kind and has no policy has deleted them all: nothing is in force.
    pub fn of_cluster(policies: Option<Vec<Policy>>) -> Self {
        policies.map_or_else(|| Self::builtin(Mode::Enforce), Self::new)
    }

    /// What a cluster has that does not know the kind of policies.
    pub fn builtin(mode: Mode) -> Self {
        Self::new(vec![Policy::builtin(mode)])
    }

    /// The same policies, of which none does more than `cap`.
    #[must_use]
    pub fn capped(mut self, cap: Mode) -> Self {
        for policy in &mut self.policies {
            policy.mode = policy.mode.min(cap);
        }
        self
    }

    /// All policies, in the order in which they win a tie.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter()
    }

    /// The policy for a repository (`user/app`) of a registry, in a namespace with these labels:
    /// the one whose glob says most; of those, one with a namespace selector.
    pub fn select<'a>(
        &'a self,
        registry: RegistryHost<'_>,
        repository: &str,
        labels: Known<&'a Labels>,
    ) -> Selection<'a> {
        let mut search = Search::new(&self.policies, &self.index, labels);
        let selection = search.select(registry, repository, u32::MAX);
        selection.unwrap_or(Selection::None)
    }

    /// Which policy is in force for one image after another, in a namespace with these labels.
    pub(crate) fn search<'a>(&'a self, labels: Known<&'a Labels>) -> Search<'a> {
        Search::new(&self.policies, &self.index, labels)
    }

    /// All policies, registry by registry, those that say most first: by their best glob, then those
    /// with a namespace selector, then in the order in which they win a tie.
    pub fn by_specificity(&self) -> Vec<&Policy> {
        let mut policies: Vec<&Policy> = self.policies.iter().collect();
        policies.sort_by_cached_key(|policy| {
            let globs = policy.repositories.iter().map(RepositoryGlob::specificity);
            let best = globs.max().unwrap_or_default();
            let registry = policy.registry().as_str().to_owned();
            (registry, Reverse((best, policy.namespaces.is_some())))
        });
        policies
    }

    /// Pairs of policies that tie for some image in some namespace: the winner first.
    pub fn conflicts(&self) -> Vec<(&Policy, &Policy)> {
        let mut pairs = Vec::new();
        for (index, winner) in self.policies.iter().enumerate() {
            for loser in self.policies.iter().skip(index + 1) {
                if winner.mode != Mode::Off && loser.mode != Mode::Off && winner.ties_with(loser) {
                    pairs.push((winner, loser));
                }
            }
        }
        pairs
    }
}

fn secret_name(field: &'static str, name: &str) -> Result<String, PolicyError> {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() <= 253 && name.split('.').all(label) {
        Ok(name.to_owned())
    } else {
        Err(PolicyError::SecretName {
            field,
            name: name.to_owned(),
        })
    }
}

/// A host as the first component of an image names it: a dot, a port, or `localhost`.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let port_ok = port.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    name.split('.').all(label)
        && port_ok
        && (name.contains('.') || port.is_some() || name == "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, json: &str) -> Policy {
        Policy::compile(name, "", &serde_json::from_str(json).unwrap()).unwrap()
    }

    fn selected(set: &PolicySet, repository: &str, labels: Known<&Labels>) -> String {
        match set.select(RegistryHost::DockerHub, repository, labels) {
            Selection::Policy(policy) => policy.name().to_owned(),
            Selection::None => "none".to_owned(),
            Selection::NamespaceUnknown(policy) => format!("unknown:{}", policy.name()),
        }
    }

    #[test]
    fn the_most_specific_policy_wins() {
        let set = PolicySet::new(vec![
            policy("all", r#"{"registry":"docker.io"}"#),
            policy(
                "org",
                r#"{"registry":"index.docker.io","repositories":["acme/*"]}"#,
            ),
            policy(
                "app",
                r#"{"registry":"docker.io","repositories":["acme/app"]}"#,
            ),
            policy(
                "dev",
                r#"{"registry":"docker.io","namespaceSelector":{"matchLabels":{"env":"dev"}}}"#,
            ),
        ]);
        let dev = Labels::from([("env".to_owned(), "dev".to_owned())]);
        let prod = Labels::new();
        for (repository, labels, want) in [
            ("acme/app", Known::Known(&dev), "app"),
            ("acme/other", Known::Known(&dev), "org"),
            ("else/x", Known::Known(&dev), "dev"),
            ("else/x", Known::Known(&prod), "all"),
            ("else/x", Known::Unknown, "unknown:dev"),
            ("acme/app", Known::Unknown, "app"),
        ] {
            assert_eq!(
                selected(&set, repository, labels),
                want,
                "{repository} {labels:?}"
            );
        }
        assert!(set.conflicts().is_empty());
        let order = set.by_specificity();
        let order: Vec<_> = order.iter().map(|policy| policy.name()).collect();
        assert_eq!(order, ["app", "org", "dev", "all"]);
    }

    #[test]
    fn a_tie_is_a_conflict_that_the_older_wins() {
        let spec = serde_json::from_str(r#"{"registry":"docker.io"}"#).unwrap();
        let set = PolicySet::new(vec![
            Policy::compile("a", "2026-02-01T00:00:00Z", &spec).unwrap(),
            Policy::compile("b", "2026-01-01T00:00:00Z", &spec).unwrap(),
        ]);
        assert_eq!(selected(&set, "x/y", Known::Unknown), "b");
        let names: Vec<_> = set
            .conflicts()
            .iter()
            .map(|(w, l)| (w.name(), l.name()))
            .collect();
        assert_eq!(names, [("b", "a")]);
    }

    #[test]
    fn an_invalid_policy_does_not_exist() {
        for (json, want) in [
            (r#"{"registry":"https://docker.io"}"#, "spec.registry"),
            (r#"{"registry":"docker.io/acme"}"#, "spec.registry"),
            (r#"{"registry":"docker"}"#, "spec.registry"),
            (r#"{"registry":""}"#, "spec.registry"),
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
                "spec.repositories",
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
