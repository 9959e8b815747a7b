//! A process beside the control plane: a webhook, a registry.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

use crate::guard::Guard;

/// A running command in a folder of its own. It ends when this is dropped, and when this process ends in whatever way;
/// the folder goes with it.
#[derive(Debug)]
pub struct Process {
    // Dropped in this order.
    guard: Guard,
    folder: tempfile::TempDir,
}

impl Process {
    /// Starts `command`: its program, arguments, variables and, where it names one, its folder. What it prints goes to
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

    /// What it prints, both streams.
    pub fn log(&self) -> PathBuf {
        self.guard.log()
    }

    /// The last lines of what it printed, for an error message.
    pub fn said(&self) -> String {
        self.guard.said()
    }

    /// Its process id; none in the first moment.
    pub fn pid(&self) -> Option<u32> {
        self.guard.pid()
    }

    /// How it ended by itself, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.guard.ended()
    }

    /// Sends it a signal, such as `TERM`, and waits until it has ended by itself.
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

    /// Lets it go on after this process has ended; returns its process id.
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
        while process.said() != "ready" {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(process.end_by("TERM").unwrap().code(), Some(7));
        assert!(!folder.exists());
    }
}
