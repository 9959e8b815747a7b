//! BuildConfigs created through kube-apiserver: with no webhook, with ours, with the peer, and with a
//! MutatingAdmissionPolicy that does the same. All are there at once; a namespace's label says which one it gets.

mod arm;

use anyhow::{Result, ensure};
use extreg_tests::{ControlPlane, Options};
use serde::Deserialize;

use crate::bench::Args;
use crate::bench::pin::{self, Cpu};
use crate::bench::program::Programs;
use crate::bench::report::{Middle, Spread, Wanted, judged};
use crate::bench::server::Server;
use crate::say;
use arm::Way;

pub(super) use arm::prepare;

const CONNECTIONS: &str = "4";
/// Objects that each connection creates in a round.
const COUNT: &str = "100";

#[derive(Deserialize)]
struct Created {
    count: f64,
    mutated: f64,
    seconds: f64,
    spread: Spread,
}

/// What one way of mutating did in each round.
#[derive(Debug, Default)]
struct Record {
    per_second: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

/// Measures all ways, round by round.
pub(super) async fn run(programs: &Programs, args: &Args) -> Result<()> {
    let plane = ControlPlane::start(Options::default().mutating_admission_policies()).await?;
    // The webhooks are on the load's side: in a cluster they are on other machines.
    for pid in plane.pids() {
        pin::hold(Cpu::Measured, pid)?;
    }
    prepare(&plane)?;
    let ours = Server::ours(programs, Cpu::Other, Some(plane.kubeconfig()))?;
    let peer = Server::peer(programs, Cpu::Other)?;
    arm::arm(&plane, programs, &ours, &peer)?;
    let mut round = 0;
    for way in Way::ALL {
        arm::wait(|| {
            round += 1;
            Ok(create(programs, &plane, way, round, "1", "1")?.is_right(way))
        })?;
        create(programs, &plane, way, 100_000, CONNECTIONS, COUNT)?;
    }

    let mut records: [Record; 4] = Default::default();
    for round in 0..args.rounds {
        for (way, record) in Way::ALL.into_iter().zip(&mut records) {
            let round = 200_000 + usize::from(round);
            let created = create(programs, &plane, way, round, CONNECTIONS, COUNT)?;
            ensure!(
                created.is_right(way),
                "{way:?} mutated {} of {} BuildConfigs",
                created.mutated,
                created.count
            );
            record.per_second.push(created.count / created.seconds);
            record.p50.push(created.spread.p50);
            record.p99.push(created.spread.p99);
        }
    }
    say::line(&format!(
        "\n== cluster: BuildConfigs created on kube-apiserver, {CONNECTIONS} connections, {} rounds of \
         {CONNECTIONS} times {COUNT}; kube-apiserver and etcd share a CPU, webhooks run beside the load",
        args.rounds
    ));
    print(&records);
    Ok(())
}

impl Created {
    fn is_right(&self, way: Way) -> bool {
        let wanted = if way == Way::None { 0.0 } else { self.count };
        (self.mutated - wanted).abs() < 0.5
    }
}

fn print(records: &[Record; 4]) {
    say::line("                               creates/s     p50 ms     p99 ms");
    for (way, record) in Way::ALL.into_iter().zip(records) {
        let median = |numbers: &[f64]| Middle::of(numbers.iter().copied()).median;
        say::line(&format!(
            "  {:<28} {:>9.0}  {:>9.2}  {:>9.2}",
            way.words(),
            median(&record.per_second),
            median(&record.p50) / 1e6,
            median(&record.p99) / 1e6,
        ));
    }
    let [none, ours, peer, policy] = records;
    for (what, theirs, limit) in [
        ("no webhook", none, 0.8),
        ("controller-runtime", peer, 1.0),
        ("MutatingAdmissionPolicy", policy, 1.0),
    ] {
        judged(
            &format!("creates/s against {what}"),
            Middle::ratio(&ours.per_second, &theirs.per_second),
            Wanted::AtLeast(limit),
        );
    }
    for (what, theirs) in [
        ("controller-runtime", peer),
        ("MutatingAdmissionPolicy", policy),
    ] {
        judged(
            &format!("p99 against {what}"),
            Middle::ratio(&ours.p99, &theirs.p99),
            Wanted::AtMost(1.0),
        );
    }
}

fn create(
    programs: &Programs,
    plane: &ControlPlane,
    way: Way,
    round: usize,
    connections: &str,
    count: &str,
) -> Result<Created> {
    programs.ask(&[
        "creates",
        &plane.kubeconfig().display().to_string(),
        way.namespace(),
        &round.to_string(),
        "--connections",
        connections,
        "--count",
        count,
    ])
}
