//! The desired objects of an application.

use extreg_cluster::{Kind, MANAGED_BY, MANAGER, Object};
use extreg_core::object::opt_out;
use extreg_snapshot::trigger::ANNOTATION;
use serde_json::{Value, json};

use super::{
    args::{ReferencePolicy, Workload},
    settings::{Build, BuildStrategy, Builder, Settings, Stream},
};
use crate::names::APP;

/// Placeholder for the image until the trigger sets one. A space passes validation and starts nothing, so there is one
/// rollout, not two; `oc new-app` does the same.
pub(crate) const NO_IMAGE: &str = " ";
/// The type of the push secret.
pub(crate) const SECRET_TYPE: &str = "kubernetes.io/dockerconfigjson";

/// The push secret, with a docker config.
pub(crate) fn secret(namespace: &str, name: &str, docker_config: &str) -> Object {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let fields = json!({
        "type": SECRET_TYPE,
        "data": { ".dockerconfigjson": STANDARD.encode(docker_config) },
    });
    // Not labeled with the application: several applications may share it.
    Object::new(Kind::SECRET, namespace, name, fields).label(MANAGED_BY, MANAGER)
}

/// The BuildConfig. Its ConfigChange trigger starts the first build.
pub(crate) fn build_config(settings: &Settings, namespace: &str, build: &Build) -> Object {
    let mut source = json!({});
    if let Some(git) = &build.git {
        source = json!({ "type": "Git", "git": { "uri": git.uri.as_str() } });
        if let Some(secret) = &git.secret {
            extreg_cluster::set(&mut source, &["sourceSecret", "name"], json!(secret));
        }
        if let Some(reference) = &git.reference {
            extreg_cluster::set(&mut source, &["git", "ref"], json!(reference));
        }
        if let Some(dir) = &git.context_dir {
            extreg_cluster::set(&mut source, &["contextDir"], json!(dir));
        }
    }
    if let Some(dockerfile) = &build.dockerfile {
        if build.git.is_none() {
            extreg_cluster::set(&mut source, &["type"], json!("Dockerfile"));
        }
        extreg_cluster::set(&mut source, &["dockerfile"], json!(dockerfile));
    }
    let strategy = match &build.strategy {
        BuildStrategy::Docker => json!({ "type": "Docker", "dockerStrategy": {} }),
        BuildStrategy::Source(builder) => {
            json!({ "type": "Source", "sourceStrategy": { "from": from(builder) } })
        }
    };
    let mut output =
        json!({ "to": { "kind": "DockerImage", "name": settings.target.to_string() } });
    if let Some(secret) = settings.secret_name() {
        extreg_cluster::set(&mut output, &["pushSecret"], json!({ "name": secret }));
    }
    let spec = json!({
        "source": source,
        "strategy": strategy,
        "output": output,
        "triggers": [{ "type": "ConfigChange" }],
    });
    owned(Kind::BUILD_CONFIG, settings, namespace, &spec)
}

/// The request that imports the tag now. It carries the tag's whole import policy, because a
/// successful import overwrites it (openshift-apiserver `pkg/image/apiserver/registry/
/// imagestreamimport/rest.go` `importSuccessful`).
pub(crate) fn image_import(settings: &Settings, namespace: &str, stream: Stream) -> Object {
    let spec = json!({
        "import": true,
        "images": [{
            "from": { "kind": "DockerImage", "name": settings.target.to_string() },
            "to": { "name": settings.target.tag },
            "importPolicy": { "scheduled": stream.scheduled },
            "referencePolicy": { "type": policy(stream) },
        }],
    });
    Object::new(
        Kind::IMAGE_STREAM_IMPORT,
        namespace,
        &settings.name,
        json!({ "spec": spec }),
    )
}

/// The ImageStream, with one tag. A tag that is not scheduled carries the annotation that keeps the webhook from
/// scheduling it.
pub(crate) fn image_stream(settings: &Settings, namespace: &str, stream: Stream) -> Object {
    let mut tag = json!({
        "name": settings.target.tag,
        "from": { "kind": "DockerImage", "name": settings.target.to_string() },
        "referencePolicy": { "type": policy(stream) },
    });
    let (at, value) = if stream.scheduled {
        (["importPolicy", "scheduled"], json!(true))
    } else {
        (["annotations", opt_out::TAG_ANNOTATION], json!("false"))
    };
    extreg_cluster::set(&mut tag, &at, value);
    owned(
        Kind::IMAGE_STREAM,
        settings,
        namespace,
        &json!({ "tags": [tag] }),
    )
}

/// The workload that runs the image, if any.
pub(crate) fn workload(settings: &Settings, namespace: &str) -> Option<Object> {
    match settings.workload {
        Workload::Deployment => Some(deployment(settings, namespace)),
        Workload::DeploymentConfig => Some(deployment_config(settings, namespace)),
        Workload::None => None,
    }
}

fn deployment(settings: &Settings, namespace: &str) -> Object {
    let name = &settings.name;
    let spec = json!({
        "selector": { "matchLabels": { APP: name } },
        "template": pod_template(settings),
    });
    // The exact form that library-go parses: this spacing and these quotes.
    let trigger = json!([{
        "from": { "kind": "ImageStreamTag", "name": stream_tag(settings) },
        "fieldPath": format!("spec.template.spec.containers[?(@.name==\"{name}\")].image"),
    }]);
    owned(Kind::DEPLOYMENT, settings, namespace, &spec).annotation(ANNOTATION, &trigger.to_string())
}

fn deployment_config(settings: &Settings, namespace: &str) -> Object {
    let name = &settings.name;
    let mut from = json!({ "kind": "ImageStreamTag", "name": stream_tag(settings) });
    if !namespace.is_empty() {
        extreg_cluster::set(&mut from, &["namespace"], json!(namespace));
    }
    let spec = json!({
        // The server has no default for this field.
        "replicas": 1,
        "selector": { APP: name },
        "template": pod_template(settings),
        "triggers": [
            { "type": "ConfigChange" },
            {
                "type": "ImageChange",
                "imageChangeParams": {
                    "automatic": true,
                    "containerNames": [name],
                    "from": from,
                },
            },
        ],
    });
    owned(Kind::DEPLOYMENT_CONFIG, settings, namespace, &spec)
}

fn pod_template(settings: &Settings) -> Value {
    let name = &settings.name;
    let mut template = json!({
        "metadata": { "labels": { APP: name } },
        "spec": { "containers": [{ "name": name, "image": NO_IMAGE }] },
    });
    if let Some(account) = &settings.service_account {
        extreg_cluster::set(
            &mut template,
            &["spec", "serviceAccountName"],
            json!(account),
        );
    }
    template
}

fn policy(stream: Stream) -> &'static str {
    match stream.reference_policy {
        ReferencePolicy::Local => "Local",
        ReferencePolicy::Source => "Source",
    }
}

fn stream_tag(settings: &Settings) -> String {
    format!("{}:{}", settings.name, settings.target.tag)
}

fn from(builder: &Builder) -> Value {
    match builder {
        Builder::StreamTag { namespace, name } => {
            json!({ "kind": "ImageStreamTag", "namespace": namespace, "name": name })
        }
        Builder::Image(image) => json!({ "kind": "DockerImage", "name": image }),
    }
}

fn owned(kind: Kind, settings: &Settings, namespace: &str, spec: &Value) -> Object {
    Object::new(kind, namespace, &settings.name, json!({ "spec": spec }))
        .label(MANAGED_BY, MANAGER)
        .label(APP, &settings.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::settings::testing::settings;

    #[test]
    fn trap_53_the_trigger_annotation_has_the_exact_form() {
        let settings = settings("app --image u/a:v1 --no-build").unwrap();
        let deployment = workload(&settings, "snow").unwrap();
        assert_eq!(
            deployment.body["metadata"]["annotations"][ANNOTATION],
            r#"[{"fieldPath":"spec.template.spec.containers[?(@.name==\"app\")].image","from":{"kind":"ImageStreamTag","name":"app:v1"}}]"#
        );
        assert_eq!(
            deployment.body["spec"]["template"]["spec"]["containers"][0]["image"],
            NO_IMAGE
        );
    }

    #[test]
    fn build_without_a_secret_has_no_push_secret() {
        let output = |args: &str| {
            let settings = settings(args).unwrap();
            let build = settings.build.clone().unwrap();
            build_config(&settings, "snow", &build).body["spec"]["output"].clone()
        };
        assert_eq!(
            output("app --image u/a --source https://x/y"),
            json!({"to": {"kind": "DockerImage", "name": "docker.io/u/a:latest"}, "pushSecret": {"name": "dockerhub"}})
        );
        assert_eq!(
            output("app --image u/a --source https://x/y --no-secret"),
            json!({"to": {"kind": "DockerImage", "name": "docker.io/u/a:latest"}})
        );
        assert_eq!(
            output("app --image u/a --source https://x/y --secret s")["pushSecret"]["name"],
            "s"
        );
        assert_eq!(
            output("app --image quay.io/u/a --source https://x/y")["pushSecret"]["name"],
            "quay-io"
        );
    }

    #[test]
    fn a_source_build_names_its_builder() {
        let settings =
            settings("app --image u/a --source https://x/y --ref main --context-dir d --strategy source --builder python:3")
                .unwrap();
        let build = settings.build.clone().unwrap();
        let spec = build_config(&settings, "snow", &build).body["spec"].clone();
        assert_eq!(
            spec["source"],
            json!({"type": "Git", "git": {"uri": "https://x/y", "ref": "main"}, "contextDir": "d"})
        );
        assert_eq!(
            spec["strategy"]["sourceStrategy"]["from"],
            json!({"kind": "ImageStreamTag", "namespace": "openshift", "name": "python:3"})
        );
    }
}
