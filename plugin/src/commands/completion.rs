//! `completion`: scripts for the shells, and the executables that oc and kubectl call.

mod install;
mod man;
mod reference;

use clap::Subcommand;
use clap_complete::Shell;
use extreg_terminal::Exit;

use crate::{context::Context, error::Error};

/// Print a completion script for a shell, or enable completion in oc and kubectl
#[derive(Clone, Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
    # Enable completion of \"oc extreg\" in oc and kubectl, with names from the cluster\n  \
    oc extreg completion install\n\n  \
    # For the current bash\n  \
    source <(oc-extreg completion bash)\n\n  \
    # For all fish sessions\n  \
    oc extreg completion fish > ~/.config/fish/completions/oc-extreg.fish\n\n\
    The script completes the binary by its own name, oc-extreg or kubectl-extreg."
)]
pub struct Args {
    /// Shell: bash, zsh, fish, powershell or elvish
    #[arg(value_enum, value_name = "SHELL", required = true)]
    shell: Option<Shell>,
    #[command(subcommand)]
    command: Option<Completion>,
}

#[derive(Clone, Debug, Subcommand)]
enum Completion {
    Install(install::Args),
    Man(man::Args),
    Reference(reference::Args),
}

/// Prints the script, or installs the executables.
///
/// # Errors
/// If a file cannot be written, or was created by another tool.
pub fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match (args.command, args.shell) {
        (Some(Completion::Install(args)), _) => install::run(args, context),
        (Some(Completion::Man(args)), _) => man::run(&args, context),
        (Some(Completion::Reference(_)), _) => reference::run(context),
        (None, Some(shell)) => {
            script(shell, context);
            Ok(Exit::Done)
        }
        (None, None) => Err(Error::usage("name a shell, or \"install\"")),
    }
}

fn script(shell: Shell, context: &Context) {
    // Shells complete a program by the first word of the line, which contains no space.
    let program = format!("{}-extreg", context.caller.program());
    let mut command = (context.tree)(context.caller).bin_name(program.clone());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, program, &mut script);
    context.printer.raw(&String::from_utf8_lossy(&script));
}
