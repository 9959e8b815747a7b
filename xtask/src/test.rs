//! `cargo xtask test`: every test, after building what they need.

use anyhow::Result;

use crate::{step, tools};

/// What to test.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Arguments for `cargo test`, such as `-p extreg-core` or `-- a_name`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo_test: Vec<String>,
}

/// Checks the tools, builds the control plane and the binaries, runs the tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::check()?;
    tools::control_plane()?;
    // Tests run the binaries of this build folder as a user does. They are built together with the tests: otherwise
    // their dependencies would be compiled again for the features of the tests.
    let build = ["build", "--workspace", "--all-targets"];
    step::run("build the binaries", &mut step::cargo(build)?)?;
    let mut test = step::cargo(["test"])?;
    if args.cargo_test.is_empty() {
        test.args(["--workspace", "--no-fail-fast"]);
    }
    step::run("test", test.args(&args.cargo_test))
}
