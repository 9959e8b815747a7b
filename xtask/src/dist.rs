//! `cargo xtask dist`: the files of a release, from one commit: archives, packages, the image for every platform, bills
//! of materials, krew's manifest and checksums.
//!
//! Programs are compiled into archives, and everything else is made from the archives in the folder. An archive that
//! another system made from the same commit, such as one for macOS, only has to be copied there first.

mod build;
mod check;
mod contents;
mod debian;
mod dependencies;
mod folder;
mod krew;
mod packages;
mod target;
mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::commit::Commit;
use crate::image::{self, About, Image, PROGRAMS, WEBHOOK};
use crate::{console, step};
use dependencies::Dependencies;
use folder::{Archive, Folder};
use target::{Os, Product, Target};
use toolchain::Toolchain;

/// What to build, and where.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Target to build for; repeatable [default: all that this system can build]
    #[arg(long = "target", value_name = "TRIPLE", value_enum)]
    targets: Vec<Target>,
    /// Folder of the files [default: target/dist]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Check the files in the folder, and run their programs, instead of building them
    #[arg(long, conflicts_with = "targets")]
    check: bool,
}

/// Builds or checks the files.
pub(crate) fn run(args: &Args) -> Result<()> {
    let usual = step::root()?.join("target/dist");
    let output = args.output.as_ref().unwrap_or(&usual);
    let commit = Commit::read()?;
    if args.check {
        return check::run(&Folder::open(output), &commit);
    }
    let mut targets = args.targets.clone();
    if targets.is_empty() {
        targets = Target::buildable();
    }
    targets.sort();
    targets.dedup();
    build_all(&targets, output, &commit)
}

/// Builds a release for this system only, checks it, and signs it with a new key on loopback.
pub(crate) fn check_host() -> Result<()> {
    let host = Target::host().context("releases are not built for this system")?;
    let output = step::root()?.join("target/dist-check");
    let commit = Commit::read()?;
    build_all(&[host], &output, &commit)?;
    let folder = Folder::open(&output);
    check::run(&folder, &commit)?;
    check::signatures(&folder)
}

fn build_all(targets: &[Target], output: &Path, commit: &Commit) -> Result<()> {
    let toolchains = Toolchain::find(targets)?;
    let folder = Folder::create(output)?;
    let texts = contents::texts()?;
    for (target, toolchain) in &toolchains {
        for product in target.products() {
            let product = *product;
            let crates = Dependencies::read(product, *target)?;
            let programs = build::build(*target, product, toolchain, &crates)?;
            let files = contents::files(product, *target, &programs, &texts)?;
            let bom = serde_json::to_vec_pretty(&crates.cyclonedx(product, *target, commit))?;
            folder.write(&product.sbom(*target), &bom)?;
            let archive = contents::pack(*target, &files, commit)?;
            folder.write(&product.archive(*target), &archive)?;
        }
    }
    let count = finish(&folder, commit)?;
    console::line(&format!("wrote {count} files to {}", output.display()));
    Ok(())
}

/// Makes what is made from archives, and the checksums. Returns the number of files.
fn finish(folder: &Folder, commit: &Commit) -> Result<usize> {
    let archives = folder.archives(commit)?;
    let mut names = Vec::new();
    for archive in &archives {
        names.push(archive.product.archive(archive.target));
        names.push(archive.product.sbom(archive.target));
    }
    names.extend(packages::write(folder, &archives, commit)?);
    let images = images(&archives)?;
    if !images.is_empty() {
        let name = image_file();
        let about = About {
            name: WEBHOOK,
            version: env!("CARGO_PKG_VERSION"),
            commit,
            tag: concat!("extreg-webhook:", env!("CARGO_PKG_VERSION")),
        };
        folder.write(&name, &image::index(&about, &images)?.bytes)?;
        names.push(name);
    }
    let manifest = krew::manifest(&archives)?;
    folder.write(krew::FILE, manifest.as_bytes())?;
    names.push(krew::FILE.to_owned());
    let count = names.len();
    folder.write_sums(names)?;
    Ok(count + 1)
}

/// The file name of the image.
fn image_file() -> String {
    format!("{WEBHOOK}-{}.oci.tar", env!("CARGO_PKG_VERSION"))
}

/// The image of each platform whose archives exist.
fn images(archives: &[Archive]) -> Result<Vec<Image>> {
    let mut images = Vec::new();
    for target in Target::ALL {
        if target.os() != Os::Linux {
            continue;
        }
        let of = |product: Product| {
            archives
                .iter()
                .find(|archive| archive.target == target && archive.product == product)
        };
        let (Some(plugin), Some(webhook)) = (of(Product::Plugin), of(Product::Webhook)) else {
            continue;
        };
        let mut files = Vec::new();
        for program in PROGRAMS {
            let archive = if Product::Plugin.programs().contains(&program) {
                plugin
            } else {
                webhook
            };
            files.push((program.to_owned(), archive.program(program)?.to_vec()));
        }
        images.push(Image::new(files)?);
    }
    Ok(images)
}
