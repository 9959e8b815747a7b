//! What oc extreg installs on a cluster, as typed builders without any I/O.
//!
//! [`install`] returns the objects in the order in which they are applied, [`uninstall`] their names in the
//! order in which they are removed. Both take [`Settings`], whose types admit only values that a cluster
//! accepts. The files in the folder `yaml` are the output of [`folder`] for the default settings; a test
//! checks this.

mod audit;
mod audit_job;
mod cert_manager;
mod crd;
mod folder;
mod importer;
mod install;
mod manifest;
mod monitoring;
pub mod names;
mod namespace;
mod network;
mod policy;
mod rbac;
mod selector;
mod service;
mod settings;
mod webhook;
mod workload;

pub use audit::audit_cluster_role;
pub use audit_job::{audit_job, audit_job_monitoring};
pub use cert_manager::{cert_manager, inject_ca};
pub use crd::{PolicyFault, custom_resource_definition, policy_faults};
pub use folder::{File, NOTE, folder};
pub use importer::{FORMER_RIGHTS, FormerRight, importer, importer_monitoring};
pub use install::{install, uninstall};
pub use manifest::{Manifest, ObjectName, Phase, RenderError, to_yaml};
pub use monitoring::{console_dashboard, grafana_dashboard};
pub use policy::registry_policy;
pub use rbac::{cluster_role, policy_reader, role};
pub use selector::{SelectorError, format_selector, parse_selector};
pub use service::serving_secret;
pub use settings::{
    AuditJob, AuditSecrets, CaBundle, DnsLabel, DnsName, FailurePolicy, FollowBuilds, InstallMode,
    Replicas, Schedule, ScheduleError, Settings, SettingsError, TimeoutSeconds, Tls, WebhookUrl,
};
pub use webhook::{match_conditions, mutating_webhook_configuration};
pub use workload::{deployment, disruption_budget};
