//! Checking our own permissions with the API server. This changes nothing, and `--read-only` allows it.

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::{Cluster, ClusterError, DryRun, Kind, Object};

/// The review of one's own permissions.
const ACCESS_REVIEW: Kind = Kind::global(
    "authorization.k8s.io",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
);
/// The review of one's own identity.
const SUBJECT_REVIEW: Kind = Kind::global(
    "authentication.k8s.io",
    "SelfSubjectReview",
    "selfsubjectreviews",
);
/// The number of concurrent requests.
const CONCURRENT_REQUESTS: usize = 8;

/// A permission to check. Displays as in kubectl's `auth can-i`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The verb, e.g. `create`.
    pub verb: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The namespace; empty is all namespaces, or a kind without namespaces.
    pub namespace: String,
    /// The object; empty is all objects.
    pub name: String,
}

impl Right {
    /// Names a permission.
    pub fn new(verb: &'static str, kind: Kind, namespace: &str) -> Self {
        let namespace = if kind.namespaced {
            namespace.to_owned()
        } else {
            String::new()
        };
        Self {
            verb,
            kind,
            namespace,
            name: String::new(),
        }
    }

    /// The same for one object. Roles grant it by name, and a role in a namespace grants it for the namespace
    /// itself: the API server treats a request for a namespace as one in it (apiserver
    /// `endpoints/request/requestinfo.go`).
    #[must_use]
    pub fn of(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        if self.kind == Kind::NAMESPACE {
            name.clone_into(&mut self.namespace);
        }
        self
    }

    /// The resource with its group, as in `auth can-i`: `buildconfigs.build.openshift.io`.
    pub fn resource(&self) -> String {
        let Kind { group, plural, .. } = self.kind;
        if group.is_empty() {
            plural.to_owned()
        } else {
            format!("{plural}.{group}")
        }
    }
}

/// Whether we have a permission.
pub async fn may(cluster: &Cluster, right: &Right) -> Result<bool, ClusterError> {
    let review = Object {
        kind: ACCESS_REVIEW,
        body: json!({
            "apiVersion": ACCESS_REVIEW.api_version(),
            "kind": ACCESS_REVIEW.kind,
            "spec": {"resourceAttributes": {
                "namespace": right.namespace,
                "name": right.name,
                "verb": right.verb,
                "group": right.kind.group,
                "resource": right.kind.plural,
            }},
        }),
    };
    let answer = cluster.create(&review, DryRun::None).await?;
    let allowed = answer.body.pointer("/status/allowed");
    Ok(allowed.and_then(Value::as_bool).unwrap_or_default())
}

/// The permissions that we do not have, in their order.
pub async fn missing(cluster: &Cluster, rights: Vec<Right>) -> Result<Vec<Right>, ClusterError> {
    let answers = stream::iter(rights)
        .map(async |right| Ok::<_, ClusterError>((may(cluster, &right).await?, right)))
        .buffered(CONCURRENT_REQUESTS)
        .collect::<Vec<_>>()
        .await;
    let mut missing = Vec::new();
    for answer in answers {
        if let (false, right) = answer? {
            missing.push(right);
        }
    }
    Ok(missing)
}

/// Our user name on the API server.
pub async fn whoami(cluster: &Cluster) -> Result<String, ClusterError> {
    let review = Object {
        kind: SUBJECT_REVIEW,
        body: json!({"apiVersion": SUBJECT_REVIEW.api_version(), "kind": SUBJECT_REVIEW.kind}),
    };
    let answer = cluster.create(&review, DryRun::None).await?;
    Ok(answer.text("/status/userInfo/username").to_owned())
}
