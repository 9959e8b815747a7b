//! `policy`: creates, validates, shows and tests RegistryPolicies and lists of approved registries.

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

/// Create, validate, show and test policies and lists of approved registries
///
/// A RegistryPolicy defines what the webhook does for images of one registry. A document of kind
/// ApprovedRegistries defines which registries images can come from; the audit reads it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # Create a policy\n  \
    oc extreg policy init hub --repository 'acme/*' --push-secret dockerhub > policy.yaml\n\n  \
    # Validate policies in a pipeline, and test that they have the expected effect\n  \
    oc extreg policy validate -f policies/ -R\n  \
    oc extreg policy test -f policy.yaml --expect expected.yaml\n\n  \
    # Show the policies of the cluster, and what they do with an image\n  \
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

/// Runs the command.
///
/// # Errors
/// If a flag, a file or the kubeconfig is invalid, or the cluster refuses a request.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match args.what {
        What::Init(args) => Box::pin(init::run(args, context)).await,
        What::Show(args) => show::run(args, context).await,
        What::Test(args) => test::run(args, context).await,
        What::Validate(args) => validate::run(&args, context),
    }
}
