//! A real control plane for tests: etcd and kube-apiserver, built from their Go modules, started on loopback in seconds
//! and ended with the test, in any case.
//!
//! Start with [`ControlPlane::start`], or with [`ControlPlane::shared`] if the tests of one binary can share it, each
//! in a separate namespace ([`ControlPlane::namespace`]).

mod binaries;
mod cache;
mod control_plane;
pub mod fixtures;
mod go_module;
mod go_program;
mod guard;
mod importer;
mod input;
mod mutator;
mod outside;
mod process;
mod review_client;
mod webhook;
mod workspace;

pub use binaries::Binaries;
pub use cache::Cache;
pub use control_plane::{
    CertPair, ControlPlane, Kept, Options, Pki, custom_resource_definitions, structural_schema,
};
pub use extreg_fakes::registry;
pub use go_module::GoModule;
pub use go_program::{GoTool, build_peer};
pub use importer::Importer;
pub use input::with_input;
pub use mutator::Mutator;
pub use outside::outside_address;
pub use process::Process;
pub use review_client::{Answer, ReviewClient};
pub use webhook::WebhookServer;
pub use workspace::{PluginFolder, workspace_binary};
