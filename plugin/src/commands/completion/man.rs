//! `completion man`: the manual pages, from the command tree, for packagers of this program.

use std::{fs, io, path::PathBuf};

use clap::Command;
use extreg_terminal::Exit;

use crate::{context::Context, error::Error};

/// Write the manual pages of all commands into a folder
#[derive(Clone, Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Args {
    /// Folder for the pages, e.g. /usr/local/share/man/man1
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

/// Writes the pages.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Error> {
    let failed = |error: io::Error| Error::failed(format!("{}: {error}", args.dir.display()));
    fs::create_dir_all(&args.dir).map_err(failed)?;
    let program = format!("{}-extreg", context.caller.program());
    let mut root = (context.tree)(context.caller)
        .display_name(program)
        .disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    collect(&root, &mut pages);
    for page in pages {
        let path = args.dir.join(page.get_filename());
        let mut text = Vec::new();
        page.render(&mut text).map_err(failed)?;
        fs::write(&path, text).map_err(failed)?;
        context.printer.line(path.display().to_string());
    }
    Ok(Exit::Done)
}

fn collect(command: &Command, pages: &mut Vec<clap_mangen::Man>) {
    pages.push(clap_mangen::Man::new(command.clone()));
    let visible = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    for sub in visible.filter(|sub| sub.get_name() != "help") {
        collect(sub, pages);
    }
}
