//! A real API server accepts the manifests and they have the intended effect.

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
