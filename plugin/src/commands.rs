//! The commands, one file or folder each.
//!
//! To add a command, create a file here with `Args` and `run`, and add it to [`Command`] and to the two matches below.

pub mod audit;
pub mod check;
pub mod completion;
pub mod diff;
pub mod doctor;
pub mod except;
pub mod explain;
pub mod fix;
pub mod import;
pub mod inventory;
pub mod policy;
pub mod promote;
pub mod ratelimit;
pub mod resolve;
pub mod secret;
pub mod setup;
pub mod status;
pub mod tag;
pub mod teardown;
pub mod version;
pub mod webhook;

use clap::Subcommand;
use extreg_terminal::Exit;

use crate::{context::Context, error::Error};

/// The commands in the order of help: those of application developers, then those of administrators.
#[derive(Debug, Subcommand)]
pub enum Command {
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Setup(Box<setup::Args>),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Status(status::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Check(check::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Import(import::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Tag(tag::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Promote(promote::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Secret(secret::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Ratelimit(Box<ratelimit::Args>),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Resolve(resolve::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Explain(explain::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Diff(diff::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Teardown(teardown::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Doctor(doctor::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Audit(Box<audit::Args>),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Inventory(inventory::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Fix(Box<fix::Args>),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Except(except::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Policy(Box<policy::Args>),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Webhook(webhook::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Upgrade(webhook::upgrade::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Completion(completion::Args),
    #[expect(missing_docs, reason = "clap shows the text of Args")]
    Version(version::Args),
}

impl Command {
    /// The command's name, as typed.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Audit(_) => "audit",
            Self::Check(_) => "check",
            Self::Completion(_) => "completion",
            Self::Diff(_) => "diff",
            Self::Doctor(_) => "doctor",
            Self::Except(_) => "except",
            Self::Explain(_) => "explain",
            Self::Fix(_) => "fix",
            Self::Import(_) => "import",
            Self::Inventory(_) => "inventory",
            Self::Policy(_) => "policy",
            Self::Promote(_) => "promote",
            Self::Ratelimit(_) => "ratelimit",
            Self::Resolve(_) => "resolve",
            Self::Secret(_) => "secret",
            Self::Setup(_) => "setup",
            Self::Status(_) => "status",
            Self::Tag(_) => "tag",
            Self::Teardown(_) => "teardown",
            Self::Upgrade(_) => "upgrade",
            Self::Version(_) => "version",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Whether a flag requests pipeline behavior: no prompt, no color.
    pub const fn is_for_pipelines(&self) -> bool {
        match self {
            Self::Audit(args) => args.is_ci(),
            _ => false,
        }
    }

    /// Whether it runs until it is interrupted, so that an interrupt is a normal exit.
    pub const fn is_watch(&self) -> bool {
        match self {
            Self::Status(args) => args.watches(),
            _ => false,
        }
    }

    /// Runs the command.
    pub async fn run(self, context: &Context) -> Result<Exit, Error> {
        match self {
            Self::Audit(args) => Box::pin(audit::run(*args, context)).await,
            Self::Check(args) => check::run(args, context).await,
            Self::Completion(args) => completion::run(args, context),
            Self::Diff(args) => Box::pin(diff::run(args, context)).await,
            Self::Doctor(args) => Box::pin(doctor::run(args, context)).await,
            Self::Except(args) => Box::pin(except::run(args, context)).await,
            Self::Explain(args) => explain::run(&args, context),
            Self::Fix(args) => Box::pin(fix::run(*args, context)).await,
            Self::Import(args) => import::run(args, context).await,
            Self::Inventory(args) => Box::pin(inventory::run(args, context)).await,
            Self::Policy(args) => Box::pin(policy::run(*args, context)).await,
            Self::Promote(args) => promote::run(args, context).await,
            Self::Ratelimit(args) => Box::pin(ratelimit::run(*args, context)).await,
            Self::Resolve(args) => resolve::run(args, context).await,
            Self::Secret(args) => Box::pin(secret::run(args, context)).await,
            Self::Setup(args) => setup::run(*args, context).await,
            Self::Status(args) => Box::pin(status::run(args, context)).await,
            Self::Tag(args) => tag::run(args, context).await,
            Self::Teardown(args) => teardown::run(args, context).await,
            Self::Upgrade(args) => Box::pin(webhook::upgrade::run(args, context)).await,
            Self::Version(args) => version::run(args, context).await,
            Self::Webhook(args) => Box::pin(webhook::run(args, context)).await,
        }
    }
}
