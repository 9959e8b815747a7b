//! `explain`: the page of a check.

use extreg_audit::check::CheckId;
use extreg_remedy::Caller;
use extreg_terminal::Exit;

use crate::context::Context;

/// Explain a check: what it finds, why that matters, and how to fix or except it
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Check, such as EXR007
    #[arg(value_name = "CHECK")]
    check: CheckId,
}

/// Prints the page.
pub fn run(args: &Args, context: &Context) -> Exit {
    let page = args.check.page();
    match context.caller {
        Caller::Oc => context.printer.raw(page),
        Caller::Kubectl => context
            .printer
            .raw(&page.replace("oc extreg", "kubectl extreg")),
    }
    Exit::Done
}
