//! OpenShift's resources, as custom resources.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

use super::schema::structural_schema;
use crate::Binaries;

/// A kind that OpenShift's own API server serves, and that a custom resource replaces here.
struct StandIn {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    /// As OpenShift registers its storage: the status of a Build and a BuildConfig is written with the object.
    subresources: fn() -> Option<Value>,
    /// The defaults that OpenShift's `SetDefaults_…` set independently of other fields: path in the schema, value.
    defaults: &'static [(&'static str, &'static str)],
}

const STAND_INS: [StandIn; 4] = [
    StandIn {
        group: "build",
        kind: "BuildConfig",
        plural: "buildconfigs",
        short: &["bc"],
        subresources: || None,
        // pkg/build/apis/build/v1/defaults.go
        defaults: &[
            ("spec.runPolicy", "Serial"),
            ("spec.strategy.sourceStrategy.from.kind", "ImageStreamTag"),
            ("spec.strategy.dockerStrategy.from.kind", "ImageStreamTag"),
            ("spec.strategy.customStrategy.from.kind", "ImageStreamTag"),
        ],
    },
    StandIn {
        group: "build",
        kind: "Build",
        plural: "builds",
        short: &[],
        subresources: || None,
        defaults: &[
            ("spec.strategy.sourceStrategy.from.kind", "ImageStreamTag"),
            ("spec.strategy.dockerStrategy.from.kind", "ImageStreamTag"),
            ("spec.strategy.customStrategy.from.kind", "ImageStreamTag"),
        ],
    },
    StandIn {
        group: "image",
        kind: "ImageStream",
        plural: "imagestreams",
        short: &["is"],
        subresources: || Some(json!({"status": {}})),
        // pkg/image/apis/image/v1/defaults.go
        defaults: &[
            ("spec.tags.[].importPolicy.importMode", "Legacy"),
            ("spec.tags.[].referencePolicy.type", "Source"),
        ],
    },
    StandIn {
        group: "apps",
        kind: "DeploymentConfig",
        plural: "deploymentconfigs",
        short: &["dc"],
        subresources: || {
            Some(json!({"status": {}, "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
            }}))
        },
        // pkg/apps/apis/apps/v1/defaults.go
        defaults: &[("spec.strategy.type", "Rolling")],
    },
];

/// The definitions of OpenShift's resources: those of config.openshift.io and similar groups as OpenShift ships them,
/// and those that replace the resources of OpenShift's own API server.
pub fn custom_resource_definitions(binaries: &Binaries) -> Result<Vec<CustomResourceDefinition>> {
    let mut definitions = Vec::new();
    for path in binaries.openshift_crds()? {
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let definition: Value =
            serde_saphyr::from_str(&text).with_context(|| format!("read {}", path.display()))?;
        definitions.push(serde_json::from_value(definition)?);
    }
    let path = binaries.openshift_openapi();
    let openapi = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let openapi: Value = serde_json::from_slice(&openapi)?;
    for stand_in in &STAND_INS {
        definitions.push(serde_json::from_value(stand_in.definition(&openapi)?)?);
    }
    Ok(definitions)
}

/// Installs OpenShift's resources and waits until each is served.
pub(super) async fn install(client: &kube::Client, binaries: &Binaries) -> Result<()> {
    let definitions = custom_resource_definitions(binaries)?;
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    try_join_all(
        definitions
            .iter()
            .map(|definition| create(&api, definition)),
    )
    .await?;
    Ok(())
}

async fn create(
    api: &Api<CustomResourceDefinition>,
    definition: &CustomResourceDefinition,
) -> Result<()> {
    let name = definition.metadata.name.as_deref().unwrap_or_default();
    api.create(&PostParams::default(), definition)
        .await
        .with_context(|| format!("create the CRD {name}"))?;
    for _ in 0..600 {
        let status = api.get(name).await?.status;
        let conditions = status
            .and_then(|status| status.conditions)
            .unwrap_or_default();
        let holds = |kind: &str| {
            conditions
                .iter()
                .any(|c| c.type_ == kind && c.status == "True")
        };
        if holds("Established") {
            // The condition names the violated rule of a structural schema; such a CRD is served without pruning.
            let flaw = conditions
                .iter()
                .find(|c| c.type_ == "NonStructuralSchema" && c.status == "True");
            ensure!(
                flaw.is_none(),
                "the schema of {name} is not structural: {flaw:?}"
            );
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the API server does not serve {name} 30 s after its CRD was created")
}

impl StandIn {
    fn definition(&self, openapi: &Value) -> Result<Value> {
        let (group, kind) = (self.group, self.kind);
        let mut schema = structural_schema(
            openapi,
            &format!("com.github.openshift.api.{group}.v1.{kind}"),
        )?;
        for (path, default) in self.defaults {
            let pointer = path
                .split('.')
                .fold(String::new(), |pointer, part| match part {
                    "[]" => pointer + "/items",
                    field => pointer + "/properties/" + field,
                });
            let field = schema
                .pointer_mut(&pointer)
                .and_then(Value::as_object_mut)
                .with_context(|| format!("{kind} has no field {path}"))?;
            field.insert("default".to_owned(), (*default).into());
            field.remove("nullable");
        }
        let mut version = json!({
            "name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": schema},
        });
        if let Some(subresources) = (self.subresources)() {
            version["subresources"] = subresources;
        }
        Ok(json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{}.{group}.openshift.io", self.plural)},
            "spec": {
                "group": format!("{group}.openshift.io"),
                "scope": "Namespaced",
                "names": {
                    "kind": kind,
                    "listKind": format!("{kind}List"),
                    "plural": self.plural,
                    "singular": kind.to_lowercase(),
                    "shortNames": self.short,
                    "categories": ["all"],
                },
                "versions": [version],
            },
        }))
    }
}
