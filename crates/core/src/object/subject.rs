//! One object as a user writes it, or as a file or the cluster holds it.

use crate::vocabulary;
use serde::Deserialize;

use super::member::Object;
use super::text::Text;
use super::view::{
    BuildView, ImageStreamImportView, ImageStreamTagView, ImageStreamView, ImageTagView, Metadata,
    ObjectReference,
};

vocabulary! {
    /// The resources that a rule can change.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Resource {
        /// `build.openshift.io` buildconfigs.
        BuildConfigs => "buildconfigs", "BuildConfig";
        /// `build.openshift.io` builds.
        Builds => "builds", "Build";
        /// `image.openshift.io` imagestreamimports.
        ImageStreamImports => "imagestreamimports", "ImageStreamImport";
        /// `image.openshift.io` imagestreams.
        ImageStreams => "imagestreams", "ImageStream";
        /// `image.openshift.io` imagestreamtags.
        ImageStreamTags => "imagestreamtags", "ImageStreamTag";
        /// `image.openshift.io` imagetags.
        ImageTags => "imagetags", "ImageTag";
    }
    /// The plural name, as in a URL.
    pub fn name;
    /// The kind, as in a file.
    pub fn kind;
}

impl Resource {
    /// The resource of an admission request; `None` for a group that the webhook does not handle:
    /// `builds` of `shipwright.io` are not OpenShift builds.
    pub fn of_request(group: &str, resource: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| known.group() == group && known.name() == resource)
    }

    /// The resource of a kind in a file; `v1` is the version that OpenShift 3 wrote without a
    /// group (`library-go/pkg/legacyapi/legacygroupification`).
    pub fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| {
            known.kind() == kind
                && (api_version == "v1"
                    || api_version
                        .strip_suffix("/v1")
                        .is_some_and(|group| group == known.group()))
        })
    }

    /// The API group.
    pub fn group(self) -> &'static str {
        match self {
            Self::BuildConfigs | Self::Builds => "build.openshift.io",
            _ => "image.openshift.io",
        }
    }
}

/// The operation on the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Creation. An object of a file, or one of the cluster that an audit reads, counts as created.
    Create,
    /// It replaces an older object.
    Update,
}

impl Operation {
    /// The operation of an admission request; `None` if it does not store an object.
    pub fn of_request(operation: &str) -> Option<Self> {
        match operation {
            "CREATE" => Some(Self::Create),
            "UPDATE" => Some(Self::Update),
            _ => None,
        }
    }

    /// The operation in one word, as metrics have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
        }
    }
}

/// An object and the object that it replaces.
#[derive(Clone, Debug)]
pub struct Change<T> {
    /// The object as it would be stored.
    pub new: T,
    /// The object that is stored.
    pub old: Option<T>,
}

/// The object by its kind.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    /// A Build.
    Build(Box<Change<BuildView<'a>>>),
    /// A BuildConfig.
    BuildConfig(Box<Change<BuildView<'a>>>),
    /// An ImageStream.
    ImageStream(Box<Change<ImageStreamView<'a>>>),
    /// An ImageStreamImport.
    ImageStreamImport(Box<ImageStreamImportView<'a>>),
    /// An ImageStreamTag.
    ImageStreamTag(Box<Change<ImageStreamTagView<'a>>>),
    /// An ImageTag.
    ImageTag(Box<Change<ImageTagView<'a>>>),
}

/// The input of the engine's decision.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The operation.
    pub operation: Operation,
    /// The namespace; empty if a file names none.
    pub namespace: Text<'a>,
    /// The name; empty if it is generated.
    pub name: Text<'a>,
    /// The requesting user; empty if unknown.
    pub user: Text<'a>,
    /// The object.
    pub body: Body<'a>,
}

/// An object that cannot be parsed as its kind. The API server reports such an object with a better
/// message, so admission passes it unchanged.
#[derive(Debug, thiserror::Error)]
#[error("not a readable {kind}: {source}")]
pub struct UnreadableObject {
    kind: &'static str,
    source: serde_json::Error,
}

impl UnreadableObject {
    /// The byte of the JSON at which reading stopped, from 1; 0 if it is unknown.
    pub fn column(&self) -> usize {
        self.source.column()
    }
}

/// The parts of an admission request that the engine needs.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The resource.
    pub resource: Resource,
    /// The operation.
    pub operation: Operation,
    /// The namespace of the request.
    pub namespace: &'a str,
    /// The name of the request; empty if it is generated.
    pub name: &'a str,
    /// `userInfo.username`.
    pub user: &'a str,
    /// `object`, as JSON.
    pub object: &'a str,
    /// `oldObject`, as JSON; `None` or `null` for CREATE.
    pub old_object: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// The object of an admission request.
    pub fn of_request(request: &Request<'a>) -> Result<Self, UnreadableObject> {
        let Request {
            resource,
            operation,
            namespace,
            name,
            user,
            object,
            old_object,
        } = *request;
        let old = old_object.filter(|old| *old != "null");
        let body = Body::parse(resource, object, old).map_err(|source| UnreadableObject {
            kind: resource.kind(),
            source,
        })?;
        Ok(Self {
            operation,
            namespace: namespace.into(),
            name: name.into(),
            user: user.into(),
            body,
        })
    }

    /// An object of a file or of the cluster, as JSON, read as if it were created now.
    ///
    /// Defaults that the API server sets before it calls a webhook are set here: an output
    /// without a kind, or of the old kind `ImageStream`, is the tag `latest` of a stream
    /// (openshift-apiserver `pkg/build/apis/build/v1/conversion.go`).
    pub fn of_object(resource: Resource, object: &'a str) -> Result<Self, UnreadableObject> {
        let mut body = Body::parse(resource, object, None).map_err(|source| UnreadableObject {
            kind: resource.kind(),
            source,
        })?;
        body.apply_defaults();
        let Metadata {
            namespace, name, ..
        } = body.metadata().clone();
        Ok(Self {
            operation: Operation::Create,
            namespace,
            name,
            user: Text::default(),
            body,
        })
    }

    /// An object of a file or of the cluster reduced to the fields that rules read, as JSON:
    /// [`Subject::of_object`] reads the same from it. For callers that learn the facts after the object.
    pub fn reduce(resource: Resource, object: &str) -> Result<String, UnreadableObject> {
        let reduced = Body::parse(resource, object, None).and_then(|body| match &body {
            Body::Build(change) | Body::BuildConfig(change) => serde_json::to_string(&change.new),
            Body::ImageStream(change) => serde_json::to_string(&change.new),
            Body::ImageStreamImport(import) => serde_json::to_string(import),
            Body::ImageStreamTag(change) => serde_json::to_string(&change.new),
            Body::ImageTag(change) => serde_json::to_string(&change.new),
        });
        reduced.map_err(|source| UnreadableObject {
            kind: resource.kind(),
            source,
        })
    }

    /// The resource that the object is of.
    pub fn resource(&self) -> Resource {
        match self.body {
            Body::Build(_) => Resource::Builds,
            Body::BuildConfig(_) => Resource::BuildConfigs,
            Body::ImageStream(_) => Resource::ImageStreams,
            Body::ImageStreamImport(_) => Resource::ImageStreamImports,
            Body::ImageStreamTag(_) => Resource::ImageStreamTags,
            Body::ImageTag(_) => Resource::ImageTags,
        }
    }

    /// Whether the object carries the opt-out label.
    ///
    /// `oc tag` sends an ImageStreamTag without the labels of its stream; only the old
    /// object has them (openshift-apiserver `imagestreamtag/rest.go`, `newISTag`).
    pub fn opts_out(&self) -> bool {
        let old = match &self.body {
            Body::ImageStreamTag(change) => change.old.as_ref().map(|old| &old.metadata),
            Body::ImageTag(change) => change.old.as_ref().map(|old| &old.metadata),
            _ => None,
        };
        self.body.metadata().opts_out() || old.is_some_and(Metadata::opts_out)
    }
}

impl<'a> Body<'a> {
    /// `metadata` of the object.
    pub fn metadata(&self) -> &Metadata<'a> {
        match self {
            Self::Build(change) | Self::BuildConfig(change) => &change.new.metadata,
            Self::ImageStream(change) => &change.new.metadata,
            Self::ImageStreamImport(import) => &import.metadata,
            Self::ImageStreamTag(change) => &change.new.metadata,
            Self::ImageTag(change) => &change.new.metadata,
        }
    }

    fn parse(
        resource: Resource,
        new: &'a str,
        old: Option<&'a str>,
    ) -> Result<Self, serde_json::Error> {
        Ok(match resource {
            Resource::BuildConfigs => Self::BuildConfig(change(new, old)?),
            Resource::Builds => Self::Build(change(new, old)?),
            Resource::ImageStreamImports => Self::ImageStreamImport(Box::new(parse(new)?)),
            Resource::ImageStreams => Self::ImageStream(change(new, old)?),
            Resource::ImageStreamTags => Self::ImageStreamTag(change(new, old)?),
            Resource::ImageTags => Self::ImageTag(change(new, old)?),
        })
    }

    fn apply_defaults(&mut self) {
        if let Self::Build(change) | Self::BuildConfig(change) = self
            && let Some(to) = &mut change.new.spec.output.to
        {
            default_output(to);
        }
    }
}

fn default_output(to: &mut ObjectReference<'_>) {
    if matches!(&*to.kind, "" | "ImageStream") {
        to.kind = "ImageStreamTag".into();
        to.name = format!("{}:latest", to.name).into();
    }
}

fn change<'a, T: Deserialize<'a>>(
    new: &'a str,
    old: Option<&'a str>,
) -> Result<Box<Change<T>>, serde_json::Error> {
    let new = parse(new)?;
    let old = old.map(parse).transpose()?;
    Ok(Box::new(Change { new, old }))
}

fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, serde_json::Error> {
    serde_json::from_str(json).map(|Object(object)| object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_one_of_its_group_only() {
        assert_eq!(
            Resource::of_request("build.openshift.io", "builds"),
            Some(Resource::Builds)
        );
        assert_eq!(Resource::of_request("shipwright.io", "builds"), None);
        assert_eq!(
            Resource::of_kind("v1", "BuildConfig"),
            Some(Resource::BuildConfigs)
        );
        assert_eq!(
            Resource::of_kind("image.openshift.io/v1", "ImageStream"),
            Some(Resource::ImageStreams)
        );
        assert_eq!(Resource::of_kind("shipwright.io/v1beta1", "Build"), None);
        assert_eq!(
            Resource::of_kind("build.openshift.io/v1", "ImageStream"),
            None
        );
    }

    #[test]
    fn an_output_without_kind_is_the_tag_latest() {
        for (kind, name, want) in [
            ("", "foo", "foo:latest"),
            ("", "foo:bar", "foo:bar:latest"),
            ("ImageStream", "s", "s:latest"),
        ] {
            let json =
                format!(r#"{{"spec":{{"output":{{"to":{{"kind":"{kind}","name":"{name}"}}}}}}}}"#);
            let subject = Subject::of_object(Resource::BuildConfigs, &json).unwrap();
            let Body::BuildConfig(change) = &subject.body else {
                panic!("{subject:?}")
            };
            let to = change.new.spec.output.to.as_ref().unwrap();
            assert_eq!((&*to.kind, &*to.name), ("ImageStreamTag", want));
        }
    }

    #[test]
    fn a_reduced_object_reads_the_same() {
        let build = r#"{"metadata":{"name":"a","namespace":"n","uid":"u","labels":{"extreg.io/ignore":"true"},
            "annotations":{"a":"canary","extreg.io/scheduled":"false"}},"spec":{"serviceAccount":"sa",
            "source":{"git":{"uri":"canary"},"images":[{"paths":[]},{"from":{"kind":"DockerImage","name":"i"},
            "pullSecret":{"name":"p"}}]},"strategy":{"dockerStrategy":{"env":[{"value":"canary"}]},
            "sourceStrategy":{"from":{"kind":"ImageStreamTag","namespace":"o","name":"s:t"}},
            "customStrategy":{"pullSecret":{}}},"output":{"to":{"name":"o"},"pushSecret":{}}},"status":{}}"#;
        let stream = r#"{"metadata":{"name":"a"},"spec":{"dockerImageRepository":"canary","tags":[{"name":"p"},
            {"name":"q\"\n","from":{"kind":"DockerImage","name":"i"},"reference":true,"importPolicy":{"scheduled":true},
            "annotations":{"extreg.io/scheduled":"false"}},{"from":{},"importPolicy":{}},null,{"from":{"kind":"x"}}]},
            "status":{"dockerImageRepository":"r","tags":[{"tag":"canary"}]}}"#;
        let import = r#"{"spec":{"import":true,"repository":{"from":{"name":"r"},"importPolicy":{}},
            "images":[{},{"from":{"name":"i"},"to":{"name":"t"}}]}}"#;
        let tag = r#"{"metadata":{"name":"s:t"},"tag":{"from":{"kind":"DockerImage","name":"i"}},"spec":null,"image":{"canary":1}}"#;
        for resource in Resource::ALL {
            for json in [build, stream, import, tag, "{}"] {
                let reduced = Subject::reduce(resource, json).unwrap();
                assert!(!reduced.contains("canary"), "{reduced}");
                assert_eq!(
                    format!("{:?}", Subject::of_object(resource, &reduced).unwrap()),
                    format!("{:?}", Subject::of_object(resource, json).unwrap()),
                    "{resource:?} {json}"
                );
            }
        }
        Subject::reduce(Resource::Builds, "7").unwrap_err();
    }

    #[test]
    fn null_everywhere_is_an_empty_object() {
        for resource in Resource::ALL {
            for json in [
                r#"{"metadata":null,"spec":null,"tag":null,"status":null}"#,
                r#"{"metadata":{"name":null,"labels":null},"spec":{"output":null,"tags":null,"images":null}}"#,
                "{}",
            ] {
                let subject = Subject::of_object(resource, json).unwrap();
                assert_eq!(
                    (&*subject.name, subject.opts_out()),
                    ("", false),
                    "{resource:?} {json}"
                );
            }
        }
    }

    /// Every object of every kind, as a list: OpenShift rejects it, and a patch of it cannot be applied.
    #[test]
    fn a_list_in_place_of_an_object_is_a_wrong_type() {
        let build = serde_json::json!({"metadata": {}, "spec": {
            "output": {"to": {}, "pushSecret": {}},
            "strategy": {"dockerStrategy": {"from": {}, "pullSecret": {}}, "sourceStrategy": {}, "customStrategy": {}},
            "source": {"images": [{"from": {}, "pullSecret": {}}]}}});
        let tag =
            serde_json::json!({"name": "t", "annotations": {}, "from": {}, "importPolicy": {}});
        let import = serde_json::json!({"from": {}, "to": {}, "importPolicy": {}});
        let objects = [
            (Resource::BuildConfigs, build.clone()),
            (Resource::Builds, build),
            (
                Resource::ImageStreams,
                serde_json::json!({"metadata": {}, "spec": {"tags": [tag]}, "status": {}}),
            ),
            (
                Resource::ImageStreamTags,
                serde_json::json!({"metadata": {}, "tag": tag}),
            ),
            (
                Resource::ImageTags,
                serde_json::json!({"metadata": {}, "spec": tag}),
            ),
            (
                Resource::ImageStreamImports,
                serde_json::json!({"metadata": {}, "spec": {"repository": import, "images": [import]}}),
            ),
        ];
        for (resource, object) in objects {
            Subject::of_object(resource, &object.to_string()).unwrap();
            let mut count = 0;
            for pointer in pointers_to_objects(&object, "") {
                for list in ["[]", r#"["DockerImage"]"#, r"[null, null]"] {
                    let mut wrong = object.clone();
                    *wrong.pointer_mut(&pointer).unwrap() = serde_json::from_str(list).unwrap();
                    let wrong = wrong.to_string();
                    let answer = Subject::of_object(resource, &wrong);
                    assert!(answer.is_err(), "{resource:?} {pointer} {wrong}");
                }
                count += 1;
            }
            assert!(count >= 6, "{resource:?}: {count}");
        }
    }

    fn pointers_to_objects(value: &serde_json::Value, at: &str) -> Vec<String> {
        match value {
            serde_json::Value::Object(members) => {
                let below = members.iter().flat_map(|(name, member)| {
                    pointers_to_objects(member, &format!("{at}/{name}"))
                });
                std::iter::once(at.to_owned()).chain(below).collect()
            }
            serde_json::Value::Array(items) => {
                let all = items.iter().enumerate();
                all.flat_map(|(index, item)| pointers_to_objects(item, &format!("{at}/{index}")))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_wrong_type_is_an_error_that_names_the_kind() {
        let error = Subject::of_object(Resource::Builds, r#"{"spec":7}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("not a readable Build: invalid type"),
            "{error}"
        );
    }
}
