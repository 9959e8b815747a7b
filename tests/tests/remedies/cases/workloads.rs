//! What the audit suggests for pods and their owners.

use extreg_remedy::{Action, LinkUse};
use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use super::Case;
use super::builds::credential;
use crate::bench::Source::Finding;
use crate::objects::{DIGEST, HUB, IMAGE, QUAY, arc, id, reference, secret, web, workload};

/// The template of the pods of a kind.
fn template(workload: &mut Value, kind: Kind) -> &mut Value {
    let spec = &mut workload["spec"];
    match kind {
        Kind::Pod => spec,
        Kind::CronJob => &mut spec["jobTemplate"]["spec"]["template"]["spec"],
        _ => &mut spec["template"]["spec"],
    }
}

fn link(secret: &str) -> Action {
    Action::LinkSecret {
        account: id(Kind::ServiceAccount, "default"),
        secret: arc(secret),
        uses: LinkUse::Pull,
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new(
            "anonymous pull",
            Finding("EXR007", "anonymous-pull"),
            vec![web(None, IMAGE), secret("hub", HUB)],
            vec![link("hub")],
            &["serviceaccount/default /imagePullSecrets"],
        ),
        Case::new(
            "anonymous pull where no secret exists",
            Finding("EXR007", "anonymous-pull"),
            vec![web(None, IMAGE)],
            vec![credential("dockerhub"), link("dockerhub")],
            &[
                "secret/dockerhub ",
                "serviceaccount/default /imagePullSecrets",
            ],
        ),
        Case::new(
            "other pull secret where no better exists",
            Finding("EXR007", "anonymous-pull"),
            vec![naming(Kind::Deployment), secret("quay", QUAY)],
            vec![
                credential("dockerhub"),
                Action::AddPullSecret {
                    workload: id(Kind::Deployment, "web"),
                    secret: arc("dockerhub"),
                },
            ],
            &[
                "secret/dockerhub ",
                "deployment/web /spec/template/spec/imagePullSecrets/1",
            ],
        ),
        // The fields of a pod are immutable.
        Case::new(
            "pod of its own with another pull secret",
            Finding("EXR007", "anonymous-pull"),
            vec![naming(Kind::Pod), secret("quay", QUAY), secret("hub", HUB)],
            vec![credential("quay")],
            &["secret/quay /data/.dockerconfigjson"],
        )
        .brings(&["EXR009 ambiguous"]),
        running(),
    ];
    for kind in [
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::CronJob,
        Kind::DeploymentConfig,
    ] {
        cases.push(with_pull_secret(kind));
    }
    cases
}

/// A workload whose pods name a pull secret that has no key for its image.
fn naming(kind: Kind) -> Value {
    let mut web = workload(kind, None, &[("web", IMAGE)]);
    template(&mut web, kind)["imagePullSecrets"] = json!([{"name": "quay"}]);
    web
}

fn with_pull_secret(kind: Kind) -> Case {
    let name = match kind {
        Kind::Deployment => "workload with another pull secret".to_owned(),
        _ => format!("{} with another pull secret", reference(kind)),
    };
    Case::new(
        name,
        Finding("EXR007", "anonymous-pull"),
        vec![naming(kind), secret("quay", QUAY), secret("hub", HUB)],
        vec![Action::AddPullSecret {
            workload: id(kind, "web"),
            secret: arc("hub"),
        }],
        match kind {
            Kind::Deployment => &["deployment/web /spec/template/spec/imagePullSecrets/1"],
            Kind::StatefulSet => &["statefulset/web /spec/template/spec/imagePullSecrets/1"],
            Kind::DaemonSet => &["daemonset/web /spec/template/spec/imagePullSecrets/1"],
            Kind::CronJob => {
                &["cronjob/web /spec/jobTemplate/spec/template/spec/imagePullSecrets/1"]
            }
            _ => &["deploymentconfig/web /spec/template/spec/imagePullSecrets/1"],
        },
    )
}

/// A tag that a standalone pod runs, whose digest is known from the pod.
fn running() -> Case {
    let image = "quay.io/x/web:v1";
    let by_digest = format!("quay.io/x/web@{DIGEST}");
    let mut pod = workload(Kind::Pod, None, &[("web", image)]);
    pod["status"] = json!({"phase": "Running", "containerStatuses": [{"name": "web",
        "image": image, "imageID": by_digest, "ready": true, "restartCount": 0, "started": true,
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}]});
    Case::new(
        "running tag of a pod",
        Finding("EXR006", "tag"),
        vec![pod],
        vec![Action::SetImage {
            workload: id(Kind::Pod, "web"),
            container: arc("web"),
            field: arc("spec.containers[0].image"),
            image: arc(&by_digest),
        }],
        &["pod/web /spec/containers/0/image"],
    )
}
