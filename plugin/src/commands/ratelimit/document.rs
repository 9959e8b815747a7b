//! The result as data; the table shows the same data.

use extreg_audit::budget::{Allowances, IMPORT_INTERVAL_SECONDS, Identity, Pulls, Standing};
use extreg_remedy::Invocation;
use serde::Serialize;

use super::{
    advice::{Step, steps},
    settings::Settings,
};
use crate::{
    installation::following::Following,
    pulls::{
        budget::{Allowed, Coverage, Load, TagCost},
        measure::{Measured, Measurement},
    },
};

/// The pull limit of a registry, and its use.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RateLimits {
    api_version: &'static str,
    kind: &'static str,
    pub(super) registry: String,
    /// The limits that the registry reported to this machine.
    pub(super) measured: Vec<Row>,
    /// The limits that it publishes, if it is known to meter.
    pub(super) published: Option<Published>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) budget: Option<Counted>,
}

/// The limit of one identity.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) identity: Who,
    /// `limited`, `notReported`, `refused` or `failed`.
    pub(super) state: &'static str,
    pub(super) limit: Option<u64>,
    pub(super) remaining: Option<u64>,
    pub(super) window_seconds: Option<u64>,
    /// The owner of the limit, as the registry reports it: an address, or the id of an account.
    pub(super) source: Option<String>,
    /// Why the limit is unknown.
    pub(super) message: Option<String>,
}

/// An identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Who {
    /// `account`, `anonymous` or `unknown`.
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
}

/// The published limits.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Published {
    pub(super) anonymous: u64,
    pub(super) personal: u64,
    pub(super) window_seconds: u64,
    source: String,
    date: String,
}

/// The use by scheduled imports.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counted {
    /// None for all namespaces.
    pub(super) namespace: Option<String>,
    /// The interval of imports, in seconds.
    interval_seconds: u64,
    pub(super) loads: Vec<LoadRow>,
    /// What could not be read.
    pub(super) gaps: Vec<String>,
    #[serde(skip)]
    pub(super) is_without_streams: bool,
}

/// The use by the imports of one identity.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoadRow {
    pub(super) identity: Who,
    pub(super) tags: Vec<TagCost>,
    pub(super) pulls: Pulls,
    /// None if the registry reported no limit.
    pub(super) allowed: Option<u64>,
    /// `measured`, `published`, or `notReported`.
    pub(super) basis: &'static str,
    pub(super) standing: Standing,
    /// The tags beyond the limit.
    pub(super) over: Vec<TagCost>,
    pub(super) remedies: Vec<Step>,
}

impl RateLimits {
    pub(super) fn new(settings: &Settings, measured: &[Measurement]) -> Self {
        let allowances = Allowances::published();
        let published = allowances.of(&settings.registry).map(|table| Published {
            anonymous: table.anonymous,
            personal: table.personal,
            window_seconds: table.window_seconds,
            source: table.source.clone(),
            date: table.date.clone(),
        });
        Self {
            api_version: "extreg.io/v1",
            kind: "RateLimits",
            registry: settings.registry.clone(),
            measured: measured.iter().map(Row::from_measurement).collect(),
            published,
            budget: None,
        }
    }

    pub(super) fn with_budget(
        mut self,
        namespace: Option<String>,
        loads: Vec<Load>,
        coverage: Coverage,
        follows: &Following,
        invocation: &Invocation,
    ) -> Self {
        let row = |load: Load| LoadRow {
            identity: Who::from_identity(&load.identity),
            pulls: load.pulls,
            allowed: load.allowed.pulls(),
            basis: match load.allowed {
                Allowed::Measured(_) => "measured",
                Allowed::Published(_) | Allowed::Unknown(_) => "published",
                Allowed::Untold => "notReported",
            },
            standing: load.standing,
            remedies: steps(&load, &self.registry, follows, invocation),
            tags: load.tags,
            over: load.over,
        };
        self.budget = Some(Counted {
            namespace,
            interval_seconds: IMPORT_INTERVAL_SECONDS,
            loads: loads.into_iter().map(row).collect(),
            is_without_streams: coverage.is_without_streams(),
            gaps: coverage.gaps,
        });
        self
    }
}

impl Row {
    fn from_measurement(one: &Measurement) -> Self {
        let identity = Who::from_identity(&one.identity);
        let (state, limit, message) = match &one.result {
            Measured::Limited(limit) => ("limited", Some(limit), None),
            Measured::Untold => ("notReported", None, None),
            Measured::Refused(why) => ("refused", None, Some(why.clone())),
            Measured::Failed(why) => ("failed", None, Some(why.clone())),
        };
        Self {
            identity,
            state,
            limit: limit.map(|limit| limit.limit),
            remaining: limit.and_then(|limit| limit.remaining),
            window_seconds: limit.map(|limit| limit.window_seconds),
            source: limit.and_then(|limit| limit.source.clone()),
            message,
        }
    }
}

impl Who {
    fn from_identity(identity: &Identity) -> Self {
        let (kind, username) = match identity {
            Identity::Account(username) => ("account", Some(username.clone())),
            Identity::Anonymous => ("anonymous", None),
            Identity::Unknown => ("unknown", None),
        };
        Self { kind, username }
    }
}
