//! The command that gives a tag back what it followed before.

use serde_json::json;

use crate::{
    caller::Caller,
    stream::{ExternalImage, Origin, SpecTag, Stream, StreamTag},
};

/// The command, for the stream as it was before; none if there was none.
pub(super) fn back(
    caller: Caller,
    namespace: &str,
    name: &StreamTag,
    stream: Option<&Stream>,
) -> String {
    let host = caller.program();
    let Some(stream) = stream else {
        return format!("{host} delete imagestream {} -n {namespace}", name.stream);
    };
    let promote = |from: &str| format!("{caller} promote {from} {name} -n {namespace}");
    let Some(tag) = stream.spec_tag(&name.tag) else {
        return match stream.shown(&name.tag) {
            // It was pushed to.
            Some(shown) if !shown.digest.is_empty() => {
                promote(&format!("{}@{}", name.stream, shown.digest))
            }
            _ => format!("{host} delete imagestreamtag {name} -n {namespace}"),
        };
    };
    let is_own = tag.origin_namespace().is_empty() || tag.origin_namespace() == namespace;
    match tag.origin() {
        Origin::Image(image) if let Ok(image) = ExternalImage::parse(image) => {
            let mut command = format!("{caller} tag {image} {name} -n {namespace}");
            if tag.is_scheduled() {
                command.push_str(" --scheduled");
            }
            if tag.is_reference() {
                command.push_str(" --reference");
            }
            command
        }
        Origin::StreamImage(image) if is_own && image.contains('@') => promote(image),
        Origin::StreamTag(from) if is_own && is_of(from, &name.stream) => {
            format!("{} --alias", promote(from))
        }
        _ => patch(host, namespace, name, tag),
    }
}

/// Whether `STREAM:TAG` is of this stream.
fn is_of(from: &str, stream: &str) -> bool {
    from.split_once(':').is_some_and(|(of, _)| of == stream)
}

/// What no command of ours writes. A name that the API server has taken holds no quote.
fn patch(host: &str, namespace: &str, name: &StreamTag, tag: SpecTag<'_>) -> String {
    let body = tag.body();
    let patch = json!({ "tag": {
        "from": body.get("from"),
        "reference": body.get("reference"),
        "importPolicy": body.get("importPolicy"),
    } });
    format!("{host} patch imagestreamtag {name} -n {namespace} --type=merge -p '{patch}'")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn of(tag: &Value, status: &Value) -> String {
        let stream = Stream::new(json!({"spec": {"tags": [tag]}, "status": {"tags": [status]}}));
        let name = StreamTag::new("app", "prod");
        back(Caller::Oc, "snow", &name, Some(&stream))
    }

    #[test]
    fn every_tag_has_its_way_back() {
        let tag =
            |kind: &str, name: &str| json!({"name": "prod", "from": {"kind": kind, "name": name}});
        let none = Value::Null;
        let mut scheduled = tag("DockerImage", "docker.io/u/a:v1");
        scheduled["importPolicy"] = json!({"scheduled": true});
        let mut reference = tag("DockerImage", "u/a:v1");
        reference["reference"] = json!(true);
        let mut foreign = tag("ImageStreamTag", "app:v1");
        foreign["from"]["namespace"] = json!("other");
        let pushed = json!({"tag": "prod", "items": [{"image": "sha256:1"}]});
        for (tag, status, expected) in [
            (
                &scheduled,
                &none,
                "oc extreg tag docker.io/u/a:v1 app:prod -n snow --scheduled",
            ),
            (
                &reference,
                &none,
                "oc extreg tag docker.io/u/a:v1 app:prod -n snow --reference",
            ),
            (
                &tag("ImageStreamImage", "app@sha256:1"),
                &none,
                "oc extreg promote app@sha256:1 app:prod -n snow",
            ),
            (
                &tag("ImageStreamTag", "app:v1"),
                &none,
                "oc extreg promote app:v1 app:prod -n snow --alias",
            ),
            (&foreign, &none, "--type=merge -p '{\"tag\":{\"from\":{"),
            (
                &tag("ImageStreamTag", "base:v1"),
                &none,
                "oc patch imagestreamtag app:prod",
            ),
            (
                &none,
                &pushed,
                "oc extreg promote app@sha256:1 app:prod -n snow",
            ),
            (&none, &none, "oc delete imagestreamtag app:prod -n snow"),
        ] {
            let command = of(tag, status);
            assert!(command.contains(expected), "{expected}: {command}");
        }
        let name = StreamTag::new("app", "prod");
        assert_eq!(
            back(Caller::Kubectl, "snow", &name, None),
            "kubectl delete imagestream app -n snow"
        );
    }
}
