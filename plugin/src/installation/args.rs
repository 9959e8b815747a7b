//! The flags of `webhook install`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::{
    args::{DryRunArgs, OutputArgs},
    print::ObjectFormat,
};

/// Install the webhook, or upgrade it in place, and prove that it works
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Only count what would be changed
  oc extreg webhook install

  # Change it, in namespaces of one team
  oc extreg webhook install --mode enforce --namespace-selector team=shop

  # And import what a build has pushed when it completes
  oc extreg webhook install --mode enforce --follow-builds

  # A webhook that runs outside of the cluster
  oc extreg webhook install --url https://10.0.0.5:8443 --ca-file ca.crt

  # As YAML, without a cluster
  oc extreg webhook install --export

The configuration that makes the API servers call the webhook is written last, after they were seen to \
reach it; then an object is created as a server-side dry run and has to come back as the policies \
say. If that fails everything is taken back. A second run changes what has to be changed and says so. \
What is not given stays as it is: mode, namespaces, failure policy, time limit, image, replicas. A run without \
--follow-builds removes the importer and its rights. With --namespace-selector its rights are bound in the namespaces \
that match now; for one that is labeled later run \"upgrade --yes\". The webhook goes to namespace \
extreg-system, or to the one of --namespace.")]
pub(crate) struct Args {
    /// What the webhook does: audit (count), warn or enforce [default: audit, or as it is]
    #[arg(long, value_enum, value_name = "MODE", hide_possible_values = true)]
    pub(crate) mode: Option<Mode>,
    /// Only namespaces with these labels, as kubectl's --selector; system namespaces never
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) namespace_selector: Option<String>,
    /// What happens to a request while the webhook is down: ignore (it passes) or fail [default: ignore, or as it is]
    #[arg(long, value_enum, value_name = "POLICY", hide_possible_values = true)]
    pub(crate) failure_policy: Option<FailurePolicy>,
    /// Seconds that an API server waits for the webhook [default: 2, or as it is]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) call_timeout: Option<i32>,

    /// Image of the webhook [default: extreg-webhook in its namespace of the integrated registry, or as it is]
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with = "url",
        help_heading = "In the cluster"
    )]
    pub(crate) image: Option<String>,
    /// Number of pods [default: 2, or as it is]
    #[arg(
        long,
        value_name = "NUMBER",
        conflicts_with = "url",
        help_heading = "In the cluster"
    )]
    pub(crate) replicas: Option<i32>,
    /// Where the certificate comes from: auto, service-ca or own (a CA made for it) [default: auto]
    #[arg(
        long,
        value_enum,
        value_name = "SOURCE",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        conflicts_with = "url",
        help_heading = "In the cluster"
    )]
    pub(crate) tls: TlsSource,
    /// Also install a ServiceMonitor and alert rules, for the Prometheus operator
    #[arg(long, conflicts_with = "url", help_heading = "In the cluster")]
    pub(crate) monitoring: bool,

    /// Also install the importer: it imports the tags that come from an image when a build has pushed it
    #[arg(long, conflicts_with = "url", help_heading = "In the cluster")]
    pub(crate) follow_builds: bool,

    /// Where the API servers reach a webhook that runs elsewhere
    #[arg(
        long,
        value_name = "URL",
        requires = "ca_file",
        help_heading = "Elsewhere"
    )]
    pub(crate) url: Option<String>,
    /// PEM file of the CA that signed its certificate
    #[arg(
        long,
        value_name = "FILE",
        requires = "url",
        help_heading = "Elsewhere"
    )]
    pub(crate) ca_file: Option<PathBuf>,

    /// Namespace to prove it in [default: one that the webhook is called for]
    #[arg(long, value_name = "NAME", help_heading = "Apply")]
    pub(crate) proof_namespace: Option<String>,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    /// Print the objects in their order instead; asks no cluster
    #[arg(long, conflicts_with_all = ["dry_run", "adopt", "force_conflicts", "proof_namespace"], help_heading = "Apply")]
    pub(crate) export: bool,
    /// Take over objects that are there and not made by oc extreg
    #[arg(long, help_heading = "Apply")]
    pub(crate) adopt: bool,
    /// Take over fields that another tool has set
    #[arg(long, help_heading = "Apply")]
    pub(crate) force_conflicts: bool,
    #[command(flatten, next_help_heading = "Apply")]
    pub(crate) output: OutputArgs<ObjectFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    Audit,
    Warn,
    Enforce,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailurePolicy {
    Ignore,
    Fail,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsSource {
    #[default]
    Auto,
    ServiceCa,
    Own,
}
