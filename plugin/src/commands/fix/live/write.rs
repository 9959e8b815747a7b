//! Applies the plan, with a few requests per second.

use std::time::Duration;

use extreg_cluster::{Cluster, ClusterError, DryRun, Json as _, ObjectRef};
use extreg_terminal::Text;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    super::report::{Entry, Outcome, Report},
    work::{Work, Write},
};
use crate::{
    context::Context,
    error::Error,
    fanout::{Fanout, Refusal},
};

/// Between two writes: watchers of these objects have to keep up.
const PAUSE: Duration = Duration::from_millis(250);
/// How often a write is tried if the server is overloaded and names no delay.
const ATTEMPTS: u32 = 5;
/// Before the second attempt; doubled before each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Applies the plan.
pub(super) struct Writer<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) context: &'a Context,
    pub(super) dry_run: DryRun,
    /// The maximum number of writes.
    pub(super) max: usize,
}

impl Writer<'_> {
    /// Applies all writes, and returns the objects with the outcome; stops if the cluster or
    /// the login is lost.
    pub(super) async fn write(
        &self,
        mut entries: Vec<Entry>,
        work: Vec<Work>,
        fanout: &mut Fanout,
        report: &mut Report<'_>,
    ) -> (Vec<Entry>, Result<(), Error>) {
        let journal = &self.context.journal;
        journal.advise("run the same command again to continue: finished changes are skipped");
        let mut next = Instant::now();
        for (number, work) in work.iter().enumerate() {
            if number >= self.max {
                report.summary.remaining += work.entries.len();
                continue;
            }
            tokio::time::sleep_until(next).await;
            next = Instant::now() + PAUSE;
            let what = work.write.object();
            let shown = shown_as(&what);
            journal.begin(&shown);
            let outcome = match self.apply(&work.write).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    journal.failed(&error);
                    return (entries, Err(error));
                }
            };
            if let Outcome::Changed(how) = &outcome {
                fanout.written();
                journal.done(format!("{shown} {how}"));
                let text = Text::new().plain(format!("{shown} ")).green(how.clone());
                report.line(text.plain(self.dry_run.suffix()));
            } else {
                journal.nothing_done();
            }
            if let Some(refusal) = refusal(&outcome) {
                fanout.refused(shown, &what.namespace, refusal);
            }
            for index in &work.entries {
                if let Some(entry) = entries.get_mut(*index) {
                    entry.result = worse(&entry.result, &outcome);
                }
            }
        }
        (entries, Ok(()))
    }

    /// Applies one write.
    ///
    /// # Errors
    /// If the run must end: the login, or the cluster, is lost.
    async fn apply(&self, write: &Write) -> Result<Outcome, Error> {
        match write {
            Write::Patch { object, operations } => {
                let patched = self
                    .patiently(async || {
                        let patch = self.cluster.json_patch(object, operations, self.dry_run);
                        patch.await.map(drop)
                    })
                    .await;
                self.patched(patched, object, operations, "patched").await
            }
            Write::Create(secret) => {
                let made = self
                    .patiently(async || self.cluster.create(secret, self.dry_run).await.map(drop))
                    .await;
                match made {
                    Ok(()) => Ok(Outcome::Changed("created".to_owned())),
                    Err(error) if error.is_already_there() => Ok(Outcome::Conflict(
                        "it was created after the plan was made".to_owned(),
                    )),
                    Err(error) => ended(error),
                }
            }
            Write::Restart {
                build,
                operations,
                from,
                part,
                secret,
            } => {
                let cancelled = self
                    .patiently(async || {
                        let patch = self.cluster.json_patch(build, operations, self.dry_run);
                        patch.await.map(drop)
                    })
                    .await;
                let outcome = self
                    .patched(cancelled, build, operations, "cancelled")
                    .await?;
                if !matches!(outcome, Outcome::Changed(_)) || self.dry_run != DryRun::None {
                    return Ok(outcome);
                }
                self.started(from, part, secret.as_deref()).await
            }
        }
    }

    /// Starts a build instead of a canceled one.
    async fn started(
        &self,
        from: &ObjectRef,
        part: &str,
        secret: Option<&str>,
    ) -> Result<Outcome, Error> {
        // The same request as `oc start-build` (openshift/oc `pkg/cli/startbuild/startbuild.go`).
        let request = json!({
            "apiVersion": from.kind.api_version(),
            "kind": "BuildRequest",
            "metadata": {"name": from.name, "namespace": from.namespace},
            "triggeredBy": [{"message": "Started by extreg fix: the previous build waited for a push secret"}],
        });
        let build = match self
            .patiently(async || self.cluster.post_to(from, part, &request).await)
            .await
        {
            Ok(build) => build,
            Err(error) => {
                return Ok(match ended(error)? {
                    Outcome::Forbidden(why) | Outcome::Failed(why) => Outcome::Failed(format!(
                        "canceled, but no new build was started: {why}; start one with: oc \
                         start-build {} -n {}",
                        start_words(from),
                        from.namespace
                    )),
                    other => other,
                });
            }
        };
        let name = build.text("/metadata/name").to_owned();
        let Some(secret) = secret else {
            return Ok(Outcome::Changed(format!("canceled, {name} started")));
        };
        let new = ObjectRef::new(extreg_cluster::Kind::BUILD, &from.namespace, &name);
        // Only in phase New does the change affect the mounts of the pod.
        let operations = [
            json!({"op": "test", "path": "/status/phase", "value": "New"}),
            json!({"op": "add", "path": "/spec/output/pushSecret", "value": {"name": secret}}),
        ];
        match self
            .cluster
            .json_patch(&new, &operations, self.dry_run)
            .await
        {
            Ok(_) => Ok(Outcome::Changed(format!(
                "canceled, {name} started with push secret {secret}"
            ))),
            Err(error) => Ok(match ended(error)? {
                Outcome::Forbidden(why) | Outcome::Failed(why) => Outcome::Failed(format!(
                    "canceled, {name} started, but push secret {secret} could not be set before its pod was \
                     created: {why}"
                )),
                other => other,
            }),
        }
    }

    /// The result of a patch. If it is refused, either the object has changed or
    /// the server rejects the change: reading the object shows which.
    async fn patched(
        &self,
        patched: Result<(), ClusterError>,
        object: &ObjectRef,
        operations: &[Value],
        done: &str,
    ) -> Result<Outcome, Error> {
        let error = match patched {
            Ok(()) => return Ok(Outcome::Changed(done.to_owned())),
            Err(error) => error,
        };
        if error.is_not_found() && !error.is_terminating() {
            return Ok(Outcome::Conflict("it was deleted".to_owned()));
        }
        if matches!(
            error,
            ClusterError::Api {
                code: 409 | 422,
                ..
            }
        ) && let Ok(now) = self.cluster.get(object).await
        {
            let holds = now.is_some_and(|now| holds(&now.body, operations));
            if !holds {
                return Ok(Outcome::Conflict("it changed after it was read".to_owned()));
            }
        }
        ended(error)
    }

    /// Retries while the server is overloaded.
    async fn patiently<T>(
        &self,
        ask: impl AsyncFn() -> Result<T, ClusterError>,
    ) -> Result<T, ClusterError> {
        let mut wait = FIRST_WAIT;
        for _ in 1..ATTEMPTS {
            match ask().await {
                Err(ClusterError::Api { code: 429, .. }) => {
                    self.context.printer.note(format!(
                        "the server is overloaded, retrying in {}s",
                        wait.as_secs()
                    ));
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                other => return other,
            }
        }
        ask().await
    }
}

impl Write {
    /// What is written first.
    fn object(&self) -> ObjectRef {
        match self {
            Self::Patch { object, .. } => object.clone(),
            Self::Create(secret) => secret.reference(),
            Self::Restart { build, .. } => build.clone(),
        }
    }
}

fn shown_as(object: &ObjectRef) -> String {
    format!("{object} in {}", object.namespace)
}

/// The outcome for an object if one of two writes fails.
fn worse(before: &Outcome, now: &Outcome) -> Outcome {
    match before {
        Outcome::Conflict(_)
        | Outcome::Forbidden(_)
        | Outcome::Terminating
        | Outcome::Failed(_) => before.clone(),
        Outcome::Unchanged | Outcome::Planned | Outcome::Changed(_) => now.clone(),
    }
}

/// Whether every test of a patch holds.
fn holds(body: &Value, operations: &[Value]) -> bool {
    operations
        .iter()
        .filter(|operation| operation.text("/op") == "test")
        .all(|test| body.pointer(test.text("/path")) == test.get("value"))
}

/// Why a write failed, if it did.
fn refusal(outcome: &Outcome) -> Option<Refusal> {
    match outcome {
        Outcome::Unchanged | Outcome::Planned | Outcome::Changed(_) => None,
        Outcome::Terminating => Some(Refusal::Terminating),
        Outcome::Forbidden(why) => Some(Refusal::NotPermitted(why.clone())),
        Outcome::Conflict(why) => Some(Refusal::Failed(format!("skipped: {why}"))),
        Outcome::Failed(why) => Some(Refusal::Failed(why.clone())),
    }
}

/// The outcome of a failed write; or the error that ends the run.
fn ended(error: impl Into<Error>) -> Result<Outcome, Error> {
    Ok(match Refusal::from_error(error)? {
        Refusal::Terminating => Outcome::Terminating,
        Refusal::NotPermitted(why) => Outcome::Forbidden(why),
        Refusal::Refused(why) | Refusal::Failed(why) => Outcome::Failed(why),
    })
}

fn start_words(from: &ObjectRef) -> String {
    match from.kind.kind {
        "Build" => format!("--from-build={}", from.name),
        _ => from.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_objects_are_distinguished_from_refused_ones() {
        let body = json!({"spec": {"output": {"to": {"name": "a"}}}});
        let test = |value: Value| json!({"op": "test", "path": "/spec/output", "value": value});
        let add = json!({"op": "add", "path": "/spec/x", "value": 1});
        assert!(holds(
            &body,
            &[test(json!({"to": {"name": "a"}})), add.clone()]
        ));
        assert!(!holds(&body, &[test(json!({"to": {"name": "b"}})), add]));
        assert!(!holds(&json!({}), &[test(json!(null))]));
    }
}
