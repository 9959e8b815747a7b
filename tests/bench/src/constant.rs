//! `constant`: the product's server with a reviewer that gives a constant answer. The difference to the product is the
//! cost of the decision.

use anyhow::Result;
use clap::Parser as _;
use extreg_webhook::args;
use extreg_webhook::logging;
use extreg_webhook::reserved::ReservedThread;
use extreg_webhook::reviewer::{Review, Reviewer};
use extreg_webhook::server::Server;
use extreg_webhook::settings::Settings;
use extreg_webhook::wire::Request;

use crate::review::{Sample, decide, engine};

/// Serves until it is killed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Every answer is the product's answer to this one.
    sample: Sample,
    /// The arguments of extreg-webhook.
    #[arg(last = true)]
    webhook: Vec<String>,
}

#[derive(Debug)]
struct Constant(Review);

impl Reviewer for Constant {
    async fn review(&self, _request: Request<'_>) -> Review {
        self.0.clone()
    }
}

pub(crate) fn run(args: Args) -> Result<()> {
    let request = Request::parse(args.sample.body())?;
    let constant = Constant(decide(&engine(), &request)?);
    let name = "extreg-webhook".to_owned();
    let webhook = args::Args::parse_from(std::iter::once(name).chain(args.webhook));
    let settings = Settings::new(webhook)?;
    logging::init(settings.log_format, settings.log_filter.clone());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?
        .block_on(async {
            let reserved = ReservedThread::start()?;
            let _server = Server::start(settings.server, constant, &reserved).await?;
            std::future::pending().await
        })
}
