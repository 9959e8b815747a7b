//! The states that a command is suggested for, and what it changes.

mod builds;
mod cluster;
mod flows;
mod streams;
mod triggers;
mod workloads;

use extreg_remedy::Action;
use serde_json::Value;

use super::bench::Told;

/// A state, what is suggested for it, and what that changes.
pub(crate) struct Case {
    /// Also the name of its namespace.
    pub(crate) name: String,
    pub(crate) told: Told,
    pub(crate) objects: Vec<Value>,
    /// What the suggested commands do.
    pub(crate) actions: Vec<Action>,
    /// All fields that they change, `kind/name /pointer`, and no others. What is created or deleted is
    /// `kind/name ` alone.
    pub(crate) changed: &'static [&'static str],
    /// What the audit finds because of it: check, rule, and perhaps the object.
    pub(crate) brings: &'static [&'static str],
    pub(crate) ends: Ends,
}

/// When a finding or a link is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ends {
    /// As soon as the commands have run.
    Now,
    /// Only when OpenShift has done its part, which is said here; till then the same command is not
    /// suggested again.
    Later(#[expect(dead_code, reason = "for the reader of a case")] &'static str),
}

impl Case {
    fn new(
        name: impl Into<String>,
        told: Told,
        objects: Vec<Value>,
        actions: Vec<Action>,
        changed: &'static [&'static str],
    ) -> Self {
        Self {
            name: name.into(),
            told,
            objects,
            actions,
            changed,
            brings: &[],
            ends: Ends::Now,
        }
    }

    fn brings(self, brings: &'static [&'static str]) -> Self {
        Self { brings, ..self }
    }

    fn later(self, why: &'static str) -> Self {
        Self {
            ends: Ends::Later(why),
            ..self
        }
    }
}

/// Cases that run one after the other, as they change what all namespaces share.
pub(crate) fn of_the_cluster() -> Vec<Case> {
    cluster::cases()
}

/// Cases that live side by side.
pub(crate) fn of_a_namespace() -> Vec<Case> {
    [
        streams::cases(),
        triggers::cases(),
        builds::cases(),
        workloads::cases(),
        flows::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(crate) fn all() -> Vec<Case> {
    let mut all = of_the_cluster();
    all.extend(of_a_namespace());
    all
}
