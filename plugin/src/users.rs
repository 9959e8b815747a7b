//! The objects of a namespace that use a secret or an ImageStream.

use extreg_cluster::{Cluster, Kind, Object, ObjectRef};
use extreg_snapshot::{kind::Kind as Read, trigger::ANNOTATION};
use serde_json::Value;

use crate::error::Error;

/// The kinds that can use a secret or an ImageStream. Objects that a workload creates, such as its pods, are excluded.
const KINDS: [Kind; 8] = [
    Kind::BUILD_CONFIG,
    Read::CronJob.api(),
    Read::DaemonSet.api(),
    Kind::DEPLOYMENT,
    Kind::DEPLOYMENT_CONFIG,
    Kind::IMAGE_STREAM,
    Kind::SERVICE_ACCOUNT,
    Read::StatefulSet.api(),
];

/// The objects of a namespace that can use either.
#[derive(Clone, Debug, Default)]
pub(crate) struct Users {
    objects: Vec<Object>,
    /// The plurals of kinds that cannot be listed.
    pub(crate) unread: Vec<&'static str>,
}

impl Users {
    /// Reads them. A kind that the cluster does not serve has no objects.
    ///
    /// # Errors
    /// If the cluster does not answer. A kind that this user cannot list is in `unread`.
    pub(crate) async fn read(cluster: &Cluster, namespace: &str) -> Result<Self, Error> {
        let mut users = Self::default();
        for kind in KINDS {
            match cluster.list(kind, namespace, "").await {
                Ok(objects) => users.objects.extend(objects),
                Err(error) if error.is_not_found() => {}
                Err(error) if error.is_forbidden() => users.unread.push(kind.plural),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(users)
    }

    /// The service accounts.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Object> {
        self.of_kind(Kind::SERVICE_ACCOUNT)
    }

    /// The objects of a kind.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.objects
            .iter()
            .filter(move |object| object.kind == kind)
    }

    /// All objects that name a secret of the namespace.
    pub(crate) fn of_secret(&self, name: &str) -> Vec<ObjectRef> {
        self.references(|object| names_secret(&object.body, name))
    }

    /// All objects except the stream itself that name a tag or an image of an ImageStream.
    pub(crate) fn of_stream(&self, namespace: &str, name: &str) -> Vec<ObjectRef> {
        self.references(|object| {
            let is_itself =
                object.kind == Kind::IMAGE_STREAM && object.text("/metadata/name") == name;
            !is_itself && follows(object, namespace, name)
        })
    }

    fn references(&self, uses: impl Fn(&Object) -> bool) -> Vec<ObjectRef> {
        let users = self.objects.iter().filter(|object| uses(object));
        let mut users: Vec<ObjectRef> = users.map(Object::reference).collect();
        users.sort();
        users
    }
}

fn follows(object: &Object, namespace: &str, stream: &str) -> bool {
    let annotations = object.body.pointer("/metadata/annotations");
    let triggers = annotations
        .and_then(|all| all.get(ANNOTATION)?.as_str())
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or(Value::Null);
    [object.body.get("spec"), Some(&triggers)]
        .into_iter()
        .flatten()
        .any(|value| names_stream(value, namespace, stream))
}

/// Whether a value contains a reference to a tag or an image of a stream, at any depth.
fn names_stream(value: &Value, namespace: &str, stream: &str) -> bool {
    match value {
        Value::Object(map) => {
            let text = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
            let is_here = ["", namespace].contains(&text("namespace"));
            let is_reference = matches!(text("kind"), "ImageStreamTag" | "ImageStreamImage");
            let of = text("name").split([':', '@']).next();
            is_reference && is_here && of == Some(stream)
                || map
                    .values()
                    .any(|value| names_stream(value, namespace, stream))
        }
        Value::Array(items) => items
            .iter()
            .any(|item| names_stream(item, namespace, stream)),
        _ => false,
    }
}

/// Whether a value names a secret, at any depth: as `secretName`, or as the `name` of an object or of the items of a
/// list whose key contains "secret" (`pushSecret`, `imagePullSecrets`, `secretKeyRef`).
fn names_secret(value: &Value, secret: &str) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| {
            let is_about_secrets = key.to_ascii_lowercase().contains("secret");
            is_about_secrets && is_named(value, secret) || names_secret(value, secret)
        }),
        Value::Array(items) => items.iter().any(|item| names_secret(item, secret)),
        _ => false,
    }
}

fn is_named(value: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => text == name,
        Value::Object(map) => map.get("name").and_then(Value::as_str) == Some(name),
        Value::Array(items) => items.iter().any(|item| is_named(item, name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_to_name_a_secret_counts() {
        for spec in [
            json!({"output": {"pushSecret": {"name": "hub"}}}),
            json!({"strategy": {"dockerStrategy": {"pullSecret": {"name": "hub"}}}}),
            json!({"source": {"sourceSecret": {"name": "hub"}}}),
            json!({"source": {"secrets": [{"secret": {"name": "hub"}, "destinationDir": "d"}]}}),
            json!({"template": {"spec": {"imagePullSecrets": [{"name": "x"}, {"name": "hub"}]}}}),
            json!({"template": {"spec": {"volumes": [{"secret": {"secretName": "hub"}}]}}}),
            json!({"containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "hub", "key": "k"}}}]}]}),
            json!({"containers": [{"envFrom": [{"secretRef": {"name": "hub"}}]}]}),
        ] {
            assert!(names_secret(&json!({"spec": spec}), "hub"), "{spec}");
        }
        let account = json!({"metadata": {"name": "hub"}, "secrets": [{"name": "other"}]});
        assert!(!names_secret(&account, "hub"));
        assert!(names_secret(&account, "other"));
        assert!(!names_secret(
            &json!({"containers": [{"name": "hub"}]}),
            "hub"
        ));
    }

    #[test]
    fn every_way_to_follow_a_stream_counts() {
        let object = |spec: Value, trigger: &str| {
            Object::new(Kind::DEPLOYMENT, "snow", "web", json!({"spec": spec}))
                .annotation(ANNOTATION, trigger)
        };
        let tag = |name: &str, namespace: &str| json!({"kind": "ImageStreamTag", "name": name, "namespace": namespace});
        for (spec, trigger, expected) in [
            (
                json!({"triggers": [{"imageChangeParams": {"from": tag("app:v1", "snow")}}]}),
                "",
                true,
            ),
            (
                json!({"strategy": {"dockerStrategy": {"from": tag("app:v1", "")}}}),
                "",
                true,
            ),
            (
                json!({"tags": [{"from": {"kind": "ImageStreamImage", "name": "app@sha256:0"}}]}),
                "",
                true,
            ),
            (
                json!({}),
                r#"[{"from":{"kind":"ImageStreamTag","name":"app:v1"}}]"#,
                true,
            ),
            (json!({"from": tag("app:v1", "other")}), "[]", false),
            (json!({"from": tag("application:v1", "snow")}), "[{", false),
            (
                json!({"from": {"kind": "DockerImage", "name": "app:v1"}}),
                "",
                false,
            ),
        ] {
            let object = object(spec, trigger);
            assert_eq!(
                follows(&object, "snow", "app"),
                expected,
                "{:?}",
                object.body
            );
        }
    }
}
