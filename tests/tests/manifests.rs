//! A real API server accepts the manifests and they have the intended effect.

#[path = "manifests/alerts.rs"]
mod alerts;
#[path = "manifests/calls.rs"]
mod calls;
#[path = "manifests/cluster.rs"]
mod cluster;
#[path = "manifests/faults.rs"]
mod faults;
#[path = "manifests/metrics.rs"]
mod metrics;
#[path = "manifests/policies.rs"]
mod policies;
#[path = "manifests/rights.rs"]
mod rights;
#[path = "manifests/series.rs"]
mod series;
#[path = "manifests/unselected.rs"]
mod unselected;
#[path = "manifests/webhook.rs"]
mod webhook;
#[path = "manifests/workload.rs"]
mod workload;
