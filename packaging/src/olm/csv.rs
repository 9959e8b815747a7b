//! The ClusterServiceVersion.

mod annotations;
mod model;
mod policy;
mod webhook;

use extreg_manifests::{
    Manifest, ObjectName, Phase, RenderError, Settings, cluster_role, names, role,
};
use serde_json::{Value, json};

use self::model::{
    ClusterServiceVersion, Contact, Definitions, Deployment, Icon, Install, InstallMode,
    InstallModeType, InstallSpec, Link, Named, Permissions, RelatedImage, Spec,
};
use super::PACKAGE;
use super::workload::olm_deployment;
use crate::Release;
use crate::icon::{ICON_TYPE, icon_base64};

/// The version of this package.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The oldest Kubernetes, as everywhere in the product: that of the API types in Cargo.toml.
pub(super) const MIN_KUBERNETES: &str = "1.33.0";
/// One sentence about the operator.
pub(super) const SUMMARY: &str =
    "Complete builds and image streams that use images of an external registry such as docker.io.";

/// Who maintains the package.
const MAINTAINERS: (&str, &str) = ("oc extreg maintainers", "maintainers@extreg.io");

/// The version of a release.
pub(super) fn cluster_service_version(
    settings: &Settings,
    release: &Release,
) -> Result<Manifest, RenderError> {
    let image = release.image.to_string();
    let deployment = olm_deployment(settings)?;
    let object = ObjectName {
        api_version: "operators.coreos.com/v1alpha1".to_owned(),
        kind: "ClusterServiceVersion".to_owned(),
        namespace: None,
        name: format!("{PACKAGE}.v{VERSION}"),
    };
    let version = ClusterServiceVersion {
        api_version: object.api_version.clone(),
        kind: object.kind.clone(),
        metadata: annotations::metadata(object.name.clone(), release)?,
        spec: Spec {
            custom_resource_definitions: Definitions {
                owned: vec![policy::description()],
            },
            description: include_str!("description.md"),
            display_name: "External Registry Webhook",
            icon: vec![Icon {
                base64data: icon_base64(),
                mediatype: ICON_TYPE,
            }],
            install: Install {
                strategy: "deployment",
                spec: InstallSpec {
                    cluster_permissions: vec![permissions(cluster_role(settings).rules)],
                    deployments: vec![Deployment {
                        name: deployment.object.name.clone(),
                        label: deployment.value.pointer("/metadata/labels").cloned(),
                        spec: deployment.value.get("spec").cloned(),
                    }],
                    permissions: vec![permissions(role(settings).rules)],
                },
            },
            install_modes: install_modes(),
            keywords: ["builds", "docker.io", "images", "imagestreams", "registry"],
            links: links(),
            maintainers: vec![Contact {
                name: MAINTAINERS.0,
                email: MAINTAINERS.1,
            }],
            maturity: "alpha",
            min_kube_version: MIN_KUBERNETES,
            provider: Named {
                name: "extreg.io",
                url: names::HOME,
            },
            related_images: vec![RelatedImage {
                name: names::WEBHOOK,
                image,
            }],
            version: VERSION,
            webhookdefinitions: webhook::definitions(settings),
        },
    };
    Manifest::named(Phase::Workload, object, &version)
}

/// What a catalog shows of a version (operator-registry `alpha/property/property.go`, `CSVMetadata`).
pub(super) fn relevant(version: &Manifest) -> Value {
    let mut shown = json!({
        "annotations": version.value.pointer("/metadata/annotations"),
        "labels": version.value.pointer("/metadata/labels"),
        "crdDescriptions": version.value.pointer("/spec/customresourcedefinitions"),
    });
    for field in [
        "description",
        "displayName",
        "installModes",
        "keywords",
        "links",
        "maintainers",
        "maturity",
        "minKubeVersion",
        "provider",
    ] {
        let value = version.value.get("spec").and_then(|spec| spec.get(field));
        if let (Some(shown), Some(value)) = (shown.as_object_mut(), value) {
            shown.insert(field.to_owned(), value.clone());
        }
    }
    shown
}

fn permissions(rules: Option<Vec<k8s_openapi::api::rbac::v1::PolicyRule>>) -> Permissions {
    Permissions {
        service_account_name: names::WEBHOOK,
        rules: rules.unwrap_or_default(),
    }
}

/// The webhook is registered for the whole cluster.
fn install_modes() -> Vec<InstallMode> {
    InstallModeType::ALL
        .into_iter()
        .map(|kind| InstallMode {
            kind,
            supported: kind == InstallModeType::AllNamespaces,
        })
        .collect()
}

fn links() -> Vec<Link> {
    let page = |name, page: &str| Link {
        name,
        url: format!("{}/blob/v{VERSION}/{page}", names::HOME),
    };
    vec![
        page("Documentation", "docs/README.md"),
        page("Install with OLM", "docs/olm.md"),
        Link {
            name: "Source",
            url: names::HOME.to_owned(),
        },
    ]
}
