//! `cargo xtask live`: the webhook's behavior on a real OpenShift.
//!
//! Every scenario runs twice concurrently, in two namespaces that differ by one label only: the webhook is called for
//! one and not for the other. The objects in the second namespace are what OpenShift stores without us, so the two must
//! differ by the injected fields only.

mod cluster;
mod difference;
mod installation;
mod namespaces;
mod need;
mod object;
mod pair;
mod report;
mod scenarios;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use self::cluster::{Cluster, Images};
use self::installation::Installation;
use self::namespaces::Namespaces;
use self::need::{Capabilities, Need};
use self::report::{Outcome, Report};
use crate::{console, step};

/// The cluster and the scenarios.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Administrator's kubeconfig of the cluster
    #[arg(long, value_name = "FILE", required_unless_present = "list")]
    kubeconfig: Option<PathBuf>,
    /// The OpenShift client
    #[arg(long, value_name = "FILE", default_value = "oc")]
    oc: PathBuf,
    /// Public image on docker.io that the cluster can import, with user, name and tag
    #[arg(
        long,
        value_name = "REF",
        default_value = "docker.io/ably77/python-lyapp:latest"
    )]
    image: String,
    /// Public repository on any registry whose tags the cluster can list [default: that of the image]
    #[arg(long, value_name = "REF")]
    repository: Option<String>,
    /// Run only scenarios whose name contains this; repeatable
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Keep the namespaces, the webhook and its configuration, and print how to remove them
    #[arg(long)]
    keep: bool,
    /// Print the names of the scenarios only
    #[arg(long)]
    list: bool,
}

const AFTER_HELP: &str = "\
The API servers of the cluster must reach this machine on loopback: the webhook runs here, outside the
cluster. Every created object has a random suffix and is removed; a cluster on which oc extreg is
installed is not changed.";

/// Builds, installs, runs the scenarios, uninstalls, and fails if a scenario failed.
pub(crate) fn run(args: &Args) -> Result<()> {
    let scenarios = scenarios::all();
    let chosen: Vec<_> = scenarios
        .iter()
        .filter(|scenario| {
            args.only.is_empty() || args.only.iter().any(|part| scenario.name.contains(part))
        })
        .collect();
    if args.list {
        for scenario in &chosen {
            console::line(scenario.name);
        }
        return Ok(());
    }
    ensure!(
        !chosen.is_empty(),
        "no scenario matches: see `cargo xtask live --list`"
    );
    let kubeconfig = args
        .kubeconfig
        .as_ref()
        .context("--kubeconfig is missing")?;
    let kubeconfig = kubeconfig
        .canonicalize()
        .with_context(|| format!("read {}", kubeconfig.display()))?;
    let mut build = step::cargo(["build", "--workspace"])?;
    step::run("build the binaries", &mut build)?;

    let started = Instant::now();
    let images = Images {
        image: args.image.clone(),
        repository: args.repository.clone(),
    };
    let mut report = Report::default();
    let cluster = match Cluster::connect(&args.oc, &kubeconfig, images) {
        Ok(cluster) => cluster,
        Err(error) if cluster::is_missing(&error) => {
            let reason = format!("{} is not on PATH: specify it with --oc", args.oc.display());
            for scenario in &chosen {
                report.add(scenario.name, Outcome::Skipped(reason.clone()));
            }
            return report.end(started.elapsed());
        }
        Err(error) => return Err(error),
    };
    console::line(&format!("== {}", cluster.description()));
    ensure_free(&cluster)?;
    let namespaces = Namespaces::new(&cluster)?;
    let done = with_webhook(args, &chosen, &cluster, &namespaces, &mut report);
    if !args.keep {
        namespaces.remove()?;
    }
    done?;
    report.end(started.elapsed())
}

fn with_webhook(
    args: &Args,
    chosen: &[&scenarios::Scenario],
    cluster: &Cluster,
    namespaces: &Namespaces<'_>,
    report: &mut Report,
) -> Result<()> {
    let capabilities = Capabilities::probe(cluster, namespaces)?;
    let has = |need| capabilities.lacks(&[need]).is_none();
    scenarios::before(namespaces, has(Need::Builds), has(Need::Streams))?;
    let mut installation = Installation::make(cluster, namespaces)?;
    console::line(&format!(
        "== if this is interrupted: oc-extreg webhook uninstall --all --yes; oc delete namespaces -l {}",
        namespaces.label()
    ));
    for scenario in chosen {
        let mut stage = scenarios::Stage {
            cluster,
            namespaces,
            installation: &mut installation,
        };
        let outcome = match capabilities.lacks(scenario.needs) {
            Some(reason) => Outcome::Skipped(reason),
            None => Outcome::from_result((scenario.run)(&mut stage)),
        };
        report.add(scenario.name, outcome);
    }
    if args.keep {
        installation.keep(namespaces)
    } else {
        installation.remove(cluster)
    }
}

/// Fails if oc extreg is installed: its policies and configuration would be replaced and removed.
fn ensure_free(cluster: &Cluster) -> Result<()> {
    for object in [
        "mutatingwebhookconfiguration/extreg-webhook",
        "customresourcedefinition/registrypolicies.extreg.io",
        "clusterrole/extreg-webhook",
    ] {
        let found = cluster.oc(&format!("get {object} --ignore-not-found -o name"), None)?;
        if !found.ok()?.stdout.trim().is_empty() {
            bail!(
                "{object} exists: oc extreg is installed, or objects of an earlier run remain; \
                 remove it with `oc-extreg webhook uninstall --all --yes` first"
            );
        }
    }
    Ok(())
}
