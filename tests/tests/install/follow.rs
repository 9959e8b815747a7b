//! The importer: installed, examined, upgraded to and removed.

use std::net::SocketAddr;
use std::time::Duration;

use extreg_manifests::{Phase, Settings};
use extreg_tests::{Options, Process, outside_address};
use serde_json::{Value, json};

use crate::support::{Cluster, Run};
use crate::workload::{deployment, pretend_ready, pretend_rolled_out, run};

const RIGHTS: &str = "clusterroles,clusterrolebindings,roles,rolebindings";
const FORMER: &str = "extreg-webhook-follow-builds";

/// A cluster with the webhook installed for namespaces of one team, of which one exists.
pub(crate) struct Installed {
    pub(crate) cluster: Cluster,
    address: SocketAddr,
    _webhook: Process,
}

impl Installed {
    pub(crate) async fn start(address: SocketAddr) -> Self {
        let options = Options::default().api_server_arg("--enable-aggregator-routing=true");
        let cluster = Cluster::with(options).await;
        for (name, team) in [("shop", "shop"), ("bank", "bank"), ("openshift-x", "shop")] {
            let namespace = json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "labels": {"team": team}},
            });
            cluster.kubectl("create -f -", &namespace);
        }
        let pods = async {
            let deployment = deployment(&cluster).await;
            pretend_ready(&cluster, &deployment, address);
            run(&cluster, &deployment, address)
        };
        let install = "install --tls own --namespace-selector team=shop";
        let (installed, webhook) = tokio::join!(cluster.webhook(install), pods);
        installed.ends(0);
        Self {
            cluster,
            address,
            _webhook: webhook,
        }
    }

    /// Runs the plugin, and acts as the controller that rolls out Deployments.
    pub(crate) async fn webhook(&self, args: &str) -> Run {
        let cluster = &self.cluster;
        let controller = async {
            loop {
                for name in ["extreg-webhook", "extreg-importer"] {
                    let deployment = cluster.get(&format!("deployment {name} -n extreg-system"));
                    let generation = &deployment["metadata"]["generation"];
                    if deployment["status"]["observedGeneration"] == *generation {
                        continue;
                    }
                    match name {
                        "extreg-webhook" => pretend_ready(cluster, &deployment, self.address),
                        _ => pretend_rolled_out(cluster, &deployment),
                    }
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            run = cluster.webhook(args) => run,
            () = controller => unreachable!("it never ends"),
        }
    }

    /// The existing objects of these kinds for following builds, as `kind namespace/name`.
    fn found(&self, kinds: &str) -> Vec<String> {
        let list = self.cluster.get(&format!("{kinds} -A"));
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let mut found: Vec<String> = items
            .iter()
            .filter(|item| {
                let name = item["metadata"]["name"].as_str().unwrap();
                name.starts_with("extreg-importer") || name == FORMER
            })
            .map(|item| {
                let metadata = &item["metadata"];
                let namespace = metadata["namespace"].as_str().unwrap_or_default();
                let (kind, name) = (&item["kind"], &metadata["name"]);
                format!(
                    "{} {namespace}/{}",
                    kind.as_str().unwrap(),
                    name.as_str().unwrap()
                )
            })
            .collect();
        found.sort_unstable();
        found
    }

    pub(crate) async fn state(&self) -> Value {
        let status = self.webhook("status -o json").await;
        serde_json::from_str(&status.out).unwrap()
    }

    fn hold_lease(&self, holder: &str, renewed: jiff::Timestamp) {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": FORMER, "namespace": "extreg-system"},
            "spec": {
                "holderIdentity": holder,
                "renewTime": renewed.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
            },
        });
        self.cluster.kubectl("apply --server-side -f -", &lease);
    }
}

/// The permissions of an importer that is bound in the namespace `shop`.
const BOUND: [&str; 6] = [
    "ClusterRole /extreg-importer",
    "ClusterRole /extreg-importer-namespace",
    "ClusterRoleBinding /extreg-importer",
    "Role extreg-system/extreg-importer",
    "RoleBinding extreg-system/extreg-importer",
    "RoleBinding shop/extreg-importer-namespace",
];

fn problems(state: &Value) -> String {
    state["problems"].to_string()
}

#[tokio::test]
async fn the_importer_is_installed_bound_examined_and_removed() {
    let Some(address) = outside_address() else {
        eprintln!("skipped: this machine has no address but loopback");
        return;
    };
    let installed = Installed::start(address).await;
    let cluster = &installed.cluster;
    assert_eq!(installed.found(RIGHTS), [""; 0]);
    let state = installed.state().await;
    assert_eq!(state["followBuilds"], "off");
    assert_eq!(state["configuration"]["namespaceSelector"], "team=shop");

    let with = "install --tls own --follow-builds";
    let tried = installed.webhook(&format!("{with} --dry-run client")).await;
    let tried = tried.ends(0);
    assert!(
        tried
            .out
            .contains("deployment.apps/extreg-importer created (dry run)"),
        "{}",
        tried.out
    );
    assert_eq!(installed.found(RIGHTS), [""; 0]);

    installed.webhook(with).await.ends(0);
    // Neither in the platform's namespace that has the label, nor in that of another team.
    assert_eq!(installed.found(RIGHTS), BOUND);
    assert_eq!(
        installed.found("deployments,serviceaccounts,networkpolicies"),
        [
            "Deployment extreg-system/extreg-importer",
            "NetworkPolicy extreg-system/extreg-importer",
            "ServiceAccount extreg-system/extreg-importer",
        ]
    );
    assert_eq!(installed.webhook(with).await.ends(0).verbs(), ["unchanged"]);

    // No replica follows yet; then one does; then it hangs.
    let state = installed.state().await;
    assert!(
        problems(&state).contains("no replica holds the Lease"),
        "{state}"
    );
    installed.hold_lease("pod-1", jiff::Timestamp::now());
    let state = installed.state().await;
    assert!(!problems(&state).contains("Lease"), "{state}");
    assert_eq!(state["followBuilds"], "on");
    assert_eq!(state["importer"]["leader"], "pod-1");
    assert_eq!(state["importer"]["namespaces"], json!(["shop"]));
    installed.hold_lease("pod-1", jiff::Timestamp::now() - Duration::from_mins(5));
    let hangs = installed.webhook("status").await.ends(3);
    assert!(hangs.out.contains("it hangs or is gone"), "{}", hangs.out);

    // The next upgrade binds a namespace that joins the team, and releases one that leaves it.
    cluster.kubectl("label namespace bank team=shop --overwrite", &Value::Null);
    cluster.kubectl("label namespace shop team=other --overwrite", &Value::Null);
    let state = installed.state().await;
    assert!(
        problems(&state).contains("no permissions in bank"),
        "{state}"
    );
    installed.webhook("upgrade --yes").await.ends(0);
    let bindings = installed.found("rolebindings");
    assert_eq!(
        bindings,
        [
            "RoleBinding bank/extreg-importer-namespace",
            "RoleBinding extreg-system/extreg-importer",
        ]
    );

    cluster.kubectl("delete clusterrolebinding extreg-importer", &Value::Null);
    let state = installed.state().await;
    assert!(
        problems(&state).contains("builds cannot be followed"),
        "{state}"
    );

    // Without the flag it is removed, with its permissions.
    let without = installed.webhook("install --tls own").await.ends(0);
    assert!(
        without
            .out
            .contains("deployment.apps/extreg-importer deleted"),
        "{}",
        without.out
    );
    assert_eq!(
        installed.found(&format!("{RIGHTS},deployments,serviceaccounts")),
        [""; 0]
    );
    let again = installed.webhook("install --tls own").await.ends(0);
    assert_eq!(again.verbs(), ["unchanged"]);

    installed.webhook(with).await.ends(0);
    installed.webhook("uninstall --all --yes").await.ends(0);
    assert_eq!(cluster.ours(), [""; 0]);
}

/// The layout of a version whose webhook followed builds.
fn former_layout(cluster: &Cluster) {
    let mut deployment = cluster.get("deployment extreg-webhook -n extreg-system");
    let metadata = deployment["metadata"].as_object_mut().unwrap();
    metadata.retain(|key, _| matches!(key.as_str(), "name" | "namespace" | "labels"));
    deployment.as_object_mut().unwrap().remove("status");
    let args = &mut deployment["spec"]["template"]["spec"]["containers"][0]["args"];
    args.as_array_mut().unwrap().push("--follow-builds".into());
    let apply = "apply --server-side --field-manager=oc-extreg --force-conflicts -f -";
    cluster.kubectl(apply, &deployment);
    let subject =
        json!([{"kind": "ServiceAccount", "name": "extreg-webhook", "namespace": "extreg-system"}]);
    for (kind, bound) in [
        ("ClusterRole", "ClusterRoleBinding"),
        ("Role", "RoleBinding"),
    ] {
        let metadata = json!({
            "name": FORMER, "namespace": "extreg-system",
            "labels": {"app.kubernetes.io/managed-by": "oc-extreg"},
        });
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata,
            "rules": [{"apiGroups": ["image.openshift.io"], "resources": ["imagestreamimports"], "verbs": ["create"]}],
        });
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": bound, "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": FORMER},
            "subjects": subject,
        });
        for object in [role, binding] {
            cluster.kubectl("create -f -", &object);
        }
    }
}

#[tokio::test]
async fn an_upgrade_moves_following_builds_from_the_webhook_to_the_importer() {
    let Some(address) = outside_address() else {
        eprintln!("skipped: this machine has no address but loopback");
        return;
    };
    let installed = Installed::start(address).await;
    former_layout(&installed.cluster);
    assert_eq!(installed.found(RIGHTS).len(), 4);
    let state = installed.state().await;
    assert_eq!(state["followBuilds"], "on");
    assert!(
        problems(&state).contains("as in an earlier version"),
        "{state}"
    );

    let plan = installed.webhook("upgrade").await.ends(0);
    for line in [
        "deployment.apps/extreg-importer created (server dry run)",
        "clusterrole.rbac.authorization.k8s.io/extreg-webhook-follow-builds deleted (server dry run)",
    ] {
        assert!(plan.out.contains(line), "{line} is not in\n{}", plan.out);
    }
    installed.webhook("upgrade --yes").await.ends(0);
    assert_eq!(installed.found(RIGHTS), BOUND);
    let webhook = installed
        .cluster
        .get("deployment extreg-webhook -n extreg-system");
    let args = webhook["spec"]["template"]["spec"]["containers"][0]["args"].to_string();
    assert!(!args.contains("follow"), "{args}");
    let again = installed.webhook("upgrade").await.ends(0);
    assert_eq!(again.verbs(), ["unchanged (server dry run)"]);
}

#[tokio::test]
async fn every_pod_is_admitted_by_pod_security_restricted() {
    let cluster = Cluster::start().await;
    let settings = Settings {
        follow_builds: extreg_manifests::FollowBuilds::Everywhere,
        audit: Some(extreg_manifests::AuditJob::default()),
        ..Settings::default()
    };
    let mut pods = 0;
    for manifest in extreg_manifests::install(&settings).unwrap() {
        match manifest.phase {
            Phase::Base if manifest.object.kind == "Namespace" => {
                cluster.kubectl("create -f -", &manifest.value);
            }
            Phase::Workload => {
                let template = match manifest.object.kind.as_str() {
                    "CronJob" => &manifest.value["spec"]["jobTemplate"]["spec"]["template"],
                    _ => &manifest.value["spec"]["template"],
                };
                let mut pod = json!({
                    "apiVersion": "v1", "kind": "Pod",
                    "metadata": {"name": manifest.object.name, "namespace": "extreg-system"},
                    "spec": template["spec"],
                });
                // Neither the tokens of accounts nor priorities are part of the check.
                pod["spec"]["serviceAccountName"] = Value::Null;
                pod["spec"]["automountServiceAccountToken"] = json!(false);
                pod["spec"]["priorityClassName"] = Value::Null;
                cluster.kubectl("create --dry-run=server -f -", &pod);
                // The same pod without one of its settings is refused, so the check is in force.
                pod["spec"]["securityContext"] = Value::Null;
                let refused = cluster.refused("create --dry-run=server -f -", &pod);
                assert!(refused.contains("violates PodSecurity"), "{refused}");
                pods += 1;
            }
            _ => {}
        }
    }
    assert_eq!(pods, 3);
}
