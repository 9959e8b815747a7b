//! The tasks and their arguments.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{bench, book, check, demo, dist, fuzz, image, live, manifests, olm, test, texts};

/// The tasks of this repository.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", disable_version_flag = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// The main flow end to end: install the webhook, set up an application, kill the webhook, uninstall
    Demo(demo::Args),
    /// Run every test, on a control plane that is built on first use
    Test(test::Args),
    /// Check format, lints, dependencies and documentation
    Check(check::Args),
    /// Run all of CI: check, then test
    Ci,
    /// Measure speed and memory against a constant answer, Go's controller-runtime and no webhook
    Bench(bench::Args),
    /// Run libFuzzer on each fuzz target, with the committed corpus
    Fuzz(fuzz::Args),
    /// Write the webhook's container image as an OCI archive, without a container engine
    Image(image::Args),
    /// Build the files of a release: archives, packages, images, bills of materials and checksums
    Dist(dist::Args),
    /// Build the documentation as a book, in a folder of its version
    Book(book::Args),
    /// Write the OLM bundle and catalog of a release, with its images by digest
    Olm(olm::Args),
    /// Regenerate the folders manifests/yaml and packaging
    Manifests,
    /// Write every text of the programs into one file
    Texts(texts::Args),
    /// Test the webhook's behavior on a real OpenShift, in separate namespaces
    Live(live::Args),
}

impl Cli {
    /// Runs the task of the arguments.
    pub(crate) fn run(self) -> Result<()> {
        match self.task {
            Task::Test(args) => test::run(&args),
            Task::Demo(args) => demo::run(&args),
            Task::Check(args) => check::run(&args),
            Task::Ci => {
                check::run(&check::Args::default())?;
                test::run(&test::Args::default())
            }
            Task::Bench(args) => bench::run(&args),
            Task::Fuzz(args) => fuzz::run(&args),
            Task::Image(args) => image::run(&args),
            Task::Dist(args) => dist::run(&args),
            Task::Book(args) => book::run(&args),
            Task::Olm(args) => olm::run(&args),
            Task::Manifests => manifests::run(),
            Task::Texts(args) => texts::run(&args),
            Task::Live(args) => live::run(&args),
        }
    }
}
