//! `webhook` on a cluster whose installation another tool manages: it is shown, and never changed.

use extreg_fakes::Api;
use serde_json::{Value, json};

use super::{
    common::{ended, extreg},
    doctor::{assert_is, doctor},
    doctor_cluster::{self, now},
};

const CONFIGURATION: &str =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/extreg-webhook";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/hooks/deployments/extreg-webhook";

/// An installation in namespace `hooks` whose configuration has these labels and annotations.
fn objects(marks: &Value) -> [(&'static str, Value); 2] {
    let mut metadata = marks.clone();
    metadata["name"] = json!("extreg-webhook");
    let service = json!({"namespace": "hooks", "name": "extreg-webhook"});
    let configuration = json!({
        "metadata": metadata,
        "webhooks": [{"failurePolicy": "Ignore", "clientConfig": {"service": service}}],
    });
    let workload = json!({
        "metadata": {"name": "extreg-webhook", "namespace": "hooks", "labels": marks["labels"], "annotations": marks["annotations"]},
        "spec": {"replicas": 1},
    });
    [(CONFIGURATION, configuration), (DEPLOYMENT, workload)]
}

/// A cluster with this installation.
fn cluster(marks: &Value) -> Api {
    Api::at(objects(marks))
        .serving("/apis/image.openshift.io/v1", &["imagestreams"])
        .start()
}

/// The same, which also reports its version and the time, as `doctor` needs.
fn answering(marks: &Value) -> Api {
    let objects = objects(marks).map(|(path, object)| (path.to_owned(), object));
    doctor_cluster::cluster(objects.into(), &[], &now())
}

fn helm() -> Value {
    json!({
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {
            "meta.helm.sh/release-name": "builds",
            "meta.helm.sh/release-namespace": "hooks",
        },
    })
}

fn run(api: &Api, args: &str) -> (i32, String, String) {
    ended(
        extreg()
            .args(args.split_whitespace())
            .args(["--server", &api.url]),
    )
}

#[test]
fn status_names_the_release_of_helm() {
    let api = cluster(&helm());
    let (_, out, err) = run(&api, "webhook status");
    let line = "Managed by     Helm release builds in namespace hooks\n";
    assert!(out.contains(line), "{out}{err}");
    let (_, out, err) = run(&api, "webhook status -o json");
    let status: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(
        status["managedBy"],
        json!({"tool": "helm", "release": "builds", "namespace": "hooks"})
    );
    // Only other tools are worth a line.
    let api = cluster(&json!({"labels": {"app.kubernetes.io/managed-by": "oc-extreg"}}));
    let (_, out, _) = run(&api, "webhook status");
    assert!(!out.contains("Managed by"), "{out}");
}

/// An installation by each tool: its marks, its name, and its command for another version.
fn tools() -> [(Value, &'static str, &'static str); 6] {
    let flux = |key: &str| {
        json!({"labels": {
            format!("{key}.toolkit.fluxcd.io/name"): "hooks",
            format!("{key}.toolkit.fluxcd.io/namespace"): "flux-system",
        }})
    };
    [
        (
            json!({"labels": {"app.kubernetes.io/managed-by": "oc-extreg"}}),
            "oc extreg",
            "run \"upgrade --yes\"",
        ),
        (
            helm(),
            "Helm release builds in namespace hooks",
            "helm upgrade builds CHART -n hooks",
        ),
        (
            json!({"labels": {
                "olm.owner": "extreg.v0.1.0",
                "olm.owner.kind": "ClusterServiceVersion",
                "olm.owner.namespace": "hooks",
            }}),
            "OLM, ClusterServiceVersion extreg.v0.1.0",
            "approve the next InstallPlan in namespace hooks",
        ),
        (
            json!({"annotations": {"argocd.argoproj.io/tracking-id": "hooks:apps/Deployment:hooks/x"}}),
            "Argo CD application hooks",
            "argocd app sync hooks",
        ),
        (
            flux("kustomize"),
            "Flux Kustomization hooks",
            "flux reconcile kustomization hooks -n flux-system",
        ),
        (json!({}), "files", "apply the files of the new version"),
    ]
}

#[test]
fn doctor_names_each_tool_and_its_command() {
    for (marks, name, command) in tools() {
        let api = answering(&marks);
        let (_, found) = doctor(&["--server", &api.url, "--read-only"], &[]);
        assert_is(
            &found,
            "manager",
            &format!("ok {name}…to upgrade: …{command}"),
        );
    }
}

#[test]
fn doctor_repairs_an_installation_by_the_tool_that_manages_it() {
    // The CA is missing.
    let api = answering(&helm());
    let (_, out, _) = run(&api, "doctor --read-only -o json");
    let report: Value = serde_json::from_str(&out).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let bundle = checks
        .iter()
        .find(|check| check["name"] == "bundle")
        .unwrap();
    let hint = bundle["hint"].as_str().unwrap();
    assert!(
        hint.contains("helm upgrade builds CHART -n hooks"),
        "{hint}"
    );
}

#[test]
fn upgrade_refuses_where_another_tool_owns_the_version() {
    for (marks, name, command) in tools() {
        let api = cluster(&marks);
        let (code, _, err) = run(&api, "upgrade --yes");
        if name == "oc extreg" {
            assert!(!err.contains("is managed by"), "{err}");
            continue;
        }
        assert_eq!(code, 3, "{err}");
        for words in ["managed by", name, command] {
            assert!(err.contains(words), "{words} is not in\n{err}");
        }
        assert_eq!(api.writes(), [], "{name}");
    }
}

#[test]
fn commands_that_write_name_the_command_of_the_other_tool() {
    let argo_cd = json!({"annotations": {"argocd.argoproj.io/tracking-id": "hooks:apps/Deployment:hooks/extreg-webhook"}});
    let flux = json!({"labels": {
        "kustomize.toolkit.fluxcd.io/name": "hooks",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    }});
    let olm = json!({"labels": {
        "olm.owner": "extreg.v0.1.0",
        "olm.owner.kind": "ClusterServiceVersion",
        "olm.owner.namespace": "hooks",
    }});
    for (marks, args, words) in [
        (
            helm(),
            "webhook install",
            "helm upgrade builds CHART -n hooks",
        ),
        // Adopted objects would make the next upgrade of the release fail.
        (
            helm(),
            "webhook install --adopt --force-conflicts",
            "helm upgrade builds CHART -n hooks",
        ),
        (
            helm(),
            "webhook upgrade --yes",
            "helm upgrade builds CHART -n hooks",
        ),
        (helm(), "upgrade --yes", "with the chart of the new version"),
        (
            helm(),
            "webhook uninstall --all --yes",
            "helm uninstall builds -n hooks",
        ),
        (argo_cd.clone(), "webhook install", "argocd app sync hooks"),
        (
            argo_cd,
            "webhook uninstall --yes",
            "argocd app delete hooks",
        ),
        (
            flux,
            "upgrade --yes",
            "flux reconcile kustomization hooks -n flux-system",
        ),
        (
            olm,
            "webhook uninstall --yes",
            "oc delete clusterserviceversion extreg.v0.1.0 -n hooks",
        ),
    ] {
        let api = cluster(&marks);
        let (code, out, err) = run(&api, args);
        assert_eq!((code, out.as_str()), (3, ""), "{args}: {err}");
        for words in ["managed by", "nothing was changed", words] {
            assert!(err.contains(words), "{args}: {words} is not in\n{err}");
        }
        assert_eq!(err.trim_end().lines().count(), 1, "{args}: {err}");
        assert_eq!(api.writes(), [], "{args}");
    }
}

#[test]
fn objects_that_helm_left_without_a_configuration_are_not_adopted() {
    let api = cluster(&helm());
    api.objects().remove(CONFIGURATION);
    let (code, _, err) = run(&api, "webhook install -n hooks --tls service-ca --adopt");
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("helm upgrade builds CHART -n hooks"), "{err}");
    assert_eq!(api.writes(), []);
}
