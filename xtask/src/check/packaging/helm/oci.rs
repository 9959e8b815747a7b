//! The chart as an artifact of a registry: packaged, pushed to a registry on loopback, and pulled back unchanged.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use extreg_tests::{GoTool, Process};

use super::{Helm, succeeded};
use crate::console;

/// Checks the artifact.
pub(super) fn check(helm: &Helm) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    let package = format!("extreg-{version}.tgz");
    let run = |args: &[&str]| {
        let output = helm.command(args).current_dir(helm.home()).output()?;
        succeeded(&format!("helm {}", args.join(" ")), &output)
    };
    let chart = helm
        .chart
        .to_str()
        .context("the chart's path is not valid UTF-8")?;
    run(&["package", chart])?;
    let registry = Registry::start()?;
    let repository = format!("oci://{}/charts", registry.address);
    run(&["push", &package, &repository, "--plain-http"])?;
    let pushed = fs::read(helm.home().join(&package)).context("read the package")?;
    let pulled = helm.home().join("pulled");
    fs::create_dir(&pulled).context("make a folder for the pulled chart")?;
    let reference = format!("{repository}/extreg");
    let into = pulled
        .to_str()
        .context("the folder's path is not valid UTF-8")?;
    run(&[
        "pull",
        &reference,
        "--version",
        version,
        "--plain-http",
        "-d",
        into,
    ])?;
    ensure!(
        fs::read(pulled.join(&package)).context("read the pulled chart")? == pushed,
        "the pulled chart is not the pushed one"
    );
    let shown = run(&[
        "show",
        "crds",
        &reference,
        "--version",
        version,
        "--plain-http",
    ])?;
    ensure!(
        shown.contains("registrypolicies.extreg.io"),
        "helm show crds does not show the definition: {shown}"
    );
    console::line(&format!("{package} was pushed and pulled back"));
    Ok(())
}

/// A registry in memory, on loopback.
struct Registry {
    address: String,
    _process: Process,
}

impl Registry {
    fn start() -> Result<Self> {
        let crane = GoTool::Crane.build(console::line)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(crane);
        command.args(["registry", "serve", "--address", &address]);
        let process = Process::start("registry", &command)?;
        for _ in 0..200 {
            if std::net::TcpStream::connect(&address).is_ok() {
                return Ok(Self {
                    address,
                    _process: process,
                });
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the registry does not start: {}", process.last_lines())
    }
}
