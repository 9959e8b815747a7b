//! A real API server takes what is installed for what it is meant to be.

#[path = "manifests/alerts.rs"]
mod alerts;
#[path = "manifests/calls.rs"]
mod calls;
#[path = "manifests/cluster.rs"]
mod cluster;
#[path = "manifests/policies.rs"]
mod policies;
#[path = "manifests/rights.rs"]
mod rights;
#[path = "manifests/webhook.rs"]
mod webhook;
#[path = "manifests/workload.rs"]
mod workload;
