//! `worst`: the slowest decision of the engine, about an object of the maximum size.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use extreg_core::engine::Engine;
use extreg_core::facts::{ClusterFacts, Facts, NamespaceFacts, StreamRead};
use extreg_core::object::{Resource, Subject};
use extreg_core::policy::{Policy, PolicySet};

use crate::spread::Spread;

/// The maximum body size of the server.
const BODY: usize = 8 << 20;
/// Policies, and globs of each.
const EACH: usize = 64;

/// Decides about an object and renders the answer; reading the object is not counted.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    kind: Kind,
    iterations: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Tags that globs with many stars do not match.
    Stars,
    /// Tags that all match and get an edit.
    Edits,
    /// Source images of a Build that get a pull secret.
    Sources,
}

impl Kind {
    fn resource(self) -> Resource {
        match self {
            Self::Stars | Self::Edits => Resource::ImageStreams,
            Self::Sources => Resource::Builds,
        }
    }

    fn policies(self) -> Result<PolicySet> {
        let policy = |number: usize| {
            let globs: Vec<String> = (0..EACH).map(|glob| self.glob(number, glob)).collect();
            let spec = serde_json::json!({
                "registry": "docker.io", "repositories": globs, "import": {"scheduled": true},
                "pull": {"secretName": "dockerhub"},
            });
            let name = format!("p{number}");
            Ok(Policy::compile(&name, "", &serde_json::from_value(spec)?)?)
        };
        Ok(PolicySet::new(
            (0..EACH).map(policy).collect::<Result<_>>()?,
        ))
    }

    fn glob(self, policy: usize, glob: usize) -> String {
        match self {
            Self::Stars => format!("*{policy}*a*b*{glob}x"),
            Self::Edits | Self::Sources => format!("u{policy}/a{glob}*"),
        }
    }

    fn object(self) -> Result<String> {
        let (before, after) = match self {
            Self::Stars | Self::Edits => (r#"{"spec":{"tags":["#, "]}}"),
            Self::Sources => (r#"{"spec":{"source":{"images":["#, "]}}}"),
        };
        let mut json = String::from(before);
        for index in 0.. {
            if json.len() >= BODY {
                break;
            }
            if index > 0 {
                json.push(',');
            }
            let (policy, glob) = (index % EACH, index / EACH % EACH);
            write!(
                json,
                r#"{{"name":"{index}","from":{{"kind":"DockerImage","name":"docker.io/u{policy}/a{glob}-{index}"}}}}"#
            )?;
        }
        json.push_str(after);
        Ok(json)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let json = args.kind.object()?;
    let policies = args.kind.policies()?;
    let subject = Subject::of_object(args.kind.resource(), &json)?;
    let (cluster, namespace) = (ClusterFacts::default(), NamespaceFacts::assumed());
    let facts = Facts {
        policies: &policies,
        cluster: &cluster,
        namespace: &namespace,
        stream: StreamRead::Absent,
    };
    let mut times = Vec::with_capacity(args.iterations);
    let (mut steps, mut edits) = (0, 0);
    for _ in 0..args.iterations {
        let started = Instant::now();
        let verdict = Engine.evaluate(&subject, &facts);
        black_box((
            verdict.patch(),
            verdict.warnings(),
            verdict.audit_annotations(),
        ));
        (steps, edits) = (verdict.steps, verdict.edits().count());
        drop(verdict);
        times.push(started.elapsed());
    }
    let total: Duration = times.iter().sum();
    println!(
        "{}",
        serde_json::json!({
            "bytes": json.len(),
            "steps": steps,
            "edits": edits,
            "seconds": total.as_secs_f64(),
            "spread": Spread::from_times(times),
        })
    );
    Ok(())
}
