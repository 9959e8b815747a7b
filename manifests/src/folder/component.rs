//! The components: what an installation has in addition to the base.

use serde_json::{Map, Value, json};

use super::kustomization::{Kind, Kustomization, Patch, Target};
use super::late::Late;
use super::{File, NOTE, objects};
use crate::audit_job::audit_job;
use crate::cert_manager::{cert_manager, inject_ca};
use crate::importer::importer;
use crate::install::install;
use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::monitoring::monitoring;
use crate::settings::{AuditJob, FollowBuilds, Settings};

/// A folder in `components`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    /// The job that audits the cluster.
    AuditJob,
    /// Its alerts.
    AuditJobMonitoring,
    /// The certificate from cert-manager.
    CertManager,
    /// The importer.
    FollowBuilds,
    /// Its monitor and alerts.
    FollowBuildsMonitoring,
    /// Network policies for API servers that are not OpenShift's.
    Kubernetes,
    /// The monitor and alerts of the webhook.
    Monitoring,
    /// The certificate from service-ca.
    Openshift,
}

/// A change of one object of the base.
struct Change {
    file: String,
    target: Option<Target>,
    content: Value,
}

impl Component {
    /// Every component, sorted by name.
    pub(super) const ALL: [Self; 8] = [
        Self::AuditJob,
        Self::AuditJobMonitoring,
        Self::CertManager,
        Self::FollowBuilds,
        Self::FollowBuildsMonitoring,
        Self::Kubernetes,
        Self::Monitoring,
        Self::Openshift,
    ];

    /// The name of the folder.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AuditJob => "audit-job",
            Self::AuditJobMonitoring => "audit-job-monitoring",
            Self::CertManager => "cert-manager",
            Self::FollowBuilds => "follow-builds",
            Self::FollowBuildsMonitoring => "follow-builds-monitoring",
            Self::Kubernetes => "kubernetes",
            Self::Monitoring => "monitoring",
            Self::Openshift => "openshift",
        }
    }

    /// The files of the folder.
    pub(super) fn files(self, settings: &Settings) -> Result<Vec<File>, RenderError> {
        let folder = format!("components/{}", self.name());
        let mut kustomization = Kustomization {
            kind: Kind::Component,
            ..Kustomization::default()
        };
        let mut late = Late::new(self.name());
        let mut resources = self.resources(settings)?;
        for manifest in &mut resources {
            late.replace(&mut manifest.value);
        }
        let mut files = Vec::new();
        for mut change in self.changes(settings, &mut late)? {
            kustomization.patches.push(Patch {
                path: change.file.clone(),
                target: change.target.take(),
            });
            files.push(change.file(&folder)?);
        }
        files.extend(late.declare(&folder, &mut kustomization)?);
        files.extend(objects(&folder, resources, kustomization)?);
        Ok(files)
    }

    /// The objects that it adds.
    fn resources(self, settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
        let following = Settings {
            follow_builds: FollowBuilds::Everywhere,
            ..settings.clone()
        };
        let job = AuditJob::default();
        match self {
            Self::AuditJob => audit_job(settings, &job),
            Self::AuditJobMonitoring => added_monitoring(&Settings {
                audit: Some(job),
                ..settings.clone()
            }),
            Self::CertManager => cert_manager(settings),
            Self::FollowBuilds => importer(&following),
            Self::FollowBuildsMonitoring => added_monitoring(&following),
            Self::Kubernetes | Self::Openshift => Ok(Vec::new()),
            Self::Monitoring => monitoring(settings),
        }
    }

    /// The objects of the base that it changes.
    fn changes(self, settings: &Settings, late: &mut Late) -> Result<Vec<Change>, RenderError> {
        let of_kind = |kind: &str| -> Result<Vec<Manifest>, RenderError> {
            let mut all = install(settings)?;
            all.retain(|manifest| manifest.object.kind == kind);
            Ok(all)
        };
        Ok(match self {
            Self::CertManager => {
                let (key, value) = inject_ca(settings);
                let annotations = json!({ key: value });
                let configurations = of_kind("MutatingWebhookConfiguration")?;
                let changes = configurations.iter().map(|configuration| {
                    let mut change = Change::annotations(configuration, &annotations);
                    late.replace(&mut change.content);
                    change
                });
                changes.collect()
            }
            Self::AuditJob
            | Self::AuditJobMonitoring
            | Self::FollowBuilds
            | Self::FollowBuildsMonitoring
            | Self::Monitoring => Vec::new(),
            Self::Kubernetes => {
                // The first rule is for the API servers.
                let open = json!([{ "op": "remove", "path": "/spec/ingress/0/from" }]);
                let policies = of_kind("NetworkPolicy")?;
                let changes = policies.iter();
                changes
                    .map(|policy| Change::operations(policy, open.clone()))
                    .collect()
            }
            Self::Openshift => {
                let all = install(settings)?;
                let annotated = all.iter().filter_map(|manifest| {
                    let annotations = manifest.value.pointer("/metadata/annotations")?;
                    Some(Change::annotations(manifest, annotations))
                });
                annotated.collect()
            }
        })
    }
}

/// The monitors and alerts that these settings have in addition to those of the webhook.
fn added_monitoring(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let without = monitoring(&Settings {
        follow_builds: FollowBuilds::No,
        audit: None,
        ..settings.clone()
    })?;
    let mut added = monitoring(settings)?;
    added.retain(|new| without.iter().all(|old| old.object != new.object));
    Ok(added)
}

impl Change {
    fn annotations(manifest: &Manifest, annotations: &Value) -> Self {
        let ObjectName {
            api_version,
            kind,
            namespace,
            name,
        } = &manifest.object;
        let mut metadata = Map::from_iter([
            ("annotations".to_owned(), annotations.clone()),
            ("name".to_owned(), name.as_str().into()),
        ]);
        if let Some(namespace) = namespace {
            metadata.insert("namespace".to_owned(), namespace.as_str().into());
        }
        Self {
            file: file_of(manifest),
            target: None,
            content: json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata }),
        }
    }

    fn operations(manifest: &Manifest, operations: Value) -> Self {
        Self {
            file: file_of(manifest),
            target: Some(Target {
                kind: manifest.object.kind.clone(),
                name: manifest.object.name.clone(),
            }),
            content: operations,
        }
    }

    fn file(self, folder: &str) -> Result<File, RenderError> {
        let object = ObjectName {
            api_version: String::new(),
            kind: "patch".to_owned(),
            namespace: None,
            name: self.file.clone(),
        };
        let yaml = Manifest::named(Phase::Base, object, &self.content)?.yaml()?;
        Ok(File {
            name: format!("{folder}/{}", self.file),
            content: format!("{NOTE}{yaml}"),
        })
    }
}

fn file_of(manifest: &Manifest) -> String {
    format!("patch-{}.yaml", manifest.object.kind.to_ascii_lowercase())
}
