//! Runs the commands of the demo, shows each with its output, and checks the result.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail, ensure};
use extreg_tests::{ControlPlane, PluginFolder};

use crate::console;

/// The real kubectl with the plugin on its `PATH`, as the cluster's administrator.
pub(super) struct Stage<'a> {
    plane: &'a ControlPlane,
    plugin: PluginFolder,
}

/// The expected result of a command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Want<'a> {
    /// It succeeds, and its output contains this.
    Contains(&'a str),
    /// It succeeds, and its output is exactly this.
    Exactly(&'a str),
    /// It succeeds.
    Success,
}

impl<'a> Stage<'a> {
    pub(super) fn new(plane: &'a ControlPlane) -> Result<Self> {
        Ok(Self {
            plane,
            plugin: PluginFolder::new()?,
        })
    }

    /// A headline.
    pub(super) fn scene(title: &str) {
        console::line(&format!("\n== {title}"));
    }

    /// Runs `kubectl WORDS`, with `input` on its standard input, and shows both.
    pub(super) fn kubectl(&self, words: &str, input: Option<&str>, want: Want<'_>) -> Result<()> {
        console::line(&format!(
            "$ kubectl {words}{}",
            if input.is_some() { " <<EOF" } else { "" }
        ));
        for line in input.unwrap_or_default().lines() {
            console::line(&format!("    {line}"));
        }
        let mut command = self.plane.kubectl();
        self.plugin.add_to(&mut command)?;
        command.args(split(words)?);
        let output = run(command, input.unwrap_or_default())?;
        let answer = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        for line in answer.lines() {
            console::line(&format!("  {line}"));
        }
        if answer.trim().is_empty() {
            console::line("  (nothing)");
        }
        ensure!(
            output.status.success(),
            "kubectl {words} ended with {}",
            output.status
        );
        match want {
            Want::Contains(part) => {
                ensure!(answer.contains(part), "kubectl {words} must print {part:?}");
            }
            Want::Exactly(all) => {
                ensure!(
                    answer.trim() == all,
                    "kubectl {words} must print exactly {all:?}"
                );
            }
            Want::Success => {}
        }
        Ok(())
    }

    /// Applies one object.
    pub(super) fn apply(&self, object: &str) -> Result<()> {
        self.kubectl("apply -f -", Some(object), Want::Success)
    }

    /// Shows one field of an object in namespace `snow`.
    pub(super) fn shows(&self, object: &str, field: &str, want: &str) -> Result<()> {
        let words = format!("get {object} -n snow -o jsonpath='{{{field}}}'");
        self.kubectl(&words, None, Want::Exactly(want))
    }
}

fn run(mut command: Command, input: &str) -> Result<Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("start kubectl")?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input closes it.
        let _ = stdin.write_all(input.as_bytes());
    }
    Ok(child.wait_with_output()?)
}

/// Splits a command line at blanks, but not within single quotes.
fn split(words: &str) -> Result<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for character in words.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => parts.push(String::new()),
            _ => {
                if let Some(last) = parts.last_mut() {
                    last.push(character);
                }
            }
        }
    }
    if quoted {
        bail!("a quote is open in {words:?}");
    }
    parts.retain(|part| !part.is_empty());
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            split("get x -o jsonpath='{.a b}'").unwrap(),
            ["get", "x", "-o", "jsonpath={.a b}"]
        );
        assert!(split("a 'b").is_err());
    }
}
