//! Objects in a document: the document itself, the items of a List, the objects of a Template.

use std::borrow::Cow;

use serde_json::Value;

use crate::template::Parameters;

/// An object of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundObject<'a> {
    /// Its position in the document: a JSON pointer, empty for the document itself.
    pub pointer: String,
    /// The line of the file on which it begins, from 1.
    pub line: usize,
    /// Its `apiVersion`.
    pub api_version: Cow<'a, str>,
    /// Its `kind`.
    pub kind: Cow<'a, str>,
    /// The whole object, with the parameters of its Template replaced if the Template fixes them, and
    /// with the labels that the Template gives its objects.
    pub body: Cow<'a, Value>,
    /// Parameters of its Template without a fixed value, which remain `${NAME}`.
    pub unresolved: Vec<String>,
    /// Parameters in its images that its Template does not declare.
    pub undeclared: Vec<String>,
}

/// A document that is not an object.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoObject {
    #[error("not a Kubernetes object: it has no kind")]
    NoKind,
    #[error(
        "not a Kubernetes object but a list: wrap it in {{apiVersion: v1, kind: List, items: […]}}"
    )]
    Sequence,
    #[error("not a Kubernetes object: its {0} has no kind")]
    Item(String),
}

impl FoundObject<'_> {
    /// `metadata.name`; the prefix of a generated name, with a `*`, if it has no other.
    pub fn name(&self) -> Cow<'_, str> {
        let text = |pointer| self.body.pointer(pointer).and_then(Value::as_str);
        match (text("/metadata/name"), text("/metadata/generateName")) {
            (Some(name), _) if !name.is_empty() => name.into(),
            (_, Some(prefix)) => format!("{prefix}*").into(),
            _ => "".into(),
        }
    }

    /// `metadata.namespace`; empty if it names none.
    pub fn namespace(&self) -> &str {
        self.body
            .pointer("/metadata/namespace")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// The objects in a document, without their lines. Null is empty.
pub(crate) fn find(body: &Value) -> Result<Vec<FoundObject<'_>>, NoObject> {
    let mut found = Vec::new();
    match body {
        Value::Null => {}
        Value::Object(_) => expand(body, String::new(), None, &mut found)?,
        Value::Array(_) => return Err(NoObject::Sequence),
        _ => return Err(NoObject::NoKind),
    }
    Ok(found)
}

/// The `apiVersion` and `kind` that items of a typed list (`BuildConfigList`) omit.
type ItemType<'a> = Option<(&'a str, &'a str)>;

fn expand<'a>(
    value: &'a Value,
    pointer: String,
    item_type: ItemType<'a>,
    found: &mut Vec<FoundObject<'a>>,
) -> Result<(), NoObject> {
    let text = |key| {
        value
            .get(key)
            .and_then(Value::as_str)
            .filter(|t| !t.is_empty())
    };
    let Some(kind) = text("kind").or(item_type.map(|(_, kind)| kind)) else {
        return Err(no_kind(pointer));
    };
    let api_version = text("apiVersion")
        .or(item_type.map(|(version, _)| version))
        .unwrap_or_default();
    if let Some(items) = list_items(value, kind) {
        let item_kind = kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        for (index, item) in items.iter().enumerate() {
            let item_type = item_kind.map(|kind| (api_version, kind));
            expand(item, format!("{pointer}/items/{index}"), item_type, found)?;
        }
        return Ok(());
    }
    if is_template(api_version, kind) {
        return expand_template(value, &pointer, found);
    }
    found.push(FoundObject {
        pointer,
        line: 0,
        api_version: api_version.into(),
        kind: kind.into(),
        body: Cow::Borrowed(value),
        unresolved: Vec::new(),
        undeclared: Vec::new(),
    });
    Ok(())
}

fn expand_template<'a>(
    template: &'a Value,
    pointer: &str,
    found: &mut Vec<FoundObject<'a>>,
) -> Result<(), NoObject> {
    let parameters = Parameters::from_template(template);
    let objects = template.get("objects").and_then(Value::as_array);
    for (index, object) in objects.into_iter().flatten().enumerate() {
        let pointer = format!("{pointer}/objects/{index}");
        let (resolved, unresolved) = parameters.resolve(object);
        let undeclared: Vec<String> = parameters.undeclared(object).into_iter().collect();
        let mut inner = Vec::new();
        expand(&resolved, pointer, None, &mut inner)?;
        found.extend(inner.into_iter().map(|object| FoundObject {
            pointer: object.pointer,
            line: 0,
            api_version: object.api_version.into_owned().into(),
            kind: object.kind.into_owned().into(),
            body: Cow::Owned(object.body.into_owned()),
            unresolved: unresolved.clone(),
            undeclared: undeclared.clone(),
        }));
    }
    Ok(())
}

fn no_kind(pointer: String) -> NoObject {
    if pointer.is_empty() {
        NoObject::NoKind
    } else {
        NoObject::Item(pointer)
    }
}

fn list_items<'a>(value: &'a Value, kind: &str) -> Option<&'a Vec<Value>> {
    if !kind.ends_with("List") {
        return None;
    }
    value.get("items").and_then(Value::as_array)
}

/// `v1` is the version that OpenShift 3 wrote.
fn is_template(api_version: &str, kind: &str) -> bool {
    kind == "Template" && matches!(api_version, "template.openshift.io/v1" | "v1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(body: &Value) -> Result<Vec<String>, String> {
        let objects = find(body).map_err(|error| error.to_string())?;
        Ok(objects
            .iter()
            .map(|object| {
                format!(
                    "{} {} {} {}/{}",
                    object.pointer,
                    object.api_version,
                    object.kind,
                    object.namespace(),
                    object.name()
                )
            })
            .collect())
    }

    #[test]
    fn objects_are_found_in_lists_and_templates() {
        let stream = json!({"apiVersion": "v1", "kind": "ImageStream", "metadata": {"name": "s", "namespace": "n"}});
        for (body, want) in [
            (json!(null), &[][..]),
            (stream.clone(), &[" v1 ImageStream n/s"]),
            (
                json!({"kind": "Build", "metadata": {"generateName": "b-"}}),
                &["  Build /b-*"],
            ),
            (
                json!({"apiVersion": "v1", "kind": "List", "items": [
                    stream, {"apiVersion": "v1", "kind": "List", "items": [stream]}]}),
                &[
                    "/items/0 v1 ImageStream n/s",
                    "/items/1/items/0 v1 ImageStream n/s",
                ],
            ),
            (
                json!({"apiVersion": "build.openshift.io/v1", "kind": "BuildConfigList", "items": [{"metadata": {"name": "b"}}]}),
                &["/items/0 build.openshift.io/v1 BuildConfig /b"],
            ),
            (json!({"kind": "List", "items": []}), &[]),
            (json!({"kind": "AllowList", "spec": {}}), &["  AllowList /"]),
            (
                json!({"apiVersion": "template.openshift.io/v1", "kind": "Template", "objects": [stream]}),
                &["/objects/0 v1 ImageStream /s"],
            ),
            (
                json!({"apiVersion": "v1", "kind": "Template", "objects": [{"kind": "List", "items": [stream]}]}),
                &["/objects/0/items/0 v1 ImageStream n/s"],
            ),
            (
                json!({"apiVersion": "other.io/v1", "kind": "Template", "objects": [stream]}),
                &[" other.io/v1 Template /"],
            ),
        ] {
            assert_eq!(found(&body).unwrap(), want, "{body}");
        }
    }

    #[test]
    fn a_document_that_is_not_an_object_is_reported() {
        for (body, part) in [
            (json!({"a": 1}), "it has no kind"),
            (json!("text"), "it has no kind"),
            (json!({"kind": 7}), "it has no kind"),
            (json!([{"kind": "Build"}]), "wrap it in"),
            (json!({"kind": "List", "items": [null]}), "/items/0"),
            (
                json!({"apiVersion": "v1", "kind": "Template", "objects": [{}]}),
                "/objects/0",
            ),
        ] {
            let error = found(&body).unwrap_err();
            assert!(error.contains(part), "{body}: {error}");
        }
    }
}
