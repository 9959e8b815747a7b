//! A registry on loopback, to which the image of a release is pushed.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use extreg_tests::{GoTool, Process};

use super::{output, tool};
use crate::dist::folder::Folder;
use crate::dist::image_file;

/// A running registry, and crane, which talks to it.
#[derive(Debug)]
pub(super) struct Registry {
    crane: std::path::PathBuf,
    port: u16,
    // Ends when this is dropped.
    _process: Process,
}

impl Registry {
    /// Starts an empty registry.
    pub(super) fn start() -> Result<Self> {
        let crane = tool(GoTool::Crane)?;
        let mut serve = Command::new(&crane);
        serve.args(["registry", "serve", "--address", "127.0.0.1:0"]);
        let mut process = Process::start("registry", &serve)?;
        for _ in 0..600 {
            let log = std::fs::read_to_string(process.log()).unwrap_or_default();
            let port = log
                .lines()
                .find_map(|line| line.split_once("serving on port "))
                .and_then(|(_, port)| port.trim().parse().ok());
            if let Some(port) = port {
                return Ok(Self {
                    crane,
                    port,
                    _process: process,
                });
            }
            if process.ended()?.is_some() {
                break;
            }
            sleep(Duration::from_millis(50));
        }
        bail!("the registry did not start: {}", process.last_lines())
    }

    /// The name of the pushed image.
    pub(super) fn image(&self) -> String {
        format!("127.0.0.1:{}/extreg-webhook", self.port)
    }

    /// What crane prints.
    pub(super) fn crane(&self, args: &[&str]) -> Result<String> {
        output(Command::new(&self.crane).args(args))
    }

    /// Pushes the image of a release by a tag, and returns its digest.
    pub(super) fn push(&self, folder: &Folder) -> Result<String> {
        let name = image_file();
        let layout = tempfile::tempdir().context("make a folder for the image")?;
        tar::Archive::new(folder.read(&name)?.as_slice())
            .unpack(layout.path())
            .with_context(|| format!("unpack {name}"))?;
        let path = layout
            .path()
            .to_str()
            .context("a folder that is not UTF-8")?;
        let pushed = self.crane(&["push", path, &format!("{}:latest", self.image())])?;
        let (_, digest) = pushed
            .trim()
            .split_once('@')
            .with_context(|| format!("crane push printed {pushed}"))?;
        Ok(digest.to_owned())
    }
}
