//! Objects of the cases, as users and OpenShift's controllers write them.

use std::sync::Arc;

use extreg_remedy::SpecTag;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ObjectId;
use serde_json::{Value, json};

/// The placeholder for the namespace of a case.
pub(crate) const NS: &str = "remedy-namespace";
/// The image of most workloads.
pub(crate) const IMAGE: &str = "docker.io/u/a:v1";
/// An image for which no check requires a credential.
pub(crate) const BASE: &str = "quay.io/x/base:1";
pub(crate) const DIGEST: &str =
    "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
/// Of the image that was pushed after it.
pub(crate) const NEWER: &str =
    "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
/// A credential of docker.io for the user `u`, under the key that every consumer finds.
pub(crate) const HUB: &str = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"}}}"#;
/// Another one.
pub(crate) const OTHER_HUB: &str = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"bzpw"}}}"#;
/// A user's input when a command prompts for a token.
pub(crate) const TOKEN: &str = "dckr_pat_secret";
/// Of the user `u` with [`TOKEN`].
pub(crate) const AUTH: &str = "dTpkY2tyX3BhdF9zZWNyZXQ=";
pub(crate) const QUAY: &str = r#"{"auths":{"quay.io":{"auth":"dTpw"}}}"#;
/// The registries that the cases of the cluster use.
pub(crate) const APPROVED: &str = "\
apiVersion: extreg.io/v1alpha1
kind: ApprovedRegistries
metadata: {name: list}
spec: {registries: [docker.io, quay.io]}
";

pub(crate) fn id(kind: Kind, name: &str) -> ObjectId {
    ObjectId {
        namespace: NS.into(),
        kind,
        name: name.into(),
    }
}

/// The tag `app:v1` of [`stream`].
pub(crate) fn v1(has_import_policy: bool) -> SpecTag {
    SpecTag {
        stream: id(Kind::ImageStream, "app"),
        name: "v1".into(),
        index: 1,
        has_import_policy,
        has_annotations: true,
        from: IMAGE.into(),
    }
}

/// The stream `app` with another tag before the given ones.
pub(crate) fn stream(tags: &[Value]) -> Value {
    let mut all = vec![json!({"name": "other", "importPolicy": {"scheduled": true},
        "from": {"kind": "DockerImage", "name": "quay.io/x/other:1"}})];
    all.extend(tags.iter().cloned());
    json!({"apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {"name": "app"}, "spec": {"tags": all}})
}

/// The tag `v1` of [`IMAGE`].
pub(crate) fn tag(more: &Value) -> Value {
    tag_of(IMAGE, more)
}

pub(crate) fn tag_of(image: &str, more: &Value) -> Value {
    let mut tag = json!({"name": "v1", "from": {"kind": "DockerImage", "name": image},
        "annotations": {"kept": "yes"}, "referencePolicy": {"type": "Local"}});
    let members = tag.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    tag
}

/// A stream whose tag `v1` is imported on schedule, and was.
pub(crate) fn followed() -> Value {
    let policy = json!({"importPolicy": {"scheduled": true, "importMode": "PreserveOriginal"}});
    showing(stream(&[tag(&policy)]), &[DIGEST])
}

/// With the images of the tag `v1`, newest first.
pub(crate) fn showing(mut stream: Value, digests: &[&str]) -> Value {
    let count = digests.len();
    let items: Vec<Value> = digests
        .iter()
        .enumerate()
        .map(|(index, digest)| {
            json!({"image": digest, "dockerImageReference": format!("docker.io/u/a@{digest}"),
                "created": format!("2026-01-0{}T00:00:00Z", count - index),
                "generation": count - index})
        })
        .collect();
    stream["status"] =
        json!({"dockerImageRepository": "", "tags": [{"tag": "v1", "items": items}]});
    stream
}

/// With an import of the tag `v1` that failed.
pub(crate) fn failing(mut stream: Value, reason: &str, message: &str) -> Value {
    stream["status"] = json!({"dockerImageRepository": "", "tags": [{"tag": "v1", "items": null,
        "conditions": [{"type": "ImportSuccess", "status": "False", "generation": 1,
            "reason": reason, "message": message,
            "lastTransitionTime": "2026-01-01T00:00:00Z"}]}]});
    stream
}

/// The name of a workload of the kind here, and in Kubernetes.
pub(crate) fn reference(kind: Kind) -> String {
    kind.api().kind.to_lowercase()
}

/// The workload `web` with its containers, and optionally the text of image triggers.
pub(crate) fn workload(kind: Kind, triggers: Option<&str>, containers: &[(&str, &str)]) -> Value {
    let list: Vec<Value> = containers
        .iter()
        .map(|(name, image)| json!({"name": name, "image": image}))
        .collect();
    let labels = json!({"app": "web"});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": list}});
    let spec = match kind {
        Kind::CronJob => {
            let mut pod = template;
            pod["spec"]["restartPolicy"] = json!("Never");
            json!({"schedule": "@daily", "jobTemplate": {"spec": {"template": pod}}})
        }
        Kind::Pod => template["spec"].clone(),
        Kind::DeploymentConfig => json!({"replicas": 1, "selector": labels, "template": template}),
        Kind::DaemonSet => json!({"selector": {"matchLabels": labels}, "template": template}),
        Kind::StatefulSet => json!({"serviceName": "web", "replicas": 1,
            "selector": {"matchLabels": labels}, "template": template}),
        _ => json!({"replicas": 1, "selector": {"matchLabels": labels}, "template": template}),
    };
    let mut metadata = json!({"name": "web", "annotations": {"kept": "yes"}});
    if let Some(text) = triggers {
        metadata["annotations"]["image.openshift.io/triggers"] = json!(text);
    }
    let api = kind.api();
    json!({"apiVersion": api.api_version(), "kind": api.kind, "metadata": metadata, "spec": spec})
}

/// The Deployment `web` of two containers.
pub(crate) fn web(triggers: Option<&str>, image: &str) -> Value {
    let side = format!("quay.io/x/side@{DIGEST}");
    workload(
        Kind::Deployment,
        triggers,
        &[("web", image), ("side", &side)],
    )
}

/// The DeploymentConfig `web` with its triggers.
pub(crate) fn config(triggers: &Value) -> Value {
    let mut config = workload(Kind::DeploymentConfig, None, &[("web", IMAGE)]);
    if !triggers.is_null() {
        config["spec"]["triggers"] = triggers.clone();
    }
    config
}

/// An image trigger of a DeploymentConfig on `app:v1`.
pub(crate) fn change(container: &str, is_automatic: bool) -> Value {
    json!({"type": "ImageChange", "imageChangeParams": {"automatic": is_automatic,
        "containerNames": [container], "from": {"kind": "ImageStreamTag", "name": "app:v1"}}})
}

/// An entry of the annotation with image triggers, on `app:v1`.
pub(crate) fn entry(field: &str, more: &str) -> String {
    let field = field.replace('"', "\\\"");
    format!(r#"{{"fieldPath":"{field}","from":{{"kind":"ImageStreamTag","name":"app:v1"}}{more}}}"#)
}

pub(crate) fn entries(all: &[&str]) -> String {
    format!("[{}]", all.join(","))
}

/// The field of a container's image, as a trigger of a workload of the kind names it.
pub(crate) fn field(kind: Kind, container: &str) -> String {
    let template = match kind {
        Kind::CronJob => "spec.jobTemplate.spec.template.spec",
        _ => "spec.template.spec",
    };
    format!(r#"{template}.containers[?(@.name=="{container}")].image"#)
}

/// The BuildConfig `app`, which pushes to [`IMAGE`].
pub(crate) fn build(push: Option<&str>, base: &str) -> Value {
    let strategy = json!({"type": "Docker", "dockerStrategy": {"noCache": true,
        "from": {"kind": "DockerImage", "name": base}}});
    let mut object = json!({"apiVersion": "build.openshift.io/v1", "kind": "BuildConfig",
        "metadata": {"name": "app"}, "spec": {"strategy": strategy,
            "source": {"git": {"uri": "https://git.example/a.git"}},
            "output": {"to": {"kind": "DockerImage", "name": IMAGE},
                "imageLabels": [{"name": "kept", "value": "yes"}]}}});
    if let Some(secret) = push {
        object["spec"]["output"]["pushSecret"] = json!({"name": secret});
    }
    object
}

/// A Build of it, of that phase and reason.
pub(crate) fn run_of(config: &Value, phase: &str, reason: &str) -> Value {
    let mut spec = config["spec"].clone();
    spec["serviceAccount"] = json!("builder");
    json!({"apiVersion": "build.openshift.io/v1", "kind": "Build", "spec": spec,
        "metadata": {"name": "app-1", "labels": {"buildconfig": "app"},
            "annotations": {"openshift.io/build-config.name": "app"}},
        "status": {"phase": phase, "reason": reason,
            "config": {"kind": "BuildConfig", "name": "app", "namespace": NS}}})
}

pub(crate) fn secret(name: &str, config: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": config}})
}

/// A service account with what it links.
pub(crate) fn account(name: &str, links: &Value) -> Value {
    let mut account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": name}});
    let members = account.as_object_mut().unwrap();
    members.extend(links.as_object().unwrap().clone());
    account
}

/// The account of builds, which links none.
pub(crate) fn builder() -> Value {
    account("builder", &json!({}))
}

/// The cluster's image configuration.
pub(crate) fn image_config(spec: &Value) -> Value {
    json!({"apiVersion": "config.openshift.io/v1", "kind": "Image",
        "metadata": {"name": "cluster"}, "spec": spec})
}

pub(crate) fn arc(text: &str) -> Arc<str> {
    text.into()
}
