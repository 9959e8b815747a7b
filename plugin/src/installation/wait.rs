//! Waits until the applied objects work: the definition served, the pods ready and reachable.

use std::{future::Future, time::Duration};

use extreg_cluster::{Cluster, Object, ObjectRef};
use extreg_terminal::Printer;
use serde_json::Value;
use tokio::time::Instant;

use super::kinds;
use crate::{context::Context, error::Error};

const PAUSE: Duration = Duration::from_millis(500);
/// Without a terminal, the state is shown after this time.
const LOGGED_AFTER: Duration = Duration::from_secs(5);

/// The progress.
enum State {
    Reached,
    NotYet(String),
    /// It has failed permanently.
    Failed(String),
}

/// The limit of a wait: the default, or less to leave time for cleanup before `--timeout`.
pub(crate) fn limit(context: &Context, default: Duration) -> Duration {
    match &context.timeout {
        Some(timeout) => default.min(timeout.duration / 2),
        None => default,
    }
}

/// Waits until the API server serves the policy.
///
/// # Errors
/// [`Error::Refused`] if it does not within the limit.
pub(crate) async fn established(
    cluster: &Cluster,
    definition: &ObjectRef,
    limit: Duration,
    printer: &Printer,
) -> Result<(), Error> {
    until(limit, printer, || async {
        let object = cluster.get(definition).await?;
        let is_established = object
            .as_ref()
            .is_some_and(|object| is_true(object, "Established"));
        if is_established && cluster.serves(kinds::POLICY).await? {
            return Ok(State::Reached);
        }
        Ok(State::NotYet(format!("{definition} is not served")))
    })
    .await
}

/// Waits until objects that are being deleted are gone: a namespace that is being deleted accepts no objects.
///
/// # Errors
/// [`Error::Refused`] if they are not within the limit.
pub(crate) async fn gone(
    cluster: &Cluster,
    objects: &[ObjectRef],
    limit: Duration,
    printer: &Printer,
) -> Result<(), Error> {
    until(limit, printer, || async {
        for object in objects {
            let found = cluster.get(object).await?;
            if found.as_ref().is_some_and(is_going) {
                return Ok(State::NotYet(format!("{object} is still being deleted")));
            }
        }
        Ok(State::Reached)
    })
    .await
}

/// Whether an object is being deleted.
pub(crate) fn is_going(object: &Object) -> bool {
    object.body.pointer("/metadata/deletionTimestamp").is_some()
}

/// Waits until the pods of a Deployment are ready and its Service has endpoints.
///
/// # Errors
/// [`Error::Refused`] with the reason.
pub(crate) async fn ready(
    cluster: &Cluster,
    deployment: &ObjectRef,
    limit: Duration,
    printer: &Printer,
) -> Result<(), Error> {
    let waited = until(limit, printer, || async {
        match rollout(cluster, deployment).await? {
            State::Reached if has_endpoint(cluster, deployment).await? => Ok(State::Reached),
            State::Reached => {
                let service = &deployment.name;
                let why = format!("service/{service} has no ready endpoint");
                Ok(State::NotYet(why))
            }
            other => Ok(other),
        }
    });
    explained(cluster, deployment, waited.await).await
}

/// Waits until the pods of a Deployment without a Service are ready.
///
/// # Errors
/// [`Error::Refused`] with the reason.
pub(crate) async fn rolled_out(
    cluster: &Cluster,
    deployment: &ObjectRef,
    limit: Duration,
    printer: &Printer,
) -> Result<(), Error> {
    let waited = until(limit, printer, || rollout(cluster, deployment));
    explained(cluster, deployment, waited.await).await
}

async fn rollout(cluster: &Cluster, deployment: &ObjectRef) -> Result<State, Error> {
    let Some(object) = cluster.get(deployment).await? else {
        return Ok(State::Failed(format!("{deployment} is gone")));
    };
    if let Some(why) = gave_up(&object) {
        return Ok(State::Failed(format!("{deployment}: {why}")));
    }
    Ok(match not_rolled_out(&object) {
        Some(why) => State::NotYet(format!("{deployment}: {why}")),
        None => State::Reached,
    })
}

/// Adds the pods' problem to the reason of a failed wait.
async fn explained(
    cluster: &Cluster,
    deployment: &ObjectRef,
    waited: Result<(), Error>,
) -> Result<(), Error> {
    match waited {
        Err(Error::Refused(why)) => {
            let pods = pod_problems(cluster, deployment).await;
            Err(Error::refused(format!("{why}{pods}")))
        }
        waited => waited,
    }
}

/// Why not all pods of a Deployment have its latest template and are available; `None` if they are.
pub(crate) fn not_rolled_out(deployment: &Object) -> Option<String> {
    let number = |pointer: &str| {
        let value = deployment.body.pointer(pointer);
        value.and_then(Value::as_i64).unwrap_or_default()
    };
    if number("/status/observedGeneration") < number("/metadata/generation") {
        return Some("no controller has processed it yet".to_owned());
    }
    let wanted = deployment.body.pointer("/spec/replicas");
    let wanted = wanted.and_then(Value::as_i64).unwrap_or(1);
    let updated = number("/status/updatedReplicas");
    let available = number("/status/availableReplicas");
    if updated < wanted {
        Some(format!("{updated} of {wanted} pods are updated"))
    } else if available < wanted {
        Some(format!("{available} of {wanted} pods are ready"))
    } else {
        None
    }
}

/// The reason that the kubelet reports for pods that do not run; empty if unknown.
async fn pod_problems(cluster: &Cluster, deployment: &ObjectRef) -> String {
    let label = extreg_manifests::names::NAME_LABEL;
    let selector = format!("{label}={}", deployment.name);
    let namespace = &deployment.namespace;
    let Ok(pods) = cluster.list(kinds::POD, namespace, &selector).await else {
        return String::new();
    };
    let mut reasons: Vec<String> = pods.iter().filter_map(pod_problem).collect();
    reasons.sort_unstable();
    reasons.dedup();
    if reasons.is_empty() {
        return String::new();
    }
    format!("; {}", reasons.join("; "))
}

fn pod_problem(pod: &Object) -> Option<String> {
    let waiting = pod
        .body
        .pointer("/status/containerStatuses/0/state/waiting");
    let told = match waiting {
        Some(waiting) => waiting.clone(),
        None => condition(pod, "PodScheduled")?.clone(),
    };
    let text = |key: &str| told.get(key).and_then(Value::as_str);
    if text("status") == Some("True") {
        return None;
    }
    let reason = text("reason")?;
    let message = text("message").unwrap_or_default();
    Some(format!("pod: {reason} {message}").trim_end().to_owned())
}

/// The message of a Deployment's controller if it has given up.
fn gave_up(deployment: &Object) -> Option<String> {
    let progressing = condition(deployment, "Progressing")?;
    let late = progressing["reason"] == "ProgressDeadlineExceeded";
    late.then(|| {
        progressing["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    })
}

async fn has_endpoint(cluster: &Cluster, deployment: &ObjectRef) -> Result<bool, Error> {
    let selector = format!("kubernetes.io/service-name={}", deployment.name);
    let slices = cluster
        .list(kinds::ENDPOINT_SLICE, &deployment.namespace, &selector)
        .await?;
    Ok(slices.iter().any(|slice| {
        let endpoints = slice.body.get("endpoints").and_then(Value::as_array);
        endpoints.is_some_and(|all| {
            // In the API an absent condition means ready.
            all.iter()
                .any(|endpoint| endpoint.pointer("/conditions/ready") != Some(&Value::Bool(false)))
        })
    }))
}

pub(crate) fn condition<'a>(object: &'a Object, of: &str) -> Option<&'a Value> {
    let conditions = object.body.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition["type"] == of)
}

pub(crate) fn is_true(object: &Object, of: &str) -> bool {
    condition(object, of).is_some_and(|condition| condition["status"] == "True")
}

/// Shows the state while it changes.
async fn until<F>(
    limit: Duration,
    printer: &Printer,
    mut look: impl FnMut() -> F,
) -> Result<(), Error>
where
    F: Future<Output = Result<State, Error>>,
{
    let started = Instant::now();
    let end = started + limit;
    let mut shown = String::new();
    loop {
        match look().await? {
            State::Reached => {
                printer.clear_status();
                return Ok(());
            }
            State::Failed(why) => return Err(Error::refused(why)),
            State::NotYet(why) if Instant::now() >= end => {
                let seconds = limit.as_secs();
                return Err(Error::refused(format!("{why} after {seconds}s")));
            }
            State::NotYet(why) => {
                let is_shown = printer.has_status() || started.elapsed() >= LOGGED_AFTER;
                if why != shown && is_shown {
                    printer.progress(&format!("waiting: {why}"));
                    shown = why;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use extreg_cluster::Kind;

    fn deployment(status: &Value) -> Object {
        let mut object = Object::new(
            Kind::DEPLOYMENT,
            "n",
            "d",
            json!({"spec": {"replicas": 2}, "status": status}),
        );
        object.body["metadata"]["generation"] = json!(2);
        object
    }

    #[test]
    fn rollout_is_complete_when_all_new_pods_are_available() {
        let table = [
            (json!({}), Some("no controller has processed it yet")),
            (
                json!({"observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 2}),
                Some("no controller has processed it yet"),
            ),
            (
                json!({"observedGeneration": 2, "updatedReplicas": 1, "availableReplicas": 2}),
                Some("1 of 2 pods are updated"),
            ),
            (
                json!({"observedGeneration": 2, "updatedReplicas": 2}),
                Some("0 of 2 pods are ready"),
            ),
            (
                json!({"observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 2}),
                None,
            ),
        ];
        for (status, wanted) in table {
            let why = not_rolled_out(&deployment(&status));
            assert_eq!(why.as_deref(), wanted, "{status}");
        }
    }

    #[test]
    fn pod_problem_is_reported() {
        let pod = |status: &Value| Object::new(kinds::POD, "n", "p", json!({ "status": status }));
        let table = [
            (
                json!({"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}),
                Some("pod: ImagePullBackOff no such image"),
            ),
            (
                json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node"}]}),
                Some("pod: Unschedulable no node"),
            ),
            (
                json!({"conditions": [{"type": "PodScheduled", "status": "True"}]}),
                None,
            ),
            (json!({}), None),
        ];
        for (status, wanted) in table {
            assert_eq!(pod_problem(&pod(&status)).as_deref(), wanted, "{status}");
        }
    }
}
