//! The recipe for Argo CD, by its own packages, whose build takes minutes.

use anyhow::Result;

use crate::step;

/// Compares objects as Argo CD does.
pub(super) fn run() -> Result<()> {
    let build = ["build", "--workspace", "--all-targets"];
    step::run("build the binaries", &mut step::cargo(build)?)?;
    let test = [
        "test",
        "-p",
        "extreg-tests",
        "--test",
        "gitops",
        "--",
        "--ignored",
    ];
    step::run("Argo CD", &mut step::cargo(test)?)
}
