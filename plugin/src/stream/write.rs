//! Writes one tag of an ImageStream with the requests of `oc tag` (openshift/oc `pkg/cli/tag/tag.go`): PUT of the
//! ImageStreamTag, which also creates it and its stream; if a server or a role does not support that, POST of it; if
//! that is not possible either, the tag in the ImageStream itself.

use std::time::Duration;

use extreg_cluster::{Cluster, ClusterError, DryRun, Json as _, Kind, Object, ObjectRef, Verb};
use serde_json::{Value, json};

use super::{Stream, StreamTag};
use crate::{error::Error, print::Report};

/// The number of attempts after a conflict with another write to the stream.
const ATTEMPTS: u32 = 5;
/// The delay before the second attempt; doubled for each later one.
const PAUSE: Duration = Duration::from_millis(50);

/// The result of writing a tag.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// The action.
    pub(crate) verb: Verb,
    /// The ImageStream before; `None` if it is new too.
    pub(crate) stream: Option<Stream>,
    /// The ImageStreamTag before, with its `tag` only; `None` if `spec` had none.
    pub(crate) before: Option<Object>,
    /// The ImageStreamTag after; in a client dry run its computed state.
    pub(crate) object: Object,
}

impl Written {
    /// Prints the action: for the stream, if it was created for this tag (of several tags `is_first` is the one that
    /// created it), and for the tag.
    pub(crate) fn print(
        &self,
        report: &mut Report<'_>,
        namespace: &str,
        name: &StreamTag,
        is_first: bool,
    ) {
        if self.stream.is_none() && is_first {
            let stream = ObjectRef::new(Kind::IMAGE_STREAM, namespace, &name.stream);
            report.add(&stream, Verb::Created, None);
        }
        report.add(&name.reference(namespace), self.verb, Some(&self.object));
    }

    /// The tag before and after, if it differs: its own fields only.
    pub(crate) fn change(&self) -> Option<(Object, Object)> {
        let before = self.before.as_ref().filter(|_| self.verb.is_change())?;
        let own = |object: &Object| {
            let mut tag = object.body.get("tag").cloned().unwrap_or_default();
            if let Some(tag) = tag.as_object_mut() {
                tag.remove("generation");
            }
            Object {
                kind: object.kind,
                body: json!({ "tag": without_empty(&tag) }),
            }
        };
        Some((own(before), own(&self.object)))
    }
}

/// Writes the tag that `desire` derives from its ImageStream: a complete entry of `spec.tags`. `stream` is its state;
/// after a conflict it is read again and `desire` is called again.
///
/// # Errors
/// The API server's error, or that of `desire`.
pub(crate) async fn write_tag(
    cluster: &Cluster,
    namespace: &str,
    name: &StreamTag,
    stream: Option<Stream>,
    dry_run: DryRun,
    desire: &dyn Fn(Option<&Stream>) -> Result<Value, Error>,
) -> Result<Written, Error> {
    let mut stream = stream;
    let mut attempt = 1;
    loop {
        let desired = desire(stream.as_ref())?;
        let current = stream
            .as_ref()
            .and_then(|stream| stream.spec_tag(&name.tag));
        let before = current.map(|tag| image_stream_tag(namespace, name, tag.body()));
        let unchanged = current.is_some_and(|tag| is_same(tag.body(), &desired));
        let object = image_stream_tag(namespace, name, &desired);
        let written = |verb, object| Written {
            verb,
            stream: stream.clone(),
            before: before.clone(),
            object,
        };
        if unchanged {
            return Ok(written(Verb::Unchanged, object));
        }
        let verb = if before.is_some() {
            Verb::Configured
        } else {
            Verb::Created
        };
        if dry_run == DryRun::Client {
            return Ok(written(verb, object));
        }
        match send(cluster, namespace, name, &object, dry_run).await {
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => {
                tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
                attempt += 1;
                stream = Stream::read(cluster, namespace, &name.stream).await?;
            }
            sent => return sent.map(|object| written(verb, object)),
        }
    }
}

/// Deletes a tag with its history, as `oc tag -d` does: the ImageStreamTag; if that cannot be deleted, its entry of
/// `spec.tags`. `Ok(false)` if it does not exist.
///
/// # Errors
/// The API server's error.
pub(crate) async fn delete_tag(
    cluster: &Cluster,
    namespace: &str,
    name: &StreamTag,
    dry_run: DryRun,
) -> Result<bool, Error> {
    let refused = match cluster.delete(&name.reference(namespace), dry_run).await {
        Ok(true) => return Ok(true),
        Ok(false) => None,
        Err(error) if is_refused(&error) => Some(error),
        Err(error) => return Err(error.into()),
    };
    let stream = Stream::read(cluster, namespace, &name.stream).await?;
    let Some(stream) = stream.filter(|stream| stream.spec_tag(&name.tag).is_some()) else {
        return refused.map_or(Ok(false), |refused| Err(refused.into()));
    };
    let mut changed = stream.object().clone();
    if let Some(Value::Array(tags)) = changed.body.pointer_mut("/spec/tags") {
        tags.retain(|tag| tag["name"] != name.tag);
    }
    match cluster.replace(&changed, dry_run).await {
        // The first refusal names the smallest permission that is needed.
        Err(error) if is_refused(&error) => Err(refused.unwrap_or(error).into()),
        replaced => Ok(replaced.map(|_| true)?),
    }
}

/// The ImageStreamTag with this entry of `spec.tags`. On PUT its annotations replace those of the
/// tag, on POST the two must be equal (openshift-apiserver `registry/imagestreamtag/strategy.go`
/// `PrepareForUpdate`, validation `ValidateImageStreamTag`), so they are in both places.
fn image_stream_tag(namespace: &str, name: &StreamTag, tag: &Value) -> Object {
    let mut object = Object::new(
        Kind::IMAGE_STREAM_TAG,
        namespace,
        &name.to_string(),
        json!({ "tag": tag }),
    );
    let annotations = tag.get("annotations").filter(|all| !is_empty(all));
    if let Some(annotations) = annotations {
        extreg_cluster::set(
            &mut object.body,
            &["metadata", "annotations"],
            annotations.clone(),
        );
    }
    object
}

async fn send(
    cluster: &Cluster,
    namespace: &str,
    name: &StreamTag,
    object: &Object,
    dry_run: DryRun,
) -> Result<Object, Error> {
    // Without a resourceVersion, so that a concurrent import does not matter.
    let refused = match cluster.replace(object, dry_run).await {
        Err(error) if is_refused(&error) || error.is_not_found() => error,
        sent => return Ok(sent?),
    };
    match cluster.create(object, dry_run).await {
        Err(error) if is_refused(&error) => {}
        // It exists, and PUT is not supported.
        Err(error) if error.is_already_there() && is_refused(&refused) => {}
        sent => return Ok(sent?),
    }
    match send_stream(cluster, namespace, name, object, dry_run).await {
        // The first refusal names the smallest permission that is needed.
        Err(Error::Cluster(error)) if is_refused(&error) && is_refused(&refused) => {
            Err(refused.into())
        }
        sent => sent,
    }
}

/// Writes the tag into the ImageStream itself.
async fn send_stream(
    cluster: &Cluster,
    namespace: &str,
    name: &StreamTag,
    object: &Object,
    dry_run: DryRun,
) -> Result<Object, Error> {
    let tag = object.body.get("tag").cloned().unwrap_or_default();
    let stream = match Stream::read(cluster, namespace, &name.stream).await? {
        None => {
            let fields = json!({ "spec": { "tags": [tag] } });
            let new = Object::new(Kind::IMAGE_STREAM, namespace, &name.stream, fields);
            cluster.create(&new, dry_run).await?
        }
        Some(stream) => {
            let mut changed = stream.object().clone();
            let tags = changed
                .body
                .list("/spec/tags")
                .filter(|entry| entry.get("name") != tag.get("name"))
                .cloned()
                .chain([tag.clone()])
                .collect();
            extreg_cluster::set(&mut changed.body, &["spec", "tags"], Value::Array(tags));
            cluster.replace(&changed, dry_run).await?
        }
    };
    let stream = Stream::new(stream.body);
    let now = stream.spec_tag(&name.tag).map_or(&tag, |tag| tag.body());
    Ok(image_stream_tag(namespace, name, now))
}

/// The errors after which `oc tag` tries the next request.
const fn is_refused(error: &ClusterError) -> bool {
    error.is_forbidden() || error.is_not_allowed()
}

/// Whether two entries of `spec.tags` are equivalent. The generation only requests an import, and an empty field equals
/// an absent one.
fn is_same(current: &Value, desired: &Value) -> bool {
    let stripped = |tag: &Value| {
        let mut tag = without_empty(tag);
        if let Some(tag) = tag.as_object_mut() {
            tag.remove("generation");
        }
        tag
    };
    stripped(current) == stripped(desired)
}

fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.clone(), without_empty(value)))
                .filter(|(_, value)| !is_empty(value))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_so) => !is_so,
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Array(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_equal_absent_fields() {
        let tag = json!({"name": "v1", "annotations": null, "generation": 7,
            "from": {"kind": "DockerImage", "name": "d"},
            "importPolicy": {"importMode": "Legacy"}, "referencePolicy": {"type": "Source"}});
        let mut same = tag.clone();
        same["generation"] = json!(0);
        same["annotations"] = json!({});
        same["reference"] = json!(false);
        same["importPolicy"]["scheduled"] = json!(false);
        assert!(is_same(&tag, &same));
        for (field, value) in [
            ("reference", json!(true)),
            ("annotations", json!({"a": "b"})),
            (
                "importPolicy",
                json!({"importMode": "Legacy", "scheduled": true}),
            ),
            ("referencePolicy", json!({"type": "Local"})),
        ] {
            let mut other = tag.clone();
            other[field] = value;
            assert!(!is_same(&tag, &other), "{field}");
        }
    }

    #[test]
    fn trap_38_annotations_stand_in_both_places_or_in_none() {
        let name = StreamTag::new("app", "v1");
        let tag = json!({"name": "v1", "annotations": {"a": "b"}});
        let object = image_stream_tag("snow", &name, &tag);
        assert_eq!(object.body["metadata"]["annotations"], json!({"a": "b"}));
        assert_eq!(object.body["tag"], tag);
        let object = image_stream_tag("snow", &name, &json!({"name": "v1", "annotations": {}}));
        assert_eq!(
            object.body["metadata"],
            json!({"name": "app:v1", "namespace": "snow"})
        );
    }
}
