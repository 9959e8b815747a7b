//! The flags of `setup`.

use std::path::PathBuf;

use clap::{ArgGroup, ValueEnum};

use crate::{
    args::{DryRunArgs, EndpointArgs, OutputArgs},
    print::ObjectFormat,
};

/// Set up an application that is built here and stored in an external registry
#[derive(Clone, Debug, clap::Args)]
#[command(
    group(ArgGroup::new("credential").args(["secret", "auth_file", "password_stdin", "no_secret"])),
    after_help = "\
Examples:
  # Build from git, push to docker.io, import and run; prompts for the access token
  oc extreg setup python-lyapp -n snow --image docker.io/ably77/python-lyapp \\
    --source https://github.com/ably77/python-lyapp

  # With the token from a password manager
  pass hub | oc extreg setup python-lyapp -n snow --image docker.io/ably77/python-lyapp \\
    --source https://github.com/ably77/python-lyapp --username ably77 --password-stdin

  # Only the workload, for an image that is built elsewhere, with an existing secret
  oc extreg setup python-lyapp -n snow --image docker.io/ably77/python-lyapp --no-build --secret hub

  # As YAML, without a cluster
  oc extreg setup python-lyapp -n snow --image docker.io/ably77/python-lyapp \\
    --source https://github.com/ably77/python-lyapp --export

A second run changes nothing. Objects that setup did not create are unchanged, unless --adopt is set."
)]
pub struct Args {
    /// Name of the application, its BuildConfig, ImageStream and workload
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Image to push and run, e.g. docker.io/ably77/python-lyapp:latest
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: String,

    /// Accept a registry whose name resembles a well-known one
    #[arg(long)]
    pub(crate) any_registry: bool,

    /// Git repository to build from
    #[arg(long, value_name = "URL", help_heading = "Build")]
    pub(crate) source: Option<String>,
    /// Branch, tag or commit to build
    #[arg(
        long = "ref",
        value_name = "REF",
        requires = "source",
        help_heading = "Build"
    )]
    pub(crate) git_ref: Option<String>,
    /// Secret with the credential of a private Git repository
    #[arg(long, value_name = "NAME", requires = "source", help_heading = "Build")]
    pub(crate) source_secret: Option<String>,
    /// Folder of the repository to build in
    #[arg(long, value_name = "DIR", requires = "source", help_heading = "Build")]
    pub(crate) context_dir: Option<String>,
    /// Dockerfile to put into the BuildConfig, instead of the repository's
    #[arg(long, value_name = "FILE", help_heading = "Build")]
    pub(crate) dockerfile: Option<PathBuf>,
    /// Build strategy: docker (a Dockerfile) or source (a builder image) [default: docker]
    #[arg(
        long,
        value_enum,
        value_name = "STRATEGY",
        default_value_t,
        hide_default_value = true,
        help_heading = "Build"
    )]
    pub(crate) strategy: Strategy,
    /// Builder image of a source build: [NAMESPACE/]STREAM:TAG (of namespace openshift by default), or an image with its registry
    #[arg(long, value_name = "IMAGE", help_heading = "Build")]
    pub(crate) builder: Option<String>,
    /// Skip the BuildConfig
    #[arg(long, conflicts_with_all = ["source", "git_ref", "source_secret", "context_dir", "dockerfile", "builder"], help_heading = "Build")]
    pub(crate) no_build: bool,

    /// Existing secret to use
    #[arg(long, value_name = "NAME", help_heading = "Credential")]
    pub(crate) secret: Option<String>,
    /// Read the credential from a docker or podman auth file
    #[arg(long, value_name = "FILE", help_heading = "Credential")]
    pub(crate) auth_file: Option<PathBuf>,
    /// Read the password or access token from stdin
    #[arg(long, requires = "username", help_heading = "Credential")]
    pub(crate) password_stdin: bool,
    /// Account at the registry
    #[arg(long, value_name = "NAME", conflicts_with_all = ["secret", "auth_file", "no_secret"], help_heading = "Credential")]
    pub(crate) username: Option<String>,
    /// Name of the secret to create [default: dockerhub, or after the registry]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["secret", "no_secret"], help_heading = "Credential")]
    pub(crate) push_secret: Option<String>,
    /// Skip the secret and its links
    #[arg(long, help_heading = "Credential")]
    pub(crate) no_secret: bool,
    /// Replace the credential of an existing secret of another account or that other objects use
    #[arg(long, conflicts_with_all = ["secret", "no_secret"], help_heading = "Credential")]
    pub(crate) replace_secret: bool,
    /// Do not test the credential at the registry
    #[arg(long, conflicts_with_all = ["secret", "no_secret"], help_heading = "Credential")]
    pub(crate) no_verify: bool,

    /// Skip the ImageStream
    #[arg(long, help_heading = "Run")]
    pub(crate) no_stream: bool,
    /// Import the tag every 15 minutes: auto (if the registry's limit allows it), always, fallback (else leave it to
    /// the importer) or never [default: auto]
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_default_value = true,
        help_heading = "Run"
    )]
    pub(crate) schedule: Schedule,
    /// Where pods pull from: source (the registry) or local (the integrated registry) [default: source]
    #[arg(
        long,
        value_enum,
        value_name = "POLICY",
        default_value_t,
        hide_default_value = true,
        help_heading = "Run"
    )]
    pub(crate) reference_policy: ReferencePolicy,
    /// Workload that runs the image: deployment, deploymentconfig or none [default: deployment]
    #[arg(
        long,
        value_enum,
        value_name = "KIND",
        default_value_t,
        hide_default_value = true,
        help_heading = "Run"
    )]
    pub(crate) workload: Workload,
    /// Service account of the workload [default: default]
    #[arg(long, value_name = "NAME", help_heading = "Run")]
    pub(crate) service_account: Option<String>,
    /// Do not create the project: it exists, or another tool creates it
    #[arg(long, help_heading = "Run")]
    pub(crate) no_project: bool,

    /// Adopt existing objects that another tool created
    #[arg(long, help_heading = "Apply")]
    pub(crate) adopt: bool,
    /// Overwrite fields that another tool has set
    #[arg(long, help_heading = "Apply")]
    pub(crate) force_conflicts: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    /// Print the objects instead of applying them; needs no cluster
    #[arg(long, conflicts_with_all = ["dry_run", "wait", "adopt", "force_conflicts"], help_heading = "Apply")]
    pub(crate) export: bool,
    /// Wait for the first build, import and rollout; --timeout limits it [default: 10m]
    #[arg(long, help_heading = "Apply")]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs<ObjectFormat>,
    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,
}

/// `--schedule`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schedule {
    Always,
    #[default]
    Auto,
    Fallback,
    Never,
}

/// `--strategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    #[default]
    Docker,
    Source,
}

/// `--reference-policy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReferencePolicy {
    Local,
    #[default]
    Source,
}

/// `--workload`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    #[default]
    Deployment,
    #[value(name = "deploymentconfig")]
    DeploymentConfig,
    None,
}
