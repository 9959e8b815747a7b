//! Runs the programs of a release: on this system, or by an emulator of another.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::WebhookServer;
use serde_json::{Value, json};

use super::{output, passed, skip};
use crate::dist::folder::Archive;
use crate::dist::target::{Product, Target};
use crate::dist::toolchain::on_path;
use crate::image::WEBHOOK;
use crate::step;

/// A review of a real API server: a BuildConfig without a push secret is created.
const REVIEW: &str = "tests/tests/data/recorded/03-bc-create-buildconfigs-create.json";

/// Runs the programs of an archive.
pub(super) fn check(archive: &Archive) -> Result<()> {
    let name = archive.product.stem(archive.target);
    let emulator = match emulator(archive.target) {
        Ok(emulator) => emulator,
        Err(why) => {
            skip(&format!("run {name}"), why);
            return Ok(());
        }
    };
    let folder = tempfile::tempdir().context("make a folder for programs")?;
    for program in archive.product.programs() {
        let file = folder.path().join(archive.target.executable(program));
        std::fs::write(&file, archive.program(program)?)?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755))?;
        let mut command = emulator.clone();
        command.push(file.into());
        match archive.product {
            Product::Plugin => plugin(&command, folder.path()),
            Product::Webhook if program == WEBHOOK => review(&command),
            Product::Webhook => version(&command, "--version", folder.path()),
        }
        .with_context(|| format!("run {program} of {name}"))?;
    }
    let what = match archive.product {
        Product::Plugin => "version, resolve and doctor",
        Product::Webhook => "a review over TLS, answered by the right patch",
    };
    passed(&format!("{name}: {what}"));
    Ok(())
}

/// The command before a program of the target; none on its own system. Or what is missing.
fn emulator(target: Target) -> Result<Vec<OsString>, &'static str> {
    if Target::host() == Some(target) {
        return Ok(Vec::new());
    }
    let (programs, missing): (&[&str], _) = match target {
        Target::LinuxAmd64 => (
            &["qemu-x86_64-static", "qemu-x86_64"],
            "install qemu-user-static",
        ),
        Target::LinuxArm64 => (
            &["qemu-aarch64-static", "qemu-aarch64"],
            "install qemu-user-static",
        ),
        Target::LinuxPpc64le => (
            &["qemu-ppc64le-static", "qemu-ppc64le"],
            "install qemu-user-static",
        ),
        Target::LinuxS390x => (
            &["qemu-s390x-static", "qemu-s390x"],
            "install qemu-user-static",
        ),
        Target::WindowsAmd64 => (&["wine", "wine64"], "install Wine 10 or newer"),
        Target::DarwinAmd64 | Target::DarwinArm64 => (&[], "run on macOS"),
    };
    let found = programs.iter().find_map(|program| on_path(program));
    found.map(|program| vec![program.into()]).ok_or(missing)
}

/// The version, an image reference, and what it finds on a system without oc and kubectl.
fn plugin(command: &[OsString], folder: &Path) -> Result<()> {
    version(command, "version", folder)?;
    let resolved = output(&mut program(
        command,
        &["resolve", "acme/cart", "-o", "json"],
        folder,
    )?)?;
    let registry = serde_json::from_str::<Value>(&resolved)?;
    let registry = registry.pointer("/defaulted/registry");
    ensure!(
        registry.and_then(Value::as_str) == Some("docker.io"),
        "resolve printed {resolved}"
    );
    // Its exit code reports what it found.
    let doctor = program(command, &["doctor"], folder)?
        .output()
        .context("start doctor")?;
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    ensure!(
        doctor.contains(env!("CARGO_PKG_VERSION")),
        "doctor printed {doctor}"
    );
    let is_windows = command
        .last()
        .is_some_and(|file| file.to_string_lossy().ends_with(".exe"));
    ensure!(
        doctor.contains("ln -s") != is_windows,
        "doctor suggests the fix of another system: {doctor}"
    );
    Ok(())
}

fn version(command: &[OsString], argument: &str, folder: &Path) -> Result<()> {
    let mut args = vec![argument];
    if argument == "version" {
        args.push("--client");
    }
    let found = output(&mut program(command, &args, folder)?)?;
    ensure!(
        found.contains(env!("CARGO_PKG_VERSION")),
        "{} printed {found}",
        args.join(" ")
    );
    Ok(())
}

/// One review over TLS.
fn review(command: &[OsString]) -> Result<()> {
    let server = WebhookServer::start_program(command, &[])?;
    let path = step::root()?.join(REVIEW);
    let body = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let request: Value = serde_json::from_slice(&body)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(async { server.client().await?.post(body).await })?;
    let answer: Value = serde_json::from_slice(&answer.body).context("read the answer")?;
    ensure!(
        answer.pointer("/response/uid") == request.pointer("/request/uid"),
        "the answer is for another request: {answer}"
    );
    let patch = answer.pointer("/response/patch").and_then(Value::as_str);
    let patch = STANDARD.decode(patch.with_context(|| format!("no patch: {answer}"))?)?;
    let patch: Value = serde_json::from_slice(&patch)?;
    let wanted = json!([{
        "op": "add", "path": "/spec/output/pushSecret", "value": { "name": "dockerhub" },
    }]);
    ensure!(patch == wanted, "the patch is {patch}");
    Ok(())
}

/// A program in a folder of its own, without a cluster.
fn program(command: &[OsString], args: &[&str], folder: &Path) -> Result<Command> {
    let (first, rest) = command.split_first().context("no program")?;
    let mut command = Command::new(first);
    command
        .args(rest)
        .args(args)
        .current_dir(folder)
        .env("KUBECONFIG", folder.join("none"))
        .env("HOME", folder)
        .env("WINEDEBUG", "-all")
        .env("PATH", "/usr/bin:/bin");
    Ok(command)
}
