//! Fields that exclude the fields that we set. Server-side apply keeps fields of other managers: a null removes a plain
//! value, but not a field with subfields.

use extreg_cluster::{Json as _, Kind, Object, Owned, is_owned, set};
use serde_json::Value;

use crate::error::Error;

/// A build has exactly one of each (openshift-apiserver `pkg/build/apis/build/validation` `validateSource`,
/// `validateStrategy`); with a Git source a Dockerfile would be built in its folder.
const ONE_OF: [(&str, &[&str]); 2] = [
    ("source", &["binary", "git"]),
    (
        "strategy",
        &[
            "customStrategy",
            "dockerStrategy",
            "jenkinsPipelineStrategy",
            "sourceStrategy",
        ],
    ),
];

/// Removes from `current`, which another tool created, the fields that exclude fields of `desired`.
///
/// # Errors
/// [`Error::Failed`] if it builds in another way than requested.
pub(crate) fn remove(desired: &mut Object, current: &Object) -> Result<(), Error> {
    if is_owned(current) == Owned::Ours {
        return Ok(());
    }
    match desired.kind {
        Kind::BUILD_CONFIG => {
            for (part, fields) in ONE_OF {
                for field in fields {
                    if is_in_the_way(desired, current, part, field) {
                        return Err(Error::failed(format!(
                            "{} has spec.{part}.{field}, which excludes the requested build, so nothing was \
                             changed: delete it, or skip the build with \
                             --no-build",
                            current.reference(),
                        )));
                    }
                }
            }
            if is_in_the_way(desired, current, "source", "dockerfile") {
                set(
                    &mut desired.body,
                    &["spec", "source", "dockerfile"],
                    Value::Null,
                );
            }
            // Only valid for ImageStreamTags.
            if current.body.pointer("/spec/output/to/namespace").is_some() {
                let at = ["spec", "output", "to", "namespace"];
                set(&mut desired.body, &at, Value::Null);
            }
        }
        Kind::IMAGE_STREAM => {
            for tag in desired.body.list_mut("/spec/tags") {
                let name = tag["name"].clone();
                let mut existing = current.list("/spec/tags");
                let Some(there) = existing.find(|tag| tag["name"] == name) else {
                    continue;
                };
                if there.pointer("/from/namespace").is_some() {
                    set(tag, &["from", "namespace"], Value::Null);
                }
                // Such a tag is never imported.
                if there.get("reference") == Some(&Value::Bool(true)) {
                    set(tag, &["reference"], Value::Bool(false));
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether a field exists that must not exist.
fn is_in_the_way(desired: &Object, current: &Object, part: &str, field: &str) -> bool {
    let value = |object: &Object| {
        let value = object.body.get("spec")?.get(part)?.get(field)?;
        (!value.is_null()).then_some(())
    };
    value(current).is_some() && value(desired).is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{application::objects, application::settings::testing::settings};
    use extreg_cluster::{MANAGED_BY, MANAGER};

    fn build(args: &str) -> Object {
        let settings = settings(args).unwrap();
        let build = settings.build.clone().unwrap();
        objects::build_config(&settings, "snow", &build)
    }

    #[test]
    fn build_of_another_type_is_refused() {
        let git = json!({"git": {"uri": "y"}});
        let docker = json!({"dockerStrategy": {}});
        let cases = [
            (json!({"binary": {}}), docker.clone(), "spec.source.binary"),
            (
                git,
                json!({"sourceStrategy": {}}),
                "spec.strategy.sourceStrategy",
            ),
        ];
        for (source, strategy, expected) in cases {
            let spec = json!({"spec": {"source": source, "strategy": strategy}});
            let current = Object::new(Kind::BUILD_CONFIG, "snow", "app", spec);
            let mut desired = build("app --image u/a --source https://x/y");
            let error = remove(&mut desired, &current).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains("nothing was changed"), "{error}");
            // For our own objects, applying removes the fields that are no longer desired.
            let current = current.label(MANAGED_BY, MANAGER);
            assert!(remove(&mut desired, &current).is_ok());
        }
    }

    #[test]
    fn conflicting_plain_values_are_removed() {
        let spec = json!({"spec": {
            "source": {"git": {"uri": "y"}, "dockerfile": "FROM x", "contextDir": "d"},
            "output": {"to": {"kind": "ImageStreamTag", "namespace": "other", "name": "a:b"}},
        }});
        let current = Object::new(Kind::BUILD_CONFIG, "snow", "app", spec);
        let mut desired = build("app --image u/a --source https://x/y");
        remove(&mut desired, &current).unwrap();
        let spec = &desired.body["spec"];
        assert_eq!(
            spec["source"],
            json!({"type": "Git", "git": {"uri": "https://x/y"}, "dockerfile": null})
        );
        assert_eq!(
            spec["output"]["to"],
            json!({"kind": "DockerImage", "name": "docker.io/u/a:latest", "namespace": null})
        );
    }

    #[test]
    fn absent_fields_are_not_removed() {
        let mut desired = build("app --image u/a --source https://x/y");
        let mut current = desired.clone();
        current.body["metadata"]["labels"] = json!({});
        let before = desired.clone();
        remove(&mut desired, &current).unwrap();
        assert_eq!(desired, before);
    }

    #[test]
    fn a_tag_that_was_an_alias_or_a_reference_follows_the_image() {
        let settings = settings("app --image u/a:v1 --no-build").unwrap();
        let stream = settings.stream.unwrap();
        let mut desired = objects::image_stream(&settings, "snow", stream);
        let spec = json!({"spec": {"tags": [
            {"name": "v0", "reference": true},
            {"name": "v1", "reference": true, "from": {"kind": "ImageStreamTag", "name": "b:v1", "namespace": "x"}},
        ]}});
        let current = Object::new(Kind::IMAGE_STREAM, "snow", "app", spec);
        remove(&mut desired, &current).unwrap();
        let tag = &desired.body["spec"]["tags"][0];
        assert_eq!(tag["reference"], json!(false));
        assert_eq!(
            tag["from"],
            json!({"kind": "DockerImage", "name": "docker.io/u/a:v1", "namespace": null})
        );
    }
}
