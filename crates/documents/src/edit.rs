//! Setting a field of an object, or changing the entries of a [`list`], in the text that holds it, so that nothing else
//! of the text changes: comments, order, indentation, quotes and line ends stay.
//!
//! Both syntaxes are read into one tree of places, in which `insert` finds where the
//! field goes and how it is written there. Whether the text then says what it should is not for
//! this module to believe: the caller reads it back and compares.

mod insert;
pub mod list;
#[cfg(test)]
mod properties;
mod tree;

use std::ops::Range;

use serde_json::Value;

use self::tree::Tree;
use crate::{origin::Syntax, places};

/// A member of a map that is to have a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// The map: a JSON pointer in the document.
    pub map: String,
    /// The member.
    pub key: &'static str,
    /// Its value: `true`, or a map of one member.
    pub value: Value,
    /// The member that a new one is written beside.
    pub beside: &'static str,
}

/// A piece of a text, and what takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// Which bytes.
    pub range: Range<usize>,
    /// What is there then.
    pub text: String,
}

/// Why a field cannot be set in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// The map is an alias, or in one.
    #[error("it is written by an alias (*), whose anchor others may share")]
    Alias,
    /// The map is not there: a merge key brings it.
    #[error("it is not written there: a merge key (<<) brings it")]
    Merged,
    /// It is written in a way that is not known here.
    #[error("it is written in a way that cannot be changed line by line")]
    Unknown,
}

/// Where and how to write what is to be set in the text of one document: an answer for each.
pub fn splices(text: &str, syntax: Syntax, sets: &[Set]) -> Vec<Result<Splice, Unwritable>> {
    let tree = places::read(text, syntax).map(|root| Tree { text, root });
    sets.iter()
        .map(|set| {
            let tree = tree.as_ref().ok_or(Unwritable::Unknown)?;
            insert::splice(tree, set, syntax)
        })
        .collect()
}

/// The text with its pieces replaced.
pub fn apply(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let mut result = String::with_capacity(text.len() + 64 * splices.len());
    let mut from = 0;
    for splice in splices {
        result.push_str(text.get(from..splice.range.start)?);
        result.push_str(&splice.text);
        from = splice.range.end;
    }
    result.push_str(text.get(from..)?);
    Some(result)
}
