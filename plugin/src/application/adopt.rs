//! Fits a desired object to an existing one: fields that are immutable, fields that exclude each other, and the
//! container of a workload that runs the application.

mod exclusive;

use extreg_cluster::{Json as _, Kind, Object, Owned, is_owned, set};
use extreg_snapshot::trigger::ANNOTATION;
use serde_json::Value;

use super::triggers;
use crate::error::Error;

const CONTAINERS: &str = "/spec/template/spec/containers";

/// Removes fields that exclude ours, keeps the triggers of an adopted object, and fits the workload.
///
/// # Errors
/// [`Error::Failed`] if the build has another type, or if the workload has several containers and none has the
/// application's name.
/// the application's name.
pub(crate) fn fit(desired: &mut Object, current: &Object) -> Result<(), Error> {
    exclusive::remove(desired, current)?;
    fit_workload(desired, current)?;
    if is_owned(current) == Owned::Theirs
        && let (Some(theirs), Some(ours)) = (
            current.body.pointer("/spec/triggers"),
            desired.body.pointer_mut("/spec/triggers"),
        )
    {
        *ours = triggers::merged(theirs, ours);
    }
    Ok(())
}

/// Takes over the selector, which is immutable, and the name of the container if it differs from ours.
fn fit_workload(desired: &mut Object, current: &Object) -> Result<(), Error> {
    if desired.kind != Kind::DEPLOYMENT && desired.kind != Kind::DEPLOYMENT_CONFIG {
        return Ok(());
    }
    if let Some(selector) = current.body.pointer("/spec/selector") {
        set(&mut desired.body, &["spec", "selector"], selector.clone());
    }
    let ours = desired.text("/metadata/name").to_owned();
    let names: Vec<&str> = current
        .list(CONTAINERS)
        .filter_map(|container| container.get("name")?.as_str())
        .collect();
    match names.as_slice() {
        names if names.is_empty() || names.contains(&ours.as_str()) => Ok(()),
        [theirs] => {
            rename(desired, &ours, theirs);
            Ok(())
        }
        names => Err(Error::failed(format!(
            "{} has containers {} and none is called {ours}, so nothing was changed: it is unknown which \
             one runs the image",
            current.reference(),
            names.join(", "),
        ))),
    }
}

/// Renames our container and its trigger.
fn rename(object: &mut Object, from: &str, to: &str) {
    for container in object.body.list_mut(CONTAINERS) {
        set(container, &["name"], Value::from(to));
    }
    let annotations = object.body.pointer_mut("/metadata/annotations");
    if let Some(Value::String(triggers)) = annotations.and_then(|all| all.get_mut(ANNOTATION)) {
        // The quotes around the name are escaped because the trigger is a JSON string.
        let named = |name: &str| format!(r#"@.name==\"{name}\""#);
        *triggers = triggers.replace(&named(from), &named(to));
    }
    for trigger in object.body.list_mut("/spec/triggers") {
        if let Some(Value::Array(names)) = trigger.pointer_mut("/imageChangeParams/containerNames")
        {
            *names = vec![Value::from(to)];
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::application::{objects, settings::testing::settings};

    fn fitted(args: &str, containers: &Value) -> Result<Object, Error> {
        let mut desired = objects::workload(&settings(args).unwrap(), "snow").unwrap();
        let current = Object::new(
            desired.kind,
            "snow",
            "app",
            json!({"spec": {
                "selector": {"matchLabels": {"app": "old"}},
                "template": {"spec": {"containers": containers}},
            }}),
        );
        fit(&mut desired, &current).map(|()| desired)
    }

    #[test]
    fn single_container_is_used_under_any_name() {
        let object = fitted("app --image u/a --no-build", &json!([{"name": "busybox"}])).unwrap();
        assert_eq!(
            object.body["spec"]["selector"]["matchLabels"],
            json!({"app": "old"})
        );
        assert_eq!(
            object.body["spec"]["template"]["spec"]["containers"][0]["name"],
            "busybox"
        );
        let triggers = object.body["metadata"]["annotations"][ANNOTATION]
            .as_str()
            .unwrap();
        assert!(
            triggers.contains(r#"containers[?(@.name==\"busybox\")].image"#),
            "{triggers}"
        );

        let args = "app --image u/a --no-build --workload deploymentconfig";
        let object = fitted(args, &json!([{"name": "busybox"}])).unwrap();
        let names = &object.body["spec"]["triggers"][1]["imageChangeParams"]["containerNames"];
        assert_eq!(names, &json!(["busybox"]));
    }

    #[test]
    fn adopted_build_keeps_its_webhooks() {
        let settings = settings("app --image u/a --source https://x/y").unwrap();
        let build = settings.build.clone().unwrap();
        let mut desired = objects::build_config(&settings, "snow", &build);
        let webhook = json!({"type": "Generic", "generic": {"secret": "s"}});
        let spec = json!({"spec": {"triggers": [webhook]}});
        let current = Object::new(desired.kind, "snow", "app", spec);
        fit(&mut desired, &current).unwrap();
        let triggers = &desired.body["spec"]["triggers"];
        assert_eq!(triggers, &json!([webhook, {"type": "ConfigChange"}]));
    }

    #[test]
    fn of_several_containers_ours_is_used_or_none() {
        let args = "app --image u/a --no-build";
        let object = fitted(args, &json!([{"name": "x"}, {"name": "app"}])).unwrap();
        assert_eq!(
            object.body["spec"]["template"]["spec"]["containers"][0]["name"],
            "app"
        );
        let error = fitted(args, &json!([{"name": "x"}, {"name": "y"}])).unwrap_err();
        assert!(error.to_string().contains("containers x, y"), "{error}");
    }
}
