//! Reading manifests: from files, folders and stdin to documents, and from documents to objects.
//!
//! [`find_sources`] turns the names of `-f` into [`Source`]s; [`read`] yields their [`Document`]s one
//! by one and [`stream`] does so from a separate thread; [`Document::objects`] finds the objects in
//! one, inside Lists and Templates too. [`read_tree`] reads the output of `oc adm inspect`. An error ends one
//! document (or file), never the whole: the caller reports it and continues. No error quotes more of a
//! manifest than a name.
//!
//! [`edit`] changes the text of one and keeps the rest as written; [`mod@file`] replaces a file completely or
//! not at all.

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
mod properties_test;
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
    message::{describe_unreadable, undeclared, unreadable},
    mismatch::{JsonFault, Mismatch},
    objects::FoundObject,
    origin::{Origin, Syntax},
    reader::{Documents, read, stream},
    skipped::{SkipReason, Skipped},
    source::{BadName, Source, SourceList, find_sources},
    split::MAX_DOCUMENT,
    tree::{TreeFacts, TreeItem, TreePlace, TreeSource, Visit, read_tree},
};
