//! A process beside the control plane: a webhook, a registry.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

use crate::guard::Guard;

/// A running command in a separate folder. It ends when this is dropped, and when this process ends in any way; the
/// folder is removed with it.
#[derive(Debug)]
pub struct Process {
    // Dropped in this order.
    guard: Guard,
    folder: tempfile::TempDir,
}

impl Process {
    /// Starts `command` with its program, arguments, variables and, if set, its folder. Its output goes to
    /// [`Process::log`]; `name` is for messages and file names.
    pub fn start(name: &'static str, command: &Command) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("extreg-")
            .tempdir()
            .with_context(|| format!("make a folder for {name}"))?;
        let guard = Guard::start(name, folder.path(), command)?;
        Ok(Self { guard, folder })
    }

    /// A folder that is removed when the process has ended.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its output, both streams.
    pub fn log(&self) -> PathBuf {
        self.guard.log()
    }

    /// The last lines of its output, for an error message.
    pub fn last_lines(&self) -> String {
        self.guard.last_lines()
    }

    /// Its process ID; `None` directly after the start.
    pub fn pid(&self) -> Option<u32> {
        self.guard.pid()
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.guard.ended()
    }

    /// Sends a signal, such as `TERM`, and waits until it has ended.
    pub fn end_by(mut self, signal: &str) -> Result<ExitStatus> {
        let pid = self.guard.wait_pid()?;
        let status = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(pid.to_string())
            .status()?;
        if !status.success() {
            bail!("send {signal} to process {pid}: kill ended with {status}");
        }
        self.guard.wait()
    }

    /// Kills it now.
    pub fn kill(self) {
        drop(self);
    }

    /// Keeps it running after this process has ended; returns its process ID.
    pub fn keep(self) -> Result<u32> {
        let pid = self.guard.wait_pid()?;
        let _ = self.folder.keep();
        self.guard.keep()?;
        Ok(pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_signals_reach_the_process() {
        let script = r#"trap 'exit "$CODE"' TERM; echo ready; while :; do sleep 0.01; done"#;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env("CODE", "7");
        let process = Process::start("trapper", &command).unwrap();
        let folder = process.folder().to_owned();
        while process.last_lines() != "ready" {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(process.end_by("TERM").unwrap().code(), Some(7));
        assert!(!folder.exists());
    }
}
