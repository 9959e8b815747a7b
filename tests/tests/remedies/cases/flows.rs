//! What `status` suggests for imports, rollouts and pods.

use extreg_remedy::{Action, LinkUse, RolloutStep};
use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use super::Case;
use super::builds::credential;
use crate::bench::Source::Link;
use crate::objects::{
    DIGEST, HUB, IMAGE, QUAY, arc, entries, entry, failing, field, followed, id, secret, stream,
    tag, v1, web, workload,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_imports();
    cases.extend(of_rollouts());
    cases.extend(of_pods());
    cases
}

fn scheduled() -> Value {
    json!({"importPolicy": {"scheduled": true}})
}

fn following() -> String {
    entries(&[&entry(&field(Kind::Deployment, "web"), "")])
}

fn of_imports() -> Vec<Case> {
    let web = |image| web(Some(&following()), image);
    vec![
        Case::new(
            "followed reference",
            Link("import", "Reference"),
            vec![
                web(IMAGE),
                stream(&[tag(
                    &json!({"reference": true, "importPolicy": {"scheduled": true}}),
                )]),
                secret("hub", HUB),
            ],
            vec![Action::Unreference { tag: v1(true) }],
            &["imagestream/app /spec/tags/1/reference"],
        )
        .brings(&["EXR005 never-imported"]),
        Case::new(
            "denied import",
            Link("import", "Unauthorized"),
            vec![
                web(IMAGE),
                failing(
                    stream(&[tag(&scheduled())]),
                    "Unauthorized",
                    "access denied",
                ),
            ],
            vec![credential("dockerhub")],
            &["secret/dockerhub "],
        )
        .later("it is imported again"),
    ]
}

fn of_rollouts() -> Vec<Case> {
    let pinned = format!("docker.io/u/a@{DIGEST}");
    let mut paused = web(Some(&following()), &pinned);
    paused["spec"]["paused"] = json!(true);
    let job = entries(&[&entry(&field(Kind::CronJob, "web"), "")]);
    let mut suspended = workload(Kind::CronJob, Some(&job), &[("web", &pinned)]);
    suspended["spec"]["suspend"] = json!(true);
    let mut cases = vec![
        Case::new(
            "paused rollout",
            Link("rollout", "Paused"),
            vec![paused, followed()],
            vec![Action::Rollout {
                workload: id(Kind::Deployment, "web"),
                step: RolloutStep::Resume,
            }],
            &["deployment/web /spec/paused"],
        ),
        Case::new(
            "suspended job",
            Link("rollout", "Suspended"),
            vec![suspended, followed()],
            vec![Action::ResumeCronJob {
                workload: id(Kind::CronJob, "web"),
            }],
            &["cronjob/web /spec/suspend"],
        ),
    ];
    for (kind, name, changed) in [
        (
            Kind::StatefulSet,
            "pods replaced on delete",
            &["statefulset/web /spec/updateStrategy"] as &'static [&'static str],
        ),
        (
            Kind::DaemonSet,
            "daemons replaced on delete",
            &["daemonset/web /spec/updateStrategy"],
        ),
    ] {
        let mut old = workload(kind, Some(&following()), &[("web", &pinned)]);
        old["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        old["status"] = match kind {
            Kind::StatefulSet => json!({"observedGeneration": 1, "replicas": 1,
                "readyReplicas": 1, "availableReplicas": 1, "updatedReplicas": 0}),
            _ => json!({"observedGeneration": 1, "desiredNumberScheduled": 1,
                "currentNumberScheduled": 1, "numberMisscheduled": 0, "numberReady": 1,
                "numberAvailable": 1, "updatedNumberScheduled": 0}),
        };
        cases.push(Case::new(
            name,
            Link("rollout", "OnDelete"),
            vec![old, followed()],
            vec![Action::RollingUpdate {
                workload: id(kind, "web"),
            }],
            changed,
        ));
    }
    cases
}

fn of_pods() -> Vec<Case> {
    let pinned = format!("docker.io/u/a@{DIGEST}");
    let mut pod = workload(Kind::Pod, None, &[("web", &pinned)]);
    pod["metadata"] = json!({"name": "web-5d-x", "labels": {"pod-template-hash": "5d"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d",
            "uid": "0", "controller": true}]});
    pod["status"] = json!({"phase": "Pending", "containerStatuses": [{"name": "web",
        "image": pinned, "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "unauthorized: access denied"}}}]});
    let own = web(Some(&following()), &pinned);
    let mut naming = own.clone();
    naming["spec"]["template"]["spec"]["imagePullSecrets"] = json!([{"name": "quay"}]);
    let link = |secret: &str| Action::LinkSecret {
        account: id(Kind::ServiceAccount, "default"),
        secret: arc(secret),
        uses: LinkUse::Pull,
    };
    let add = |secret: &str| Action::AddPullSecret {
        workload: id(Kind::Deployment, "web"),
        secret: arc(secret),
    };
    let quay = || secret("quay", QUAY);
    const ACCOUNT: &str = "serviceaccount/default /imagePullSecrets";
    const TEMPLATE: &str = "deployment/web /spec/template/spec/imagePullSecrets/1";
    const WHY: &str = "the kubelet pulls again";
    vec![
        Case::new(
            "pod without a credential",
            Link("pods", "Unauthorized"),
            vec![own.clone(), pod.clone(), followed(), secret("hub", HUB)],
            vec![link("hub")],
            &[ACCOUNT],
        )
        .later(WHY),
        Case::new(
            "pod where no secret exists",
            Link("pods", "Unauthorized"),
            vec![own, pod.clone(), followed()],
            vec![credential("dockerhub"), link("dockerhub")],
            &["secret/dockerhub ", ACCOUNT],
        )
        .later(WHY),
        Case::new(
            "pod with another pull secret",
            Link("pods", "Unauthorized"),
            vec![
                naming.clone(),
                pod.clone(),
                followed(),
                secret("hub", HUB),
                quay(),
            ],
            vec![add("hub")],
            &[TEMPLATE],
        )
        .later(WHY),
        Case::new(
            "pod with another pull secret alone",
            Link("pods", "Unauthorized"),
            vec![naming, pod, followed(), quay()],
            vec![credential("dockerhub"), add("dockerhub")],
            &["secret/dockerhub ", TEMPLATE],
        )
        .later(WHY),
    ]
}
