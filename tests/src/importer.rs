//! The importer's own binary, run outside the cluster on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::control_plane::free_port;
use crate::webhook::get;
use crate::{Process, workspace_binary};

const NAME: &str = "extreg-importer";

/// A running `extreg-importer`. It ends when this is dropped, and when this process ends in any way.
#[derive(Debug)]
pub struct Importer {
    process: Option<Process>,
    health_port: u16,
    args: Vec<String>,
}

impl Importer {
    /// Starts it with the kubeconfig of the cluster whose builds it follows, its own namespace and more arguments, if
    /// any, and waits until it is ready.
    pub fn start(kubeconfig: &Path, namespace: &str, more: &[&str]) -> Result<Self> {
        let health_port = free_port()?;
        let mut args = vec![
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--namespace={namespace}"),
            format!("--health-listen=127.0.0.1:{health_port}"),
        ];
        args.extend(more.iter().map(|&arg| arg.to_owned()));
        let mut importer = Self {
            process: None,
            health_port,
            args,
        };
        importer.restart()?;
        Ok(importer)
    }

    /// The address of probes and metrics.
    pub fn health_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.health_port).into()
    }

    /// The content of `/metrics`.
    pub fn metrics(&self) -> Result<String> {
        Ok(get(self.health_port, "/metrics")?.1)
    }

    /// Kills it, like a failing node.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Ends it by SIGTERM, as the kubelet does.
    pub fn stop(&mut self) -> Result<()> {
        let process = self.process.take().context("the importer is not running")?;
        let status = process.end_by("TERM")?;
        if !status.success() {
            bail!("{NAME} ended with {status}");
        }
        Ok(())
    }

    /// Starts it again.
    pub fn restart(&mut self) -> Result<()> {
        self.process = None;
        let mut command = Command::new(workspace_binary(NAME)?);
        command.args(&self.args);
        let mut process = Process::start(NAME, &command)?;
        for _ in 0..600 {
            if let Some(status) = process.ended()? {
                bail!("{NAME} ended with {status}:\n{}", process.last_lines());
            }
            if get(self.health_port, "/readyz").is_ok_and(|(ok, _)| ok) {
                self.process = Some(process);
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!("{NAME} is not ready after 30 s:\n{}", process.last_lines())
    }

    /// Keeps it running after this process has ended.
    pub fn keep(self) -> Result<Option<u32>> {
        self.process.map(Process::keep).transpose()
    }
}
