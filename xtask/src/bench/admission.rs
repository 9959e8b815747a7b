//! Reviews over TLS: ours, the same server with a constant answer, and a webhook with controller-runtime.

use std::time::Duration;

use anyhow::Result;

use crate::bench::Args;
use crate::bench::pin::Cpu;
use crate::bench::program::{Load, Programs};
use crate::bench::report::{Middle, Wanted, judged};
use crate::bench::server::Server;
use crate::console;

/// Enough that the server is always busy.
const CONNECTIONS: &str = "8";

/// The results of one rival in each round.
#[derive(Debug, Default)]
struct Record {
    per_second: Vec<f64>,
    per_cpu_second: Vec<f64>,
    busy: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

/// Measures a review that is mutated and one that is not.
pub(super) fn run(programs: &Programs, args: &Args) -> Result<()> {
    let ours = Server::ours(programs, Cpu::Measured, None)?;
    let peer = Server::peer(programs, Cpu::Measured)?;
    for sample in ["mutated", "untouched"] {
        let constant = Server::constant(programs, Cpu::Measured, sample)?;
        let servers = [&ours, &constant, &peer];
        let mut records = [Record::default(), Record::default(), Record::default()];
        for server in servers {
            load(programs, server, sample, 500)?;
        }
        for _ in 0..args.rounds {
            for (server, record) in servers.into_iter().zip(&mut records) {
                record.add(programs, server, sample, args.milliseconds)?;
            }
        }
        console::line(&format!(
            "\n== admission: a BuildConfig UPDATE of 7 KB over TLS, {sample}; {CONNECTIONS} connections, \
             {} rounds of {} ms",
            args.rounds, args.milliseconds
        ));
        print(&records);
    }
    Ok(())
}

fn print([ours, constant, peer]: &[Record; 3]) {
    console::line(
        "                      reviews/s  per CPU second   CPU busy     p50 µs     p99 µs",
    );
    for (name, record) in [
        ("extreg-webhook", ours),
        ("constant answer", constant),
        ("controller-runtime", peer),
    ] {
        let median = |numbers: &[f64]| Middle::from_numbers(numbers.iter().copied()).median;
        console::line(&format!(
            "  {name:<19} {:>9.0}       {:>9.0}      {:>4.0} %  {:>9.0}  {:>9.0}",
            median(&record.per_second),
            median(&record.per_cpu_second),
            median(&record.busy) * 100.0,
            median(&record.p50) / 1000.0,
            median(&record.p99) / 1000.0,
        ));
    }
    let rows = [
        ("reviews/s against a constant", ours, constant, 0.9),
        ("reviews/s against controller-runtime", ours, peer, 5.0),
    ];
    for (what, ours, theirs, limit) in rows {
        let wanted = Wanted::AtLeast(limit);
        let ratio = Middle::ratio(&ours.per_cpu_second, &theirs.per_cpu_second);
        judged(&format!("{what}, per CPU second"), ratio, wanted);
        let ratio = Middle::ratio(&ours.per_second, &theirs.per_second);
        judged(&format!("{what}, by the clock"), ratio, wanted);
    }
    judged(
        "p99 against controller-runtime",
        Middle::ratio(&ours.p99, &peer.p99),
        Wanted::AtMost(0.25),
    );
}

impl Record {
    fn add(
        &mut self,
        programs: &Programs,
        server: &Server,
        sample: &str,
        milliseconds: u64,
    ) -> Result<()> {
        let before = server.cpu()?;
        let load = load(programs, server, sample, milliseconds)?;
        let cpu = server.cpu()? - before;
        self.per_second.push(load.rate());
        self.per_cpu_second.push(load.count / cpu);
        self.busy.push(cpu / load.seconds);
        self.p50.push(load.spread.p50);
        self.p99.push(load.spread.p99);
        Ok(())
    }
}

fn load(programs: &Programs, server: &Server, sample: &str, milliseconds: u64) -> Result<Load> {
    let time = Duration::from_millis(milliseconds);
    programs.load(&server.address(), sample, CONNECTIONS, time)
}
