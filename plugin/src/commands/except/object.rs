//! The object of an exception, and the annotation on it.

use extreg_audit::exceptions::Statement;
use extreg_cluster::{Cluster, DryRun, Object, ObjectRef, Verb};
use extreg_snapshot::kind::Kind as Read;
use serde_json::{Value, json};

use super::statement;
use crate::error::Error;

/// How often a change is tried if another client changes the same object.
const ATTEMPTS: u32 = 5;

/// The existing objects with this name, of any of the kinds.
///
/// # Errors
/// If the cluster cannot be read.
pub(super) async fn find(
    cluster: &Cluster,
    kinds: &[Read],
    namespace: &str,
    name: &str,
) -> Result<Vec<Object>, Error> {
    let mut found = Vec::new();
    for kind in kinds {
        let reference = ObjectRef::new(kind.api(), namespace, name);
        found.extend(cluster.get(&reference).await?);
    }
    Ok(found)
}

/// What created an object, if anything: the annotation belongs there.
pub(super) fn maker(object: &Object) -> Option<String> {
    let text = |pointer| object.text(pointer);
    let (kind, name) = (
        text("/metadata/ownerReferences/0/kind"),
        text("/metadata/ownerReferences/0/name"),
    );
    (!kind.is_empty()).then(|| format!("{}/{name}", kind.to_lowercase()))
}

/// Adds a statement to an object.
///
/// # Errors
/// If the cluster refuses the change.
pub(super) async fn annotate(
    cluster: &Cluster,
    object: Object,
    key: &str,
    statement: &Statement,
    words: &str,
    dry_run: DryRun,
) -> Result<(Verb, Object, Object), Error> {
    let new = |value: Option<&str>| statement::add(value, statement, words).map(Some);
    change(cluster, object, key, &new, dry_run).await
}

/// Removes statements from an object.
///
/// # Errors
/// If the cluster refuses the change.
pub(super) async fn clear(
    cluster: &Cluster,
    object: Object,
    key: &str,
    gone: &[Statement],
    dry_run: DryRun,
) -> Result<(Verb, Object, Object), Error> {
    let new = |value: Option<&str>| {
        let value = value?;
        let left = statement::remove(value, gone);
        (left.as_deref() != Some(value)).then_some(left)
    };
    change(cluster, object, key, &new, dry_run).await
}

/// Changes an annotation of exactly the object that was read: if another client changed the object, it is
/// read again. `new` is none to keep the annotation, and holds none to remove it. Returns the object
/// before and after.
async fn change(
    cluster: &Cluster,
    mut before: Object,
    key: &str,
    new: &dyn Fn(Option<&str>) -> Option<Option<String>>,
    dry_run: DryRun,
) -> Result<(Verb, Object, Object), Error> {
    let reference = before.reference();
    let mut attempt = 1;
    loop {
        let value = annotation(&before, key);
        let Some(value) = new(value.as_deref()) else {
            return Ok((Verb::Unchanged, before.clone(), before));
        };
        let operations = operations(&before, key, value.as_deref());
        if dry_run == DryRun::Client {
            let mut after = before.clone();
            match value {
                Some(value) => after = after.annotation(key, &value),
                None => extreg_cluster::unset(&mut after.body, &["metadata", "annotations", key]),
            }
            return Ok((Verb::Configured, before, after));
        }
        let error = match cluster.json_patch(&reference, &operations, dry_run).await {
            Ok(after) => return Ok((Verb::Configured, before, after)),
            Err(error) => error,
        };
        let now = cluster.get(&reference).await?;
        match now {
            Some(now) if version(&now) != version(&before) && attempt < ATTEMPTS => {
                attempt += 1;
                before = now;
            }
            _ => return Err(error.into()),
        }
    }
}

/// The value of an annotation of an object.
pub(super) fn annotation(object: &Object, key: &str) -> Option<String> {
    let annotations = object.body.pointer("/metadata/annotations")?;
    annotations.get(key)?.as_str().map(str::to_owned)
}

fn version(object: &Object) -> &str {
    object.text("/metadata/resourceVersion")
}

/// The patch, which applies only to the version that was read.
fn operations(object: &Object, key: &str, value: Option<&str>) -> Vec<Value> {
    let path = format!(
        "/metadata/annotations/{}",
        key.replace('~', "~0").replace('/', "~1")
    );
    let mut operations = vec![json!({
        "op": "test", "path": "/metadata/resourceVersion", "value": version(object),
    })];
    let annotations = object.body.pointer("/metadata/annotations");
    if !annotations.is_some_and(Value::is_object) {
        operations.push(json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
    }
    operations.push(match value {
        Some(value) => json!({"op": "add", "path": path, "value": value}),
        None => json!({"op": "remove", "path": path}),
    });
    operations
}

#[cfg(test)]
mod tests {
    use extreg_cluster::Kind;

    use super::*;

    fn object(annotations: &Value) -> Object {
        Object::new(
            Kind::DEPLOYMENT,
            "shop",
            "cart",
            json!({"metadata": {"name": "cart", "resourceVersion": "7", "annotations": annotations}}),
        )
    }

    #[test]
    fn a_patch_applies_only_to_the_version_that_was_read() {
        for annotations in [
            json!({"a": "b", "extreg.io/ignore-checks": "x"}),
            json!({}),
            Value::Null,
        ] {
            for value in [Some("y"), None] {
                let object = object(&annotations);
                let has = annotation(&object, "extreg.io/ignore-checks").is_some();
                if value.is_none() && !has {
                    continue;
                }
                let operations = operations(&object, "extreg.io/ignore-checks", value);
                let patch: json_patch::Patch = serde_json::from_value(operations.into()).unwrap();
                let mut body = object.body.clone();
                json_patch::patch(&mut body, &patch).unwrap();
                let after = Object {
                    body,
                    ..object.clone()
                };
                assert_eq!(
                    annotation(&after, "extreg.io/ignore-checks").as_deref(),
                    value
                );
                let mut other = object.body;
                other["metadata"]["resourceVersion"] = json!("8");
                assert!(json_patch::patch(&mut other, &patch).is_err());
            }
        }
    }
}
