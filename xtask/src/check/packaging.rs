//! `cargo xtask check --packaging`: the packages, checked by the tools of their channels.

mod docs;
mod gitops;
mod helm;
mod workflows;

use anyhow::Result;
use clap::ValueEnum;

use crate::dist;

/// What is checked by tools that are built on first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Channel {
    /// The book of the documentation, with mdBook
    Docs,
    /// The recipes for Argo CD, with its own comparison
    Gitops,
    /// The chart, with helm and a control plane
    Helm,
    /// The files of a release for this system, with crane, krew and cosign
    Release,
    /// The workflows of GitHub, with actionlint
    Workflows,
}

/// Checks these channels; without any, all.
pub(crate) fn run(channels: &[Channel]) -> Result<()> {
    let all = Channel::value_variants();
    for channel in if channels.is_empty() { all } else { channels } {
        match channel {
            Channel::Docs => docs::check()?,
            Channel::Gitops => gitops::run()?,
            Channel::Helm => helm::check()?,
            Channel::Release => dist::check_host()?,
            Channel::Workflows => workflows::check()?,
        }
    }
    Ok(())
}
