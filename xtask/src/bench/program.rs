//! The measured and the measuring programs, built for release.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, de::DeserializeOwned};

use crate::bench::pin::{self, Cpu};
use crate::bench::report::Spread;
use crate::{compile, console};

/// The binaries of a run, and the certificates that all servers share.
#[derive(Debug)]
pub(super) struct Programs {
    /// extreg-webhook.
    pub(super) webhook: PathBuf,
    /// The webhook with controller-runtime.
    pub(super) peer: PathBuf,
    /// The load, and the server that answers a constant.
    pub(super) bench: PathBuf,
    certificates: tempfile::TempDir,
}

/// The result of a load.
#[derive(Debug, Deserialize)]
pub(super) struct Load {
    /// Reviews that were answered.
    pub(super) count: f64,
    pub(super) seconds: f64,
    /// Time until an answer, in nanoseconds.
    pub(super) spread: Spread,
}

impl Load {
    /// Reviews per second.
    pub(super) fn rate(&self) -> f64 {
        self.count / self.seconds
    }
}

impl Programs {
    /// Builds the missing programs; not ours if they are in `folder`.
    pub(super) fn new(folder: Option<&Path>) -> Result<Self> {
        let folder = self::folder(folder, &["extreg-webhook", "extreg-bench"])?;
        let programs = Self {
            webhook: folder.join("extreg-webhook"),
            peer: extreg_tests::build_peer(|text| console::line(&format!("== {text}")))?,
            bench: folder.join("extreg-bench"),
            certificates: tempfile::tempdir()?,
        };
        let folder = programs.certificates.path().display().to_string();
        let _: serde_json::Value = programs.run(&["certificates", &folder])?;
        Ok(programs)
    }

    /// The folder of ca.crt, tls.crt and tls.key.
    pub(super) fn certificates(&self) -> &Path {
        self.certificates.path()
    }

    /// The file that clients trust.
    pub(super) fn ca(&self) -> PathBuf {
        self.certificates().join("ca.crt")
    }

    /// Runs extreg-bench beside the measured process, and parses its output.
    pub(super) fn run<T: DeserializeOwned>(&self, args: &[&str]) -> Result<T> {
        self.run_on(Cpu::Other, args)
    }

    /// Sends reviews to a server for a while, over connections that send constantly, on the CPU beside it. A review
    /// that is refused, or answered without its patch, is an error.
    pub(super) fn load(
        &self,
        address: &str,
        sample: &str,
        connections: &str,
        time: Duration,
    ) -> Result<Load> {
        self.run(&[
            "load",
            sample,
            address,
            &self.ca().display().to_string(),
            "--connections",
            connections,
            "--milliseconds",
            &time.as_millis().to_string(),
        ])
    }

    /// Runs extreg-bench on that CPU, and parses its output.
    pub(super) fn run_on<T: DeserializeOwned>(&self, cpu: Cpu, args: &[&str]) -> Result<T> {
        let output = answer(pin::command(cpu, &self.bench).args(args))?;
        serde_json::from_str(&output).with_context(|| format!("read what {args:?} printed"))
    }
}

/// The given folder of binaries, or the folder that these packages are built into.
pub(super) fn folder(given: Option<&Path>, packages: &[&str]) -> Result<PathBuf> {
    match given {
        // Programs are started in their own folders.
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => compile::build_static(packages),
    }
}

/// The output of a command.
pub(super) fn answer(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("start {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!(
            "{command:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}
