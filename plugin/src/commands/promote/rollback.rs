//! The command that restores the previous source of a tag.

use extreg_remedy::{Action, Remedy};
use extreg_snapshot::{kind::Kind, place::ObjectId};
use serde_json::json;

use crate::stream::{ExternalImage, Origin, SpecTag, Stream, StreamTag};

/// The rollback, for the stream as it was before; none if the stream did not exist.
pub(super) fn rollback(namespace: &str, name: &StreamTag, stream: Option<&Stream>) -> Remedy {
    let object = || ObjectId {
        namespace: namespace.into(),
        kind: Kind::ImageStream,
        name: name.stream.as_str().into(),
    };
    let tag = || name.tag.as_str().into();
    let promote = |from: &str, alias: bool| Action::Promote {
        stream: object(),
        tag: tag(),
        from: from.into(),
        alias,
    };
    // If the stream is new, only the tag is removed: other tags may exist by now.
    let delete = || Action::DeleteTag {
        stream: object(),
        tag: tag(),
    };
    Remedy::run(
        match stream.map(|stream| (stream, stream.spec_tag(&name.tag))) {
            None => delete(),
            Some((stream, None)) => match stream.shown(&name.tag) {
                // It was pushed to.
                Some(shown) if !shown.digest.is_empty() => {
                    promote(&format!("{}@{}", name.stream, shown.digest), false)
                }
                _ => delete(),
            },
            Some((_, Some(spec))) => {
                let of = spec.origin_namespace();
                let is_own = of.is_empty() || of == namespace;
                match spec.origin() {
                    Origin::Image(image) if let Ok(image) = ExternalImage::parse(image) => {
                        Action::Retag {
                            stream: object(),
                            tag: tag(),
                            image: image.to_string().into(),
                            scheduled: spec.is_scheduled(),
                            reference: spec.is_reference(),
                        }
                    }
                    Origin::StreamImage(image) if is_own && image.contains('@') => {
                        promote(image, false)
                    }
                    Origin::StreamTag(from) if is_own && is_of(from, &name.stream) => {
                        promote(from, true)
                    }
                    _ => Action::RestoreTag {
                        stream: object(),
                        tag: tag(),
                        was: body(spec),
                    },
                }
            }
        },
    )
}

/// Whether `STREAM:TAG` belongs to this stream.
fn is_of(from: &str, stream: &str) -> bool {
    from.split_once(':').is_some_and(|(of, _)| of == stream)
}

/// For entries that no command of ours writes.
fn body(tag: SpecTag<'_>) -> String {
    let body = tag.body();
    json!({ "tag": {
        "from": body.get("from"),
        "reference": body.get("reference"),
        "importPolicy": body.get("importPolicy"),
    } })
    .to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use extreg_remedy::Caller;

    fn of(tag: &Value, status: &Value) -> String {
        let stream = Stream::new(json!({"spec": {"tags": [tag]}, "status": {"tags": [status]}}));
        let name = StreamTag::new("app", "prod");
        rollback("snow", &name, Some(&stream)).text(&Caller::Oc.into())
    }

    #[test]
    fn every_tag_has_a_rollback() {
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
                "oc extreg tag docker.io/u/a:v1 app:prod --scheduled -n snow",
            ),
            (
                &reference,
                &none,
                "oc extreg tag docker.io/u/a:v1 app:prod --reference -n snow",
            ),
            (
                &tag("ImageStreamImage", "app@sha256:1"),
                &none,
                "oc extreg promote app@sha256:1 app:prod -n snow",
            ),
            (
                &tag("ImageStreamTag", "app:v1"),
                &none,
                "oc extreg promote app:v1 app:prod --alias -n snow",
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
            rollback("snow", &name, None).text(&Caller::Kubectl.into()),
            "kubectl delete imagestreamtag app:prod -n snow"
        );
    }
}
