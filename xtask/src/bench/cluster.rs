//! BuildConfigs created through kube-apiserver: without a webhook, with a webhook that gives a constant answer, with
//! ours (as installed, with its match conditions, and called for every object), with the peer, and with an equivalent
//! MutatingAdmissionPolicy. All are registered at the same time; a namespace's label selects one.

mod arm;

use anyhow::{Result, ensure};
use extreg_tests::{ControlPlane, Options};
use serde::Deserialize;

use crate::bench::Args;
use crate::bench::pin::{self, Cpu};
use crate::bench::program::Programs;
use crate::bench::report::{Middle, Spread, Wanted, judged};
use crate::console;
use arm::{Servers, Way};

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

/// The kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    /// Without a push secret, which is injected.
    Incomplete,
    /// With a push secret of its own: nothing is injected.
    Complete,
}

impl Object {
    fn argument(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Complete => "complete",
        }
    }

    /// The ways that are measured with it. The constant webhook and the peer only support the incomplete one.
    fn ways(self) -> &'static [Way] {
        match self {
            Self::Incomplete => &Way::ALL,
            Self::Complete => &[Way::None, Way::Installed, Way::Ours, Way::Policy],
        }
    }
}

/// The results of one way of mutating in each round.
#[derive(Debug)]
struct Record {
    way: Way,
    per_second: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

/// Measures all ways, round by round.
pub(super) async fn run(programs: &Programs, args: &Args) -> Result<()> {
    let plane = ControlPlane::start(Options::default().mutating_admission_policies()).await?;
    for pid in plane.pids() {
        pin::hold(Cpu::Measured, pid)?;
    }
    prepare(&plane)?;
    let servers = Servers::start(programs, &plane)?;
    arm::arm(&plane, programs, &servers)?;
    let mut load = Load {
        programs,
        plane: &plane,
        round: 0,
    };
    for way in Way::ALL {
        arm::wait(|| {
            Ok(load
                .create(way, Object::Incomplete, "1", "1")?
                .is_right(way, Object::Incomplete))
        })?;
        load.create(way, Object::Incomplete, CONNECTIONS, COUNT)?;
    }
    for object in [Object::Incomplete, Object::Complete] {
        let records = load.rounds(object, args.rounds)?;
        console::line(&format!(
            "\n== cluster: {} BuildConfigs created on kube-apiserver, {CONNECTIONS} connections, {} rounds of \
             {CONNECTIONS} times {COUNT}; kube-apiserver and etcd share a CPU, webhooks run beside the load",
            object.argument(),
            args.rounds
        ));
        print(&records);
        judge(object, &records);
    }
    Ok(())
}

/// Creates objects on the control plane; names are unique within a way.
struct Load<'a> {
    programs: &'a Programs,
    plane: &'a ControlPlane,
    round: usize,
}

impl Load<'_> {
    fn rounds(&mut self, object: Object, rounds: u16) -> Result<Vec<Record>> {
        let mut records: Vec<Record> = object.ways().iter().copied().map(Record::new).collect();
        for _ in 0..rounds {
            for record in &mut records {
                let way = record.way;
                let created = self.create(way, object, CONNECTIONS, COUNT)?;
                ensure!(
                    created.is_right(way, object),
                    "{way:?} mutated {} of {} {} BuildConfigs",
                    created.mutated,
                    created.count,
                    object.argument()
                );
                record.add(&created);
            }
        }
        Ok(records)
    }

    fn create(
        &mut self,
        way: Way,
        object: Object,
        connections: &str,
        count: &str,
    ) -> Result<Created> {
        self.round = self.round.saturating_add(1);
        self.programs.run(&[
            "creates",
            &self.plane.kubeconfig().display().to_string(),
            way.namespace(),
            object.argument(),
            &self.round.to_string(),
            "--connections",
            connections,
            "--count",
            count,
        ])
    }
}

impl Created {
    fn is_right(&self, way: Way, object: Object) -> bool {
        let none = way == Way::None || object == Object::Complete;
        let wanted = if none { 0.0 } else { self.count };
        (self.mutated - wanted).abs() < 0.5
    }
}

impl Record {
    fn new(way: Way) -> Self {
        Self {
            way,
            per_second: Vec::new(),
            p50: Vec::new(),
            p99: Vec::new(),
        }
    }

    fn add(&mut self, created: &Created) {
        self.per_second.push(created.count / created.seconds);
        self.p50.push(created.spread.p50);
        self.p99.push(created.spread.p99);
    }
}

fn print(records: &[Record]) {
    console::line("                               creates/s     p50 ms     p99 ms");
    for record in records {
        let median = |numbers: &[f64]| Middle::from_numbers(numbers.iter().copied()).median;
        console::line(&format!(
            "  {:<29} {:>9.0}  {:>9.2}  {:>9.2}",
            record.way.description(),
            median(&record.per_second),
            median(&record.p50) / 1e6,
            median(&record.p99) / 1e6,
        ));
    }
}

fn judge(object: Object, records: &[Record]) {
    let find = |way| records.iter().find(|record| record.way == way);
    let compare = |ours: Way, theirs: Way, limit| {
        if let (Some(a), Some(b)) = (find(ours), find(theirs)) {
            judged(
                &format!(
                    "creates/s of {} against {}",
                    ours.description(),
                    theirs.description()
                ),
                Middle::ratio(&a.per_second, &b.per_second),
                Wanted::AtLeast(limit),
            );
        }
    };
    match object {
        Object::Incomplete => {
            compare(Way::Installed, Way::Constant, 0.95);
            compare(Way::Installed, Way::Peer, 1.0);
            compare(Way::Installed, Way::Policy, 1.0);
            compare(Way::Ours, Way::Constant, 0.95);
            compare(Way::Ours, Way::None, 0.8);
        }
        Object::Complete => {
            compare(Way::Installed, Way::None, 0.95);
            compare(Way::Ours, Way::None, 0.8);
        }
    }
    for theirs in [Way::Peer, Way::Policy] {
        if let (Some(ours), Some(other)) = (find(Way::Installed), find(theirs)) {
            judged(
                &format!("p99 against {}", theirs.description()),
                Middle::ratio(&ours.p99, &other.p99),
                Wanted::AtMost(1.0),
            );
        }
    }
}
