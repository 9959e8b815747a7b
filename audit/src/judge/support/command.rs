//! The one command that changes a field, for each kind that has one.

use serde_json::{Value, json};

use super::shell::{PatchKind, word};
use super::uses::trigger_of;
use crate::finding::Place;
use crate::kind::Kind;
use crate::place::{ObjectId, Origin};
use crate::snapshot::{ImageUse, Snapshot, TagRecord, UseRole};

/// Folders that `oc adm inspect` and must-gather write what they read of a cluster to.
const GATHERED: [&str; 2] = ["namespaces", "cluster-scoped-resources"];

/// Whether a command can reach the object: it was read from a cluster, or from what was gathered of one.
/// A file is mended in the file.
pub(crate) fn is_on_cluster(place: &Place) -> bool {
    let named = !place.object.name.contains('*') && !place.object.name.is_empty();
    named
        && match &place.origin {
            Origin::Cluster => true,
            Origin::File { path, .. } => path.split('/').any(|part| GATHERED.contains(&part)),
        }
}

/// `oc patch` of an object.
pub(crate) fn patch(object: &ObjectId, kind: PatchKind, body: &Value) -> String {
    format!(
        "oc patch {}{} --type={} -p {}",
        word(&object.reference()),
        in_namespace(object),
        kind.word(),
        word(&body.to_string())
    )
}

/// What sets the image of a field: a command, or words where there is none.
pub(crate) fn set_image(snapshot: &Snapshot, used: &ImageUse, image: &str) -> String {
    let place = &used.place;
    if !is_on_cluster(place) {
        return by_hand(place, image);
    }
    match place.object.kind {
        Kind::ImageStream if place.part.is_empty() => patch(
            &place.object,
            PatchKind::Merge,
            &json!({"spec": {"dockerImageRepository": image}}),
        ),
        Kind::ImageStream => {
            let tag = format!("{}:{}", place.object.name, place.part);
            follow(snapshot, &place.object.namespace, &tag, image)
        }
        Kind::Build | Kind::BuildRun | Kind::Job => in_words(
            place,
            image,
            Some("it cannot be changed, so create it again"),
        ),
        _ if place.field.contains("ephemeralContainers") => in_words(
            place,
            image,
            Some("it cannot be changed, so recreate the pod"),
        ),
        _ if used.role == UseRole::Run && has_containers(place.object.kind) => {
            match trigger_of(snapshot, used) {
                Some(trigger) => follow(snapshot, &trigger.namespace, &trigger.tag, image),
                None => format!(
                    "oc set image {}{} {}",
                    word(&place.object.reference()),
                    in_namespace(&place.object),
                    word(&format!("{}={image}", place.part))
                ),
            }
        }
        _ => match pointer(&place.field) {
            Some(path) => patch(
                &place.object,
                PatchKind::Json,
                &json!([
                    {"op": "test", "path": path, "value": &*used.image.written},
                    {"op": "replace", "path": path, "value": image},
                ]),
            ),
            None => by_hand(place, image),
        },
    }
}

/// What a person has to set a field to where no command can say it.
pub(crate) fn by_hand(place: &Place, what: &str) -> String {
    in_words(place, what, None)
}

/// `oc tag`, which takes away from a tag what is not said again; `--source` because `user/app:v1` is
/// the tag of a stream to it (oc `pkg/cli/tag/tag.go`).
fn retag(namespace: &str, tag: &str, record: Option<&TagRecord>, image: &str) -> String {
    let mut command = format!("oc tag --source=docker {} {}", word(image), word(tag));
    if !namespace.is_empty() {
        command.push_str(" -n ");
        command.push_str(&word(namespace));
    }
    if let Some(record) = record {
        for (is_set, flag) in [
            (record.scheduled, " --scheduled"),
            (record.reference, " --reference"),
            (record.local, " --reference-policy=local"),
            (record.preserves_original, " --import-mode=PreserveOriginal"),
        ] {
            if is_set {
                command.push_str(flag);
            }
        }
    }
    command
}

/// Lets a tag follow another image and keeps the rest of it.
fn follow(snapshot: &Snapshot, namespace: &str, tag: &str, image: &str) -> String {
    let (stream, name) = tag.split_once(':').unwrap_or((tag, "latest"));
    let object = ObjectId {
        namespace: namespace.into(),
        kind: Kind::ImageStream,
        name: stream.into(),
    };
    let record = snapshot
        .streams
        .binary_search_by(|record| record.object.cmp(&object))
        .ok()
        .and_then(|index| snapshot.streams.get(index))
        .and_then(|record| record.tags.iter().find(|tag| &*tag.name == name));
    retag(namespace, tag, record, image)
}

/// Kinds that `oc set image` changes (kubectl `pkg/cmd/set/helper.go`, oc for DeploymentConfigs).
const fn has_containers(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CronJob
            | Kind::DaemonSet
            | Kind::Deployment
            | Kind::DeploymentConfig
            | Kind::Pod
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet
    )
}

fn in_namespace(object: &ObjectId) -> String {
    if object.namespace.is_empty() {
        String::new()
    } else {
        format!(" -n {}", word(&object.namespace))
    }
}

fn in_words(place: &Place, image: &str, why: Option<&str>) -> String {
    let (field, object) = (&place.field, &place.object);
    let what = if field.ends_with("dockerfile") {
        format!("write FROM {image} in {field} of {object}")
    } else {
        format!("set {field} of {object} to {image}")
    };
    match (&place.origin, why) {
        (Origin::Cluster, None) => what,
        (Origin::Cluster, Some(why)) => format!("{what}; {why}"),
        (file @ Origin::File { .. }, _) => format!("in {file} {what}"),
    }
}

/// The JSON pointer of a field that holds an image, `/spec/output/to/name`; none where the field is no
/// path or holds more than the image.
fn pointer(field: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".[]".contains(c);
    if field.is_empty() || !field.chars().all(plain) {
        return None;
    }
    let mut path = format!("/{}", field.replace(['.', '['], "/").replace(']', ""));
    match path.rsplit_once('/')?.1 {
        "from" | "to" => path.push_str("/name"),
        "name" | "image" | "reference" | "baseImage" => {}
        _ => return None,
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::snapshot::ImageTrigger;
    use crate::testing::{image_use, object, place, stream, tag, workload};

    fn command(snapshot: &Snapshot, kind: Kind, part: &str, field: &str, role: UseRole) -> String {
        let at = place(&object(kind, "shop", "cart"), part, field);
        set_image(
            snapshot,
            &image_use(at, role, "docker.io/a/b:1"),
            "quay.io/acme/b:1",
        )
    }

    #[test]
    fn each_kind_has_its_command() {
        let snapshot = Snapshot {
            streams: vec![stream(
                "shop",
                "cart",
                vec![TagRecord {
                    scheduled: true,
                    local: true,
                    ..tag("v1", "docker.io/a/b:1")
                }],
            )],
            ..Snapshot::default()
        };
        let container = "spec.template.spec.containers[0].image";
        for (kind, part, field, role, want) in [
            (
                Kind::Deployment,
                "web",
                container,
                UseRole::Run,
                "oc set image deployment.apps/cart -n shop web=quay.io/acme/b:1",
            ),
            (
                Kind::Pod,
                "web",
                "spec.initContainers[0].image",
                UseRole::Run,
                "oc set image pod/cart -n shop web=quay.io/acme/b:1",
            ),
            (
                Kind::Job,
                "web",
                container,
                UseRole::Run,
                "set spec.template.spec.containers[0].image of job.batch/cart in shop to \
                 quay.io/acme/b:1; it cannot be changed, so create it again",
            ),
            (
                Kind::Pod,
                "web",
                "spec.ephemeralContainers[0].image",
                UseRole::Run,
                "set spec.ephemeralContainers[0].image of pod/cart in shop to quay.io/acme/b:1; \
                 it cannot be changed, so recreate the pod",
            ),
            (
                Kind::Deployment,
                "data",
                "spec.template.spec.volumes[1].image.reference",
                UseRole::Volume,
                r#"oc patch deployment.apps/cart -n shop --type=json -p '[{"op":"test","path":"/spec/template/spec/volumes/1/image/reference","value":"docker.io/a/b:1"},{"op":"replace","path":"/spec/template/spec/volumes/1/image/reference","value":"quay.io/acme/b:1"}]'"#,
            ),
            (
                Kind::ImageStream,
                "v1",
                "spec.tags[0].from.name",
                UseRole::Import,
                "oc tag --source=docker quay.io/acme/b:1 cart:v1 -n shop --scheduled \
                 --reference-policy=local",
            ),
            (
                Kind::ImageStream,
                "",
                "spec.dockerImageRepository",
                UseRole::Import,
                r#"oc patch imagestream.image.openshift.io/cart -n shop --type=merge -p '{"spec":{"dockerImageRepository":"quay.io/acme/b:1"}}'"#,
            ),
            (
                Kind::BuildConfig,
                "",
                "spec.output.to",
                UseRole::Push,
                r#"oc patch buildconfig.build.openshift.io/cart -n shop --type=json -p '[{"op":"test","path":"/spec/output/to/name","value":"docker.io/a/b:1"},{"op":"replace","path":"/spec/output/to/name","value":"quay.io/acme/b:1"}]'"#,
            ),
            (
                Kind::ShipwrightBuild,
                "",
                "spec.output.image",
                UseRole::Push,
                r#"oc patch build.shipwright.io/cart -n shop --type=json -p '[{"op":"test","path":"/spec/output/image","value":"docker.io/a/b:1"},{"op":"replace","path":"/spec/output/image","value":"quay.io/acme/b:1"}]'"#,
            ),
            (
                Kind::BuildConfig,
                "",
                "spec.source.dockerfile",
                UseRole::Base,
                "write FROM quay.io/acme/b:1 in spec.source.dockerfile of \
                 buildconfig.build.openshift.io/cart in shop",
            ),
        ] {
            assert_eq!(command(&snapshot, kind, part, field, role), want);
        }
    }

    #[test]
    fn what_a_trigger_fills_is_changed_where_the_trigger_looks() {
        let mut cart = workload(object(Kind::Deployment, "shop", "cart"), &[("web", " ")]);
        cart.triggers.push(ImageTrigger {
            namespace: "images".into(),
            tag: "web:latest".into(),
            containers: vec!["web".into()],
            paused: false,
        });
        let mut snapshot = Snapshot {
            workloads: vec![cart],
            ..Snapshot::default()
        };
        let run =
            |snapshot: &Snapshot| command(snapshot, Kind::Deployment, "web", "x", UseRole::Run);
        assert_eq!(
            run(&snapshot),
            "oc tag --source=docker quay.io/acme/b:1 web:latest -n images"
        );
        snapshot.workloads[0].triggers[0].paused = true;
        assert!(run(&snapshot).starts_with("oc set image "));
    }

    #[test]
    fn a_file_is_mended_in_the_file_unless_it_was_gathered() {
        let at = |path: &str| {
            let mut at = place(
                &object(Kind::Pod, "shop", "cart"),
                "web",
                "spec.containers[0].image",
            );
            at.origin = Origin::File {
                path: Arc::from(path),
                line: 3,
            };
            set_image(
                &Snapshot::default(),
                &image_use(at, UseRole::Run, "docker.io/a/b"),
                "quay.io/acme/b",
            )
        };
        assert_eq!(
            at("deploy/cart.yaml"),
            "in deploy/cart.yaml:3 set spec.containers[0].image of pod/cart in shop to quay.io/acme/b"
        );
        assert_eq!(
            at("inspect/namespaces/shop/core/pods.yaml"),
            "oc set image pod/cart -n shop web=quay.io/acme/b"
        );
    }
}
