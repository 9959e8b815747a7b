//! The planned state of TO, from the streams. Pure.

use std::collections::BTreeSet;

use extreg_cluster::{set, unset};
use serde_json::{Value, json};

use super::{
    image::{external, image},
    settings::{From, Place, Settings, Way},
};
use crate::{
    error::Error,
    stream::{Origin, SpecTag, Stream},
};

/// The planned entry of TO in `spec.tags`, and the image that TO then shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) tag: Value,
    pub(super) digest: String,
    pub(super) notes: Vec<String>,
}

/// Plans. `source` is the stream of FROM, `target` that of TO, which can be the same.
///
/// # Errors
/// [`Error::Failed`] if the image does not exist, or TO cannot have it.
pub(super) fn plan(
    place: Place<'_>,
    source: &Stream,
    target: Option<&Stream>,
) -> Result<Plan, Error> {
    let settings = place.settings;
    let shown = image(place, source)?;
    let current = target.and_then(|stream| stream.spec_tag(&settings.to.tag));
    let followed = match &settings.from {
        From::Tag(tag) => source.spec_tag(&tag.tag),
        From::Image { .. } => None,
    };
    let mut notes = Vec::new();
    let mut tag = current.map_or_else(
        || {
            // Pods that can pull the image of FROM can also pull it from TO.
            let policy = followed.map(SpecTag::reference_policy);
            let policy = policy.filter(|policy| !policy.is_empty());
            json!({
                "name": settings.to.tag,
                "importPolicy": {},
                "referencePolicy": { "type": policy.unwrap_or("Source") },
            })
        },
        |current| current.body().clone(),
    );
    let from = match (settings.way, &settings.from) {
        (Way::Digest, _) => {
            let image = external(shown, source, &settings.from.to_string())?;
            json!({ "kind": "DockerImage", "name": image })
        }
        (Way::Alias, From::Tag(tag)) => {
            check_circle(settings, source)?;
            json!({ "kind": "ImageStreamTag", "name": tag.to_string() })
        }
        (Way::Image | Way::Alias, from) => {
            let image = format!("{}@{}", from.stream(), shown.digest);
            json!({ "kind": "ImageStreamImage", "name": image })
        }
    };
    set(&mut tag, &["from"], from);
    // Zero requests an import, which only images of a registry need.
    let generation = match settings.way {
        Way::Digest => json!(0),
        Way::Image | Way::Alias => Value::Null,
    };
    set(&mut tag, &["generation"], generation);
    unset(&mut tag, &["reference"]);
    unset(&mut tag, &["importPolicy", "scheduled"]);
    if current.is_some_and(SpecTag::is_scheduled) {
        notes.push(format!(
            "{} is no longer imported on schedule: it now moves only by command",
            settings.to
        ));
    }
    if settings.way == Way::Digest
        && let Some(followed) = followed
    {
        carry_import(&mut tag, followed, current, settings, &mut notes);
    }
    if let From::Tag(from) = &settings.from
        && let Some(why) = source.failure(&from.tag)
    {
        notes.push(format!(
            "{from} may be behind its registry, its last import failed: {why}; to import it now: \
             {} import {from} -n {}",
            place.caller, place.namespace
        ));
    }
    Ok(Plan {
        tag,
        digest: shown.digest.to_owned(),
        notes,
    })
}

/// An alias chain that is a cycle shows nothing.
fn check_circle(settings: &Settings, stream: &Stream) -> Result<(), Error> {
    let From::Tag(from) = &settings.from else {
        return Ok(());
    };
    let mut seen = BTreeSet::from([from.tag.as_str()]);
    let mut tag = from.tag.as_str();
    while let Some(next) = stream
        .spec_tag(tag)
        .and_then(|tag| alias(tag, &from.stream))
    {
        if next == settings.to.tag {
            return Err(Error::failed(format!(
                "--alias: {from} follows {}, which would follow itself",
                settings.to
            )));
        }
        if !seen.insert(next) {
            break;
        }
        tag = next;
    }
    Ok(())
}

/// The tag of the same stream that a tag follows.
fn alias<'a>(tag: SpecTag<'a>, stream: &str) -> Option<&'a str> {
    let Origin::StreamTag(name) = tag.origin() else {
        return None;
    };
    match name.split_once(':') {
        Some((of, tag)) => (of == stream).then_some(tag),
        None => Some(name),
    }
}

/// A digest depends on FROM's import mode: in another mode, it could be another image than FROM's.
fn carry_import(
    tag: &mut Value,
    followed: SpecTag<'_>,
    current: Option<SpecTag<'_>>,
    settings: &Settings,
    notes: &mut Vec<String>,
) {
    let mode = followed.import_mode();
    if !mode.is_empty() {
        let other = current
            .map(SpecTag::import_mode)
            .filter(|other| !other.is_empty());
        if other.is_some_and(|other| other != mode) {
            notes.push(format!(
                "{} now has the import mode of {}, {mode}, by which it has this digest",
                settings.to, settings.from
            ));
        }
        set(tag, &["importPolicy", "importMode"], json!(mode));
    }
    if followed.is_insecure() {
        set(tag, &["importPolicy", "insecure"], json!(true));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::settings::testing::settings, *};
    use extreg_remedy::Caller;

    const NEW: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    const OLD: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    fn stream() -> Stream {
        let item = |digest: &str| json!({"image": digest, "dockerImageReference": format!("docker.io/u/a@{digest}")});
        Stream::new(json!({
            "metadata": {"name": "app"},
            "spec": {"tags": [
                {"name": "v1", "from": {"kind": "DockerImage", "name": "docker.io/u/a:v1"},
                 "importPolicy": {"importMode": "PreserveOriginal", "insecure": true, "scheduled": true},
                 "referencePolicy": {"type": "Local"}},
                {"name": "prod", "from": {"kind": "DockerImage", "name": "docker.io/u/a:prod"},
                 "annotations": {"note": "mine"}, "generation": 3,
                 "importPolicy": {"importMode": "Legacy", "scheduled": true},
                 "referencePolicy": {"type": "Source"}},
                {"name": "ref", "reference": true, "from": {"kind": "DockerImage", "name": "docker.io/u/a:ref"}},
                {"name": "alias", "from": {"kind": "ImageStreamTag", "name": "app:v1"}},
                {"name": "round", "from": {"kind": "ImageStreamTag", "name": "alias"}},
                {"name": "empty", "from": {"kind": "ImageStreamTag", "name": "app:new"}},
                {"name": "new", "from": {"kind": "DockerImage", "name": "docker.io/u/a:new"}},
                {"name": "broken", "from": {"kind": "DockerImage", "name": "docker.io/u/a:broken"}},
            ]},
            "status": {
                "dockerImageRepository": "registry.apps.example:5000/snow/app",
                "tags": [
                    {"tag": "v1", "items": [item(NEW), item(OLD)]},
                    {"tag": "prod", "items": [item(OLD)]},
                    {"tag": "alias", "items": [item(NEW)]},
                    {"tag": "round", "items": [item(NEW)]},
                    {"tag": "ref", "items": [{"image": "", "dockerImageReference": "docker.io/u/a:ref"}]},
                    {"tag": "pushed", "items": [{"image": NEW, "dockerImageReference": format!("registry.apps.example:5000/snow/app@{NEW}")}]},
                    {"tag": "broken", "conditions": [{"type": "ImportSuccess", "status": "False", "message": "no"}]},
                ],
            },
        }))
    }

    fn planned(args: &str) -> Result<Plan, Error> {
        let settings = settings(args).unwrap();
        let place = Place {
            settings: &settings,
            caller: Caller::Oc,
            namespace: "snow",
        };
        plan(place, &stream(), Some(&stream()))
    }

    #[test]
    fn trap_1_images_without_a_registry_are_not_scheduled() {
        for (args, kind, name) in [
            ("app:v1 prod", "ImageStreamImage", format!("app@{NEW}")),
            ("app:v1 prod --alias", "ImageStreamTag", "app:v1".to_owned()),
            (
                "app:v1 prod --digest",
                "DockerImage",
                format!("docker.io/u/a@{NEW}"),
            ),
        ] {
            let plan = planned(args).unwrap();
            assert_eq!(plan.tag["from"], json!({"kind": kind, "name": name}));
            assert_eq!(plan.tag["importPolicy"].get("scheduled"), None, "{args}");
            assert_eq!(plan.tag["annotations"], json!({"note": "mine"}));
            assert_eq!(
                plan.tag["referencePolicy"]["type"], "Source",
                "TO keeps its own"
            );
            assert!(plan.notes[0].contains("on schedule"), "{:?}", plan.notes);
            assert_eq!(plan.digest, NEW);
        }
    }

    #[test]
    fn a_digest_is_imported_like_from() {
        let plan = planned("app:v1 prod --digest").unwrap();
        assert_eq!(
            plan.tag["importPolicy"],
            json!({"importMode": "PreserveOriginal", "insecure": true})
        );
        assert!(
            plan.notes[1].contains("PreserveOriginal"),
            "{:?}",
            plan.notes
        );
        let plan = planned("app:v1 prod").unwrap();
        assert_eq!(plan.tag["importPolicy"], json!({"importMode": "Legacy"}));
    }

    #[test]
    fn a_new_tag_is_pulled_like_from() {
        let plan = planned("app:v1 other").unwrap();
        assert_eq!(plan.tag["referencePolicy"], json!({"type": "Local"}));
        let plan = planned(&format!("app@{OLD} other")).unwrap();
        assert_eq!(plan.tag["referencePolicy"], json!({"type": "Source"}));
        assert_eq!(plan.digest, OLD);
    }

    #[test]
    fn a_tag_without_an_image_is_not_promoted() {
        let unknown = format!("app@sha256:{} prod", "2".repeat(64));
        for (args, expected) in [
            (
                "app:gone prod",
                "has no tag gone; it has: alias, broken, empty, new, prod, ref, round, v1",
            ),
            (
                "app:new prod",
                "not imported yet; to import it: oc extreg import app:new -n snow",
            ),
            ("app:empty prod", "it follows app:new, which shows no image"),
            ("app:broken prod", "its import failed: no"),
            (
                "app:ref prod",
                "oc extreg tag docker.io/u/a:ref app:prod -n snow",
            ),
            ("app:pushed prod --digest", "cluster's own registry"),
            ("app:round alias --alias", "would follow itself"),
            (&unknown, "shows or showed"),
        ] {
            let error = planned(args).unwrap_err();
            assert_eq!(error.exit().code(), 1, "{args}");
            assert!(error.to_string().contains(expected), "{args}: {error}");
        }
        assert!(planned("app:pushed prod").is_ok());
        assert!(planned("app:alias other --alias").is_ok());
    }
}
