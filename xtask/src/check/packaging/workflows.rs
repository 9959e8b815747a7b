//! The workflows of GitHub, checked by actionlint.

use std::process::Command;

use anyhow::Result;
use extreg_tests::GoTool;

use crate::{console, step};

/// Checks every file in `.github/workflows`.
pub(super) fn check() -> Result<()> {
    let actionlint = GoTool::Actionlint.build(|text| console::line(&format!("== {text}")))?;
    step::run(
        "workflows",
        Command::new(actionlint).current_dir(step::root()?),
    )
}
