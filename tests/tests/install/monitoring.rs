//! Monitors, alert rules and the console's dashboard: accepted by the definitions of the Prometheus operator, and
//! removed with the program that they are for.

use extreg_tests::{GoModule, outside_address};
use serde_json::{Value, json};

use crate::audit::define_reports;
use crate::follow::Installed;
use crate::support::Cluster;

const WEBHOOK: [&str; 3] = [
    "ConfigMap openshift-config-managed/extreg-dashboard",
    "PrometheusRule extreg-system/extreg-webhook",
    "ServiceMonitor extreg-system/extreg-webhook",
];

#[tokio::test]
async fn monitoring_is_installed_and_removed_with_each_program() {
    let Some(address) = outside_address() else {
        eprintln!("skipped: this machine has no address but loopback");
        return;
    };
    let installed = Installed::start(address).await;
    let cluster = &installed.cluster;
    let refused = installed.webhook("install --tls own --monitoring").await;
    assert_ne!(refused.code, 0, "{}", refused.out);
    refused.prints("no ServiceMonitors");

    GoModule::PrometheusOperator
        .install(&cluster.plane)
        .unwrap();
    define_reports(cluster);
    let console = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "openshift-config-managed"},
    });
    cluster.kubectl("create -f -", &console);
    let all = "install --tls own --monitoring --follow-builds --audit-schedule @daily";
    installed.webhook(all).await.ends(0);
    let mut programs = [
        "PodMonitor extreg-system/extreg-importer",
        "PrometheusRule extreg-system/extreg-audit-job",
        "PrometheusRule extreg-system/extreg-importer",
    ]
    .to_vec();
    programs.extend(WEBHOOK);
    programs.sort_unstable();
    assert_eq!(monitoring(cluster), programs);
    let again = installed.webhook(all).await.ends(0);
    assert_eq!(again.verbs(), ["unchanged"], "{}", again.out);

    // Without its flag a program goes with its monitoring; without that of monitoring, the rest remains.
    installed.webhook("install --tls own").await.ends(0);
    assert_eq!(monitoring(cluster), WEBHOOK);
    // An upgrade keeps it.
    installed.webhook("upgrade --yes").await.ends(0);
    assert_eq!(monitoring(cluster), WEBHOOK);
    installed.webhook("uninstall --yes").await.ends(0);
    assert_eq!(monitoring(cluster), [""; 0]);
}

/// The objects of monitoring, as `KIND NAMESPACE/NAME`.
fn monitoring(cluster: &Cluster) -> Vec<String> {
    let kinds = "servicemonitors,podmonitors,prometheusrules,configmaps";
    let list = cluster.get(&format!(
        "{kinds} -A -l app.kubernetes.io/managed-by=oc-extreg"
    ));
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut found: Vec<String> = items
        .iter()
        .map(|item| {
            let metadata = &item["metadata"];
            let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
            format!("{} {namespace}/{name}", text(&item["kind"]))
        })
        .collect();
    found.sort_unstable();
    found
}
