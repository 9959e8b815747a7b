//! What the audit of a whole cluster suggests.

use extreg_remedy::{Action, ClusterList};
use serde_json::json;

use super::Case;
use crate::bench::Source::Cluster;
use crate::objects::{BASE, IMAGE, arc, followed, image_config, web};

pub(super) fn cases() -> Vec<Case> {
    let list = |list, registries: &[&str]| Action::SetClusterList {
        list,
        registries: registries.iter().map(|name| (*name).to_owned()).collect(),
    };
    // The fields that each command keeps.
    let kept = json!({"additionalTrustedCA": {"name": "kept"},
        "externalRegistryHostnames": ["registry.example"]});
    let with = |more: serde_json::Value| {
        let mut spec = kept.clone();
        let members = spec.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        image_config(&spec)
    };
    vec![
        Case::new(
            "no list of registries",
            Cluster("EXR002", "absent"),
            vec![
                with(json!({"registrySources": {"insecureRegistries": ["old.example"]}})),
                web(None, BASE),
            ],
            vec![list(
                ClusterList::Allowed,
                &[
                    "image-registry.openshift-image-registry.svc:5000",
                    "quay.io",
                    "registry.redhat.io",
                ],
            )],
            &["image/cluster /spec/registrySources/allowedRegistries"],
        ),
        Case::new(
            "no list for imports",
            Cluster("EXR003", "absent"),
            vec![with(json!({})), followed()],
            vec![list(
                ClusterList::AllowedForImport,
                &["docker.io", "quay.io", "registry.redhat.io"],
            )],
            &["image/cluster /spec/allowedRegistriesForImport"],
        ),
        Case::new(
            "insecure registry",
            Cluster("EXR004", "cluster-insecure"),
            vec![
                with(
                    json!({"registrySources": {"insecureRegistries": ["old.example"],
                "allowedRegistries": ["quay.io"]}}),
                ),
                web(None, IMAGE),
            ],
            vec![Action::VerifyRegistry {
                index: 0,
                registry: arc("old.example"),
            }],
            &["image/cluster /spec/registrySources/insecureRegistries"],
        ),
        Case::new(
            "insecure imports",
            Cluster("EXR004", "import-insecure"),
            vec![with(json!({"allowedRegistriesForImport": [
                {"domainName": "quay.io"}, {"domainName": "docker.io", "insecure": true}]}))],
            vec![Action::VerifyImports {
                index: 1,
                registry: arc("docker.io"),
            }],
            &["image/cluster /spec/allowedRegistriesForImport/1/insecure"],
        ),
    ]
}
