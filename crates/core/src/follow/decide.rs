//! Which tags of a stream come from an image that a build has pushed, and which of them to import.

use std::collections::BTreeMap;

use super::build::{Identity, Pushed, opts_out};
use super::import::Import;
use super::stream::{Stream, Tag};
use crate::object::opt_out;
use crate::policy::{Labels, Selector};
use crate::registry::RefRole;
use crate::rule::is_system_namespace;

/// On namespaces where admission, quota and image resolution do not work.
const RUN_LEVEL: &str = "openshift.io/run-level";
/// On streams that the cluster-samples operator reverts whenever they change.
const SAMPLE: &str = "samples.operator.openshift.io/managed";

/// Whether builds are followed in a namespace: not in platform namespaces, not in a namespace that
/// opts out, and not outside the installation's selector.
pub fn may_follow(namespace: &str, labels: &Labels, selected: Option<&Selector>) -> bool {
    let level = labels.get(RUN_LEVEL).map(String::as_str);
    !is_system_namespace(namespace)
        && !matches!(level, Some("0" | "1"))
        && !opts_out(labels)
        && selected.is_none_or(|selector| selector.matches(labels))
}

/// The imports that were requested before, as long as they are remembered.
pub trait ImportHistory {
    /// Whether this tag of the stream of this `metadata.uid` was imported for this pushed digest.
    fn was_imported(&self, stream: &str, tag: &str, digest: &str) -> bool;
}

/// The result of a pushed image for one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// The import to send; `None` if no tag needs it.
    pub import: Option<Import>,
    /// The tags that come from that image, by name, with the result of each.
    pub tags: BTreeMap<String, Outcome>,
    /// Why no tag of the stream was checked.
    pub exempt: Option<NotFollowed>,
}

/// The result for one tag that comes from the pushed image.
pub type Outcome = Result<TagOutcome, NotFollowed>;

/// What happens to a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagOutcome {
    /// It is imported.
    Import,
    /// Its newest item is that digest.
    UpToDate,
    /// It was imported for that digest before, and shows another: one of a manifest list, or the tag
    /// in the registry has moved since.
    ImportedBefore,
}

/// Why a stream or a tag is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFollowed {
    /// The stream is being deleted.
    Going,
    /// An operator manages the stream.
    Managed,
    /// A label of the stream or an annotation of the tag opts out.
    OptedOut,
    /// `reference: true`: never imported.
    Reference,
}

/// Decides for one stream of the namespace of the build.
///
/// A tag comes from the image if it follows a `DockerImage` by tag in the same repository of the
/// same registry, in any spelling. Tags that follow a digest or another tag, and tags that
/// builds only push to, do not.
pub fn follow(pushed: &Pushed, stream: &Stream, history: &impl ImportHistory) -> Followed {
    let mut followed = Followed {
        import: None,
        tags: BTreeMap::new(),
        exempt: exempt(stream),
    };
    if followed.exempt.is_some() {
        return followed;
    }
    let mut wanted = BTreeMap::new();
    // If two tags have one name the last counts, as in the API server.
    for tag in &stream.spec.tags {
        followed.tags.remove(&tag.name);
        wanted.remove(tag.name.as_str());
        if !comes_from(tag, pushed) {
            continue;
        }
        let outcome = decide(pushed, stream, tag, history);
        if outcome == Ok(TagOutcome::Import) {
            wanted.insert(tag.name.as_str(), tag);
        }
        followed.tags.insert(tag.name.clone(), outcome);
    }
    if !wanted.is_empty() {
        followed.import = Some(Import::of(stream, wanted.into_values()));
    }
    followed
}

fn exempt(stream: &Stream) -> Option<NotFollowed> {
    let metadata = &stream.metadata;
    if !metadata.deletion_timestamp.is_empty() {
        Some(NotFollowed::Going)
    } else if metadata.labels.get(SAMPLE).is_some_and(|v| v == "true") {
        Some(NotFollowed::Managed)
    } else if opts_out(&metadata.labels) {
        Some(NotFollowed::OptedOut)
    } else {
        None
    }
}

fn comes_from(tag: &Tag, pushed: &Pushed) -> bool {
    tag.from.as_ref().is_some_and(|from| {
        from.kind == "DockerImage"
            && from.namespace.is_empty()
            && Identity::of(&from.name, RefRole::Import).is_some_and(|image| image == pushed.image)
    })
}

fn decide(pushed: &Pushed, stream: &Stream, tag: &Tag, history: &impl ImportHistory) -> Outcome {
    let annotation = tag.annotations.get(opt_out::FOLLOW);
    let digest = pushed.digest.as_str();
    if tag.reference {
        Err(NotFollowed::Reference)
    } else if annotation.is_some_and(|value| value == "false") {
        Err(NotFollowed::OptedOut)
    } else if stream.newest(&tag.name) == Some(digest) {
        Ok(TagOutcome::UpToDate)
    } else if history.was_imported(&stream.metadata.uid, &tag.name, digest) {
        Ok(TagOutcome::ImportedBefore)
    } else {
        Ok(TagOutcome::Import)
    }
}
