//! Objects of any kind, as the API has them.

use std::fmt;

use serde_json::{Value, json};

use crate::{Json as _, Kind};

/// An object and its kind. The body is JSON, so that unknown fields are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// The whole object, with `apiVersion`, `kind` and `metadata`.
    pub body: Value,
}

/// Which object: kind, namespace and name. Displays as `kind.group/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace, empty if it has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Object {
    /// A new object with these `fields` (`spec` and so on) besides the fields of every object.
    pub fn new(kind: Kind, namespace: &str, name: &str, fields: Value) -> Self {
        let mut body = json!({
            "apiVersion": kind.api_version(),
            "kind": kind.kind,
            "metadata": { "name": name },
        });
        if kind.namespaced {
            set(&mut body, &["metadata", "namespace"], json!(namespace));
        }
        if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
            body.extend(fields);
        }
        Self { kind, body }
    }

    /// With `apiVersion` and `kind`, which the items of a list lack.
    #[must_use]
    pub(super) fn typed(mut self) -> Self {
        if let Some(body) = self.body.as_object_mut() {
            let kind = self.kind;
            body.entry("apiVersion")
                .or_insert_with(|| json!(kind.api_version()));
            body.entry("kind").or_insert_with(|| json!(kind.kind));
        }
        self
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        set(&mut self.body, &["metadata", "labels", key], json!(value));
        self
    }

    /// Sets an annotation.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        set(
            &mut self.body,
            &["metadata", "annotations", key],
            json!(value),
        );
        self
    }

    /// The identity of the object.
    pub fn reference(&self) -> ObjectRef {
        ObjectRef {
            kind: self.kind,
            namespace: self.text("/metadata/namespace").to_owned(),
            name: self.text("/metadata/name").to_owned(),
        }
    }

    /// The text at a JSON pointer; empty if it is missing.
    pub fn text(&self, pointer: &str) -> &str {
        self.body.text(pointer)
    }

    /// The elements of the list at a JSON pointer.
    pub fn list(&self, pointer: &str) -> std::slice::Iter<'_, Value> {
        self.body.list(pointer)
    }
}

impl ObjectRef {
    /// Names an object.
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.namespaced {
            namespace.to_owned()
        } else {
            String::new()
        };
        Self {
            kind,
            namespace,
            name: name.to_owned(),
        }
    }

    /// Its path in the API.
    pub fn path(&self) -> String {
        format!("{}/{}", self.kind.path(Some(&self.namespace)), self.name)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.kind.to_lowercase();
        if self.kind.group.is_empty() {
            write!(f, "{kind}/{}", self.name)
        } else {
            write!(f, "{kind}.{}/{}", self.kind.group, self.name)
        }
    }
}

/// Sets the value at a path of map keys, creating maps on the way; other values on the path are replaced.
pub fn set(body: &mut Value, path: &[&str], value: Value) {
    let mut place = body;
    for key in path {
        if !place.is_object() {
            *place = json!({});
        }
        let Value::Object(map) = place else { return };
        place = map.entry(*key).or_insert(Value::Null);
    }
    *place = value;
}

/// Removes the value at a path of map keys, if it exists.
pub fn unset(body: &mut Value, path: &[&str]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let parent = parents
        .iter()
        .try_fold(body, |place, key| place.get_mut(key));
    if let Some(map) = parent.and_then(Value::as_object_mut) {
        map.remove(*last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_as_kubectl_prints_them() {
        let secret = Object::new(Kind::SECRET, "snow", "dockerhub", json!({"type": "x"}));
        assert_eq!(secret.reference().to_string(), "secret/dockerhub");
        assert_eq!(
            secret.reference().path(),
            "/api/v1/namespaces/snow/secrets/dockerhub"
        );
        let project = ObjectRef::new(Kind::PROJECT_REQUEST, "snow", "snow");
        assert_eq!(
            project.to_string(),
            "projectrequest.project.openshift.io/snow"
        );
        assert_eq!(
            project.path(),
            "/apis/project.openshift.io/v1/projectrequests/snow"
        );
    }

    #[test]
    fn removing_a_missing_value_changes_nothing() {
        let mut body = json!({"a": {"b": 1, "c": 2}, "d": null});
        for path in [&["a", "b"][..], &["a", "x"], &["d", "x"], &["x", "y"], &[]] {
            unset(&mut body, path);
        }
        assert_eq!(body, json!({"a": {"c": 2}, "d": null}));
    }

    #[test]
    fn labels_make_their_map() {
        let object = Object::new(Kind::SECRET, "n", "s", json!({})).label("a.b/c", "d");
        assert_eq!(object.body["metadata"]["labels"], json!({"a.b/c": "d"}));
    }
}
