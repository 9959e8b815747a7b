//! Partial views of the objects that we read: only the fields that rules use.
//!
//! A view is never written back. A caller that decides later can store it as JSON: parsed
//! again it is the same view, without the rest of the object.
//!
//! The fields are those of `openshift/api` (`build/v1/types.go`, `image/v1/types.go`); each can be
//! absent or `null`, because the webhook runs before validation.

use serde::{Deserialize, Serialize};

use super::annotations::Annotations;
use super::member::{Member, members};
use super::sparse::{Relevant, Sparse};
use super::text::{Pairs, Text};

/// The label, on an object or its namespace, and the annotations for opting out.
pub mod opt_out {
    /// `"true"` on a namespace or an object: change nothing in it.
    pub const LABEL: &str = "extreg.io/ignore";
    /// `"false"` on one ImageStream tag: never schedule it.
    pub const TAG_ANNOTATION: &str = "extreg.io/scheduled";
    /// `"false"` as a label of a namespace, a stream or a build, or as an annotation of one tag: do
    /// not import when a build has pushed, see [`crate::follow`].
    pub const FOLLOW: &str = "extreg.io/follow-builds";
}

/// The label of an object that is written to test whether the webhook answers; the webhook returns its
/// value in a warning. Only dry runs are answered this way.
pub const PROOF_LABEL: &str = "extreg.io/proof";

members! {
    /// `metadata`.
    pub struct Metadata<'a> {
        /// `metadata.name`; empty if it is generated.
        pub name: Text<'a>,
        /// `metadata.namespace`.
        pub namespace: Text<'a>,
        /// `metadata.labels`.
        pub labels: Pairs<'a>,
        /// `metadata.annotations` under `extreg.io/`.
        pub annotations: Annotations<'a>,
    }
}

impl Metadata<'_> {
    /// Whether the object carries the opt-out label.
    pub fn opts_out(&self) -> bool {
        self.labels.get(opt_out::LABEL) == Some("true")
    }
}

members! {
    /// A reference to an image or to the ImageStream tag that names it.
    #[derive(PartialEq, Eq)]
    pub struct ObjectReference<'a> {
        /// `DockerImage`, `ImageStreamTag`, `ImageStreamImage`; validation comes after us.
        pub kind: Text<'a>,
        /// The namespace of an ImageStream; must be empty for a `DockerImage`.
        pub namespace: Text<'a>,
        /// The image, or `<stream>:<tag>`.
        pub name: Text<'a>,
    }

    /// A reference to a secret or a tag by its name alone.
    pub struct LocalReference<'a> {
        /// The name; an empty one is an error that the API server reports.
        pub name: Text<'a>,
    }

    /// A BuildConfig or a Build: the part of their specs that both share (`CommonSpec`).
    pub struct BuildView<'a> {
        /// `metadata`.
        pub metadata: Metadata<'a>,
        /// `spec`.
        pub spec: BuildSpec<'a>,
    }

    /// `spec` of a BuildConfig or a Build.
    pub struct BuildSpec<'a> {
        /// Where the image is pushed.
        pub output: BuildOutput<'a>,
        /// How it is built.
        pub strategy: BuildStrategy<'a>,
        /// The input of the build.
        pub source: BuildSource<'a>,
        /// The account that the build runs as; empty means `builder`.
        pub service_account: Text<'a>,
    }

    /// `spec.output`.
    pub struct BuildOutput<'a> {
        /// The image or ImageStream tag to push to; `None` means that nothing is pushed.
        pub to: Option<ObjectReference<'a>>,
        /// The secret to push with; an empty object counts as set.
        pub push_secret: Option<LocalReference<'a>>,
    }

    /// `spec.strategy`; the pipeline strategy holds no image.
    pub struct BuildStrategy<'a> {
        /// `dockerStrategy`.
        pub docker_strategy: Option<PullSite<'a>>,
        /// `sourceStrategy`.
        pub source_strategy: Option<PullSite<'a>>,
        /// `customStrategy`.
        pub custom_strategy: Option<PullSite<'a>>,
    }
}

impl<'a> BuildStrategy<'a> {
    /// Each strategy that is set, with the name of its field.
    pub fn sites(&self) -> impl Iterator<Item = (&'static str, &PullSite<'a>)> {
        [
            ("dockerStrategy", &self.docker_strategy),
            ("sourceStrategy", &self.source_strategy),
            ("customStrategy", &self.custom_strategy),
        ]
        .into_iter()
        .filter_map(|(field, site)| site.as_ref().map(|site| (field, site)))
    }
}

members! {
    /// A place from which a build pulls: an image and the secret for it.
    pub struct PullSite<'a> {
        /// The image; a docker strategy can omit it and use the Dockerfile's.
        pub from: Option<ObjectReference<'a>>,
        /// The secret to pull with.
        pub pull_secret: Option<LocalReference<'a>>,
    }

    /// `spec.source`.
    pub struct BuildSource<'a> {
        /// Images from which files are copied.
        pub images: Sparse<PullSite<'a>>,
    }

    /// An ImageStream.
    pub struct ImageStreamView<'a> {
        /// `metadata`.
        pub metadata: Metadata<'a>,
        /// `spec`.
        pub spec: ImageStreamSpec<'a>,
        /// `status`.
        pub status: ImageStreamStatus<'a>,
    }

    /// `spec` of an ImageStream.
    pub struct ImageStreamSpec<'a> {
        /// `spec.tags`: the tags that follow an image or another tag.
        pub tags: Sparse<TagReference<'a>>,
    }

    /// `status` of an ImageStream.
    pub struct ImageStreamStatus<'a> {
        /// Where a build that outputs to a tag of this stream pushes: the integrated registry's path
        /// or, without an integrated registry, `spec.dockerImageRepository`.
        pub docker_image_repository: Text<'a>,
    }

    /// A tag of an ImageStream: an element of `spec.tags`, `tag` of an ImageStreamTag, `spec` of an
    /// ImageTag.
    pub struct TagReference<'a> {
        /// The name of the tag.
        pub name: Text<'a>,
        /// The annotations of the tag under `extreg.io/`.
        pub annotations: Annotations<'a>,
        /// What the tag follows; `None` for a tag that builds only push to.
        pub from: Option<ObjectReference<'a>>,
        /// A tag that is only a name for an image: never imported.
        pub reference: bool,
        /// The import policy; can be absent in a user's file, never in what the API server sends.
        pub import_policy: Option<ImportPolicy>,
    }
}

impl TagReference<'_> {
    /// Whether the tag carries the opt-out annotation.
    pub fn opts_out(&self) -> bool {
        self.annotations.get(opt_out::TAG_ANNOTATION) == Some("false")
    }

    /// Whether the tag is imported on a schedule.
    pub fn scheduled(&self) -> bool {
        self.import_policy.is_some_and(|policy| policy.scheduled)
    }
}

/// `importPolicy`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct ImportPolicy {
    /// Whether OpenShift imports again every 15 minutes.
    #[serde(default, deserialize_with = "Member::read")]
    pub scheduled: bool,
}

members! {
    /// An ImageStreamTag, named `<stream>:<tag>`.
    pub struct ImageStreamTagView<'a> {
        /// `metadata`.
        pub metadata: Metadata<'a>,
        /// `tag`; `null` on the synthetic old object of a tag that does not exist yet.
        pub tag: Option<TagReference<'a>>,
    }

    /// An ImageTag, named `<stream>:<tag>`.
    pub struct ImageTagView<'a> {
        /// `metadata`.
        pub metadata: Metadata<'a>,
        /// `spec`; `null` deletes the tag.
        pub spec: Option<TagReference<'a>>,
    }

    /// An ImageStreamImport, named after the stream that it imports to.
    pub struct ImageStreamImportView<'a> {
        /// `metadata`.
        pub metadata: Metadata<'a>,
        /// `spec`.
        pub spec: ImageStreamImportSpec<'a>,
    }

    /// `spec` of an ImageStreamImport.
    pub struct ImageStreamImportSpec<'a> {
        /// Whether anything is written; `false` only queries images.
        pub import: bool,
        /// All tags of a repository.
        pub repository: Option<ImportSite<'a>>,
        /// Single images.
        pub images: Sparse<ImportSite<'a>>,
    }

    /// One thing to import.
    pub struct ImportSite<'a> {
        /// The image or repository.
        pub from: ObjectReference<'a>,
        /// The tag that the image gets; the API server defaults it from the image's own tag.
        pub to: Option<LocalReference<'a>>,
        /// The import policy that the tag will have.
        pub import_policy: Option<ImportPolicy>,
    }
}

impl Relevant for PullSite<'_> {
    fn relevant(&self) -> bool {
        self.from.is_some()
    }
}

impl Relevant for TagReference<'_> {
    fn relevant(&self) -> bool {
        self.from.is_some()
    }
}

impl Relevant for ImportSite<'_> {
    fn relevant(&self) -> bool {
        !self.from.name.is_empty()
    }
}
