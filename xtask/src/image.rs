//! `cargo xtask image`: the container image of both programs, webhook and importer, as an OCI archive, created without
//! a container engine.

mod elf;
mod oci;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{console, step};

/// The package of both programs, and the program that the image runs by default.
const WEBHOOK: &str = "extreg-webhook";
/// The binaries, the only files of the image.
const PROGRAMS: [&str; 2] = ["extreg-importer", WEBHOOK];

/// What to pack, and the output file.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// File to write [default: target/extreg-webhook.oci.tar]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Name of the image that the archive suggests
    #[arg(long, value_name = "NAME:TAG", default_value = concat!("extreg-webhook:", env!("CARGO_PKG_VERSION")))]
    tag: String,
    /// Pack the static executables of this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Push it:  skopeo copy oci-archive:FILE docker://HOST/NAME:TAG
Load it:  podman load -i FILE";

/// Builds the programs as static binaries and packs them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = match &args.binaries {
        Some(folder) => folder.clone(),
        None => build_static(&[WEBHOOK])?,
    };
    let target = step::root()?.join("target/extreg-webhook.oci.tar");
    let output = args.output.as_ref().unwrap_or(&target);
    let digest = pack(&folder, &args.tag, output)?;
    console::line(&format!("wrote {} ({digest})", output.display()));
    Ok(())
}

/// Writes the archive of an image that contains only the programs of a folder. Returns the digest of its manifest.
fn pack(folder: &Path, tag: &str, output: &Path) -> Result<String> {
    let mut files = Vec::new();
    let mut machines = Vec::new();
    for name in PROGRAMS {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let machine = elf::static_executable(&bytes)
            .with_context(|| format!("{} cannot be part of an image", path.display()))?;
        machines.push(machine);
        files.push((name, bytes));
    }
    machines.dedup();
    let [machine] = machines.as_slice() else {
        bail!("{}: programs for different machines", folder.display());
    };
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (*name, bytes.as_slice()))
        .collect();
    let archive = oci::archive(&oci::Image {
        name: WEBHOOK,
        files: &files,
        machine: *machine,
        version: env!("CARGO_PKG_VERSION"),
        tag,
    })?;
    std::fs::write(output, archive.bytes).with_context(|| format!("write {}", output.display()))?;
    Ok(archive.digest)
}

/// The archive of an image that contains only these bytes, and the digest of its manifest: a unique image to push.
pub(crate) fn of_bytes(bytes: &[u8]) -> Result<(Vec<u8>, String)> {
    let archive = oci::archive(&oci::Image {
        name: "content",
        files: &[("content", bytes)],
        machine: elf::Machine::Amd64,
        version: env!("CARGO_PKG_VERSION"),
        tag: "content",
    })?;
    Ok((archive.bytes, archive.digest))
}

/// Builds packages for release as they are shipped, and returns the folder of their binaries. The target is given even
/// though it is the host's: then flags apply to the target only, and procedural macros, which cannot be static, are
/// still built.
pub(crate) fn build_static(packages: &[&str]) -> Result<PathBuf> {
    let root = step::root()?;
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut cargo = step::cargo(["build", "--release", "--locked", "--bins"])?;
    cargo
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .args(["--target", &target])
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(root));
    step::run("build static binaries", &mut cargo)?;
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    Ok(root.join(folder).join(target).join("release"))
}

/// Static, and without the paths of this machine in its panic messages.
fn rust_flags(root: &Path) -> String {
    let mut flags = vec![
        "-Ctarget-feature=+crt-static".to_owned(),
        format!("--remap-path-prefix={}=.", root.display()),
    ];
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    if let Some(home) = home {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    flags.join("\x1f")
}

#[cfg(test)]
mod tests;
