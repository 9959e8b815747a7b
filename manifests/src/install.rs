//! All objects, in order.

use crate::audit_job::audit_job;
use crate::crd::custom_resource_definition;
use crate::importer::importer;
use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::monitoring::monitoring;
use crate::names;
use crate::namespace::namespace;
use crate::network::network_policy;
use crate::policy::registry_policy;
use crate::rbac;
use crate::service::service;
use crate::settings::{AuditJob, FollowBuilds, Settings, Tls};
use crate::webhook::mutating_webhook_configuration;
use crate::workload::{deployment, disruption_budget};

/// All objects to install, in the order in which it is applied; phases never go back.
///
/// For [`Tls::OwnCa`] the serving secret has to be added between [`Phase::Base`] and
/// [`Phase::Workload`]; it is not part of this list because it must never be printed.
pub fn install(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    use Phase::{Arm, Base, Definition, Workload};
    let in_cluster = !matches!(settings.tls, Tls::External { .. });
    let mut others = match &settings.follow_builds {
        FollowBuilds::No => Vec::new(),
        FollowBuilds::Everywhere | FollowBuilds::In(_) => importer(settings)?,
    };
    if let Some(job) = &settings.audit {
        others.extend(audit_job(settings, job)?);
    }
    let mut all = vec![Manifest::of(Definition, &custom_resource_definition())?];
    if in_cluster {
        all.extend([
            Manifest::of(Base, &namespace(settings))?,
            Manifest::of(Base, &rbac::service_account(settings))?,
            Manifest::of(Base, &rbac::cluster_role(settings))?,
            Manifest::of(Base, &rbac::cluster_role_binding(settings))?,
            Manifest::of(Base, &rbac::role(settings))?,
            Manifest::of(Base, &rbac::role_binding(settings))?,
            Manifest::of(Base, &service(settings))?,
            Manifest::of(Base, &network_policy(settings))?,
            Manifest::of(Base, &disruption_budget(settings))?,
        ]);
        all.extend(others.extract_if(.., |manifest| manifest.phase == Base));
        if settings.monitoring {
            all.extend(monitoring(settings)?);
        }
    }
    all.push(Manifest::of(Base, &rbac::policy_reader())?);
    all.push(registry_policy(settings.mode)?);
    if in_cluster {
        all.push(Manifest::of(Workload, &deployment(settings))?);
        all.extend(others);
    }
    all.push(Manifest::of(
        Arm,
        &mutating_webhook_configuration(settings),
    )?);
    Ok(all)
}

/// The names of all objects that any settings for this namespace install, in the order in which they are
/// removed: the configuration first, so that nothing waits for a webhook that is being deleted. The RoleBindings
/// of the importer in selected namespaces are not included.
///
/// A kind that the cluster does not have (ServiceMonitor, PrometheusRule) or a missing object
/// is not an error. Removing the definition removes every policy.
pub fn uninstall(settings: &Settings) -> Result<Vec<ObjectName>, RenderError> {
    let everything = Settings {
        tls: Tls::ServiceCa,
        monitoring: true,
        console_dashboard: true,
        follow_builds: FollowBuilds::Everywhere,
        audit: Some(AuditJob::default()),
        ..settings.clone()
    };
    let secret = crate::serving_secret(settings, "", "")?;
    let mut removed = Vec::new();
    for manifest in install(&everything)?.into_iter().rev() {
        let is_webhook =
            manifest.phase == Phase::Workload && manifest.object.name == names::WEBHOOK;
        removed.push(manifest.object);
        if is_webhook {
            removed.push(secret.object.clone());
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(settings: &Settings) -> Vec<String> {
        let all = install(settings).unwrap();
        assert!(all.is_sorted_by_key(|m| m.phase));
        all.into_iter().map(|m| m.object.kind).collect()
    }

    #[test]
    fn the_configuration_is_applied_last_and_removed_first() {
        let settings = Settings::default();
        assert_eq!(
            kinds(&settings),
            [
                "CustomResourceDefinition",
                "Namespace",
                "ServiceAccount",
                "ClusterRole",
                "ClusterRoleBinding",
                "Role",
                "RoleBinding",
                "Service",
                "NetworkPolicy",
                "PodDisruptionBudget",
                "ClusterRole",
                "RegistryPolicy",
                "Deployment",
                "MutatingWebhookConfiguration",
            ]
        );
        let removed: Vec<String> = uninstall(&settings)
            .unwrap()
            .into_iter()
            .map(|o| o.kind)
            .collect();
        assert_eq!(
            removed[..5],
            [
                "MutatingWebhookConfiguration",
                "CronJob",
                "Deployment",
                "Deployment",
                "Secret",
            ]
        );
        assert_eq!(
            removed.last().map(String::as_str),
            Some("CustomResourceDefinition")
        );
        // The role of the webhook, of the importer, of the audit, and of users who read policies.
        for (kind, count) in [
            ("ClusterRole", 5),
            ("ClusterRoleBinding", 4),
            ("ServiceMonitor", 1),
            ("PodMonitor", 1),
            // Of the webhook, of the importer, and of the audit.
            ("PrometheusRule", 3),
            ("ConfigMap", 1),
            ("Role", 2),
            ("RoleBinding", 2),
        ] {
            let removed = removed.iter().filter(|removed| *removed == kind);
            assert_eq!(removed.count(), count, "{kind}");
        }
    }

    #[test]
    fn external_webhook_has_no_workload_in_the_cluster() {
        let settings = Settings {
            tls: Tls::External {
                url: "https://h".parse().unwrap(),
                ca: "-----BEGIN CERTIFICATE-----".parse().unwrap(),
            },
            monitoring: true,
            follow_builds: FollowBuilds::Everywhere,
            audit: Some(AuditJob::default()),
            ..Settings::default()
        };
        assert_eq!(
            kinds(&settings),
            [
                "CustomResourceDefinition",
                "ClusterRole",
                "RegistryPolicy",
                "MutatingWebhookConfiguration",
            ]
        );
    }

    #[test]
    fn every_object_names_its_manager() {
        let settings = Settings {
            monitoring: true,
            follow_builds: FollowBuilds::Everywhere,
            audit: Some(AuditJob::default()),
            ..Settings::default()
        };
        for manifest in install(&settings).unwrap() {
            let label = &manifest.value["metadata"]["labels"]["app.kubernetes.io/managed-by"];
            assert_eq!(label, "oc-extreg", "{}", manifest.object);
            assert_eq!(manifest.value["kind"], manifest.object.kind.as_str());
        }
    }
}
