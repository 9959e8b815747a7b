//! A whole cluster, read by the audit and by kubectl in turn.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use extreg_tests::ControlPlane;
use serde::Deserialize;
use serde_json::Value;

use crate::bench::Args;
use crate::bench::command::{Rounds, measure};
use crate::bench::pin::{self, Cpu};
use crate::bench::program::answer;
use crate::bench::report::{Middle, Wanted, judged, single};
use crate::bench::request_log::Log;
use crate::console;

/// The resources that the audit lists and this control plane serves, as arguments for kubectl.
const KINDS: [&str; 21] = [
    "images.config.openshift.io",
    "imagedigestmirrorsets.config.openshift.io",
    "imagetagmirrorsets.config.openshift.io",
    "imagecontentsourcepolicies.operator.openshift.io",
    "clusterimagepolicies.config.openshift.io",
    "imagepolicies.config.openshift.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "namespaces",
    "secrets",
    "serviceaccounts",
    "imagestreams.image.openshift.io",
    "buildconfigs.build.openshift.io",
    "builds.build.openshift.io",
    "deploymentconfigs.apps.openshift.io",
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "cronjobs.batch",
    "jobs.batch",
    "replicasets.apps",
    "pods",
];
/// The audit's maximum number of concurrent requests.
const CONCURRENCY: f64 = 8.0;

#[derive(Deserialize)]
struct Filled {
    namespaces: usize,
    pods: usize,
    streams: usize,
    configs: usize,
    seconds: f64,
}

/// Fills a cluster and measures.
pub(super) async fn run(programs: &Path, args: &Args) -> Result<()> {
    let log = Log::new()?;
    let plane = ControlPlane::start(log.options()).await?;
    let filled = fill(programs, &plane, args)?;
    // In a real cluster these are on other machines.
    for pid in plane.pids() {
        pin::hold(Cpu::Other, pid)?;
    }
    console::line(&format!(
        "\n== audit: {} pods, {} ImageStreams of 20 tags with history and {} BuildConfigs in {} namespaces (filled in \
         {:.0} s), {} rounds; kube-apiserver and etcd share a CPU, the audit and kubectl use the other in turn",
        filled.pods, filled.streams, filled.configs, filled.namespaces, filled.seconds, args.rounds
    ));
    let report = tempfile::NamedTempFile::new()?;
    // Both cache the server's discovery data.
    measure(&mut audit(programs, &plane, report.path()))?;
    measure(&mut kubectl(&plane, "namespaces"))?;
    let (mut ours, mut theirs) = (Rounds::default(), Rounds::default());
    for _ in 0..args.rounds {
        ours.push(measure(&mut audit(programs, &plane, report.path()))?);
        theirs.push(measure(&mut kubectl(&plane, &KINDS.join(",")))?);
    }
    print(&ours, &theirs);
    let requests = log.requests_of("oc-extreg/")?;
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    single(
        "concurrent lists, measured by the server",
        requests.at_once as f64,
        "",
        Wanted::AtMost(CONCURRENCY),
    );
    console::line(&format!(
        "  {} lists of the audit, of which {} were answered with 429; {}",
        requests.count,
        requests.too_many,
        described(report.path())?
    ));
    Ok(())
}

fn print(ours: &Rounds, theirs: &Rounds) {
    console::line("                               seconds        MiB");
    let median = |numbers: &[f64]| Middle::from_numbers(numbers.iter().copied()).median;
    for (what, rounds) in [("audit", ours), ("kubectl get", theirs)] {
        console::line(&format!(
            "  {what:<28} {:>8.2}  {:>9.0}",
            median(&rounds.seconds),
            median(&rounds.peak)
        ));
    }
    judged(
        "time against kubectl get",
        Middle::ratio(&ours.seconds, &theirs.seconds),
        Wanted::AtMost(1.0),
    );
    judged(
        "peak memory, against kubectl get",
        Middle::ratio(&ours.peak, &theirs.peak),
        Wanted::AtMost(0.1),
    );
    single(
        "peak memory",
        Middle::from_numbers(ours.peak.iter().copied()).most,
        "MiB",
        Wanted::AtMost(100.0),
    );
}

fn fill(programs: &Path, plane: &ControlPlane, args: &Args) -> Result<Filled> {
    let output = answer(
        Command::new(programs.join("extreg-bench"))
            .arg("fill")
            .arg(plane.kubeconfig())
            .args(["--scale", &args.scale.to_string()]),
    )?;
    serde_json::from_str(&output).context("read what the cluster was filled with")
}

fn audit(programs: &Path, plane: &ControlPlane, report: &Path) -> Command {
    let mut command = pin::command(Cpu::Measured, &programs.join("oc-extreg"));
    command
        .args(["audit", "--all-namespaces"])
        .arg(format!("--output=json={}", report.display()))
        .env("KUBECONFIG", plane.kubeconfig());
    command
}

fn kubectl(plane: &ControlPlane, kinds: &str) -> Command {
    let plain = plane.kubectl();
    let mut command = pin::command(Cpu::Measured, &plane.binaries().kubectl());
    for (variable, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(variable, value);
        }
    }
    command.args(["get", kinds, "--all-namespaces", "--output=json"]);
    command
}

/// A description of the written report.
pub(super) fn described(report: &Path) -> Result<String> {
    let bytes = std::fs::read(report)?;
    let report: Value = serde_json::from_slice(&bytes).context("read the report")?;
    let sections = report.get("sections").and_then(Value::as_array);
    let findings: usize = sections
        .into_iter()
        .flatten()
        .filter_map(|section| section.get("findings")?.as_array())
        .map(Vec::len)
        .sum();
    let uses = report.pointer("/summary/uses").and_then(Value::as_u64);
    Ok(format!(
        "{findings} findings and {} fields that name an image, in a report of {} MiB",
        uses.unwrap_or_default(),
        bytes.len() >> 20
    ))
}
