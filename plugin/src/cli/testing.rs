//! Parsed command lines for tests.

use std::ffi::OsString;

use extreg_remedy::Caller;

use super::{Cli, Parsed, parse as parse_args};
use crate::{defaults::Environment, error::Error};

/// Parses `oc extreg LINE`; spaces separate the words of the line.
pub(crate) fn parse(line: &str) -> Result<Cli, Error> {
    let words = line.split_whitespace();
    let args: Vec<OsString> = std::iter::once("oc-extreg")
        .chain(words)
        .map(Into::into)
        .collect();
    match parse_args(&args, Caller::Oc, &Environment::default()).unwrap() {
        Parsed::Run(cli) => Ok(*cli),
        Parsed::Wrong { plain, .. } => Err(Error::usage(plain)),
        Parsed::Page { plain, .. } => panic!("{plain}"),
    }
}
