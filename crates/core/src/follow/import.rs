//! The request that imports tags and keeps their policies.

use serde_json::{Value, json};

use super::stream::{Stream, Tag};

/// An ImageStreamImport to create in the namespace of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The stream's name.
    pub stream: String,
    /// The stream's `metadata.uid`.
    pub uid: String,
    /// The tags, in the order of `spec.images`.
    pub tags: Vec<String>,
    /// The object.
    pub body: Value,
}

impl Import {
    /// An import overwrites the import policy of each tag with the policy in the request
    /// (openshift-apiserver `imagestreamimport/rest.go`, `importSuccessful`), so each tag's own policy is
    /// sent, unparsed. With the stream's version and uid the API server rejects the request if the
    /// stream has changed since (`Create`), so that a policy changed in between is never
    /// reverted, and a deleted stream is not created again.
    pub(super) fn of<'t>(stream: &Stream, tags: impl Iterator<Item = &'t Tag>) -> Self {
        let metadata = &stream.metadata;
        let mut names = Vec::new();
        let mut images = Vec::new();
        for tag in tags {
            let from = tag.from.as_ref().map_or("", |from| from.name.as_str());
            let mut image = json!({
                "from": {"kind": "DockerImage", "name": from},
                "to": {"name": tag.name},
            });
            for (field, policy) in [
                ("importPolicy", &tag.import_policy),
                ("referencePolicy", &tag.reference_policy),
            ] {
                if let (Some(image), Some(policy)) = (image.as_object_mut(), policy) {
                    image.insert(field.to_owned(), policy.clone());
                }
            }
            names.push(tag.name.clone());
            images.push(image);
        }
        Self {
            stream: metadata.name.clone(),
            uid: metadata.uid.clone(),
            tags: names,
            body: json!({
                "apiVersion": "image.openshift.io/v1",
                "kind": "ImageStreamImport",
                "metadata": {
                    "name": metadata.name,
                    "uid": metadata.uid,
                    "resourceVersion": metadata.resource_version,
                },
                "spec": {"import": true, "images": images},
            }),
        }
    }
}
