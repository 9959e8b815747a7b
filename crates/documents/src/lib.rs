//! Reading manifests: from files, folders and stdin to documents, and from documents to objects.
//!
//! [`find_sources`] turns what `-f` names into [`Source`]s; [`read`] yields their [`Document`]s one
//! by one and [`stream`] does so from a thread of its own; [`Document::objects`] finds what is in
//! one, inside Lists and Templates too. [`read_tree`] reads what `oc adm inspect` writes. An error ends one document (or file), never the whole: the
//! caller says it and goes on. No error quotes what stands in a manifest beyond a name.
//!
//! [`edit`] changes the text of one and leaves all else as it is written; [`mod@file`] replaces a file whole or not at all.

mod document;
pub mod edit;
mod error;
mod exclude;
pub mod file;
mod message;
mod mismatch;
mod objects;
mod origin;
mod places;
#[cfg(test)]
mod properties;
mod reader;
mod skipped;
mod source;
mod split;
mod template;
mod tree;
mod yaml;

pub use self::{
    document::{Document, Written},
    error::InputError,
    exclude::Exclude,
    message::{told, undeclared, unreadable},
    mismatch::{JsonFault, Mismatch},
    objects::FoundObject,
    origin::{Origin, Syntax},
    reader::{Documents, read, stream},
    skipped::{SkipReason, Skipped},
    source::{BadName, Source, SourceList, find_sources},
    split::MAX_DOCUMENT,
    tree::{TreeFacts, TreeItem, TreePlace, TreeSource, Visit, read_tree},
};
