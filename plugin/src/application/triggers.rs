//! The triggers of BuildConfigs and DeploymentConfigs. Each is a list that is applied as a whole, so ours must contain
//! the entries of other tools.

use extreg_cluster::Json as _;
use serde_json::Value;

/// Whether `theirs` contains all of `ours`, ignoring the last triggered image.
pub(crate) fn include(theirs: &Value, ours: &Value) -> bool {
    let theirs: Vec<Value> = list(theirs).map(without_last).collect();
    list(ours).all(|trigger| theirs.contains(&without_last(trigger)))
}

/// `ours`, after the entries of `theirs` that ours do not replace.
pub(crate) fn merged(theirs: &Value, ours: &Value) -> Value {
    let kept = list(theirs).filter(|trigger| !list(ours).any(|new| replaces(new, trigger)));
    Value::Array(kept.chain(list(ours)).cloned().collect())
}

/// All config-change triggers are equal; image-change triggers differ by their containers.
/// its containers.
fn replaces(new: &Value, old: &Value) -> bool {
    const NAMES: &str = "/imageChangeParams/containerNames";
    let same_type = new["type"] == old["type"];
    match new["type"].as_str() {
        Some("ImageChange") => {
            let is_in_old = |name| old.list(NAMES).any(|other| other == name);
            same_type && new.list(NAMES).any(is_in_old)
        }
        _ => same_type,
    }
}

fn list(triggers: &Value) -> impl Iterator<Item = &Value> {
    triggers.as_array().into_iter().flatten()
}

fn without_last(trigger: &Value) -> Value {
    let mut trigger = trigger.clone();
    let params = trigger.get_mut("imageChangeParams");
    if let Some(params) = params.and_then(Value::as_object_mut) {
        params.remove("lastTriggeredImage");
    }
    trigger
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn image(container: &str, tag: &str) -> Value {
        json!({"type": "ImageChange", "imageChangeParams": {
            "containerNames": [container], "from": {"name": tag}}})
    }

    #[test]
    fn last_triggered_image_is_ignored() {
        let mut seen = image("app", "app:v1");
        seen["imageChangeParams"]["lastTriggeredImage"] = json!("docker.io/u/a@sha256:1");
        let theirs = json!([seen, {"type": "ConfigChange"}]);
        assert!(include(&theirs, &json!([image("app", "app:v1")])));
        assert!(!include(&theirs, &json!([image("app", "app:v2")])));
        assert!(!include(&Value::Null, &json!([{"type": "ConfigChange"}])));
    }

    #[test]
    fn webhooks_and_other_containers_keep_their_triggers() {
        let config = json!({"type": "ConfigChange"});
        let webhook = json!({"type": "GitHub", "github": {"secret": "s"}});
        let theirs = json!([
            webhook,
            image("side", "side:v1"),
            config,
            image("app", "old:v1")
        ]);
        let ours = json!([config, image("app", "app:v1")]);
        assert_eq!(
            merged(&theirs, &ours),
            json!([
                webhook,
                image("side", "side:v1"),
                config,
                image("app", "app:v1")
            ])
        );
        assert_eq!(merged(&Value::Null, &ours), ours);
    }
}
