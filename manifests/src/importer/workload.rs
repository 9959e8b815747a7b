//! The importer's pods.

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::api::core::v1::{Container, ContainerPort, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::json;

use crate::names;
use crate::namespace::{importer_meta, labels_of, selector_of};
use crate::settings::Settings;
use crate::workload;

/// One follows builds, one takes over. More replicas would only wait.
const REPLICAS: i32 = 2;
/// Time to release the Lease and exit.
const GRACE_SECONDS: i64 = 15;
/// A page of builds is reduced while it arrives, so that the memory does not grow with them.
const MEMORY_LIMIT: &str = "128Mi";

/// The Deployment: Pod Security `restricted`, OpenShift's SCC `restricted-v2`. A disruption budget
/// would not help: builds that complete while no pod runs are followed later.
pub(super) fn deployment(settings: &Settings) -> Deployment {
    let selector = LabelSelector {
        match_labels: Some(selector_of(names::IMPORTER)),
        ..LabelSelector::default()
    };
    Deployment {
        metadata: importer_meta(settings),
        spec: Some(DeploymentSpec {
            replicas: Some(settings.replicas.get().min(REPLICAS)),
            selector: selector.clone(),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::Int(1)),
                    max_unavailable: Some(IntOrString::Int(0)),
                }),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels_of(names::IMPORTER)),
                    ..ObjectMeta::default()
                }),
                spec: Some(PodSpec {
                    service_account_name: Some(names::IMPORTER.to_owned()),
                    automount_service_account_token: Some(true),
                    termination_grace_period_seconds: Some(GRACE_SECONDS),
                    security_context: Some(workload::pod_security()),
                    topology_spread_constraints: Some(vec![workload::spread(
                        "kubernetes.io/hostname",
                        selector,
                    )]),
                    containers: vec![container(settings)],
                    ..PodSpec::default()
                }),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn container(settings: &Settings) -> Container {
    Container {
        name: "importer".to_owned(),
        image: Some(settings.image()),
        command: Some(vec![format!("/{}", names::IMPORTER)]),
        args: Some(args(settings)),
        env: Some(vec![workload::own_namespace()]),
        ports: Some(vec![ContainerPort {
            name: Some("health".to_owned()),
            container_port: names::HEALTH_PORT,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        resources: Some(workload::resources("10m", "32Mi", MEMORY_LIMIT)),
        security_context: Some(workload::container_security()),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..workload::probed()
    }
}

/// The importer itself excludes namespaces that are never followed, such as the platform's.
fn args(settings: &Settings) -> Vec<String> {
    let mut args = vec![format!("--health-listen=0.0.0.0:{}", names::HEALTH_PORT)];
    let requirements = &settings.namespace_selector;
    if !requirements.is_empty() {
        let selector = json!({ "matchExpressions": requirements });
        args.push(format!("--namespace-selector={selector}"));
    }
    args
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::settings::FollowBuilds;

    fn rendered(settings: &Settings) -> Value {
        serde_json::to_value(deployment(settings)).unwrap()
    }

    #[test]
    fn the_pod_is_clean_for_restricted_v2() {
        let deployment = rendered(&Settings::default());
        workload::tests::is_clean_for_restricted_v2(&deployment);
        let pod = &deployment["spec"]["template"]["spec"];
        assert!(pod.get("volumes").is_none(), "nothing is mounted");
        assert!(pod.get("priorityClassName").is_none());
        let limits = &pod["containers"][0]["resources"]["limits"];
        assert_eq!(limits, &json!({"memory": "128Mi"}));
    }

    #[test]
    fn arguments_contain_the_namespaces() {
        let args = |settings: &Settings| {
            rendered(settings)["spec"]["template"]["spec"]["containers"][0]["args"].clone()
        };
        let mut settings = Settings {
            follow_builds: FollowBuilds::Everywhere,
            ..Settings::default()
        };
        assert_eq!(args(&settings), json!(["--health-listen=0.0.0.0:8080"]));
        settings.namespace_selector = crate::parse_selector("team in (a,b),!x").unwrap();
        assert_eq!(
            args(&settings)[1],
            r#"--namespace-selector={"matchExpressions":[{"key":"team","operator":"In","values":["a","b"]},{"key":"x","operator":"DoesNotExist"}]}"#
        );
    }

    #[test]
    fn one_pod_is_enough_where_the_webhook_has_one() {
        for (webhook, importer) in [(1, 1), (2, 2), (5, 2)] {
            let settings = Settings {
                replicas: webhook.try_into().unwrap(),
                ..Settings::default()
            };
            assert_eq!(rendered(&settings)["spec"]["replicas"], importer);
        }
    }

    #[test]
    fn selectors_match_the_importer_and_not_the_webhook() {
        let settings = Settings::default();
        let labels = &rendered(&settings)["spec"]["template"]["metadata"]["labels"];
        let network = crate::network::importer_network_policy(&settings);
        let network = serde_json::to_value(network).unwrap();
        let webhook = serde_json::to_value(crate::service::service(&settings)).unwrap();
        let monitor = &crate::importer::importer_monitoring(&settings).unwrap()[0].value;
        for selector in [
            &network["spec"]["podSelector"]["matchLabels"],
            &monitor["spec"]["selector"]["matchLabels"],
        ] {
            for (key, value) in selector.as_object().unwrap() {
                assert_eq!(&labels[key], value);
            }
        }
        let selector = webhook["spec"]["selector"].as_object().unwrap();
        assert!(selector.iter().any(|(key, value)| &labels[key] != value));
    }
}
