//! The kustomize base and its components, built by kubectl, and accepted by a real API server.

mod build;
mod moved;

use std::collections::BTreeMap;

use extreg_manifests::{FollowBuilds, Settings, names};
use extreg_tests::{ControlPlane, GoModule, Options, with_input};
use serde_json::Value;

use crate::build::{Kustomization, components, original};

/// The image of an overlay.
const IMAGE: &str = "registry.example/tools/extreg-webhook:1.2.3";
/// The namespace of an overlay.
const NAMESPACE: &str = "registries";

fn by_name(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let name = |object: &Value| {
        let metadata = &object["metadata"];
        let (namespace, name) = (&metadata["namespace"], &metadata["name"]);
        format!("{} {namespace} {name}", object["kind"])
    };
    objects.into_iter().map(|o| (name(&o), o)).collect()
}

/// What the plugin installs with these settings, without its own label.
fn installed(settings: &Settings) -> BTreeMap<String, Value> {
    fn without_manager(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove(names::MANAGED_BY_LABEL);
                map.values_mut().for_each(without_manager);
            }
            Value::Array(items) => items.iter_mut().for_each(without_manager),
            _ => {}
        }
    }
    let manifests = extreg_manifests::install(settings).unwrap().into_iter();
    let mut objects: Vec<Value> = manifests.map(|manifest| manifest.value).collect();
    objects.iter_mut().for_each(without_manager);
    by_name(objects)
}

fn assert_same(built: &BTreeMap<String, Value>, installed: &BTreeMap<String, Value>) {
    assert_eq!(
        built.keys().collect::<Vec<_>>(),
        installed.keys().collect::<Vec<_>>()
    );
    for (name, object) in installed {
        assert_eq!(&built[name], object, "{name}");
    }
}

/// Objects as an API server stores them: kustomize sets the namespace on each kind that it does not know, and API servers
/// remove it from objects without one.
fn stored(mut objects: Vec<Value>) -> Vec<Value> {
    let policies = objects.iter_mut();
    for policy in policies.filter(|object| object["kind"] == names::KIND) {
        let metadata = policy["metadata"].as_object_mut().unwrap();
        metadata.remove("namespace");
    }
    objects
}

#[test]
fn the_folder_is_the_default_installation() {
    let built = original().build();
    assert_same(&by_name(built.objects), &installed(&Settings::default()));
}

#[test]
fn an_overlay_in_another_namespace_is_what_the_plugin_installs_there() {
    let settings = Settings {
        namespace: NAMESPACE.parse().unwrap(),
        image: Some(IMAGE.to_owned()),
        ..Settings::default()
    };
    let following = Settings {
        follow_builds: FollowBuilds::Everywhere,
        ..settings.clone()
    };
    for (components, settings) in [
        (&["openshift"][..], settings.clone()),
        (&["openshift", "follow-builds"], following.clone()),
        (
            &["monitoring", "openshift"],
            Settings {
                monitoring: true,
                ..settings.clone()
            },
        ),
        (
            &[
                "audit-job",
                "audit-job-monitoring",
                "follow-builds",
                "follow-builds-monitoring",
                "monitoring",
                "openshift",
            ],
            Settings {
                monitoring: true,
                audit: Some(extreg_manifests::AuditJob::default()),
                ..following
            },
        ),
    ] {
        let built = Kustomization::overlay(NAMESPACE, components)
            .image(IMAGE)
            .build();
        assert_same(&by_name(stored(built.objects)), &installed(&settings));
    }
}

/// Each component alone, and all together.
fn combinations() -> Vec<Vec<String>> {
    let all = components();
    assert!(all.len() >= 6, "{all:?}");
    let alone = all.iter().map(|one| vec![one.clone()]);
    let mut combinations: Vec<_> = alone.collect();
    combinations.push(Vec::new());
    combinations.push(all);
    combinations
}

#[test]
fn a_moved_base_does_not_mention_its_original_namespace() {
    for components in combinations() {
        let built = Kustomization::overlay(NAMESPACE, &components)
            .image(IMAGE)
            .build();
        for trace in [names::NAMESPACE, "$(", "image: extreg-webhook"] {
            assert!(
                !built.text.contains(trace),
                "{components:?}: {trace}\n{}",
                built.text
            );
        }
        // Only of the texts that contain the namespace as a part.
        for line in built.warnings.lines() {
            assert!(
                line.contains("'vars' is deprecated"),
                "{components:?}: {line}"
            );
        }
    }
}

#[test]
fn the_certificate_of_cert_manager_follows_the_namespace() {
    let built = Kustomization::overlay(NAMESPACE, &["cert-manager"]).build();
    let objects = by_name(built.objects);
    let certificate = &objects[r#""Certificate" "registries" "extreg-webhook""#];
    assert_eq!(
        certificate["spec"]["dnsNames"],
        serde_json::json!(["extreg-webhook.registries.svc"])
    );
    let configuration = &objects[r#""MutatingWebhookConfiguration" null "extreg-webhook""#];
    assert_eq!(
        configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"],
        "registries/extreg-webhook"
    );
    let deployment = &objects[r#""Deployment" "registries" "extreg-webhook""#];
    assert_eq!(
        certificate["spec"]["secretName"],
        deployment["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"]
    );
}

#[test]
fn the_kustomizations_of_the_guide_are_complete() {
    let guide = include_str!("../../../docs/install-kustomize.md");
    let remote = "https://github.com/extreg/oc-extreg//manifests/yaml/";
    let version = concat!("?ref=v", env!("CARGO_PKG_VERSION"));
    let blocks = guide.split("```yaml\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let mut found = 0;
    for block in blocks {
        let local = block.replace(remote, "ours/").replace(version, "");
        let content: Value = serde_saphyr::from_str(&local).unwrap();
        let built = Kustomization::written(content).build();
        assert!(!built.text.contains(names::NAMESPACE), "{}", built.text);
        assert!(
            built
                .text
                .contains("registry.example.com/tools/extreg-webhook:0.1.0")
        );
        // Something provides the CA.
        let is_trusted = ["inject-cabundle: \"true\"", "caBundle: LS0t"]
            .iter()
            .any(|text| built.text.contains(text));
        assert!(is_trusted, "{}", built.text);
        found += 1;
    }
    assert_eq!(found, 2);
    for component in components() {
        assert!(guide.contains(&format!("| `{component}` |")), "{component}");
    }
}

#[tokio::test]
async fn the_api_server_accepts_each_component_alone_and_all_together() {
    let plane = ControlPlane::start(Options::default()).await.unwrap();
    for module in [GoModule::CertManager, GoModule::PrometheusOperator] {
        module.install(&plane).unwrap();
    }
    let apply = |flags: &[&str], text: &str| {
        let mut kubectl = plane.kubectl();
        kubectl.args(["apply", "--server-side"]).args(flags);
        let output = with_input(kubectl.args(["-f", "-"]), text).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && errors.is_empty(), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    // Objects are checked only in a namespace, and of a kind, that exists.
    let base = Kustomization::overlay(NAMESPACE, &[] as &[&str]).build();
    for kind in ["Namespace", "CustomResourceDefinition"] {
        let object = base.objects.iter().find(|object| object["kind"] == kind);
        apply(&[], &object.unwrap().to_string());
    }
    let args = ["wait", "--for=condition=Established", "crd", names::CRD];
    assert!(plane.kubectl().args(args).status().unwrap().success());
    for components in combinations() {
        let built = Kustomization::overlay(NAMESPACE, &components)
            .image(IMAGE)
            .build();
        let applied = apply(&["--dry-run=server"], &built.text);
        assert_eq!(
            applied.lines().count(),
            built.objects.len(),
            "{components:?}: {applied}"
        );
    }
}
