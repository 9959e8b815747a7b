//! Why a manifest could not be read.

use std::io;

use crate::{origin::Origin, skipped::SkipReason};

/// Why a file, or one document of it, could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The file or folder cannot be read; nothing else is read from it.
    #[error("cannot read {name}: {cause}")]
    Read {
        /// Its name, as given.
        name: String,
        /// The system's error.
        cause: io::Error,
    },
    /// A document is not valid YAML or JSON.
    #[error("{name}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        name: String,
        /// The line in the file, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The error, and how to fix it.
        message: String,
    },
    /// A file of a folder has a document that is not a manifest. It is skipped and counted.
    #[error("skipped {name}:{line}: not a Kubernetes object")]
    NotManifest {
        /// The file.
        name: String,
        /// The line on which the document begins, from 1.
        line: usize,
        /// The reason.
        reason: SkipReason,
    },
    /// A document is valid YAML or JSON, but cannot be processed.
    #[error("{origin}: {message}")]
    Content {
        /// Its position.
        origin: Origin,
        /// The error, and how to fix it.
        message: String,
    },
}
