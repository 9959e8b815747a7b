//! Fields that controllers write into our objects or that users can change: a second setup keeps them.

use extreg_cluster::{Json as _, Kind, applied_tags};
use serde_json::Value;

use super::triggers;

/// Copies into `desired` the fields of an existing object that setup does not own: the image that the image trigger
/// wrote into a container, the replicas of a DeploymentConfig, the last triggered image, triggers besides ours, and the
/// tags of an ImageStream that an earlier setup applied: an apply without them would remove them.
pub(crate) fn merge(kind: Kind, current: &Value, desired: &mut Value) {
    if kind == Kind::DEPLOYMENT || kind == Kind::DEPLOYMENT_CONFIG {
        merge_images(current, desired);
    }
    if kind == Kind::DEPLOYMENT_CONFIG {
        merge_field(current, desired, "/spec/replicas", |_, _| true);
    }
    if kind == Kind::BUILD_CONFIG || kind == Kind::DEPLOYMENT_CONFIG {
        merge_field(current, desired, "/spec/triggers", triggers::include);
    }
    if kind == Kind::IMAGE_STREAM {
        merge_tags(current, desired);
    }
}

fn merge_tags(current: &Value, desired: &mut Value) {
    let Some(tags) = desired
        .pointer_mut("/spec/tags")
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    for tag in applied_tags(current) {
        if tags
            .iter()
            .all(|wanted| wanted.get("name") != tag.get("name"))
        {
            tags.push(tag);
        }
    }
}

/// Copies a field that both objects have, if `yields` returns true for the existing and the desired value.
fn merge_field(
    current: &Value,
    desired: &mut Value,
    at: &str,
    yields: impl Fn(&Value, &Value) -> bool,
) {
    if let (Some(have), Some(want)) = (current.pointer(at), desired.pointer_mut(at))
        && yields(have, want)
    {
        *want = have.clone();
    }
}

fn merge_images(current: &Value, desired: &mut Value) {
    const CONTAINERS: &str = "/spec/template/spec/containers";
    for container in desired.list_mut(CONTAINERS) {
        let mut have = current.list(CONTAINERS);
        let same = have.find(|other| other["name"] == container["name"]);
        if let Some(image) = same.and_then(|other| other.get("image"))
            && let Some(slot) = container.get_mut("image")
        {
            *slot = image.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(image: &str, replicas: u32, tag: &str, last: Option<&str>) -> Value {
        let mut params = json!({"automatic": true, "from": {"name": tag}});
        if let Some(last) = last {
            params["lastTriggeredImage"] = json!(last);
        }
        json!({"spec": {
            "replicas": replicas,
            "triggers": [{"type": "ConfigChange"}, {"type": "ImageChange", "imageChangeParams": params}],
            "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
        }})
    }

    #[test]
    fn image_set_by_the_trigger_is_kept() {
        let current = config(
            "docker.io/u/a@sha256:1",
            3,
            "a:v1",
            Some("docker.io/u/a@sha256:1"),
        );
        let mut desired = config(" ", 1, "a:v1", None);
        merge(Kind::DEPLOYMENT_CONFIG, &current, &mut desired);
        assert_eq!(desired, current);
    }

    #[test]
    fn changed_tag_replaces_the_image() {
        let current = config("x", 3, "a:v1", Some("x"));
        let mut desired = config(" ", 1, "a:v2", None);
        merge(Kind::DEPLOYMENT_CONFIG, &current, &mut desired);
        assert_eq!(desired, config("x", 3, "a:v2", None));
    }

    #[test]
    fn build_triggers_of_a_user_are_kept() {
        let build = |triggers: Value| json!({"spec": {"triggers": triggers}});
        let ours = json!({"type": "ConfigChange"});
        let webhook = json!({"type": "GitHub", "github": {"secret": "s"}});
        for (current, expected) in [
            (json!([webhook, ours]), json!([webhook, ours])),
            // If a user removes our trigger, the apply reports a conflict.
            (json!([webhook]), json!([ours])),
        ] {
            let mut desired = build(json!([ours]));
            merge(Kind::BUILD_CONFIG, &build(current), &mut desired);
            assert_eq!(desired, build(expected));
        }
    }

    #[test]
    fn other_kinds_are_unchanged() {
        let mut desired = config(" ", 1, "a:v2", None);
        merge(
            Kind::IMAGE_STREAM,
            &config("x", 3, "a:v2", None),
            &mut desired,
        );
        assert_eq!(desired, config(" ", 1, "a:v2", None));
    }

    #[test]
    fn tags_of_an_earlier_setup_are_applied_again() {
        let tag = |name: &str, image: &str| json!({"name": name, "from": {"name": image}});
        let current = json!({
            "metadata": {"managedFields": [{"manager": "oc-extreg", "operation": "Apply", "fieldsV1":
                {"f:spec": {"f:tags": {
                    "k:{\"name\":\"v1\"}": {"f:name": {}, "f:from": {"f:name": {}}},
                    "k:{\"name\":\"v2\"}": {"f:name": {}, "f:from": {"f:name": {}}}}}}}]},
            "spec": {"tags": [tag("v1", "u/a:v1"), tag("v2", "u/a:old"), tag("theirs", "o/b")]},
        });
        let mut desired = json!({"spec": {"tags": [tag("v2", "u/a:v2")]}});
        merge(Kind::IMAGE_STREAM, &current, &mut desired);
        assert_eq!(
            desired,
            json!({"spec": {"tags": [tag("v2", "u/a:v2"), tag("v1", "u/a:v1")]}})
        );
    }
}
