//! The states that a command is suggested for, and its changes.

mod builds;
mod cluster;
mod flows;
mod streams;
mod triggers;
mod workloads;

use extreg_remedy::Action;
use serde_json::Value;

use super::bench::Source;

/// A state, the suggested commands, and their changes.
pub(crate) struct Case {
    /// Also the name of its namespace.
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) objects: Vec<Value>,
    /// The actions of the suggested commands.
    pub(crate) actions: Vec<Action>,
    /// Exactly the fields that they change, as `kind/name /pointer`. A created or deleted object is `kind/name ` alone.
    pub(crate) changed: &'static [&'static str],
    /// The resulting findings of the audit: check, rule, and optionally the object.
    pub(crate) brings: &'static [&'static str],
    pub(crate) ends: Ends,
}

/// When a finding or a link is resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ends {
    /// As soon as the commands have run.
    Now,
    /// Only after the given action of OpenShift; until then the same command is not suggested again.
    Later(#[expect(dead_code, reason = "for the reader of a case")] &'static str),
}

impl Case {
    fn new(
        name: impl Into<String>,
        source: Source,
        objects: Vec<Value>,
        actions: Vec<Action>,
        changed: &'static [&'static str],
    ) -> Self {
        Self {
            name: name.into(),
            source,
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

/// Cases that run in sequence, because they change shared objects.
pub(crate) fn of_the_cluster() -> Vec<Case> {
    cluster::cases()
}

/// Cases that can run concurrently.
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
