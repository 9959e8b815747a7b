//! `secret rotate`: replaces a credential everywhere it is stored.

mod account;
mod execute;
mod outcome;
mod plan;
mod prepare;
mod search;
mod settings;
mod write;

use std::path::PathBuf;

use extreg_terminal::Exit;

use self::settings::Settings;
use crate::{
    args::{DryRunArgs, EndpointArgs, OutputArgs},
    context::Context,
    error::Error,
    print::DataFormat,
};

/// Replace a credential everywhere, after the registry has accepted the new one
///
/// Secret NAME in the current namespace (with several in -n, the first one that contains it) defines the
/// credential to replace. Other secrets are changed only where they hold the same username and password;
/// one with another password is skipped unless --also names it. Each secret is changed by one write, in
/// place: a credential always exists, and keys of other registries are unchanged. A failure for
/// one secret or namespace does not stop the rest. Without --yes, this shows the plan only.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Show what would change, and what uses it
  oc extreg secret rotate dockerhub -n snow

  # Apply: read the new access token from a password store, and test it at docker.io first
  pass hub | oc extreg secret rotate dockerhub -n snow --password-stdin --yes

  # Change all namespaces: all secrets with the same credential as dockerhub in snow
  pass hub | oc extreg secret rotate dockerhub -A -n snow --password-stdin --yes

  # Also change a secret that holds another password of the account
  oc extreg secret rotate dockerhub -n snow --also shop/dockerhub --auth-file auth.json --yes

The old access token is not revoked: the output shows where to revoke it when no secret holds it.
The exit code is 5 if only some secrets were changed; what failed is listed at the end.")]
pub(super) struct Args {
    /// Secret that holds the credential
    #[arg(value_name = "NAME")]
    name: String,
    /// All namespaces that you can read: every secret that holds the credential
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Also change this secret, whatever password it holds; repeatable
    #[arg(long, value_name = "NAMESPACE/NAME", value_delimiter = ',')]
    also: Vec<String>,
    /// Registry of the credential [default: docker.io]
    #[arg(
        long,
        value_name = "HOST",
        default_value = "docker.io",
        hide_default_value = true
    )]
    registry: String,
    /// Account whose credential is replaced, if the secret holds several
    #[arg(long, value_name = "NAME")]
    replaces: Option<String>,

    /// Read the credential from a docker or podman auth file
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "password_stdin",
        help_heading = "Credential"
    )]
    auth_file: Option<PathBuf>,
    /// Read the password or access token from stdin
    #[arg(long, help_heading = "Credential")]
    password_stdin: bool,
    /// Account of the new credential [default: the same]
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "auth_file",
        help_heading = "Credential"
    )]
    username: Option<String>,
    /// Image to test the new credential with [default: images that use the secrets]
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with = "no_verify",
        help_heading = "Credential"
    )]
    image: Option<String>,
    /// Do not test the credential at the registry
    #[arg(long, help_heading = "Credential")]
    no_verify: bool,

    /// Also change secrets that another controller manages and may change back
    #[arg(long, help_heading = "Apply")]
    managed: bool,
    #[command(flatten, next_help_heading = "Apply")]
    dry_run: DryRunArgs,
    /// Apply the changes (default: show the plan only)
    #[arg(long, help_heading = "Apply")]
    yes: bool,
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
    #[command(flatten)]
    endpoints: EndpointArgs,
}

/// Rotates the credential, or shows the plan.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args, context.named_namespace()?)?;
    execute::run(&settings, context).await
}
