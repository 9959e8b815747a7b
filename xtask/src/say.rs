//! The only way to standard output and standard error.

use std::io::{self, Write as _};

/// One line of what is being done.
pub(crate) fn line(text: &str) {
    // A closed pipe is no reason to stop a task.
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Why a task has failed, with every cause.
pub(crate) fn error(error: &anyhow::Error) {
    let _ = writeln!(io::stderr().lock(), "error: {error:#}");
}
