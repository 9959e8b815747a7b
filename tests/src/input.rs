//! Programs with input.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

/// Runs a program with `input` on its stdin, and waits for its end.
pub fn with_input(command: &mut Command, input: &str) -> io::Result<Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A process that ends early does not read it.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
}
