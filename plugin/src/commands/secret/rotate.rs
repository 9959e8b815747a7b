//! `secret rotate`: another credential wherever the old one is.

mod account;
pub(super) mod document;
mod execute;
mod look;
pub(super) mod managed;
mod outcome;
mod plan;
mod prepare;
mod settings;
mod verify;
mod write;

use std::path::PathBuf;

use self::settings::Settings;
use crate::{
    api::{DataFormat, DryRun},
    context::Context,
    error::Error,
    exit::Exit,
    registry::Endpoints,
};

/// Replace a credential wherever it is used, after the registry has taken the new one
///
/// Each secret is changed by one write, in place: there is no moment without a credential, and keys of
/// other registries stay as they are. A secret that is changed by somebody else meanwhile is left and
/// reported; a second run does what is missing. Without --yes this is a plan.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # What would be changed, and who uses it
  oc extreg secret rotate dockerhub -n snow

  # Change it: the new access token from elsewhere, tried at docker.io first
  pass hub | oc extreg secret rotate dockerhub -n snow --password-stdin --yes

  # In every namespace that you can see, under whatever name the account's credential is
  pass hub | oc extreg secret rotate dockerhub -A --password-stdin --yes

  # In two namespaces, another account's credential, from an auth file
  oc extreg secret rotate dockerhub -n snow,shop --auth-file auth.json --yes

The old access token is not revoked: where to do that is said when no secret holds it any more.")]
pub(super) struct Args {
    /// Secret that holds the credential
    #[arg(value_name = "NAME")]
    name: String,
    /// All namespaces that you can see: secrets of that name, and any that hold the account's credential
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Registry that the credential is for [default: docker.io]
    #[arg(
        long,
        value_name = "HOST",
        default_value = "docker.io",
        hide_default_value = true
    )]
    registry: String,
    /// Account whose credential is replaced, where the secret holds several
    #[arg(long, value_name = "NAME")]
    replaces: Option<String>,

    /// Take the new credential from a docker or podman auth file
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "password_stdin",
        help_heading = "Credential"
    )]
    auth_file: Option<PathBuf>,
    /// Take the new password or access token from stdin
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
    /// Image to try the new credential with [default: those that the secrets are used for]
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with = "no_verify",
        help_heading = "Credential"
    )]
    image: Option<String>,
    /// Do not try the new credential at the registry
    #[arg(long, help_heading = "Credential")]
    no_verify: bool,

    /// Change secrets that another controller keeps too; it may change them back
    #[arg(long, help_heading = "Apply")]
    managed: bool,
    /// Only try it: client (a plan) or server (with admission)
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Apply"
    )]
    dry_run: DryRun,
    /// Do it
    #[arg(long, help_heading = "Apply")]
    yes: bool,
    /// Format: json or yaml
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    output: Option<DataFormat>,
    #[command(flatten)]
    endpoints: Endpoints,
}

/// Rotates, or says what that would be.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args, context.namespace.as_deref())?;
    execute::run(&settings, context).await
}
