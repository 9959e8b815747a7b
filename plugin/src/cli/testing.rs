//! Command lines, understood as they are typed.

use std::ffi::OsString;

use extreg_remedy::Caller;

use super::{Cli, Parsed, parse as parse_args};
use crate::{defaults::Environment, error::Error};

/// What `oc extreg LINE` asks for; the words of the line have blanks between them.
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
