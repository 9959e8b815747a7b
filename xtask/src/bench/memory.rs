//! Resident memory of the webhook, and its time until ready: in an empty cluster and in a large one.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use extreg_tests::{ControlPlane, Options};
use serde_json::Value;

use crate::bench::cluster;
use crate::bench::pin::Cpu;
use crate::bench::program::Programs;
use crate::bench::report::{Middle, Wanted, judged, single};
use crate::bench::server::Server;
use crate::console;

const NAMESPACES: &str = "10000";
/// As many as an API server opens under heavy load.
const CONNECTIONS: &str = "64";
const STARTS: usize = 5;

/// Measures in both clusters.
pub(super) async fn run(programs: &Programs) -> Result<()> {
    let plane = ControlPlane::start(Options::default()).await?;
    cluster::prepare(&plane)?;
    console::line("\n== memory: extreg-webhook in a cluster of a few namespaces");
    measure(programs, &plane, 25.0)?;
    let kubeconfig = plane.kubeconfig().display().to_string();
    programs.run::<Value>(&["namespaces", &kubeconfig, NAMESPACES])?;
    console::line(&format!(
        "\n== memory: extreg-webhook in a cluster of {NAMESPACES} namespaces"
    ));
    measure(programs, &plane, 64.0)?;
    drop(plane);
    large_secrets(programs).await
}

/// Docker configs of the maximum size that the API server accepts; the webhook keeps none of them.
async fn large_secrets(programs: &Programs) -> Result<()> {
    let plane = ControlPlane::start(Options::default()).await?;
    cluster::prepare(&plane)?;
    let kubeconfig = plane.kubeconfig().display().to_string();
    programs.run::<Value>(&["namespaces", &kubeconfig, "200", "--docker-config", "1000"])?;
    console::line(
        "\n== memory: extreg-webhook in a cluster of 200 namespaces, each with a docker config of 1 MiB",
    );
    let server = Server::ours(programs, Cpu::Measured, Some(plane.kubeconfig()))?;
    sleep(Duration::from_secs(20));
    let (resident, most) = server.memory()?;
    single("resident, idle", resident, "MiB", Wanted::AtMost(128.0));
    single("peak resident", most, "MiB", Wanted::AtMost(128.0));
    Ok(())
}

fn measure(programs: &Programs, plane: &ControlPlane, idle: f64) -> Result<()> {
    let mut starts = Vec::new();
    let mut server = Server::ours(programs, Cpu::Measured, Some(plane.kubeconfig()))?;
    for _ in 1..STARTS {
        starts.push(server.start.as_secs_f64());
        drop(server);
        server = Server::ours(programs, Cpu::Measured, Some(plane.kubeconfig()))?;
    }
    starts.push(server.start.as_secs_f64());
    judged(
        "seconds from start to ready",
        Middle::from_numbers(starts),
        Wanted::AtMost(1.0),
    );
    sleep(Duration::from_secs(5));
    let (resident, most) = server.memory()?;
    single("resident, idle", resident, "MiB", Wanted::AtMost(idle));
    single(
        "peak resident until then",
        most,
        "MiB",
        Wanted::AtMost(64.0),
    );
    let time = Duration::from_secs(10);
    programs.load(&server.address(), "mutated", CONNECTIONS, time)?;
    let (resident, most) = server.memory()?;
    single(
        "resident after 10 s of load",
        resident,
        "MiB",
        Wanted::AtMost(64.0),
    );
    single(
        "peak resident under load",
        most,
        "MiB",
        Wanted::AtMost(64.0),
    );
    Ok(())
}
