//! The tasks of this repository: `cargo xtask TASK`.

mod bench;
mod check;
mod cli;
mod console;
mod demo;
mod fuzz;
mod image;
mod live;
mod manifests;
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
