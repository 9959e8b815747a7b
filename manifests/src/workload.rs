//! The webhook's pods.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment,
};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction,
    ObjectFieldSelector, PodSecurityContext, PodSpec, PodTemplateSpec, Probe, ResourceRequirements,
    SeccompProfile, SecretVolumeSource, SecurityContext, TopologySpreadConstraint, Volume,
    VolumeMount,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::names;
use crate::namespace::{own_meta, pod_labels};
use crate::settings::Settings;

/// Where the serving secret is mounted, as a directory: a file mounted by `subPath` is never updated.
const TLS_DIRECTORY: &str = "/etc/extreg/tls";
/// Longer than the webhook needs to become unready, drain and exit.
const GRACE_SECONDS: i64 = 45;

/// The Deployment: Pod Security `restricted`, OpenShift's SCC `restricted-v2`.
pub fn deployment(settings: &Settings) -> Deployment {
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

/// The disruption budget. A pod that is not ready serves no requests and can always be evicted.
pub fn disruption_budget(settings: &Settings) -> PodDisruptionBudget {
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
        // Two small pods that the API servers wait for are more important than the pods they displace.
        priority_class_name: Some("system-cluster-critical".to_owned()),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        security_context: Some(pod_security()),
        topology_spread_constraints: Some(vec![
            spread("topology.kubernetes.io/zone", pod_selector()),
            spread("kubernetes.io/hostname", pod_selector()),
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
        env: Some(vec![own_namespace()]),
        ports: Some(vec![
            port("https", names::TLS_PORT),
            port("health", names::HEALTH_PORT),
        ]),
        // No CPU limit: throttled, it would miss the API server's deadline.
        resources: Some(resources("20m", "32Mi", "512Mi")),
        security_context: Some(container_security()),
        // The image contains only the binary: its log is its only termination message.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(vec![VolumeMount {
            name: "tls".to_owned(),
            mount_path: TLS_DIRECTORY.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        }]),
        ..probed()
    }
}

/// No runAsUser: OpenShift takes it from the namespace's range, elsewhere the image names one.
pub(crate) fn pod_security() -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..PodSecurityContext::default()
    }
}

pub(crate) fn container_security() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            add: None,
        }),
        read_only_root_filesystem: Some(true),
        ..SecurityContext::default()
    }
}

/// A container with the probes of both programs, on their port named `health`.
pub(crate) fn probed() -> Container {
    Container {
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
        ..Container::default()
    }
}

/// The namespace of the pod, also if an overlay renames it.
pub(crate) fn own_namespace() -> EnvVar {
    EnvVar {
        name: "EXTREG_NAMESPACE".to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector {
                api_version: None,
                field_path: "metadata.namespace".to_owned(),
            }),
            ..EnvVarSource::default()
        }),
    }
}

pub(crate) fn resources(cpu: &str, memory: &str, limit: &str) -> ResourceRequirements {
    ResourceRequirements {
        requests: Some(quantities([("cpu", cpu), ("memory", memory)])),
        limits: Some(quantities([("memory", limit)])),
        ..ResourceRequirements::default()
    }
}

fn args(settings: &Settings) -> Vec<String> {
    vec![
        format!("--listen=0.0.0.0:{}", names::TLS_PORT),
        format!("--health-listen=0.0.0.0:{}", names::HEALTH_PORT),
        format!("--tls-cert={TLS_DIRECTORY}/tls.crt"),
        format!("--tls-key={TLS_DIRECTORY}/tls.key"),
        format!("--mode-cap={}", settings.mode.as_str().to_ascii_lowercase()),
        // Three quarters of the API server's timeout, so that it always gets an answer.
        format!("--deadline={}ms", settings.timeout.get() * 750),
    ]
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

pub(crate) fn spread(topology: &str, pods: LabelSelector) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology.to_owned(),
        // On a single-node cluster both pods still run.
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(pods),
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
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rendered() -> Value {
        serde_json::to_value(deployment(&Settings::default())).unwrap()
    }

    #[test]
    fn the_pod_is_clean_for_restricted_v2() {
        is_clean_for_restricted_v2(&rendered());
    }

    pub(crate) fn is_clean_for_restricted_v2(deployment: &Value) {
        let pod = &deployment["spec"]["template"]["spec"];
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
        for port in container["ports"].as_array().into_iter().flatten() {
            assert!(port["containerPort"].as_i64().unwrap() >= 1024);
        }
    }

    #[test]
    fn two_rounds_take_less_than_five_seconds_and_each_is_answered_in_time() {
        let mut settings = Settings::default();
        assert!(2 * settings.timeout.get() < 5);
        for seconds in 1..=30 {
            settings.timeout = seconds.try_into().unwrap();
            let args = args(&settings);
            let deadline = args.iter().find_map(|arg| arg.strip_prefix("--deadline="));
            let deadline: i32 = deadline.unwrap().trim_end_matches("ms").parse().unwrap();
            assert!((1..seconds * 1000 - 200).contains(&deadline), "{seconds}");
        }
    }

    #[test]
    fn the_webhook_follows_no_builds_and_names_no_namespace() {
        let settings = Settings {
            follow_builds: crate::FollowBuilds::Everywhere,
            namespace: "elsewhere".parse().unwrap(),
            image: Some("quay.io/x/y:1".to_owned()),
            ..Settings::default()
        };
        let pod = serde_json::to_value(deployment(&settings)).unwrap()["spec"]["template"].clone();
        let text = pod.to_string();
        assert!(
            !text.contains("follow") && !text.contains("elsewhere"),
            "{text}"
        );
        assert_eq!(
            pod["spec"]["containers"][0]["env"],
            json!([{
                "name": "EXTREG_NAMESPACE",
                "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
            }])
        );
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
