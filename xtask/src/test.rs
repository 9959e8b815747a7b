//! `cargo xtask test`: every test, with what they need built first.

use anyhow::Result;

use crate::{step, tools};

/// What to test.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Passed on to `cargo test`, such as `-p extreg-core` or `-- a_name`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo_test: Vec<String>,
}

/// Checks the tools, builds the control plane and the binaries, runs the tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::check()?;
    tools::control_plane()?;
    // Tests run the binaries as a user does, from the folder of this build. Built with the tests: without, their
    // dependencies would be compiled once more for the features that tests ask for.
    let build = ["build", "--workspace", "--all-targets"];
    step::run("build the binaries", &mut step::cargo(build)?)?;
    let mut test = step::cargo(["test"])?;
    if args.cargo_test.is_empty() {
        test.args(["--workspace", "--no-fail-fast"]);
    }
    step::run("test", test.args(&args.cargo_test))
}
