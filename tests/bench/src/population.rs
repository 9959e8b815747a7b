//! The objects of a large cluster for the audit: most are correct, some have findings. Each depends on its number only,
//! so that a cluster and a tree can be filled in any order and on any number of connections.

mod build;
mod configuration;
mod namespaced;
mod pod;
mod stream;

use serde_json::{Value, json};

pub(crate) use configuration::image_config;
pub(crate) use namespaced::{account, namespace, secret};

/// The registry of the cluster.
const INTERNAL: &str = "image-registry.openshift-image-registry.svc:5000";

/// The number of objects, spread evenly over the namespaces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Population {
    pub(crate) namespaces: usize,
    pub(crate) pods: usize,
    pub(crate) streams: usize,
    pub(crate) configs: usize,
}

/// A kind with many objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Many {
    Pods,
    Streams,
    Configs,
}

impl Population {
    /// 20,000 pods, 5,000 ImageStreams and 5,000 BuildConfigs in 1,000 namespaces, or a fraction of that.
    pub(crate) fn scaled(scale: f64) -> Self {
        Self {
            namespaces: some(1000, scale),
            pods: some(20_000, scale),
            streams: some(5000, scale),
            configs: some(5000, scale),
        }
    }

    /// 10,000 namespaces, one pod in each, an ImageStream and a BuildConfig in every fifth, or a fraction of that.
    pub(crate) fn wide(scale: f64) -> Self {
        Self {
            namespaces: some(10_000, scale),
            pods: some(10_000, scale),
            streams: some(2000, scale),
            configs: some(2000, scale),
        }
    }

    /// The number of objects of a kind.
    pub(crate) fn count(self, kind: Many) -> usize {
        match kind {
            Many::Pods => self.pods,
            Many::Streams => self.streams,
            Many::Configs => self.configs,
        }
    }

    /// The namespace of the object with this number.
    pub(crate) fn namespace_of(self, number: usize) -> String {
        namespace_name(number % self.namespaces)
    }
}

impl Many {
    pub(crate) const ALL: [Self; 3] = [Self::Pods, Self::Streams, Self::Configs];

    /// The group, empty for the core group, and the resource.
    pub(crate) fn resource(self) -> (&'static str, &'static str) {
        match self {
            Self::Pods => ("", "pods"),
            Self::Streams => ("image.openshift.io", "imagestreams"),
            Self::Configs => ("build.openshift.io", "buildconfigs"),
        }
    }

    /// The object with this number.
    pub(crate) fn object(self, number: usize, namespace: &str) -> Value {
        match self {
            Self::Pods => pod::object(number, namespace),
            Self::Streams => stream::object(number, namespace),
            Self::Configs => build::object(number, namespace),
        }
    }
}

fn some(count: usize, scale: f64) -> usize {
    ((count as f64 * scale).round() as usize).max(1)
}

pub(crate) fn namespace_name(number: usize) -> String {
    format!("team-{number:05}")
}

/// Metadata as set by a tool that applies files.
fn metadata(name: &str, namespace: &str) -> Value {
    json!({
        "name": name,
        "namespace": namespace,
        "labels": {
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/part-of": namespace,
            "app.kubernetes.io/managed-by": "argocd",
        },
        "annotations": {
            "argocd.argoproj.io/tracking-id": format!("{namespace}:apps/{namespace}/{name}"),
            "openshift.io/generated-by": "OpenShiftNewApp",
        },
    })
}

/// A digest that is unique for the number.
fn digest(number: usize) -> String {
    format!("sha256:{:064x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
