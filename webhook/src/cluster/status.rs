//! The status of policies, written by the replica that holds the Lease, and only when it changes.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use extreg_core::policy::PolicySpec;
use jiff::{Timestamp, Unit};
use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::policies::{self, StoredPolicy};
use super::{Lease, Sources};
use crate::facts::{Policies, SourceHealth};
use crate::metrics::{Source, SourceState};

const EVERY: Duration = Duration::from_secs(2);
/// Sources get this long to begin, so that the first status is not that nothing is known.
const PATIENCE: Duration = Duration::from_secs(10);
/// A status that the API server does not store as it was sent is sent again only after this.
const INSIST_AFTER: Duration = Duration::from_mins(5);
const MANAGER: &str = "oc-extreg";

/// Writes for ever.
pub(super) async fn write(client: Client, mut lease: Lease, sources: Sources) {
    let Some(table) = sources.policies.clone() else {
        return;
    };
    let api = policies::api(client);
    let params = PatchParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let mut written: HashMap<String, (Value, Instant)> = HashMap::new();
    let started = Instant::now();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let health = sources.health();
        let is_starting = |source: &SourceHealth| source.state == SourceState::Starting;
        let wait = health.values().any(is_starting) && started.elapsed() < PATIENCE;
        if wait || table.report().state != SourceState::Ready || !lease.is_held().await {
            continue;
        }
        let compiled = sources.facts.policies();
        for policy in table.rows() {
            let mut health = health.clone();
            if let Ok(spec) = &policy.record.spec {
                let named = |name: &str| names(spec, name);
                health.insert(Source::Secrets, sources.secrets_health(named));
            }
            let name = &policy.record.name;
            let status = desired(&policy, &compiled, &health, Timestamp::now());
            let is_insisting = written.get(name).is_some_and(|(before, at)| {
                is_same(before, &status) && at.elapsed() < INSIST_AFTER
            });
            if is_same(&policy.status, &status) || is_insisting {
                continue;
            }
            let patch = Patch::Merge(json!({"status": status}));
            // Fails for a policy that is gone meanwhile or rights that are missing; tried again.
            if api.patch_status(name, &params, &patch).await.is_ok() {
                tracing::info!(policy = %name, "policy status written");
                written.insert(name.clone(), (status, Instant::now()));
            }
        }
    }
}

fn names(spec: &PolicySpec, secret: &str) -> bool {
    spec.push
        .as_ref()
        .is_some_and(|push| push.secret_name == secret)
        || spec
            .pull
            .as_ref()
            .is_some_and(|pull| pull.secret_name == secret)
}

/// The status that a policy should have.
fn desired(
    policy: &StoredPolicy,
    compiled: &Policies,
    health: &BTreeMap<Source, SourceHealth>,
    now: Timestamp,
) -> Value {
    let name = &policy.record.name;
    let ready = match (compiled.invalid.get(name), &policy.record.spec) {
        (Some(reason), _) | (None, Err(reason)) => ("False", "Invalid", reason.clone()),
        (None, Ok(spec)) => ("True", "InForce", format!("in mode {:?}", spec.mode)),
    };
    let conflicts: Vec<&String> = compiled.conflicts.get(name).into_iter().flatten().collect();
    let conflicting = if conflicts.is_empty() {
        (
            "False",
            "None",
            "no other policy ties with this one".to_owned(),
        )
    } else {
        let message = "others are as specific for some image; the oldest of them wins there";
        ("True", "Tie", message.to_owned())
    };
    let facts: Vec<Value> = health
        .iter()
        .map(|(source, SourceHealth { state, message })| {
            json!({"source": source.as_str(), "state": word(*state), "message": message})
        })
        .collect();
    json!({
        "observedGeneration": policy.generation,
        "conditions": [
            condition(policy, "Ready", ready, now),
            condition(policy, "Conflicting", conflicting, now),
        ],
        "conflictsWith": conflicts,
        "facts": facts,
    })
}

fn condition(
    policy: &StoredPolicy,
    kind: &str,
    (status, reason, message): (&str, &str, String),
    now: Timestamp,
) -> Value {
    let before = policy
        .status
        .get("conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|condition| condition.get("type").is_some_and(|other| other == kind))
        .filter(|condition| condition.get("status").is_some_and(|other| other == status));
    let seconds = now.round(Unit::Second).unwrap_or(now);
    let since = before
        .and_then(|condition| condition.get("lastTransitionTime").cloned())
        .unwrap_or_else(|| json!(seconds.to_string()));
    json!({
        "type": kind,
        "status": status,
        "observedGeneration": policy.generation,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    })
}

/// Whether two statuses say the same, at whatever time.
fn is_same(one: &Value, other: &Value) -> bool {
    let timeless = |status: &Value| {
        let mut status = status.clone();
        let conditions = status.get_mut("conditions").and_then(Value::as_array_mut);
        for condition in conditions.into_iter().flatten() {
            if let Some(condition) = condition.as_object_mut() {
                condition.remove("lastTransitionTime");
            }
        }
        status
    };
    timeless(one) == timeless(other)
}

fn word(state: SourceState) -> &'static str {
    match state {
        SourceState::Down => "Down",
        SourceState::Forbidden => "Forbidden",
        SourceState::Off => "Off",
        SourceState::Ready => "Ready",
        SourceState::Starting => "Starting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::PolicyRecord;
    use extreg_core::policy::Mode;

    fn stored(name: &str, spec: &Value, status: Value) -> StoredPolicy {
        StoredPolicy {
            record: PolicyRecord {
                name: name.to_owned(),
                created: String::new(),
                spec: serde_json::from_value(spec.clone()).map_err(|error| error.to_string()),
            },
            generation: 3,
            status,
        }
    }

    #[test]
    fn says_what_is_in_force_what_is_invalid_and_what_ties() {
        let now: Timestamp = "2026-11-23T12:00:00.5Z".parse().unwrap();
        let hub = json!({"registry": "docker.io", "mode": "Warn"});
        let policies = [
            stored("a", &hub, Value::Null),
            stored("b", &hub, Value::Null),
            stored("c", &json!({"registry": "nonsense"}), Value::Null),
        ];
        let records: Vec<_> = policies
            .iter()
            .map(|policy| policy.record.clone())
            .collect();
        let compiled = Policies::compile(&records, Mode::Enforce);
        let health = BTreeMap::from([(
            Source::Secrets,
            SourceHealth {
                state: SourceState::Forbidden,
                message: "no".to_owned(),
            },
        )]);
        let status = |policy| desired(policy, &compiled, &health, now);
        let [a, _, c] = &policies;
        let expected = json!({
            "observedGeneration": 3,
            "conditions": [
                {"type": "Ready", "status": "True", "observedGeneration": 3,
                 "lastTransitionTime": "2026-11-23T12:00:01Z",
                 "reason": "InForce", "message": "in mode Warn"},
                {"type": "Conflicting", "status": "True", "observedGeneration": 3,
                 "lastTransitionTime": "2026-11-23T12:00:01Z", "reason": "Tie",
                 "message": "others are as specific for some image; the oldest of them wins there"},
            ],
            "conflictsWith": ["b"],
            "facts": [{"source": "secrets", "state": "Forbidden", "message": "no"}],
        });
        assert_eq!(status(a), expected);
        assert_eq!(status(c)["conditions"][0]["reason"], "Invalid");
        assert_eq!(status(c)["conflictsWith"], json!([]));
    }

    #[test]
    fn a_status_that_says_the_same_keeps_its_times() {
        let spec = json!({"registry": "docker.io"});
        let health = BTreeMap::new();
        let first = stored("a", &spec, Value::Null);
        let compiled = Policies::compile(std::slice::from_ref(&first.record), Mode::Enforce);
        let at = |time: &str| time.parse().unwrap();
        let status = desired(&first, &compiled, &health, at("2026-01-01T00:00:00Z"));
        let second = stored("a", &spec, status.clone());
        let later = desired(&second, &compiled, &health, at("2027-01-01T00:00:00Z"));
        assert_eq!(later, status);
        assert!(is_same(&status, &later));
        let invalid = stored("a", &json!({"registry": "x"}), status.clone());
        let compiled = Policies::compile(std::slice::from_ref(&invalid.record), Mode::Enforce);
        let changed = desired(&invalid, &compiled, &health, at("2027-01-01T00:00:00Z"));
        assert!(!is_same(&status, &changed));
        assert_eq!(
            changed["conditions"][0]["lastTransitionTime"],
            "2027-01-01T00:00:00Z"
        );
        assert_eq!(
            changed["conditions"][1]["lastTransitionTime"],
            "2026-01-01T00:00:00Z"
        );
    }
}
