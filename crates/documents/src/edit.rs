//! Setting a field of an object, or changing the entries of a [`list`], in its text, so that the rest
//! of the text is unchanged: comments, order, indentation, quotes and line ends.
//!
//! Both syntaxes are parsed into one tree of positions, in which `insert` finds where the
//! field goes and how it is written. This module does not verify the resulting text:
//! the caller reads it back and compares.

mod insert;
pub mod list;
#[cfg(test)]
mod properties_test;
mod tree;

use std::ops::Range;

use serde_json::Value;

use self::tree::Tree;
use crate::{origin::Syntax, places};

/// A member of a map to set.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// The map: a JSON pointer in the document.
    pub map: String,
    /// The member.
    pub key: &'static str,
    /// Its value: `true`, or a map of one member.
    pub value: Value,
    /// The member after which a new one is written.
    pub beside: &'static str,
}

/// A part of a text, and its replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The byte range.
    pub range: Range<usize>,
    /// The replacement.
    pub text: String,
}

/// Why a field cannot be set in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// The map is an alias, or in one.
    #[error("it is written by an alias (*), whose anchor can be shared")]
    Alias,
    /// The map is not written: a merge key provides it.
    #[error("it is not written there: a merge key (<<) provides it")]
    Merged,
    /// It is written in an unsupported way.
    #[error("it is written in a way that cannot be changed line by line")]
    Unknown,
}

/// The changes that set members in the text of one document: a result for each.
pub fn splices(text: &str, syntax: Syntax, sets: &[Set]) -> Vec<Result<Splice, Unwritable>> {
    let tree = places::read(text, syntax).map(|root| Tree { text, root });
    sets.iter()
        .map(|set| {
            let tree = tree.as_ref().ok_or(Unwritable::Unknown)?;
            insert::splice(tree, set, syntax)
        })
        .collect()
}

/// The text with its parts replaced.
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
