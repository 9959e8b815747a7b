//! Objects as far as two namespaces can have them alike.

use serde_json::{Map, Value, json};

/// Annotations in which a client or a controller keeps notes of its own.
const NOTES: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "openshift.io/build.pod-name",
    "openshift.io/image.dockerRepositoryCheck",
];

/// What somebody asked for: labels, annotations, `spec` or `tag`, with the namespace's name taken out.
pub(super) fn asked_for(mut object: Value, namespace: &str) -> Value {
    let mut kept = Map::new();
    for field in ["kind", "spec", "tag", "lookupPolicy"] {
        if let Some(value) = object.get_mut(field) {
            kept.insert(field.to_owned(), value.take());
        }
    }
    for field in ["labels", "annotations"] {
        let mut value = object
            .pointer(&format!("/metadata/{field}"))
            .cloned()
            .unwrap_or_else(|| json!({}));
        if let Value::Object(map) = &mut value {
            map.retain(|key, _| !NOTES.contains(&key.as_str()));
        }
        kept.insert(field.to_owned(), value);
    }
    let mut kept = Value::Object(kept);
    // Counted up by imports, whose times differ.
    for tag in tags(&mut kept) {
        if let Some(tag) = tag.as_object_mut() {
            tag.remove("generation");
        }
    }
    // Made up by oc new-build for each BuildConfig.
    let triggers = kept.pointer_mut("/spec/triggers");
    for trigger in triggers.and_then(Value::as_array_mut).into_iter().flatten() {
        for hook in ["/github", "/generic"] {
            if let Some(hook) = trigger.pointer_mut(hook).and_then(Value::as_object_mut) {
                hook.remove("secret");
            }
        }
    }
    generalise(&mut kept, namespace);
    if kept.pointer("/kind") == Some(&json!("Build")) {
        // What the build controller writes once it has found no push secret.
        let found = "/spec/output/pushSecret/name";
        if kept.pointer(found) == Some(&json!(MANAGED))
            && let Some(output) = kept.pointer_mut("/spec/output")
            && let Some(output) = output.as_object_mut()
        {
            output.remove("pushSecret");
        }
    }
    kept
}

/// Stands for the secret of the integrated registry that each account has.
const MANAGED: &str = "MANAGED";

fn tags(object: &mut Value) -> Vec<&mut Value> {
    let Some(object) = object.as_object_mut() else {
        return Vec::new();
    };
    let image_tag = object.get("kind") == Some(&json!("ImageTag"));
    object
        .iter_mut()
        .flat_map(|(field, value)| match field.as_str() {
            "tag" => vec![value],
            "spec" if image_tag => vec![value],
            "spec" => value
                .get_mut("tags")
                .and_then(Value::as_array_mut)
                .map(|tags| tags.iter_mut().collect())
                .unwrap_or_default(),
            _ => Vec::new(),
        })
        .collect()
}

fn generalise(value: &mut Value, namespace: &str) {
    match value {
        Value::String(text) if text.starts_with("builder-dockercfg-") => {
            MANAGED.clone_into(text);
        }
        Value::String(text) if text.contains(namespace) => {
            *text = text.replace(namespace, "NAMESPACE");
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| generalise(item, namespace)),
        Value::Object(map) => map
            .values_mut()
            .for_each(|item| generalise(item, namespace)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_adds_is_left_out() {
        let stream = json!({
            "kind": "ImageStream",
            "metadata": {"name": "s", "uid": "1", "annotations": {
                "openshift.io/image.dockerRepositoryCheck": "now",
                "openshift.io/build.pod-name": "a-1-build", "mine": "in ns-1"}},
            "spec": {"tags": [{"name": "a", "generation": 4, "importPolicy": {}}]},
            "status": {"tags": []},
        });
        assert_eq!(
            asked_for(stream, "ns-1"),
            json!({
                "kind": "ImageStream", "labels": {}, "annotations": {"mine": "in NAMESPACE"},
                "spec": {"tags": [{"name": "a", "importPolicy": {}}]},
            })
        );
    }

    #[test]
    fn a_builds_own_push_secret_is_kept_and_a_found_one_is_not() {
        let build = |name: &str| {
            let build =
                json!({"kind": "Build", "spec": {"output": {"pushSecret": {"name": name}}}});
            asked_for(build, "ns")["spec"].clone()
        };
        assert_eq!(build("builder-dockercfg-x1"), json!({"output": {}}));
        assert_eq!(build("hub")["output"]["pushSecret"]["name"], "hub");
    }
}
