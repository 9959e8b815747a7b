//! `completion`: scripts for the shells.

use clap_complete::Shell;

use crate::{cli, context::Context, exit::Exit};

/// Print a completion script for a shell
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # For this bash\n  \
    source <(oc-extreg completion bash)\n\n  \
    # For every fish\n  \
    oc extreg completion fish > ~/.config/fish/completions/oc-extreg.fish\n\n\
    The script completes the binary under its own name, oc-extreg or kubectl-extreg.")]
pub struct Args {
    /// The shell: bash, zsh, fish, powershell or elvish
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args, context: &Context) -> Exit {
    // The shells complete a program by the word that starts the line, which has no space in it.
    let program = format!("{}-extreg", context.caller.program());
    let mut command = cli::command(context.caller).bin_name(program.clone());
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, program, &mut script);
    context.printer.raw(&String::from_utf8_lossy(&script));
    Exit::Done
}
