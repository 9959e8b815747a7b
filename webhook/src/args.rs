//! The command-line arguments. [`crate::settings`] validates them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use tracing_subscriber::filter::Targets;

/// Inject push secrets and scheduled imports for external registries, as an admission webhook.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "extreg-webhook",
    version,
    max_term_width = 100,
    args_override_self = true
)]
pub struct Args {
    /// Address for reviews from API servers, over TLS.
    #[arg(
        long,
        env = "EXTREG_LISTEN",
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8443"
    )]
    pub listen: SocketAddr,

    /// PEM file with the serving certificate and its chain; reloaded when it changes.
    #[arg(
        long,
        env = "EXTREG_TLS_CERT",
        value_name = "FILE",
        default_value = "/etc/extreg/tls/tls.crt"
    )]
    pub tls_cert: PathBuf,

    /// PEM file with the private key; reloaded when it changes.
    #[arg(
        long,
        env = "EXTREG_TLS_KEY",
        value_name = "FILE",
        default_value = "/etc/extreg/tls/tls.key"
    )]
    pub tls_key: PathBuf,

    /// PEM file with the CAs of client certificates: other clients are rejected. Reloaded when it
    /// changes. Probes and metrics have a separate port and need no certificate.
    #[arg(long, env = "EXTREG_CLIENT_CA", value_name = "FILE")]
    pub client_ca: Option<PathBuf>,

    /// Common name or DNS name that the certificate of a client must have; repeatable. Without it,
    /// every client of --client-ca is served.
    #[arg(
        long,
        env = "EXTREG_CLIENT_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        requires = "client_ca"
    )]
    pub client_name: Vec<String>,

    /// Interval for reading the certificate files and the policy file, such as 15s.
    #[arg(
        long,
        env = "EXTREG_RELOAD_EVERY",
        value_name = "DURATION",
        default_value = "15s"
    )]
    pub reload_every: String,

    /// YAML file with RegistryPolicy documents, used instead of the cluster's policies.
    #[arg(long, env = "EXTREG_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Do not connect to a cluster: use only the request and the policy file.
    #[arg(long, env = "EXTREG_NO_CLUSTER", conflicts_with = "kubeconfig")]
    pub no_cluster: bool,

    /// kubeconfig of the cluster [default: KUBECONFIG, ~/.kube/config or the pod's account]
    #[arg(long, env = "EXTREG_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Strongest mode of any policy.
    #[arg(
        long,
        env = "EXTREG_MODE_CAP",
        value_name = "MODE",
        value_enum,
        default_value = "enforce"
    )]
    pub mode_cap: ModeCap,

    /// Namespace of the webhook, where its Lease is and where it changes no object.
    #[arg(long, env = "EXTREG_NAMESPACE", value_name = "NAME")]
    pub namespace: Option<String>,

    /// Change nothing in a namespace whose labels are unknown, for a webhook configuration without a
    /// namespaceSelector: it also sends requests of namespaces that a label excludes.
    #[arg(
        long,
        env = "EXTREG_REQUIRE_NAMESPACE_LABELS",
        conflicts_with = "no_cluster"
    )]
    pub require_namespace_labels: bool,

    /// Follow builds (moved to extreg-importer).
    #[arg(long, env = "EXTREG_FOLLOW_BUILDS", hide = true)]
    pub follow_builds: bool,

    /// Namespaces in which to follow builds (moved to extreg-importer).
    #[arg(
        long,
        env = "EXTREG_FOLLOW_NAMESPACES",
        value_name = "SELECTOR",
        hide = true
    )]
    pub follow_namespaces: Option<String>,

    /// Number of concurrent decisions; more requests are rejected with 429.
    #[arg(
        long,
        env = "EXTREG_MAX_IN_FLIGHT",
        value_name = "NUMBER",
        default_value_t = 512
    )]
    pub max_in_flight: u16,

    /// Time limit for one request, shorter than timeoutSeconds of the webhook configuration.
    #[arg(
        long,
        env = "EXTREG_DEADLINE",
        value_name = "DURATION",
        default_value = "1500ms"
    )]
    pub deadline: String,

    /// Time between becoming unready and refusing connections at shutdown.
    #[arg(
        long,
        env = "EXTREG_DRAIN_WAIT",
        value_name = "DURATION",
        default_value = "5s"
    )]
    pub drain_wait: String,

    /// Time to finish running requests at shutdown.
    #[arg(
        long,
        env = "EXTREG_DRAIN_DEADLINE",
        value_name = "DURATION",
        default_value = "15s"
    )]
    pub drain_deadline: String,

    /// Probes, metrics and logs.
    #[command(flatten)]
    pub operation: OperationArgs,
}

/// How both programs are monitored.
#[derive(Clone, Debug, clap::Args)]
pub struct OperationArgs {
    /// Address of probes and metrics, served without TLS.
    #[arg(
        long,
        env = "EXTREG_HEALTH_LISTEN",
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8080"
    )]
    pub health_listen: SocketAddr,

    /// Format of log lines.
    #[arg(
        long,
        env = "EXTREG_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        default_value = "auto"
    )]
    pub log_format: LogFormat,

    /// Log level (error, warn, info, debug), or TARGET=LEVEL pairs separated by commas.
    #[arg(
        long,
        env = "EXTREG_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log_level: String,
}

impl OperationArgs {
    /// The log filter.
    ///
    /// # Errors
    /// If `--log-level` is not a filter.
    pub fn log_filter(&self) -> Result<Targets, LogLevelError> {
        let filter = self.log_level.parse();
        filter.map_err(|_| LogLevelError(self.log_level.clone()))
    }
}

/// An invalid value of `--log-level`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--log-level: {0:?} is not a valid level (error, warn, info, debug, trace) or TARGET=LEVEL"
)]
pub struct LogLevelError(String);

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// The strongest mode of any policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeCap {
    /// Count and annotate.
    Audit,
    /// Change objects.
    Enforce,
    /// Nothing.
    Off,
    /// Warn about what would be done.
    Warn,
}
