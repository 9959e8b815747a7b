//! The policies of a cluster.

use std::cmp::Reverse;

use super::compiled::{Policy, Selection};
use super::document::Mode;
use super::glob::RepositoryGlob;
use super::index::{Index, Search};
use super::selector::Labels;
use crate::facts::Known;
use crate::registry::RegistryHost;

/// The policies of a cluster, in the order in which they win.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    policies: Vec<Policy>,
    index: Index,
}

impl PolicySet {
    /// The policies of a cluster. Of two that tie the older wins, then the first by name.
    pub fn new(mut policies: Vec<Policy>) -> Self {
        policies.sort_by(|a, b| (&a.created, a.name()).cmp(&(&b.created, b.name())));
        let index = Index::new(&policies);
        Self { policies, index }
    }

    /// The policies in force on a cluster: its own, or the built-in one if the cluster does not have the kind
    /// (`None`). If the cluster has the kind and no policy, no policy is in force.
    pub fn of_cluster(policies: Option<Vec<Policy>>) -> Self {
        policies.map_or_else(|| Self::builtin(Mode::Enforce), Self::new)
    }

    /// The policies of a cluster without the kind.
    pub fn builtin(mode: Mode) -> Self {
        Self::new(vec![Policy::builtin(mode)])
    }

    /// The same policies, limited to the mode `cap`.
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
    /// the one with the most specific glob; of those, one with a namespace selector.
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

    /// All policies by registry, the most specific first: by their best glob, then those
    /// with a namespace selector, then in the order in which they win a tie.
    pub fn by_specificity(&self) -> Vec<&Policy> {
        let mut policies: Vec<&Policy> = self.policies.iter().collect();
        policies.sort_by_cached_key(|policy| {
            let globs = policy
                .repositories()
                .iter()
                .map(RepositoryGlob::specificity);
            let best = globs.max().unwrap_or_default();
            let registry = policy.registry().as_str().to_owned();
            (registry, Reverse((best, policy.namespaces().is_some())))
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
}
