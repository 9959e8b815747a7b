//! The programs that `cargo xtask bench` runs beside the product, each in a separate process that can be pinned to one
//! CPU. Each prints one line of JSON.

mod certificates;
mod client;
mod constant;
mod creates;
mod decide;
mod fill;
mod hold;
mod load;
mod namespaces;
mod population;
mod review;
mod spread;
mod tree;
mod worst;
mod yaml;

use anyhow::Result;
use clap::Parser;

#[derive(Debug, Parser)]
enum Task {
    Certificates(certificates::Args),
    Constant(constant::Args),
    Creates(creates::Args),
    Decide(decide::Args),
    Fill(fill::Args),
    Hold(hold::Args),
    Load(load::Args),
    Namespaces(namespaces::Args),
    Tree(tree::Args),
    Worst(worst::Args),
}

fn main() -> Result<()> {
    extreg_certs::crypto::install();
    match Task::parse() {
        Task::Certificates(args) => certificates::run(&args),
        Task::Constant(args) => constant::run(args),
        Task::Creates(args) => creates::run(&args),
        Task::Decide(args) => decide::run(&args),
        Task::Fill(args) => fill::run(&args),
        Task::Hold(args) => hold::run(&args),
        Task::Load(args) => load::run(&args),
        Task::Namespaces(args) => namespaces::run(&args),
        Task::Tree(args) => tree::run(&args),
        Task::Worst(args) => worst::run(&args),
    }
}
