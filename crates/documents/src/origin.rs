//! The position of a document, and its syntax.

use std::{fmt, sync::Arc};

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

/// The syntax of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON.
    Json,
    /// YAML that is not JSON.
    Yaml,
}
