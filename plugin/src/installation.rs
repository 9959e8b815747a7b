//! The webhook in a cluster, installed and desired: what exists, what is planned, whether it works. Shared by the
//! commands that install, examine and compare it.

pub(crate) mod apply;
pub(crate) mod args;
pub(crate) mod audit_job;
pub(crate) mod call_path;
pub(crate) mod choices;
pub(crate) mod differences;
pub(crate) mod drift;
pub(crate) mod existing;
pub(crate) mod expectation;
pub(crate) mod following;
pub(crate) mod handshake;
pub(crate) mod importer;
pub(crate) mod installed;
pub(crate) mod kinds;
pub(crate) mod network;
pub(crate) mod owner;
pub(crate) mod plan;
pub(crate) mod proof;
pub(crate) mod settings;
pub(crate) mod site;
pub(crate) mod tls;
pub(crate) mod wait;
