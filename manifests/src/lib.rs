//! What oc extreg installs on a cluster, as typed builders without any I/O.
//!
//! [`install`] returns the objects in the order in which they are applied, [`uninstall`] their names in the
//! order in which they are removed. Both take [`Settings`], whose types admit only values that a cluster
//! accepts. The files in the folder `yaml` are the output of [`folder`] for the default settings; a test
//! checks this.

mod audit;
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

pub use audit::{AuditedResource, audit_cluster_role};
pub use crd::{PolicyFault, custom_resource_definition, policy_faults};
pub use folder::{File, folder};
pub use importer::{FORMER_RIGHTS, FormerRight, importer};
pub use install::{install, uninstall};
pub use manifest::{Manifest, ObjectName, Phase, RenderError, to_yaml};
pub use policy::registry_policy;
pub use selector::{SelectorError, format_selector, parse_selector};
pub use service::serving_secret;
pub use settings::{
    CaBundle, DnsLabel, DnsName, FailurePolicy, FollowBuilds, InstallMode, Replicas, Settings,
    SettingsError, TimeoutSeconds, Tls, WebhookUrl,
};
pub use webhook::{match_conditions, mutating_webhook_configuration};
