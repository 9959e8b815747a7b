//! The tasks of this repository: `cargo xtask TASK`.

mod bench;
mod check;
mod cli;
mod demo;
mod fuzz;
mod image;
mod live;
mod manifests;
mod say;
mod step;
mod test;
mod tools;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&error);
            ExitCode::FAILURE
        }
    }
}
