//! Objects as read: partial views borrowed from their JSON, and the subject of a decision.

mod annotations;
mod member;
mod sparse;
mod subject;
mod text;
mod view;
mod views;

pub use annotations::Annotations;
pub use sparse::{Relevant, Sparse};
pub use subject::{Body, Change, Operation, Request, Resource, Subject, UnreadableObject};
pub use text::{Pairs, Text, nullable};
pub use view::{
    BuildOutput, BuildSource, BuildSpec, BuildStrategy, BuildView, ImageStreamImportSpec,
    ImageStreamImportView, ImageStreamSpec, ImageStreamStatus, ImageStreamTagView, ImageStreamView,
    ImageTagView, ImportPolicy, ImportSite, LocalReference, Metadata, ObjectReference, PROOF_LABEL,
    PullSite, TagReference, opt_out,
};
