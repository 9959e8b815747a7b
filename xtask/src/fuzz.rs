//! `cargo xtask fuzz`: libFuzzer on each target of `fuzz/`, with coverage, on the stable compiler.
//!
//! The flags are those of `cargo fuzz run -s none`, none of which needs a nightly compiler. The address sanitizer needs
//! one, and the product has no unsafe code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::{console, step};

/// The coverage and comparison hooks of libFuzzer (cargo-fuzz `project.rs`, `exec_build`).
const COVERAGE: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// Real admission reviews, beside the corpus.
const RECORDED: &str = "tests/tests/data/recorded";

/// What to fuzz, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// All targets, unless some are named
    #[arg(value_enum)]
    targets: Vec<Target>,
    /// Seconds for each target
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Bodies of admission reviews, and the resulting patches
    Review,
    /// Image references
    Reference,
    /// Policies
    Policy,
    /// Docker configs
    Dockerconfig,
    /// Kubeconfigs
    Kubeconfig,
    /// Manifests, as YAML and JSON
    Yaml,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Reference => "reference",
            Self::Policy => "policy",
            Self::Dockerconfig => "dockerconfig",
            Self::Kubeconfig => "kubeconfig",
            Self::Yaml => "yaml",
        }
    }
}

/// Builds the targets and runs them in sequence. The first failure ends the run.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = step::root()?;
    let host = host()?;
    let mut build = step::cargo(["build", "--manifest-path", "fuzz/Cargo.toml", "--release"])?;
    // A target other than the host: build scripts are not instrumented.
    build.args(["--locked", "--bins", "--target", &host]);
    build.env("RUSTFLAGS", COVERAGE.join(" "));
    step::run("build the fuzz targets", &mut build)?;
    let binaries = root.join("fuzz/target").join(&host).join("release");
    for &target in Target::value_variants() {
        if args.targets.is_empty() || args.targets.contains(&target) {
            fuzz(root, &binaries, target, args.seconds)?;
        }
    }
    Ok(())
}

fn fuzz(root: &Path, binaries: &Path, target: Target, seconds: u64) -> Result<()> {
    let name = target.name();
    // The first folder receives new inputs, the remaining ones are only read.
    let found = tempfile::tempdir()?;
    let artifacts = root.join("fuzz/artifacts").join(name);
    fs::create_dir_all(&artifacts)?;
    let mut command = Command::new(binaries.join(name));
    command
        .current_dir(root)
        .arg(found.path())
        .arg(root.join("fuzz/corpus").join(name))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    let dictionary = root.join("fuzz").join(format!("{name}.dict"));
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    if target == Target::Review {
        command.arg(root.join(RECORDED));
    }
    let output = command
        .output()
        .with_context(|| format!("start the fuzz target {name}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let inputs = written(&artifacts)?;
        let from = log.find("panicked at").unwrap_or_default();
        let shown: Vec<&str> = log
            .get(from..)
            .unwrap_or_default()
            .lines()
            .take(20)
            .collect();
        bail!(
            "fuzz target {name} failed with {}; input: {inputs}\n{}",
            output.status,
            shown.join("\n")
        );
    }
    let executions = executions(&log).context("libFuzzer printed no number of executions")?;
    let new = fs::read_dir(found.path())?.count();
    console::line(&format!(
        "  {name:<13} {executions:>10} executions in {seconds} s, {new} inputs with new coverage, no failure"
    ));
    Ok(())
}

/// `stat::number_of_executed_units: 7`
fn executions(log: &str) -> Option<u64> {
    let line = log
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
}

/// The files of a folder; the newest is the input of this run.
fn written(folder: &Path) -> Result<String> {
    let mut files: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let newest = files.pop().map(|(_, path)| path.display().to_string());
    Ok(newest.unwrap_or_else(|| "none was written".to_owned()))
}

fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("start rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::{Target, executions};

    #[test]
    fn executions_are_read_from_the_log() {
        let log = "#9 DONE\nstat::number_of_executed_units: 1234\nstat::average_exec_per_sec: 2\n";
        assert_eq!(executions(log), Some(1234));
        assert_eq!(executions("#9 DONE\n"), None);
    }

    #[test]
    fn each_target_has_a_program_and_a_corpus() {
        let fuzz = crate::step::root().unwrap().join("fuzz");
        for target in Target::value_variants() {
            let name = target.name();
            for path in [
                format!("fuzz_targets/{name}.rs"),
                format!("targets/{name}.rs"),
                format!("corpus/{name}"),
            ] {
                assert!(fuzz.join(&path).exists(), "{path}");
            }
        }
    }
}
