//! Indexes the policies of a cluster by registry and by the prefix of their globs, so that an image is
//! compared only with the few that can match.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::compiled::{Policy, Selection};
use super::glob::{RepositoryGlob, Specificity};
use super::selector::Labels;
use crate::facts::Known;
use crate::registry::RegistryHost;

/// Where a decision is cheap it is made again rather than remembered.
const REMEMBERED_FROM: usize = 8;

/// The index of a set of policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// By host.
    registries: Vec<Registry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Registry {
    host: Box<str>,
    /// Globs without stars, by text. They are more specific than any other.
    exact: Vec<(Box<str>, Claim)>,
    /// Other globs, and policies for all of the registry, by literal prefix.
    prefixes: Vec<(Box<str>, Vec<Claim>)>,
    /// The lengths that prefixes have.
    lengths: Vec<usize>,
}

/// One glob of a policy, or its whole registry. The most specific come first; of two that tie,
/// that of the policy that wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    rank: Reverse<(Specificity, bool)>,
    policy: usize,
    glob: Option<usize>,
}

impl Index {
    /// Indexes policies, which are in the order in which they win a tie.
    pub(super) fn new(policies: &[Policy]) -> Self {
        let mut index = Self::default();
        for (place, policy) in policies.iter().enumerate() {
            let registry = index.registry_mut(policy.registry().as_str());
            let has_selector = policy.namespaces().is_some();
            let claim = |specificity, glob| Claim {
                rank: Reverse((specificity, has_selector)),
                policy: place,
                glob,
            };
            if policy.repositories().is_empty() {
                registry.add("", claim(Specificity::default(), None));
            }
            for (number, glob) in policy.repositories().iter().enumerate() {
                let claim = claim(glob.specificity(), Some(number));
                if glob.is_exact() {
                    registry.exact.push((glob.literal_prefix().into(), claim));
                } else {
                    registry.add(glob.literal_prefix(), claim);
                }
            }
        }
        for registry in &mut index.registries {
            registry.exact.sort_unstable();
            for (_, claims) in &mut registry.prefixes {
                claims.sort_unstable();
            }
            let mut lengths: Vec<_> = registry.prefixes.iter().map(|(p, _)| p.len()).collect();
            lengths.sort_unstable();
            lengths.dedup();
            registry.lengths = lengths;
        }
        index
    }

    fn registry_mut(&mut self, host: &str) -> &mut Registry {
        let place = match self.find(host) {
            Ok(place) => place,
            Err(place) => {
                let registry = Registry {
                    host: host.into(),
                    exact: Vec::new(),
                    prefixes: Vec::new(),
                    lengths: Vec::new(),
                };
                self.registries.insert(place, registry);
                place
            }
        };
        #[expect(clippy::indexing_slicing, reason = "it was found or inserted there")]
        &mut self.registries[place]
    }

    fn find(&self, host: &str) -> Result<usize, usize> {
        self.registries
            .binary_search_by(|registry| (*registry.host).cmp(host))
    }
}

impl Registry {
    fn add(&mut self, prefix: &str, claim: Claim) {
        match self.prefixes.binary_search_by(|(p, _)| (**p).cmp(prefix)) {
            Ok(place) => {
                if let Some((_, claims)) = self.prefixes.get_mut(place) {
                    claims.push(claim);
                }
            }
            Err(place) => self.prefixes.insert(place, (prefix.into(), vec![claim])),
        }
    }

    /// How many globs a repository may have to be compared with.
    fn len(&self) -> usize {
        let prefixes = self.prefixes.iter().map(|(_, claims)| claims.len());
        self.exact.len() + prefixes.sum::<usize>()
    }
}

/// Searches the policies in force for the images of one namespace. Results are cached by repository,
/// and the work is counted.
#[derive(Debug)]
pub(crate) struct Search<'p> {
    policies: &'p [Policy],
    index: &'p Index,
    labels: Known<&'p Labels>,
    /// Whether a policy can be in force in the namespace, if already computed.
    possible: Vec<Option<bool>>,
    /// By registry and repository.
    decided: HashMap<usize, HashMap<Box<str>, Selection<'p>>>,
    steps: u32,
}

impl<'p> Search<'p> {
    pub(super) fn new(policies: &'p [Policy], index: &'p Index, labels: Known<&'p Labels>) -> Self {
        Self {
            policies,
            index,
            labels,
            possible: Vec::new(),
            decided: HashMap::new(),
            steps: 0,
        }
    }

    /// The steps that were taken.
    pub(crate) fn steps(&self) -> u32 {
        self.steps
    }

    /// Adds work that was done elsewhere.
    pub(crate) fn spend(&mut self, steps: u32) {
        self.steps = self.steps.saturating_add(steps);
    }

    /// The policy for a repository (`user/app`) of a registry: the one with the most specific glob; of
    /// those, one with a namespace selector. None after more than `limit` steps.
    pub(crate) fn select(
        &mut self,
        registry: RegistryHost<'_>,
        repository: &str,
        limit: u32,
    ) -> Option<Selection<'p>> {
        self.spend(1);
        let Ok(place) = self.index.find(registry.as_str()) else {
            return Some(Selection::None);
        };
        let registry = self.index.registries.get(place)?;
        if registry.len() < REMEMBERED_FROM {
            return self.decide(registry, repository, limit);
        }
        let known = self.decided.get(&place).and_then(|all| all.get(repository));
        if let Some(selection) = known {
            return Some(*selection);
        }
        self.spend(4);
        let selection = self.decide(registry, repository, limit)?;
        let decided = self.decided.entry(place).or_default();
        decided.insert(repository.into(), selection);
        Some(selection)
    }

    fn decide(
        &mut self,
        registry: &'p Registry,
        repository: &str,
        limit: u32,
    ) -> Option<Selection<'p>> {
        let exact = &registry.exact;
        let from = exact.partition_point(|(text, _)| **text < *repository);
        for (text, claim) in exact.iter().skip(from) {
            if **text != *repository {
                break;
            }
            self.spend(1);
            if self.is_possible(claim.policy) {
                return self.selection(*claim);
            }
        }
        let mut best: Option<Claim> = None;
        for length in &registry.lengths {
            let Some(prefix) = repository.as_bytes().get(..*length) else {
                break;
            };
            self.spend(1);
            let prefixes = &registry.prefixes;
            let found = prefixes.binary_search_by(|(p, _)| p.as_bytes().cmp(prefix));
            let claims = found.ok().and_then(|at| prefixes.get(at));
            for claim in claims.into_iter().flat_map(|(_, claims)| claims) {
                if self.steps > limit {
                    return None;
                }
                self.spend(1);
                if best.is_some_and(|best| best <= *claim) {
                    break;
                }
                if self.is_possible(claim.policy) && self.matches(*claim, repository) {
                    best = Some(*claim);
                }
            }
        }
        best.map_or(Some(Selection::None), |claim| self.selection(claim))
    }

    fn matches(&mut self, claim: Claim, repository: &str) -> bool {
        match self.glob(claim) {
            Some(glob) => glob.matches_counted(repository, &mut self.steps),
            None => true,
        }
    }

    fn glob(&self, claim: Claim) -> Option<&'p RepositoryGlob> {
        let policy = self.policies.get(claim.policy)?;
        policy.repositories().get(claim.glob?)
    }

    /// Whether a policy is in force in the namespace, as far as its labels are known.
    fn is_possible(&mut self, policy: usize) -> bool {
        let selector = self.policies.get(policy).and_then(Policy::namespaces);
        let (Some(selector), Known::Known(labels)) = (selector, self.labels) else {
            return true;
        };
        if self.possible.is_empty() {
            self.possible.resize(self.policies.len(), None);
        }
        let Some(possible) = self.possible.get_mut(policy) else {
            return false;
        };
        *possible.get_or_insert_with(|| selector.matches(labels))
    }

    fn selection(&self, claim: Claim) -> Option<Selection<'p>> {
        let policy = self.policies.get(claim.policy)?;
        Some(match (policy.namespaces(), self.labels) {
            (Some(_), Known::Unknown) => Selection::NamespaceUnknown(policy),
            _ => Selection::Policy(policy),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::PolicySet;

    /// The rules in the documentation of [`PolicySet`], without an index: every policy that matches, the
    /// most specific first.
    fn compare_all<'p>(
        set: &'p PolicySet,
        host: RegistryHost<'_>,
        repository: &str,
        labels: Known<&Labels>,
    ) -> Selection<'p> {
        let fit = |policy: &Policy| {
            let globs = policy.repositories().iter();
            let fits = globs.filter(|glob| glob.matches(repository));
            let best = fits.map(RepositoryGlob::specificity).max();
            let all = policy.repositories().is_empty();
            all.then(Specificity::default).or(best)
        };
        let mut candidates: Vec<_> = set
            .iter()
            .filter(|policy| policy.registry() == host)
            .filter_map(|policy| Some(((fit(policy)?, policy.namespaces().is_some()), policy)))
            .collect();
        candidates.sort_by_key(|(rank, _)| Reverse(*rank));
        for (_, policy) in candidates {
            match (policy.namespaces(), labels) {
                (None, _) => return Selection::Policy(policy),
                (Some(_), Known::Unknown) => return Selection::NamespaceUnknown(policy),
                (Some(selector), Known::Known(labels)) if selector.matches(labels) => {
                    return Selection::Policy(policy);
                }
                (Some(_), Known::Known(_)) => {}
            }
        }
        Selection::None
    }

    /// Registry, globs, team and creation time.
    type Drawn<'s> = (&'s str, Vec<String>, Option<&'s str>, u8);

    fn policies() -> impl Strategy<Value = PolicySet> {
        let glob = "([ab]{1,2}|[ab*]{1,3}|\\*\\*)(/([ab]{1,2}|[ab*]{1,3}|\\*\\*)){0,2}";
        let valid = prop::collection::vec(glob, 0..4).prop_map(|mut globs| {
            globs.retain(|glob| RepositoryGlob::parse(glob).is_ok());
            globs
        });
        let host = prop::sample::select(vec!["docker.io", "index.docker.io", "quay.io"]);
        let team = prop::sample::select(vec![None, Some("a"), Some("b")]);
        let policy = (host, valid, team, 0..3_u8);
        prop::collection::vec(policy, 0..8).prop_map(|policies| {
            let numbered = policies.into_iter().enumerate();
            let policy = |(n, (host, globs, team, created)): (usize, Drawn<'_>)| {
                let mut spec = serde_json::json!({"registry": host, "repositories": globs});
                if let Some(team) = team {
                    spec["namespaceSelector"] = serde_json::json!({"matchLabels": {"team": team}});
                }
                let spec = serde_json::from_value(spec).unwrap();
                Policy::compile(&n.to_string(), &created.to_string(), &spec).unwrap()
            };
            PolicySet::new(numbered.map(policy).collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        /// The index finds what comparing all of them finds, also the second time.
        #[test]
        fn the_index_finds_what_a_comparison_of_all_finds(
            set in policies(),
            repositories in prop::collection::vec("[ab]{1,3}(/[ab]{1,3}){0,2}", 1..4),
            team in prop::sample::select(vec![None, Some("a"), Some("c")]),
        ) {
            let labels = team.map(|team| Labels::from([("team".to_owned(), team.to_owned())]));
            let labels = labels.as_ref().map_or(Known::Unknown, Known::Known);
            let mut search = set.search(labels);
            for host in [RegistryHost::DockerHub, RegistryHost::Other("quay.io"), RegistryHost::Other("x.io")] {
                for repository in repositories.iter().chain(&repositories) {
                    let wanted = compare_all(&set, host, repository, labels);
                    prop_assert_eq!(search.select(host, repository, u32::MAX), Some(wanted));
                    prop_assert_eq!(set.select(host, repository, labels), wanted);
                }
            }
        }
    }
}
