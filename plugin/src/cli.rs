//! The command line as a whole: the tree of commands, its help, and how `argv` becomes a [`Cli`].

#[cfg(test)]
mod flag_texts_test;
mod overview;
mod parse;
#[cfg(test)]
pub(crate) mod testing;
mod topics;

use clap::Parser;

pub use self::{
    overview::overview,
    parse::{Parsed, command, early_value, parse},
    topics::is_topic,
};
use crate::{args::GlobalArgs, commands::Command};

/// Set up, enforce and audit OpenShift builds that push to an external registry
#[derive(Debug, Parser)]
#[command(
    name = "oc-extreg",
    version,
    subcommand_required = true,
    infer_long_args = false,
    after_help = "Application developers need the commands from setup to doctor, and no \
                  administrator's rights. Platform administrators also use audit to upgrade.\n\n\
                  Use \"oc extreg COMMAND --help\" for details of a command, and \"oc extreg help \
                  TOPIC\" for connection, environment, exceptions, exit-codes or formats.\n\
                  Set any flag with EXTREG_<FLAG> or in your configuration file too, and a \
                  few in .extreg.yaml of the project."
)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
    /// The flags of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
}
