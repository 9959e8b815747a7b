//! The policies in force, compiled from documents of a file or of the cluster.

use std::collections::{BTreeMap, BTreeSet};

use extreg_core::policy::{Mode, Policy, PolicySet, PolicySpec};

/// A policy document as written by a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRecord {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.creationTimestamp`, which decides between two that tie; empty for a file.
    pub created: String,
    /// The spec, or its error.
    pub spec: Result<PolicySpec, String>,
}

/// The result of all documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// The policies in force.
    pub set: PolicySet,
    /// Names of the documents that are not in force, with the reason.
    pub invalid: BTreeMap<String, String>,
    /// For each policy in a conflict, the names of the other policies in it.
    pub conflicts: BTreeMap<String, BTreeSet<String>>,
}

impl Policies {
    /// The policies in force if the cluster has no policy resource: the built-in one.
    pub fn builtin(cap: Mode) -> Self {
        Self {
            set: PolicySet::builtin(cap),
            ..Self::default()
        }
    }

    /// Compiles documents; no policy does more than `cap`. Without documents no policy is in force.
    pub fn compile(records: &[PolicyRecord], cap: Mode) -> Self {
        let mut policies = Vec::new();
        let mut invalid = BTreeMap::new();
        for PolicyRecord {
            name,
            created,
            spec,
        } in records
        {
            let compiled = spec.clone().and_then(|mut spec| {
                spec.mode = spec.mode.min(cap);
                Policy::compile(name, created, &spec).map_err(|error| error.to_string())
            });
            match compiled {
                Ok(policy) => policies.push(policy),
                Err(reason) => {
                    invalid.insert(name.clone(), reason);
                }
            }
        }
        let set = PolicySet::new(policies);
        let mut conflicts: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (one, other) in set.conflicts() {
            let (one, other) = (one.name().to_owned(), other.name().to_owned());
            conflicts
                .entry(one.clone())
                .or_default()
                .insert(other.clone());
            conflicts.entry(other).or_default().insert(one);
        }
        Self {
            set,
            invalid,
            conflicts,
        }
    }

    /// The names of the secrets in the policies.
    pub fn secrets(&self) -> BTreeSet<String> {
        self.set
            .iter()
            .filter(|policy| policy.mode() != Mode::Off)
            .flat_map(Policy::secrets)
            .map(str::to_owned)
            .collect()
    }

    /// The number of conflicting pairs of policies.
    pub fn conflict_pairs(&self) -> usize {
        self.set.conflicts().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, json: &str) -> PolicyRecord {
        PolicyRecord {
            name: name.to_owned(),
            created: String::new(),
            spec: serde_json::from_str(json).map_err(|error| error.to_string()),
        }
    }

    #[test]
    fn the_built_in_policy_is_in_force_only_where_policies_cannot_exist() {
        assert_eq!(Policies::compile(&[], Mode::Enforce), Policies::default());
        let policies = Policies::builtin(Mode::Warn);
        let names: Vec<_> = policies.set.iter().map(|p| (p.name(), p.mode())).collect();
        assert_eq!(names, [(Policy::BUILTIN, Mode::Warn)]);
        assert_eq!(policies.secrets(), BTreeSet::from(["dockerhub".to_owned()]));
    }

    #[test]
    fn invalid_document_is_reported_and_restores_nothing() {
        let records = [
            record("typo", r#"{"registry":"docker.io","mod":"Warn"}"#),
            record("host", r#"{"registry":"docker"}"#),
        ];
        let policies = Policies::compile(&records, Mode::Enforce);
        assert_eq!(policies.set.iter().count(), 0);
        assert_eq!(
            policies.invalid.keys().collect::<Vec<_>>(),
            ["host", "typo"]
        );
    }

    #[test]
    fn the_cap_lowers_a_mode_and_raises_none() {
        let records = [
            record("a", r#"{"registry":"docker.io"}"#),
            record("b", r#"{"registry":"quay.io","mode":"Audit"}"#),
        ];
        let policies = Policies::compile(&records, Mode::Warn);
        let modes: Vec<_> = policies.set.iter().map(Policy::mode).collect();
        assert_eq!(modes, [Mode::Warn, Mode::Audit]);
    }

    #[test]
    fn a_conflict_is_reported_for_both_policies() {
        let records = [
            record("a", r#"{"registry":"docker.io"}"#),
            record("b", r#"{"registry":"index.docker.io"}"#),
            record("c", r#"{"registry":"quay.io"}"#),
        ];
        let policies = Policies::compile(&records, Mode::Enforce);
        let names = |name: &str| BTreeSet::from([name.to_owned()]);
        let expected = BTreeMap::from([("a".to_owned(), names("b")), ("b".to_owned(), names("a"))]);
        assert_eq!(policies.conflicts, expected);
        assert_eq!(policies.conflict_pairs(), 1);
    }
}
