//! The command line as a whole: the tree of commands, its help, and how `argv` becomes a [`Cli`].

mod overview;
mod parse;
#[cfg(test)]
pub(crate) mod testing;
mod topics;

use clap::Parser;

pub use self::{
    overview::overview,
    parse::{Parsed, command, early_value, parse},
};
use crate::{args::GlobalArgs, commands::Command};

/// Builds that push to an external registry, set up and kept true
#[derive(Debug, Parser)]
#[command(
    name = "oc-extreg",
    version,
    subcommand_required = true,
    infer_long_args = false,
    after_help = "Use \"oc extreg COMMAND --help\" for more about a command, and \"oc extreg help \
                  TOPIC\" about environment, exceptions, exit-codes or formats.\n\
                  Every flag can also be set by EXTREG_<FLAG> or in the user's configuration file, and a \
                  few in .extreg.yaml of the project."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
}
