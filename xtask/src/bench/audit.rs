//! The audit of a large cluster against `kubectl get` of the same objects, and of an `oc adm inspect` tree against
//! reading it with `cat`.

mod live;
mod tree;

use anyhow::Result;

use crate::bench::Args;
use crate::bench::program;

/// Measures both.
pub(super) async fn run(args: &Args) -> Result<()> {
    let folder = program::folder(args.binaries.as_deref(), &["extreg-plugin", "extreg-bench"])?;
    tree::run(&folder, args)?;
    live::run(&folder, args).await
}
