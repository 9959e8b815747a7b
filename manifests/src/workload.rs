//! The webhook's pods.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, HTTPGetAction, PodSecurityContext, PodSpec,
    PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, SecretVolumeSource,
    SecurityContext, TopologySpreadConstraint, Volume, VolumeMount,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::follow::selected_to_follow;
use crate::names;
use crate::namespace::{own_meta, pod_labels};
use crate::settings::Settings;

/// Where the serving secret is mounted, as a directory: a file mounted by `subPath` is never updated.
const TLS_DIRECTORY: &str = "/etc/extreg/tls";
/// Longer than the webhook takes to become unready, drain and exit.
const GRACE_SECONDS: i64 = 45;

/// The Deployment: Pod Security `restricted`, OpenShift's SCC `restricted-v2`.
pub(crate) fn deployment(settings: &Settings) -> Deployment {
    let surge = RollingUpdateDeployment {
        max_surge: Some(IntOrString::Int(1)),
        max_unavailable: Some(IntOrString::Int(0)),
    };
    Deployment {
        metadata: own_meta(names::WEBHOOK, settings),
        spec: Some(DeploymentSpec {
            replicas: Some(settings.replicas.get()),
            selector: pod_selector(),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(surge),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: own_meta("", settings).labels,
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(settings)),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// The budget. A pod that is not ready serves nobody and may always be evicted.
pub(crate) fn disruption_budget(settings: &Settings) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: own_meta(names::WEBHOOK, settings),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(pod_selector()),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    }
}

fn pod(settings: &Settings) -> PodSpec {
    PodSpec {
        service_account_name: Some(names::WEBHOOK.to_owned()),
        automount_service_account_token: Some(true),
        // Two small pods that the API servers wait for are worth more than what they would displace.
        priority_class_name: Some("system-cluster-critical".to_owned()),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        // No runAsUser: OpenShift takes it from the namespace's range, elsewhere the image names one.
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        topology_spread_constraints: Some(vec![
            spread("topology.kubernetes.io/zone"),
            spread("kubernetes.io/hostname"),
        ]),
        containers: vec![container(settings)],
        volumes: Some(vec![Volume {
            name: "tls".to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(names::SERVING_SECRET.to_owned()),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        }]),
        ..PodSpec::default()
    }
}

fn container(settings: &Settings) -> Container {
    let port = |name: &str, number: i32| ContainerPort {
        name: Some(name.to_owned()),
        container_port: number,
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    Container {
        name: "webhook".to_owned(),
        image: Some(settings.image()),
        args: Some(args(settings)),
        ports: Some(vec![
            port("https", names::TLS_PORT),
            port("health", names::HEALTH_PORT),
        ]),
        startup_probe: Some(Probe {
            period_seconds: Some(1),
            failure_threshold: Some(60),
            ..probe("/livez")
        }),
        liveness_probe: Some(Probe {
            period_seconds: Some(10),
            failure_threshold: Some(3),
            ..probe("/livez")
        }),
        readiness_probe: Some(Probe {
            period_seconds: Some(5),
            failure_threshold: Some(2),
            ..probe("/readyz")
        }),
        // No limit on the processor: throttled, it would miss the API server's deadline.
        resources: Some(ResourceRequirements {
            requests: Some(quantities([("cpu", "20m"), ("memory", "32Mi")])),
            limits: Some(quantities([("memory", "512Mi")])),
            ..ResourceRequirements::default()
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities {
                drop: Some(vec!["ALL".to_owned()]),
                add: None,
            }),
            read_only_root_filesystem: Some(true),
            ..SecurityContext::default()
        }),
        // With nothing but the binary in the image there is nothing else to leave a last word with.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(vec![VolumeMount {
            name: "tls".to_owned(),
            mount_path: TLS_DIRECTORY.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        }]),
        ..Container::default()
    }
}

fn args(settings: &Settings) -> Vec<String> {
    let mut args = vec![
        format!("--listen=0.0.0.0:{}", names::TLS_PORT),
        format!("--health-listen=0.0.0.0:{}", names::HEALTH_PORT),
        format!("--tls-cert={TLS_DIRECTORY}/tls.crt"),
        format!("--tls-key={TLS_DIRECTORY}/tls.key"),
        format!("--namespace={}", settings.namespace),
        format!("--mode-cap={}", settings.mode.as_str().to_ascii_lowercase()),
        // Two thirds of what the API server waits, so that it gets an answer at the worst.
        format!("--deadline={}ms", settings.timeout.get() * 2000 / 3),
    ];
    if settings.follow_builds {
        args.push("--follow-builds".to_owned());
        if let Some(selector) = selected_to_follow(settings) {
            args.push(format!("--follow-namespaces={selector}"));
        }
    }
    args
}

fn probe(path: &str) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String("health".to_owned()),
            ..HTTPGetAction::default()
        }),
        ..Probe::default()
    }
}

fn spread(topology: &str) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology.to_owned(),
        // On a cluster of one node both pods still run.
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(pod_selector()),
        ..TopologySpreadConstraint::default()
    }
}

fn pod_selector() -> LabelSelector {
    LabelSelector {
        match_labels: Some(pod_labels()),
        ..LabelSelector::default()
    }
}

fn quantities<const N: usize>(list: [(&str, &str); N]) -> BTreeMap<String, Quantity> {
    let list = list.map(|(name, amount)| (name.to_owned(), Quantity(amount.to_owned())));
    BTreeMap::from(list)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rendered() -> Value {
        serde_json::to_value(deployment(&Settings::default())).unwrap()
    }

    #[test]
    fn the_pod_is_clean_for_restricted_v2() {
        let pod = &rendered()["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], json!(true));
        assert_eq!(
            pod["securityContext"]["seccompProfile"],
            json!({"type": "RuntimeDefault"})
        );
        assert_eq!(
            container["securityContext"],
            json!({
                "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": true,
            })
        );
        let text = pod.to_string();
        for word in [
            "runAsUser",
            "runAsGroup",
            "fsGroup",
            "hostNetwork",
            "hostPort",
            "hostPath",
            "privileged",
            "subPath",
            "seLinux",
        ] {
            assert!(!text.contains(word), "{word}");
        }
        for port in container["ports"].as_array().unwrap() {
            assert!(port["containerPort"].as_i64().unwrap() >= 1024);
        }
    }

    #[test]
    fn builds_are_followed_only_where_asked_for() {
        let args = |settings: &Settings| args(settings).join(" ");
        let mut settings = Settings::default();
        assert!(!args(&settings).contains("follow"));
        settings.namespace_selector = crate::parse_selector("team in (a,b),!x").unwrap();
        assert!(!args(&settings).contains("follow"));
        settings.follow_builds = true;
        let all = args(&settings);
        assert!(
            all.ends_with(
                r#" --follow-builds --follow-namespaces={"matchExpressions":[{"key":"team","operator":"In","values":["a","b"]},{"key":"x","operator":"DoesNotExist"}]}"#
            ),
            "{all}"
        );
        settings.namespace_selector.clear();
        assert!(args(&settings).ends_with(" --follow-builds"));
    }

    #[test]
    fn everything_finds_the_pods() {
        let pod = rendered()["spec"]["template"]["metadata"]["labels"].clone();
        let settings = Settings::default();
        let budget = serde_json::to_value(disruption_budget(&settings)).unwrap();
        let service = serde_json::to_value(crate::service::service(&settings)).unwrap();
        let network = serde_json::to_value(crate::network::network_policy(&settings)).unwrap();
        for selector in [
            &rendered()["spec"]["selector"]["matchLabels"],
            &budget["spec"]["selector"]["matchLabels"],
            &service["spec"]["selector"],
            &network["spec"]["podSelector"]["matchLabels"],
        ] {
            let selector = selector.as_object().unwrap();
            assert!(!selector.is_empty());
            for (key, value) in selector {
                assert_eq!(&pod[key], value);
            }
        }
    }

    #[test]
    fn the_service_leads_to_ports_that_the_pod_has() {
        let service = serde_json::to_value(crate::service::service(&Settings::default())).unwrap();
        let pod = rendered();
        let ports = pod["spec"]["template"]["spec"]["containers"][0]["ports"]
            .as_array()
            .unwrap();
        for port in service["spec"]["ports"].as_array().unwrap() {
            assert!(
                ports.iter().any(|p| p["name"] == port["targetPort"]),
                "{port}"
            );
        }
    }
}
