//! The tasks of this repository: `cargo xtask TASK`.

mod bench;
mod book;
mod check;
mod cli;
mod commit;
mod compile;
mod console;
mod demo;
mod dist;
mod fuzz;
mod image;
mod live;
mod manifests;
mod olm;
mod pack;
mod step;
mod test;
mod texts;
mod tools;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::error(&error);
            ExitCode::FAILURE
        }
    }
}
