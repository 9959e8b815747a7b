//! `cargo xtask demo`: the main flow, on a real API server, shown step by step.

mod flow;
mod stage;

use anyhow::Result;
use extreg_tests::{ControlPlane, Options, WebhookServer};

use crate::{console, step, tools};
use stage::Stage;

/// How to show it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave the control plane and the webhook running, and print how to use and end them
    #[arg(long)]
    keep: bool,
}

/// Builds the binaries, starts a control plane and the webhook, and runs the flow.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::check()?;
    tools::control_plane()?;
    step::run(
        "build the binaries",
        &mut step::cargo(["build", "--workspace"])?,
    )?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(show(args))
}

async fn show(args: &Args) -> Result<()> {
    console::line(
        "\nA team builds on OpenShift and stores its images on docker.io. Everything below runs on this machine, on a real\n\
         API server without nodes. A line with $ is a command; its output is indented.\n",
    );
    console::line("== Start etcd and kube-apiserver on loopback, with OpenShift's resources.");
    let plane = ControlPlane::start(Options::default()).await?;
    console::line(&format!("   {}", plane.server()));
    console::line("== Start extreg-webhook outside the cluster.");
    let mut webhook = WebhookServer::start(plane.kubeconfig(), &[])?;
    console::line(&format!("   {}", webhook.url()));

    let stage = Stage::new(&plane)?;
    flow::run(&stage, &mut webhook)?;

    if args.keep {
        webhook.restart()?;
        let webhook = webhook.keep()?;
        let kept = plane.keep()?;
        let pids: Vec<String> = webhook
            .into_iter()
            .chain(kept.pids)
            .map(|pid| pid.to_string())
            .collect();
        console::line(&format!(
            "\nLeft running. export KUBECONFIG={}",
            kept.kubeconfig.display()
        ));
        console::line(&format!("End it with: kill {}", pids.join(" ")));
        return Ok(());
    }
    flow::uninstall(&stage)?;
    drop(webhook);
    plane.stop();
    console::line(
        "\nEvery step succeeded, and every process has ended. Next: the first hour in README.md.",
    );
    Ok(())
}
