//! `cargo xtask image`: the container image of webhook, importer and plugin as an OCI archive, created without a container
//! engine.

mod elf;
mod oci;

pub(crate) use elf::{Machine, static_executable};
pub(crate) use oci::{About, Image, index};

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::commit::Commit;
use crate::compile::build_static;
use crate::{console, step};

/// The program that the image runs by default.
pub(crate) const WEBHOOK: &str = "extreg-webhook";
/// The binaries, the only files of the image.
pub(crate) const PROGRAMS: [&str; 3] = ["extreg-importer", WEBHOOK, "oc-extreg"];
/// The packages of the binaries. Each is built alone: together, each would get the features of the other.
const PACKAGES: [&str; 2] = [WEBHOOK, "extreg-plugin"];

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
    let folder = args.binaries.clone().map_or_else(build, Ok)?;
    let target = step::root()?.join("target/extreg-webhook.oci.tar");
    let output = args.output.as_ref().unwrap_or(&target);
    let digest = pack(&folder, &args.tag, &Commit::read()?, output)?;
    console::line(&format!("wrote {} ({digest})", output.display()));
    Ok(())
}

/// Builds the programs for this system, and returns their folder.
fn build() -> Result<PathBuf> {
    let mut folder = PathBuf::new();
    for package in PACKAGES {
        folder = build_static(&[package])?;
    }
    Ok(folder)
}

/// Writes the archive of an image that contains only the programs of a folder. Returns the digest of its manifest.
fn pack(folder: &Path, tag: &str, commit: &Commit, output: &Path) -> Result<String> {
    let image = image(folder)?;
    let about = About {
        name: WEBHOOK,
        version: env!("CARGO_PKG_VERSION"),
        commit,
        tag,
    };
    let archive = oci::archive(&about, &image)?;
    std::fs::write(output, archive.bytes).with_context(|| format!("write {}", output.display()))?;
    Ok(archive.digest)
}

/// The image of the programs of a folder.
fn image(folder: &Path) -> Result<Image> {
    let mut files = Vec::new();
    for name in PROGRAMS {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        files.push((name.to_owned(), bytes));
    }
    Image::new(files).with_context(|| format!("cannot pack {}", folder.display()))
}

impl Image {
    /// The image of static executables for one machine, by their names at the root.
    pub(crate) fn new(files: Vec<(String, Vec<u8>)>) -> Result<Self> {
        let mut machines = Vec::new();
        for (name, bytes) in &files {
            let machine = static_executable(bytes)
                .with_context(|| format!("{name} cannot be part of an image"))?;
            machines.push(machine);
        }
        machines.dedup();
        let [machine] = machines.as_slice() else {
            bail!("programs for different machines");
        };
        Ok(Self {
            files,
            machine: *machine,
        })
    }
}

/// The archive of an image that contains only these bytes, and the digest of its manifest: a unique image to push.
pub(crate) fn of_bytes(bytes: &[u8]) -> Result<(Vec<u8>, String)> {
    let about = About {
        name: "content",
        version: env!("CARGO_PKG_VERSION"),
        commit: &Commit {
            revision: None,
            time: jiff::Timestamp::UNIX_EPOCH,
        },
        tag: "content",
    };
    let image = Image {
        files: vec![("content".to_owned(), bytes.to_vec())],
        machine: Machine::Amd64,
    };
    let archive = oci::archive(&about, &image)?;
    Ok((archive.bytes, archive.digest))
}

#[cfg(test)]
mod tests;
