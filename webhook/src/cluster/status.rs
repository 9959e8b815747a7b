//! The status of policies, written by the replica that holds the Lease, and only when it changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use extreg_core::policy::{Mode, PolicySpec, SECRETS_UNKNOWN};
use jiff::{Timestamp, Unit};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::policies::{self, StoredPolicy};
use super::{Lease, Sources};
use crate::facts::{Policies, SourceHealth};
use crate::metrics::{Source, SourceState};

const EVERY: Duration = Duration::from_secs(2);
/// Time for the sources to start, so that the first status does not report everything as unknown.
const PATIENCE: Duration = Duration::from_secs(10);
/// A status that the API server does not store as sent is sent again only after this time.
const INSIST_AFTER: Duration = Duration::from_mins(5);
const MANAGER: &str = "oc-extreg";
/// The command that updates the webhook's role with the secret names of the current policies.
const EXTEND_ROLE: &str = "oc extreg webhook upgrade --yes";

/// Writes until stopped, and then releases the Lease.
pub(super) async fn write(lease: Arc<Mutex<Lease>>, sources: Sources, stop: CancellationToken) {
    let Some(table) = sources.policies.clone() else {
        return;
    };
    let api = policies::api(lease.lock().await.client());
    let params = PatchParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let mut written: HashMap<String, (Value, Instant)> = HashMap::new();
    let started = Instant::now();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => {
                lease.lock().await.release().await;
                return;
            }
        }
        let health = sources.health();
        let is_starting = |source: &SourceHealth| source.state == SourceState::Starting;
        let wait = health.values().any(is_starting) && started.elapsed() < PATIENCE;
        if wait || !table.is_known() || !lease.lock().await.is_held().await {
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
            // Fails for a policy deleted in between or missing permissions; retried.
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

/// Why the secrets of a policy cannot be read, and the fix; `None` if they can, or if nothing
/// is done with them. A secret that cannot be read is not injected.
fn unknown_secrets(
    spec: &PolicySpec,
    mode: Mode,
    health: &BTreeMap<Source, SourceHealth>,
) -> Option<String> {
    let push = spec.push.as_ref().map(|push| push.secret_name.as_str());
    let pull = spec.pull.as_ref().map(|pull| pull.secret_name.as_str());
    let names: BTreeSet<&str> = push.into_iter().chain(pull).collect();
    let SourceHealth { state, message } = health.get(&Source::Secrets)?;
    if names.is_empty() || mode == Mode::Off {
        return None;
    }
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    match state {
        SourceState::Forbidden => Some(format!(
            "the webhook cannot read secrets named {names}, so it does not inject them; extend its \
             role with: {EXTEND_ROLE}"
        )),
        SourceState::Down => Some(format!(
            "the webhook cannot read secrets named {names}, so it does not inject them: {message}"
        )),
        SourceState::Off | SourceState::Ready | SourceState::Starting => None,
    }
}

/// The status to write for a policy.
fn desired(
    policy: &StoredPolicy,
    compiled: &Policies,
    health: &BTreeMap<Source, SourceHealth>,
    now: Timestamp,
) -> Value {
    let name = &policy.record.name;
    // The mode in force counts, not the mode in the object: an installation can cap the mode.
    let in_force = compiled.set.iter().find(|other| other.name() == name);
    let ready = match (compiled.invalid.get(name), &policy.record.spec, in_force) {
        (Some(reason), ..) | (None, Err(reason), _) => ("False", "Invalid", reason.clone()),
        (None, Ok(spec), Some(policy)) => match unknown_secrets(spec, policy.mode(), health) {
            Some(message) => ("False", SECRETS_UNKNOWN, message),
            None => ("True", "InForce", format!("in mode {:?}", policy.mode())),
        },
        (None, Ok(_), None) => (
            "False",
            "NotInForce",
            "the webhook has not compiled this policy".to_owned(),
        ),
    };
    let conflicts: Vec<&String> = compiled.conflicts.get(name).into_iter().flatten().collect();
    let conflicting = if conflicts.is_empty() {
        ("False", "None", "no conflicting policy".to_owned())
    } else {
        let message =
            "other policies are equally specific for some image; the oldest policy applies there";
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

/// Whether two statuses are equal apart from their times.
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
    fn reports_policies_in_force_invalid_policies_and_conflicts() {
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
                 "message": "other policies are equally specific for some image; the oldest policy applies there"},
            ],
            "conflictsWith": ["b"],
            "facts": [{"source": "secrets", "state": "Forbidden", "message": "no"}],
        });
        assert_eq!(status(a), expected);
        assert_eq!(status(c)["conditions"][0]["reason"], "Invalid");
        assert_eq!(status(c)["conflictsWith"], json!([]));
    }

    #[test]
    fn a_policy_whose_secrets_cannot_be_read_is_not_ready() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let push = json!({"secretName": "team"});
        let both = json!({"registry": "docker.io", "push": push, "pull": {"secretName": "base"}});
        let off = json!({"registry": "docker.io", "mode": "Off", "push": push});
        let none = json!({"registry": "docker.io", "import": {"scheduled": true}});
        for (spec, state, ready, words) in [
            (
                &both,
                SourceState::Forbidden,
                "False",
                "named base, team, so it does not inject",
            ),
            (
                &both,
                SourceState::Forbidden,
                "False",
                "oc extreg webhook upgrade --yes",
            ),
            (&both, SourceState::Down, "False", "no route"),
            (&both, SourceState::Ready, "True", "in mode Enforce"),
            (&both, SourceState::Starting, "True", "in mode Enforce"),
            (&off, SourceState::Forbidden, "True", "in mode Off"),
            (&none, SourceState::Forbidden, "True", "in mode Enforce"),
        ] {
            let policy = stored("a", spec, Value::Null);
            let compiled = Policies::compile(std::slice::from_ref(&policy.record), Mode::Enforce);
            let message = "no route".to_owned();
            let health = BTreeMap::from([(Source::Secrets, SourceHealth { state, message })]);
            let status = desired(&policy, &compiled, &health, now);
            let condition = &status["conditions"][0];
            assert_eq!(condition["status"], ready, "{spec} {state:?}");
            assert_eq!(condition["reason"] == SECRETS_UNKNOWN, ready == "False");
            assert!(
                condition["message"].as_str().unwrap().contains(words),
                "{condition}"
            );
        }
    }

    #[test]
    fn an_equal_status_keeps_its_times() {
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
