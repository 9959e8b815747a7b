//! Computes the desired state of a tag from its current state. Pure.

use extreg_cluster::{set, unset};
use extreg_core::object::opt_out;
use serde_json::{Value, json};

use super::{
    ImportMode, ReferencePolicy,
    settings::{Follow, Schedule},
};
use crate::{
    error::Error,
    stream::{Origin, SpecTag, Stream, StreamTag},
};

/// An entry of `spec.tags`, and notes about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Desired {
    pub(super) tag: Value,
    pub(super) notes: Vec<String>,
}

/// The desired entry of `name`. An existing entry changes only by the settings; a new one
/// gets the defaults of `oc tag`, except for the import mode, which the cluster chooses.
///
/// # Errors
/// [`Error::Failed`] if the settings are not possible for the tag.
pub(super) fn desired(
    follow: &Follow,
    name: &StreamTag,
    stream: Option<&Stream>,
) -> Result<Desired, Error> {
    let current = stream.and_then(|stream| stream.spec_tag(&name.tag));
    let choices = follow.choices;
    let mut notes = Vec::new();
    let mut tag = match current {
        Some(current) => current.body().clone(),
        None => json!({ "name": name.tag, "referencePolicy": { "type": "Source" } }),
    };
    let is_new = !current.is_some_and(|tag| follows(tag, follow));
    if is_new {
        let from = json!({ "kind": "DockerImage", "name": follow.image.to_string() });
        set(&mut tag, &["from"], from);
    }
    // Import it now.
    set(&mut tag, &["generation"], json!(0));
    if tag.get("importPolicy").is_none_or(Value::is_null) {
        set(&mut tag, &["importPolicy"], json!({}));
    }
    if let Some(policy) = choices.reference_policy {
        let policy = match policy {
            ReferencePolicy::Local => "Local",
            ReferencePolicy::Source => "Source",
        };
        set(&mut tag, &["referencePolicy", "type"], json!(policy));
    }
    if let Some(mode) = choices.import_mode {
        let mode = match mode {
            ImportMode::Legacy => "Legacy",
            ImportMode::PreserveOriginal => "PreserveOriginal",
        };
        set(&mut tag, &["importPolicy", "importMode"], json!(mode));
    }
    if let Some(insecure) = choices.insecure {
        switch(&mut tag, &["importPolicy", "insecure"], insecure);
    }
    if let Some(reference) = choices.reference {
        switch(&mut tag, &["reference"], reference);
    }
    let is_reference = tag.get("reference") == Some(&Value::Bool(true));
    let is_scheduled = current.is_some_and(SpecTag::is_scheduled);
    let scheduled = match choices.schedule {
        Schedule::Off => {
            // Policies apply to tags that are new or follow another image, and not to a tag that
            // opts out.
            if is_new && !is_reference && !follow.image.is_digest() {
                let at = ["annotations", opt_out::TAG_ANNOTATION];
                set(&mut tag, &at, json!("false"));
            }
            false
        }
        Schedule::On if is_reference => {
            return Err(Error::failed(format!(
                "{name} is a reference tag, which is never imported, so it cannot be scheduled: \
                 add --reference=false"
            )));
        }
        Schedule::On if is_scheduled => true,
        Schedule::On => match opted_out(name, current, stream) {
            Some(why) => {
                notes.push(format!("{why}, so it is not scheduled"));
                false
            }
            None => true,
        },
        Schedule::Kept if is_scheduled && follow.image.is_digest() => {
            notes.push(format!(
                "{name}: a digest identifies one fixed image, so its schedule is removed"
            ));
            false
        }
        Schedule::Kept if is_scheduled && is_reference => {
            notes.push(format!(
                "{name}: a reference tag is never imported, so its schedule is removed"
            ));
            false
        }
        Schedule::Kept => is_scheduled,
    };
    switch(&mut tag, &["importPolicy", "scheduled"], scheduled);
    if is_reference && choices.reference.is_none() {
        notes.push(format!(
            "{name} remains a reference tag, which is never imported; to change that: --reference=false"
        ));
    }
    Ok(Desired { tag, notes })
}

/// Whether a tag already follows the image, in any spelling.
fn follows(tag: SpecTag<'_>, follow: &Follow) -> bool {
    matches!(tag.origin(), Origin::Image(image) if follow.image.is_spelled(image))
}

/// Why a tag must not be scheduled, if it or its stream opts out.
fn opted_out(
    name: &StreamTag,
    tag: Option<SpecTag<'_>>,
    stream: Option<&Stream>,
) -> Option<String> {
    if tag.is_some_and(SpecTag::opts_out) {
        return Some(format!(
            "{name} opts out of schedules by its annotation extreg.io/scheduled: \"false\""
        ));
    }
    stream.is_some_and(Stream::opts_out).then(|| {
        format!(
            "ImageStream {} opts out by its label extreg.io/ignore: \"true\"",
            name.stream
        )
    })
}

/// Sets a flag, or removes it: for the API, a missing flag is false.
fn switch(tag: &mut Value, path: &[&str], on: bool) {
    if on {
        set(tag, path, json!(true));
    } else {
        unset(tag, path);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::settings::testing::{follow, settings},
        *,
    };

    fn stream(tag: &Value) -> Stream {
        Stream::new(json!({"metadata": {"labels": {}}, "spec": {"tags": [tag]}}))
    }

    /// A tag with all settings.
    fn full() -> Value {
        json!({
            "name": "v1", "annotations": {"note": "mine"}, "generation": 9,
            "from": {"kind": "DockerImage", "name": "docker.io/u/a:v1"},
            "importPolicy": {"importMode": "PreserveOriginal", "insecure": true, "scheduled": true},
            "referencePolicy": {"type": "Local"},
        })
    }

    fn made(args: &str, stream: Option<&Stream>) -> Desired {
        let name = &settings(args).unwrap().tags[0];
        desired(&follow(args), name, stream).unwrap()
    }

    #[test]
    fn trap_41_a_new_image_does_not_change_the_rest() {
        let mut expected = full();
        expected["from"]["name"] = json!("docker.io/u/a:v2");
        expected["generation"] = json!(0);
        let made = made("u/a:v2 app:v1", Some(&stream(&full())));
        assert_eq!((made.tag, made.notes), (expected, vec![]));
    }

    #[test]
    fn each_flag_changes_its_own_field() {
        for (flag, pointer, value) in [
            ("--no-schedule", "/importPolicy/scheduled", Value::Null),
            ("--scheduled=false", "/importPolicy/scheduled", Value::Null),
            (
                "--import-mode=Legacy",
                "/importPolicy/importMode",
                json!("Legacy"),
            ),
            ("--insecure=false", "/importPolicy/insecure", Value::Null),
            (
                "--reference-policy source",
                "/referencePolicy/type",
                json!("Source"),
            ),
        ] {
            let mut expected = full();
            expected["generation"] = json!(0);
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let parent = expected
                .pointer_mut(parent)
                .unwrap()
                .as_object_mut()
                .unwrap();
            if value.is_null() {
                parent.remove(key);
            } else {
                parent.insert(key.to_owned(), value);
            }
            let made = made(&format!("u/a:v1 app:v1 {flag}"), Some(&stream(&full())));
            assert_eq!(made.tag, expected, "{flag}");
        }
    }

    #[test]
    fn trap_12_a_tag_that_opts_out_is_not_scheduled() {
        let mut tag = full();
        tag["importPolicy"] = json!({});
        tag["annotations"] = json!({"extreg.io/scheduled": "false"});
        let by_annotation = stream(&tag);
        let by_label = Stream::new(json!({"metadata": {"labels": {"extreg.io/ignore": "true"}}}));
        for (stream, why) in [
            (&by_annotation, "app:v1 opts out"),
            (&by_label, "ImageStream app"),
        ] {
            let made = made("u/a:v1 app:v1 --scheduled", Some(stream));
            assert_eq!(made.tag["importPolicy"], json!({}));
            assert!(made.notes[0].starts_with(why), "{:?}", made.notes);
        }
        // A schedule that a user has set anyway is unchanged.
        let mut tag = full();
        tag["annotations"] = json!({"extreg.io/scheduled": "false"});
        let made = made("u/a:v2 app:v1", Some(&stream(&tag)));
        assert_eq!(made.tag["importPolicy"]["scheduled"], json!(true));
    }

    #[test]
    fn without_a_schedule_a_new_tag_opts_out_of_policies() {
        let opt_out = json!({"extreg.io/scheduled": "false"});
        let digest = format!("u/a@sha256:{} app:v1 --no-schedule", "0".repeat(64));
        let mut annotated = opt_out.clone();
        annotated["note"] = json!("mine");
        for (args, tag, expected) in [
            ("u/a:v1 app:v1 --no-schedule", None, opt_out.clone()),
            ("u/a:v1 app:v1 --scheduled=false", None, opt_out),
            ("u/a:v2 app:v1 --no-schedule", Some(full()), annotated),
            (
                "u/a:v1 app:v1 --no-schedule",
                Some(full()),
                json!({"note": "mine"}),
            ),
            ("u/a:v1 app:v1", None, Value::Null),
            ("u/a:v1 app:v1 --no-schedule --reference", None, Value::Null),
            (&digest, None, Value::Null),
        ] {
            let stream = tag.as_ref().map(stream);
            assert_eq!(
                made(args, stream.as_ref()).tag["annotations"],
                expected,
                "{args}"
            );
        }
    }

    #[test]
    fn trap_3_and_4_no_useless_schedule_is_set() {
        let digest = format!("u/a@sha256:{} app:v1", "0".repeat(64));
        let made_digest = made(&digest, Some(&stream(&full())));
        assert_eq!(made_digest.tag["importPolicy"].get("scheduled"), None);
        assert!(made_digest.notes[0].contains("one fixed image"));

        let made_reference = made("u/a:v1 app:v1 --reference", Some(&stream(&full())));
        assert_eq!(made_reference.tag["reference"], json!(true));
        assert_eq!(made_reference.tag["importPolicy"].get("scheduled"), None);

        let mut tag = full();
        tag["reference"] = json!(true);
        let name = StreamTag::new("app", "v1");
        let follow = follow("u/a:v1 app:v1 --scheduled");
        let error = desired(&follow, &name, Some(&stream(&tag))).unwrap_err();
        assert!(error.to_string().contains("--reference=false"), "{error}");
    }

    #[test]
    fn an_alias_becomes_a_separate_tag() {
        let mut tag = full();
        tag["from"] = json!({"kind": "ImageStreamTag", "name": "app:v0", "namespace": "other"});
        tag["importPolicy"] = Value::Null;
        let made = made("u/a:v1 app:v1 --scheduled", Some(&stream(&tag)));
        assert_eq!(
            made.tag["from"],
            json!({"kind": "DockerImage", "name": "docker.io/u/a:v1"})
        );
        assert_eq!(made.tag["importPolicy"], json!({"scheduled": true}));
    }
}
