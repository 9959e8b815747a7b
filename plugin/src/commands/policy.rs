//! `policy`: RegistryPolicies and lists of approved registries, begun, checked, shown and asked.

mod document;
mod effect;
mod expect;
mod fault;
mod init;
mod proposal;
mod show;
mod template;
mod test;
mod trial;
mod validate;

use clap::Subcommand;
use extreg_terminal::Exit;

use crate::{context::Context, error::Error};

/// Begin, check, show and try policies and lists of approved registries
///
/// A RegistryPolicy says what the webhook does for images of one registry. A document of kind
/// ApprovedRegistries says which registries images may come from; the audit reads it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # Begin one\n  \
    oc extreg policy init hub --repository 'acme/*' --push-secret dockerhub > policy.yaml\n\n  \
    # In a pipeline: are they all right, and do they mean what they should?\n  \
    oc extreg policy validate -f policies/ -R\n  \
    oc extreg policy test -f policy.yaml --expect expected.yaml\n\n  \
    # What the cluster has, and what it does with an image\n  \
    oc extreg policy show\n  \
    oc extreg policy test docker.io/acme/app:v1 -n snow")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    Init(init::Args),
    Show(show::Args),
    Test(test::Args),
    Validate(validate::Args),
}

/// Does it.
///
/// # Errors
/// If a flag, a file or the kubeconfig is at fault, or the cluster refuses.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match args.what {
        What::Init(args) => Box::pin(init::run(args, context)).await,
        What::Show(args) => show::run(args, context).await,
        What::Test(args) => test::run(args, context).await,
        What::Validate(args) => validate::run(&args, context),
    }
}
