//! The command line: what can be typed. [`crate::settings`] says what it means.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Injects push secrets and scheduled imports for external registries, as an admission webhook.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "extreg-webhook",
    version,
    max_term_width = 100,
    args_override_self = true
)]
pub struct Args {
    /// Where API servers are answered over TLS.
    #[arg(
        long,
        env = "EXTREG_LISTEN",
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8443"
    )]
    pub listen: SocketAddr,

    /// Where probes and Prometheus are answered, without TLS.
    #[arg(
        long,
        env = "EXTREG_HEALTH_LISTEN",
        value_name = "ADDRESS",
        default_value = "0.0.0.0:8080"
    )]
    pub health_listen: SocketAddr,

    /// PEM file with the serving certificate and its chain; read again when it changes.
    #[arg(
        long,
        env = "EXTREG_TLS_CERT",
        value_name = "FILE",
        default_value = "/etc/extreg/tls/tls.crt"
    )]
    pub tls_cert: PathBuf,

    /// PEM file with the private key; read again when it changes.
    #[arg(
        long,
        env = "EXTREG_TLS_KEY",
        value_name = "FILE",
        default_value = "/etc/extreg/tls/tls.key"
    )]
    pub tls_key: PathBuf,

    /// How often the certificate files and the policy file are looked at, such as 15s.
    #[arg(
        long,
        env = "EXTREG_RELOAD_EVERY",
        value_name = "DURATION",
        default_value = "15s"
    )]
    pub reload_every: String,

    /// YAML file with RegistryPolicy documents, used instead of those of the cluster.
    #[arg(long, env = "EXTREG_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Do not connect to a cluster: nothing is known but the request and the policy file.
    #[arg(long, env = "EXTREG_NO_CLUSTER", conflicts_with = "kubeconfig")]
    pub no_cluster: bool,

    /// kubeconfig of the cluster; without it KUBECONFIG, ~/.kube/config or the pod's own account.
    #[arg(long, env = "EXTREG_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// The most that any policy does.
    #[arg(
        long,
        env = "EXTREG_MODE_CAP",
        value_name = "MODE",
        value_enum,
        default_value = "enforce"
    )]
    pub mode_cap: ModeCap,

    /// The namespace that the webhook runs in, which it leaves alone and where its Lease is.
    #[arg(long, env = "EXTREG_NAMESPACE", value_name = "NAME")]
    pub namespace: Option<String>,

    /// Import the tags that come from an image as soon as a build has pushed it; needs --namespace.
    #[arg(long, env = "EXTREG_FOLLOW_BUILDS", conflicts_with = "no_cluster")]
    pub follow_builds: bool,

    /// Follow builds only in namespaces with these labels: a label selector as JSON.
    #[arg(long, env = "EXTREG_FOLLOW_NAMESPACES", value_name = "SELECTOR")]
    pub follow_namespaces: Option<String>,

    /// Requests answered at once; more are refused with 429.
    #[arg(
        long,
        env = "EXTREG_MAX_IN_FLIGHT",
        value_name = "NUMBER",
        default_value_t = 512
    )]
    pub max_in_flight: u16,

    /// Time for one decision, shorter than timeoutSeconds of the webhook configuration.
    #[arg(
        long,
        env = "EXTREG_DEADLINE",
        value_name = "DURATION",
        default_value = "2s"
    )]
    pub deadline: String,

    /// Time between being unready and refusing connections when it stops.
    #[arg(
        long,
        env = "EXTREG_DRAIN_WAIT",
        value_name = "DURATION",
        default_value = "5s"
    )]
    pub drain_wait: String,

    /// Time for requests that are being answered when it stops.
    #[arg(
        long,
        env = "EXTREG_DRAIN_DEADLINE",
        value_name = "DURATION",
        default_value = "15s"
    )]
    pub drain_deadline: String,

    /// How log lines are written.
    #[arg(
        long,
        env = "EXTREG_LOG_FORMAT",
        value_name = "FORMAT",
        value_enum,
        default_value = "auto"
    )]
    pub log_format: LogFormat,

    /// What is logged: a level (error, warn, info, debug) or TARGET=LEVEL pairs with commas.
    #[arg(
        long,
        env = "EXTREG_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log_level: String,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// The most that any policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeCap {
    /// Count and annotate.
    Audit,
    /// Change objects.
    Enforce,
    /// Nothing.
    Off,
    /// Say what would be done.
    Warn,
}
