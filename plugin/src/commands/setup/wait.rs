//! `--wait`: waits until the first build has pushed, the stream has imported, and the workload runs.

use std::time::Duration;

use extreg_cluster::{Cluster, DryRun, Kind, Object, ObjectRef};
use serde_json::Value;

use crate::{
    application::args::Workload,
    application::objects,
    application::settings::{Apply, Settings, Stream},
    context::Context,
    deadline::Deadline,
    error::Error,
};

const INTERVAL: Duration = Duration::from_secs(2);

/// The state of a condition.
#[derive(Debug, PartialEq, Eq)]
enum State {
    /// True.
    Done(String),
    /// It cannot become true without a change.
    Failed(String),
    /// Not true yet.
    Pending(String),
}

/// Waits for each condition in turn.
///
/// # Errors
/// [`Error::Refused`] if a condition cannot become true, [`Error::TimedOut`] if it takes too long.
pub(super) async fn run(
    settings: &Settings,
    cluster: &Cluster,
    namespace: &str,
    context: &Context,
) -> Result<(), Error> {
    let deadline = Deadline::new(context, Apply::DEFAULT_WAIT);
    let is_one_check = context
        .timeout
        .as_ref()
        .is_some_and(|timeout| timeout.duration.is_zero());
    let mut conditions = Vec::new();
    if settings.build.is_some() {
        conditions.push(Condition::Build);
    }
    if settings.stream.is_some() {
        conditions.push(Condition::Import);
    }
    if settings.workload != Workload::None {
        conditions.push(Condition::Rollout);
    }
    for condition in conditions {
        let mut shown = String::new();
        loop {
            match condition.look(settings, cluster, namespace).await? {
                State::Done(text) => {
                    context.printer.note(text);
                    if let (Condition::Build, Some(stream)) = (condition, settings.stream) {
                        import_now(settings, cluster, namespace, stream).await?;
                    }
                    break;
                }
                State::Failed(why) => return Err(Error::refused(why)),
                State::Pending(what) => {
                    if what != shown {
                        context.printer.note(what.clone());
                        shown = what;
                    }
                    if is_one_check {
                        return Err(Error::refused(shown));
                    }
                    if !deadline.pause(INTERVAL).await {
                        return Err(deadline.timed_out(&shown));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Imports the image that the build pushed. The schedule would import it within 15 minutes.
async fn import_now(
    settings: &Settings,
    cluster: &Cluster,
    namespace: &str,
    stream: Stream,
) -> Result<(), Error> {
    let import = objects::image_import(settings, namespace, stream);
    match cluster.create(&import, DryRun::None).await {
        Ok(_) => Ok(()),
        // Not served, or the stream changed concurrently: the schedule still imports it.
        Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[derive(Clone, Copy, Debug)]
enum Condition {
    Build,
    Import,
    Rollout,
}

impl Condition {
    async fn look(
        self,
        settings: &Settings,
        cluster: &Cluster,
        namespace: &str,
    ) -> Result<State, Error> {
        let name = settings.name.as_str();
        match self {
            Self::Build => {
                let selector = format!("openshift.io/build-config.name={name}");
                let builds = cluster.list(Kind::BUILD, namespace, &selector).await?;
                Ok(build_state(name, &builds))
            }
            Self::Import => {
                let stream = ObjectRef::new(Kind::IMAGE_STREAM, namespace, name);
                let Some(stream) = cluster.get(&stream).await? else {
                    return Ok(State::Failed(format!("imagestream {name} was deleted")));
                };
                Ok(import_state(
                    name,
                    &settings.target.tag,
                    &stream,
                    settings.build.is_some(),
                ))
            }
            Self::Rollout => {
                let Some(kind) = objects::workload(settings, namespace).map(|object| object.kind)
                else {
                    return Ok(State::Done(String::new()));
                };
                let Some(object) = cluster.get(&ObjectRef::new(kind, namespace, name)).await?
                else {
                    return Ok(State::Failed(format!("{} {name} was deleted", kind.kind)));
                };
                Ok(rollout_state(&object))
            }
        }
    }
}

/// Checks the newest build.
fn build_state(name: &str, builds: &[Object]) -> State {
    let number = |build: &Object| {
        let number = build.text("/metadata/annotations/openshift.io~1build.number");
        number.parse::<u64>().ok()
    };
    let Some(build) = builds.iter().max_by_key(|build| number(build)) else {
        return State::Pending(format!("waiting for the first build of {name}"));
    };
    let (this, phase) = (build.text("/metadata/name"), build.text("/status/phase"));
    let message = build.text("/status/message");
    let because = if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    };
    match phase {
        "Complete" => State::Done(format!("build {this} is complete")),
        "Failed" | "Error" | "Cancelled" => {
            State::Failed(format!("build {this} is {}{because}", phase.to_lowercase()))
        }
        "" => State::Pending(format!("waiting for build {this}")),
        phase => State::Pending(format!("build {this} is {}{because}", phase.to_lowercase())),
    }
}

/// A success leaves no condition, a failure one of status False. If a build has just pushed, the
/// schedule repeats an import that failed before.
fn import_state(name: &str, tag: &str, stream: &Object, repeated: bool) -> State {
    let tags = stream
        .body
        .pointer("/status/tags")
        .and_then(Value::as_array);
    let status = tags.and_then(|tags| tags.iter().find(|status| status["tag"] == tag));
    let items = status.and_then(|status| status.get("items")?.as_array());
    if let Some(item) = items.and_then(|items| items.first()) {
        let image = item
            .get("dockerImageReference")
            .and_then(Value::as_str)
            .unwrap_or_default();
        return State::Done(format!("{name}:{tag} is imported: {image}"));
    }
    let failure = status
        .and_then(|status| status.get("conditions")?.as_array())
        .and_then(|all| {
            all.iter()
                .find(|c| c["type"] == "ImportSuccess" && c["status"] == "False")
        })
        .and_then(|condition| condition.get("message")?.as_str());
    match failure {
        Some(why) if !repeated => {
            State::Failed(format!("{name}:{tag} could not be imported: {why}"))
        }
        Some(why) => State::Pending(format!(
            "waiting for the next import of {name}:{tag} (the last one failed: {why})"
        )),
        None => State::Pending(format!("waiting for the import of {name}:{tag}")),
    }
}

fn rollout_state(object: &Object) -> State {
    let reference = object.reference();
    let number = |pointer: &str| {
        object
            .body
            .pointer(pointer)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let failed = object
        .body
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .and_then(|all| {
            all.iter()
                .find(|c| c["type"] == "Progressing" && c["status"] == "False")
        })
        .and_then(|condition| condition.get("message")?.as_str());
    if let Some(why) = failed {
        return State::Failed(format!("{reference} does not roll out: {why}"));
    }
    let wanted = object
        .body
        .pointer("/spec/replicas")
        .and_then(Value::as_u64)
        .unwrap_or(1);
    let seen = number("/status/observedGeneration") >= number("/metadata/generation");
    let (updated, available) = (
        number("/status/updatedReplicas"),
        number("/status/availableReplicas"),
    );
    if seen && updated >= wanted && available >= wanted {
        return State::Done(format!("{reference} runs ({available} of {wanted})"));
    }
    State::Pending(format!(
        "{reference} rolls out ({available} of {wanted} available)"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn build(number: u32, phase: &str) -> Object {
        let mut build = Object::new(
            Kind::BUILD,
            "n",
            &format!("app-{number}"),
            json!({
                "status": {"phase": phase, "message": "why"},
            }),
        );
        build.body["metadata"]["annotations"] =
            json!({"openshift.io/build.number": number.to_string()});
        build
    }

    #[test]
    fn the_newest_build_decides() {
        assert!(matches!(build_state("app", &[]), State::Pending(_)));
        assert_eq!(
            build_state("app", &[build(9, "Failed"), build(10, "Complete")]),
            State::Done("build app-10 is complete".to_owned())
        );
        assert_eq!(
            build_state("app", &[build(1, "Failed")]),
            State::Failed("build app-1 is failed: why".to_owned())
        );
        assert!(matches!(
            build_state("app", &[build(1, "Running")]),
            State::Pending(_)
        ));
    }

    #[test]
    fn an_import_has_items_or_a_failure() {
        let stream = |tag: Value| {
            Object::new(
                Kind::IMAGE_STREAM,
                "n",
                "app",
                json!({"status": {"tags": [tag]}}),
            )
        };
        let failed = json!({"tag": "v1", "items": null, "conditions": [
            {"type": "ImportSuccess", "status": "False", "message": "no"}]});
        let done = json!({"tag": "v1", "items": [{"dockerImageReference": "d@sha256:1"}]});
        let state =
            |tag: &Value, repeated| import_state("app", "v1", &stream(tag.clone()), repeated);
        assert!(matches!(state(&failed, false), State::Failed(_)));
        assert!(matches!(state(&failed, true), State::Pending(_)));
        assert_eq!(
            state(&done, false),
            State::Done("app:v1 is imported: d@sha256:1".to_owned())
        );
        assert!(matches!(
            state(&json!({"tag": "other"}), false),
            State::Pending(_)
        ));
    }

    #[test]
    fn a_rollout_is_done_when_its_new_pods_are_available() {
        let deployment = |observed: u32, available: u32, progressing: &str| {
            let mut object = Object::new(
                Kind::DEPLOYMENT,
                "n",
                "app",
                json!({
                    "spec": {"replicas": 2},
                    "status": {"observedGeneration": observed, "updatedReplicas": 2, "availableReplicas": available,
                        "conditions": [{"type": "Progressing", "status": progressing, "message": "no"}]},
                }),
            );
            object.body["metadata"]["generation"] = json!(3);
            rollout_state(&object)
        };
        assert!(matches!(deployment(3, 2, "True"), State::Done(_)));
        assert!(matches!(deployment(2, 2, "True"), State::Pending(_)));
        assert!(matches!(deployment(3, 1, "True"), State::Pending(_)));
        assert!(matches!(deployment(3, 1, "False"), State::Failed(_)));
    }
}
