//! One document of a manifest and where it stands.

use std::{fmt, ops::Range, sync::Arc};

use serde_json::Value;

use super::{FoundObject, InputError, objects};

/// Where a document was read. Displays as `file:line`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file's path, or `stdin`.
    pub source: Arc<str>,
    /// Which document of the file, from 1; empty ones are not counted.
    pub document: usize,
    /// The line on which its content begins, from 1.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.line)
    }
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON.
    Json,
    /// YAML that is not JSON.
    Yaml,
}

/// One document of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Where it stands.
    pub origin: Origin,
    /// What it says, as JSON.
    pub body: Value,
    /// Where it stands in its source, in bytes: of JSON the value, of YAML all up to the next
    /// document.
    pub span: Range<usize>,
    /// How it is written.
    pub syntax: Syntax,
    pub(super) text: String,
    /// Whether the user named the file, rather than the folder that it is in.
    pub(super) named: bool,
}

impl Document {
    /// The document as it stands in its file, ready to be one of several YAML documents: with its
    /// comments, anchors and order.
    pub fn as_written(&self) -> &str {
        &self.text
    }

    /// The objects in it: itself, or what is in it if it is a List or a Template.
    ///
    /// A document of a folder that is no object at all (a compose file, say) has none.
    ///
    /// # Errors
    /// If a file that the user named has a document that is no object.
    pub fn objects(&self) -> Result<Vec<FoundObject<'_>>, InputError> {
        match objects::find(&self.body) {
            Ok(found) => Ok(found),
            Err(_) if !self.named => Ok(Vec::new()),
            Err(error) => Err(InputError::Content {
                origin: self.origin.clone(),
                message: error.to_string(),
            }),
        }
    }
}
