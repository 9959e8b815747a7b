//! The flags of `webhook install`.

use std::path::PathBuf;

use clap::ValueEnum;
use extreg_manifests::Schedule;

use crate::{
    args::{DryRunArgs, OutputArgs},
    print::ObjectFormat,
};

/// Install or upgrade the webhook, and test it
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Only count the objects that would be changed
  oc extreg webhook install

  # Change them, in the namespaces of one team
  oc extreg webhook install --mode enforce --namespace-selector team=shop

  # Also import an image when a build has pushed it
  oc extreg webhook install --mode enforce --follow-builds

  # Also audit the cluster every night, and publish the findings
  oc extreg webhook install --audit-schedule \"TZ=Europe/Berlin 0 3 * * *\"

  # Use an external webhook, outside the cluster
  oc extreg webhook install --url https://10.0.0.5:8443 --ca-file ca.crt

  # As YAML, without a cluster
  oc extreg webhook install --export

The configuration that makes the API servers call the webhook is written last, after a check that they \
reach it; then an object is created as a server-side dry run, and the result must match the policies. \
If that fails all changes are rolled back. A second run changes only what differs. \
Options that are not given are unchanged: mode, namespaces, failure policy, time limit, image, replicas. A run without \
--follow-builds removes the importer and its rights, one without --audit-schedule the audit job and its rights. With --namespace-selector its rights are bound in the namespaces \
that match now; for one that is labeled later run \"upgrade --yes\". The webhook goes to namespace \
extreg-system, or to the one of --namespace.")]
pub(crate) struct Args {
    /// Mode of the webhook: audit (count), warn or enforce [default: audit, or unchanged]
    #[arg(long, value_enum, value_name = "MODE", hide_possible_values = true)]
    pub(crate) mode: Option<Mode>,
    /// Label selector of the namespaces; system namespaces are always excluded
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) namespace_selector: Option<String>,
    /// Result of a request while the webhook is down: ignore (accept it) or fail [default: ignore, or unchanged]
    #[arg(long, value_enum, value_name = "POLICY", hide_possible_values = true)]
    pub(crate) failure_policy: Option<FailurePolicy>,
    /// Seconds that an API server waits for the webhook [default: 2, or unchanged]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) call_timeout: Option<i32>,

    /// Image of the webhook [default: extreg-webhook in its namespace of the integrated registry, or unchanged]
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with = "url",
        help_heading = "In the cluster"
    )]
    pub(crate) image: Option<String>,
    /// Number of pods [default: 2, or unchanged]
    #[arg(
        long,
        value_name = "NUMBER",
        conflicts_with = "url",
        help_heading = "In the cluster"
    )]
    pub(crate) replicas: Option<i32>,
    /// Source of the certificate: auto, service-ca or own (a CA created for it) [default: auto]
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
    /// Also install monitors, alert rules and the dashboard of OpenShift's console
    #[arg(long, conflicts_with = "url", help_heading = "In the cluster")]
    pub(crate) monitoring: bool,

    /// Also install the importer: it imports the tags of an image when a build has pushed it
    #[arg(long, conflicts_with = "url", help_heading = "In the cluster")]
    pub(crate) follow_builds: bool,

    /// Also install a job that audits the cluster and publishes OpenReports: [TZ=ZONE] and five fields of cron
    #[arg(
        long,
        value_name = "SCHEDULE",
        conflicts_with = "url",
        help_heading = "In the cluster"
    )]
    pub(crate) audit_schedule: Option<Schedule>,
    /// Let the audit job read all secrets of the docker types, for the checks of credentials
    #[arg(long, requires = "audit_schedule", help_heading = "In the cluster")]
    pub(crate) audit_secrets: bool,

    /// URL of an external webhook, as the API servers reach it
    #[arg(
        long,
        value_name = "URL",
        requires = "ca_file",
        help_heading = "External webhook"
    )]
    pub(crate) url: Option<String>,
    /// PEM file of the CA that signed its certificate
    #[arg(
        long,
        value_name = "FILE",
        requires = "url",
        help_heading = "External webhook"
    )]
    pub(crate) ca_file: Option<PathBuf>,

    /// Namespace for the test [default: one for which the webhook is called]
    #[arg(long, value_name = "NAME", help_heading = "Apply")]
    pub(crate) proof_namespace: Option<String>,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    /// Print the objects instead of applying them; needs no cluster
    #[arg(long, conflicts_with_all = ["dry_run", "adopt", "force_conflicts", "proof_namespace"], help_heading = "Apply")]
    pub(crate) export: bool,
    /// Adopt existing objects that another tool created
    #[arg(long, help_heading = "Apply")]
    pub(crate) adopt: bool,
    /// Overwrite fields that another tool has set
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
