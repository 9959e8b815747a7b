//! The triggers of BuildConfigs and DeploymentConfigs. Each is one list that is applied as a whole, so
//! that ours has to hold what others put into it.

use serde_json::Value;

/// Whether all of `ours` are among `theirs`, whatever those last saw.
pub(super) fn include(theirs: &Value, ours: &Value) -> bool {
    let theirs: Vec<Value> = list(theirs).map(without_last).collect();
    list(ours).all(|trigger| theirs.contains(&without_last(trigger)))
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
    fn what_was_last_seen_makes_no_difference() {
        let mut seen = image("app", "app:v1");
        seen["imageChangeParams"]["lastTriggeredImage"] = json!("docker.io/u/a@sha256:1");
        let theirs = json!([seen, {"type": "ConfigChange"}]);
        assert!(include(&theirs, &json!([image("app", "app:v1")])));
        assert!(!include(&theirs, &json!([image("app", "app:v2")])));
        assert!(!include(&Value::Null, &json!([{"type": "ConfigChange"}])));
    }
}
