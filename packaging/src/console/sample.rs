//! Samples of the YAML editor.

use extreg_manifests::{
    InstallMode, Manifest, ObjectName, Phase, RenderError, names, registry_policy,
};
use serde_json::{Value, json};

use super::model::{Sample, Target};

/// The samples, by name.
pub(super) fn samples() -> Result<Vec<(&'static str, Sample)>, RenderError> {
    let first = registry_policy(InstallMode::Audit)?.without_manager();
    Ok(vec![
        (
            "oc-extreg-buildconfig",
            sample(
                "Push to an external registry",
                "Builds an image from a repository and pushes it to docker.io with the secret `dockerhub`.",
                &named("build.openshift.io/v1", "BuildConfig", "cart", &build())?,
            )?,
        ),
        (
            "oc-extreg-imagestream",
            sample(
                "Follow an image of an external registry",
                "Imports the tag of docker.io periodically, so that workloads get a new image.",
                &named("image.openshift.io/v1", "ImageStream", "cart", &stream())?,
            )?,
        ),
        (
            "oc-extreg-registrypolicy",
            sample(
                "Count what images of docker.io lack",
                "Mode Audit counts only. Continue with Warn, then Enforce.",
                &first,
            )?,
        ),
        (
            "oc-extreg-registrypolicy-team",
            sample(
                "Complete the builds and tags of one team",
                "Applies to repositories of one organization, in namespaces with a label.",
                &named(names::API_VERSION, names::KIND, "acme", &team())?,
            )?,
        ),
    ])
}

fn sample(
    title: &'static str,
    description: &'static str,
    object: &Manifest,
) -> Result<Sample, RenderError> {
    Ok(Sample {
        target_resource: Target {
            api_version: object.object.api_version.clone(),
            kind: object.object.kind.clone(),
        },
        title,
        description,
        yaml: object.yaml()?,
    })
}

fn named(api_version: &str, kind: &str, name: &str, spec: &Value) -> Result<Manifest, RenderError> {
    let object = ObjectName {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: None,
        name: name.to_owned(),
    };
    let value = json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec,
    });
    Manifest::named(Phase::Base, object, &value)
}

fn build() -> Value {
    json!({
        "source": {"git": {"uri": "https://github.com/acme/cart"}},
        "strategy": {"dockerStrategy": {}},
        "output": {
            "to": {"kind": "DockerImage", "name": "docker.io/acme/cart:latest"},
            "pushSecret": {"name": names::DEFAULT_SECRET},
        },
        "triggers": [{"type": "ConfigChange"}],
    })
}

fn stream() -> Value {
    json!({
        "lookupPolicy": {"local": true},
        "tags": [{
            "name": "latest",
            "from": {"kind": "DockerImage", "name": "docker.io/acme/cart:latest"},
            "importPolicy": {"scheduled": true},
        }],
    })
}

fn team() -> Value {
    json!({
        "registry": "docker.io",
        "repositories": ["acme/*"],
        "namespaceSelector": {"matchLabels": {"team": "shop"}},
        "mode": InstallMode::Enforce.as_str(),
        "push": {"secretName": names::DEFAULT_SECRET, "target": "Both"},
        "import": {"scheduled": true},
    })
}
