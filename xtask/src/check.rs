//! `cargo xtask check`: static checks of the sources.

mod graph;
mod imports;
mod language;
mod links;
mod packaging;

pub(crate) use links::{files, map_links};

use anyhow::Result;

use crate::tools::CargoTool;
use crate::{step, tools};

/// What to check.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Check the packages instead of the sources, with tools that are built on first use [default: all channels]
    #[arg(long, value_enum, value_name = "CHANNEL", num_args = 0.., hide_default_value = true)]
    packaging: Option<Vec<packaging::Channel>>,
}

/// Crates, imports, links, language, format, lints, documentation, dependencies; or the packages.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::check()?;
    if let Some(channels) = &args.packaging {
        return packaging::run(channels);
    }
    let root = step::root()?;
    let packages = imports::packages(root)?;
    graph::check(root, &packages)?;
    imports::check(root, &packages)?;
    links::check(root)?;
    language::check(root)?;
    step::run("format", &mut step::cargo(["fmt", "--all", "--check"])?)?;
    let lints = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    step::run("lints", &mut step::cargo(lints)?)?;
    let mut documentation = step::cargo(["doc", "--workspace", "--no-deps"])?;
    step::run(
        "documentation",
        documentation.env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    let mut deny = std::process::Command::new(CargoTool::Deny.install()?);
    // Not advisories: their database is not in a package registry, and CI reaches nothing else.
    deny.args([
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ])
    .current_dir(step::root()?);
    step::run("dependencies", &mut deny)
}
