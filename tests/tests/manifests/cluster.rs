//! The control plane of these tests, with everything installed that does not call the webhook.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Output;

use extreg_manifests::Phase;
use extreg_tests::{ControlPlane, Options, with_input};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// Group, plural and kind of the objects that the webhook is called for.
pub(crate) const RESOURCES: [(&str, &str, &str); 6] = [
    ("build.openshift.io", "builds", "Build"),
    ("build.openshift.io", "buildconfigs", "BuildConfig"),
    ("image.openshift.io", "imagestreams", "ImageStream"),
    (
        "image.openshift.io",
        "imagestreamimports",
        "ImageStreamImport",
    ),
    ("image.openshift.io", "imagestreamtags", "ImageStreamTag"),
    ("image.openshift.io", "imagetags", "ImageTag"),
];

/// A separate control plane. The resources of OpenShift have no schema here: they accept any content.
pub(crate) async fn start() -> ControlPlane {
    let plane = ControlPlane::start(Options::default().without_openshift())
        .await
        .unwrap();
    for (group, plural, kind) in RESOURCES {
        apply(&plane, &definition(group, plural, kind).to_string());
        established(&plane, &format!("{plural}.{group}"));
    }
    plane
}

/// A control plane, shared by these tests, with everything installed except the webhook configuration.
pub(crate) async fn installed() -> &'static ControlPlane {
    static PLANE: OnceCell<ControlPlane> = OnceCell::const_new();
    PLANE
        .get_or_init(|| async {
            let plane = start().await;
            let settings = extreg_manifests::Settings::default();
            for manifest in extreg_manifests::install(&settings).unwrap() {
                if manifest.phase == Phase::Arm {
                    continue;
                }
                apply(&plane, &manifest.yaml().unwrap());
                if manifest.phase == Phase::Definition {
                    established(&plane, extreg_manifests::names::CRD);
                }
            }
            plane
        })
        .await
}

/// Namespaces, and their labels besides their name. The webhook is called for the first two.
pub(crate) const NAMESPACES: [(&str, &[(&str, &str)]); 8] = [
    ("team", &[]),
    ("not-spared", &[("extreg.io/ignore", "false")]),
    ("spared", &[("extreg.io/ignore", "true")]),
    ("level-1", &[("openshift.io/run-level", "1")]),
    ("openshift", &[]),
    ("openshift-x", &[]),
    ("kube-x", &[]),
    ("extreg-system", &[]),
];

/// Creates the namespaces.
pub(crate) fn create_namespaces(plane: &ControlPlane) {
    for (name, labels) in NAMESPACES {
        let labels: BTreeMap<_, _> = labels.iter().copied().collect();
        let metadata = json!({"name": name, "labels": labels});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        apply(plane, &namespace.to_string());
    }
}

/// The folder of generated files.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../manifests/yaml")
}

/// Runs kubectl.
pub(crate) fn kubectl(plane: &ControlPlane, args: &[&str], stdin: &str) -> Output {
    with_input(plane.kubectl().args(args), stdin).unwrap()
}

/// Applies one object and fails on any warning.
pub(crate) fn apply(plane: &ControlPlane, object: &str) {
    let args = [
        "apply",
        "--server-side",
        "--field-manager=oc-extreg",
        "-f",
        "-",
    ];
    let output = kubectl(plane, &args, object);
    let answer = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && answer.is_empty(),
        "{answer}\n{object}"
    );
}

pub(crate) fn established(plane: &ControlPlane, definition: &str) {
    let args = ["wait", "--for=condition=Established", "crd", definition];
    assert!(kubectl(plane, &args, "").status.success(), "{definition}");
}

fn definition(group: &str, plural: &str, kind: &str) -> Value {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": anything},
            }],
        },
    })
}
