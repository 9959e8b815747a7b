//! The policies in effect: from files, from a cluster, or the built-in one.

use extreg_cluster::{Cluster, Json as _, Object};
use extreg_core::policy::{Mode, Policy, PolicySet, PolicySpec};
use extreg_documents::find_sources;
use extreg_snapshot::approved::Approved;
use extreg_terminal::Printer;
use serde_json::{Value, json};

use super::document::Documents;
use crate::{
    engine::policies::{self, REGISTRY_POLICY},
    error::Error,
};

/// The source of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The cluster has no policies.
    BuiltIn,
    Cluster,
    Files,
}

/// The policies in effect, each with its state.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    pub(super) origin: Origin,
    /// The usable policies.
    pub(super) set: PolicySet,
    /// All of them, the most specific first, unusable ones last.
    pub(super) stated: Vec<Stated>,
    /// The list of approved registries from the files.
    pub(super) approved: Option<Approved>,
}

/// A policy with its state.
#[derive(Clone, Debug)]
pub(super) struct Stated {
    pub(super) name: String,
    /// Its spec as written.
    pub(super) spec: Value,
    pub(super) policy: Option<Policy>,
    /// The `Ready` state: a condition's status, reason and message.
    pub(super) ready: Condition,
    /// The webhook's list of conflicting policies, and its sources of facts.
    pub(super) status: Value,
}

/// The state of a policy.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Condition {
    /// `True`, `False` or `Unknown`; `-` if no webhook checks it.
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) message: String,
}

impl Origin {
    /// One word, for formats.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Cluster => "cluster",
            Self::Files => "files",
        }
    }
}

impl Condition {
    fn new(status: &str, reason: &str, message: impl Into<String>) -> Self {
        Self {
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// `True`, or `False (Invalid)`.
    pub(super) fn short(&self) -> String {
        match &*self.status {
            "True" | "-" => self.status.clone(),
            status => format!("{status} ({})", self.reason),
        }
    }
}

impl Effect {
    /// From files. Without a policy in them, the built-in one is in effect.
    ///
    /// # Errors
    /// [`Error::Usage`] if a document is invalid.
    pub(super) fn of_files(names: &[String]) -> Result<Self, Error> {
        let read = Documents::read(find_sources(names, false, &[])?);
        if let Some(error) = read.unreadable.first() {
            return Err(Error::usage(format!("--filename: {error}")));
        }
        if let Some(error) = read.broken.first() {
            return Err(Error::usage(format!("--filename: {error}")));
        }
        for entry in &read.entries {
            if let Some(fault) = entry.faults.first() {
                return Err(Error::usage(format!(
                    "--filename: {}: {fault}",
                    entry.place(fault.line)
                )));
            }
        }
        if read.entries.is_empty() {
            return Err(Error::usage(
                "--filename: no RegistryPolicy or ApprovedRegistries found",
            ));
        }
        let stated: Vec<Stated> = read
            .policies()
            .map(|(entry, policy, spec)| Stated {
                name: policy.name().to_owned(),
                spec: as_written(spec),
                policy: Some(policy.clone()),
                ready: Condition::new("-", "File", format!("from {}", entry.origin)),
                status: Value::Null,
            })
            .collect();
        let approved = read.approved().cloned();
        if stated.is_empty() {
            return Ok(Self::new(
                Origin::BuiltIn,
                vec![Stated::built_in()],
                approved,
            ));
        }
        Ok(Self::new(Origin::Files, stated, approved))
    }

    /// From a cluster; the built-in one if it does not know the kind or, with a warning, if this user cannot read
    /// them, as in `check`.
    ///
    /// # Errors
    /// If they cannot be read for another reason.
    pub(super) async fn of_cluster(cluster: &Cluster, printer: &Printer) -> Result<Self, Error> {
        let found = match cluster.list(REGISTRY_POLICY, "", "").await {
            Err(error) if error.is_not_found() => return Ok(Self::built_in()),
            Err(error) if error.is_forbidden() => {
                printer.warn(
                    "permission denied: list registrypolicies.extreg.io; the built-in policy is assumed, \
                     but the cluster can have other policies",
                );
                return Ok(Self::built_in());
            }
            other => other?,
        };
        let stated = found.iter().map(Stated::of_object).collect();
        Ok(Self::new(Origin::Cluster, stated, None))
    }

    /// The policies without any input.
    pub(super) fn built_in() -> Self {
        Self::new(Origin::BuiltIn, vec![Stated::built_in()], None)
    }

    fn new(origin: Origin, mut stated: Vec<Stated>, approved: Option<Approved>) -> Self {
        let usable = stated.iter().filter_map(|one| one.policy.clone());
        let set = PolicySet::new(usable.collect());
        let order: Vec<&str> = set.by_specificity().iter().map(|p| p.name()).collect();
        let position = |one: &Stated| order.iter().position(|name| *name == one.name);
        stated.sort_by_key(|one| (position(one).unwrap_or(usize::MAX), one.name.clone()));
        Self {
            origin,
            stated,
            approved,
            set: set.clone(),
        }
    }
}

impl Stated {
    fn built_in() -> Self {
        let spec = json!({
            "registry": "docker.io", "mode": "Enforce",
            "push": {"secretName": Policy::DEFAULT_SECRET, "target": "Both"},
            "import": {"scheduled": true},
        });
        Self {
            name: Policy::BUILTIN.to_owned(),
            spec,
            policy: Some(Policy::builtin(Mode::Enforce)),
            ready: Condition::new(
                "-",
                "BuiltIn",
                "the cluster does not know the kind RegistryPolicy",
            ),
            status: Value::Null,
        }
    }

    fn of_object(object: &Object) -> Self {
        let name = object.text("/metadata/name").to_owned();
        let created = object.text("/metadata/creationTimestamp");
        let read = policies::policy(&name, created, &object.body);
        let status = object.body.get("status").cloned().unwrap_or_default();
        let number = |pointer| object.body.pointer(pointer).and_then(Value::as_i64);
        let (seen, is) = (
            number("/status/observedGeneration"),
            number("/metadata/generation"),
        );
        let ready = match &read {
            Err(why) => Condition::new("False", "Invalid", why.clone()),
            Ok(_) if seen.is_some() && seen < is => Condition::new(
                "Unknown",
                "Pending",
                "the webhook has not processed its latest version yet",
            ),
            Ok(_) => match object.body.condition("Ready") {
                Some(ready) => Condition::new(
                    ready.text("/status"),
                    ready.text("/reason"),
                    ready.text("/message"),
                ),
                None => Condition::new(
                    "Unknown",
                    "NoStatus",
                    "the webhook has not reported a status: see webhook status",
                ),
            },
        };
        Self {
            name,
            spec: object.body.get("spec").cloned().unwrap_or_default(),
            policy: read.ok(),
            ready,
            status,
        }
    }

    /// The names of the conflicting policies, as the webhook reports them.
    pub(super) fn reported_conflicts(&self) -> Vec<&str> {
        self.status.texts("/conflictsWith").collect()
    }
}

fn as_written(spec: &PolicySpec) -> Value {
    serde_json::to_value(spec).unwrap_or_default()
}
