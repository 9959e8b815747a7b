//! `cargo xtask check`: static checks of the sources.

mod graph;
mod imports;
mod language;
mod links;
mod packaging;

pub(crate) use links::files;

use anyhow::Result;

use crate::{step, tools};

/// What to check.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Check the packages instead of the sources, with tools that are built on first use
    #[arg(long)]
    packaging: bool,
}

/// Crates, imports, links, language, format, lints, documentation, dependencies; or the packages.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::check()?;
    if args.packaging {
        return packaging::run();
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
    let mut deny = std::process::Command::new(tools::cargo_deny()?);
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
