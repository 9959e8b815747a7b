//! The only way to standard output and standard error.

use std::io::{self, Write as _};

/// Prints a progress line.
pub(crate) fn line(text: &str) {
    // A closed pipe must not stop a task.
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints why a task failed, with every cause.
pub(crate) fn error(error: &anyhow::Error) {
    let _ = writeln!(io::stderr().lock(), "error: {error:#}");
}
