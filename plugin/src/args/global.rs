//! The flags of every command: our own, and all of kubectl's.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use extreg_cluster::Overrides;
use extreg_terminal::ColorMode;

use super::duration::{Timeout, parse_timeout};
use crate::defaults::InForce;

/// Flags of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global")]
pub struct GlobalArgs {
    /// Print less: -q only results and errors, -qq only the output of -o
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub quiet: u8,
    /// When to use color
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_default_value = true,
        long_help = "When to use color: auto, always or never. Auto colors a terminal unless TERM \
                         is dumb or NO_COLOR is set"
    )]
    pub color: ColorMode,
    /// Never prompt; fail if an answer would be needed
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Refuse every request that would change anything
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Give up after this time, e.g. 30s or 5m (exit code 124)
    #[arg(long, global = true, value_parser = parse_timeout, value_name = "DURATION")]
    pub timeout: Option<Timeout>,
    /// Configuration file [default: $XDG_CONFIG_HOME/oc-extreg/config.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Log requests to stderr from level 6: method, address, status; never their content
    #[arg(short = 'v', long = "loglevel", alias = "v", global = true, value_name = "LEVEL", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub verbosity: u8,
    /// Namespace (default: that of the context)
    #[arg(short, long, global = true, value_name = "NAME")]
    pub namespace: Option<String>,
    /// The connection to the cluster.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// The values of these flags and of the command's that come from files.
    #[arg(skip)]
    pub files: InForce,
}

/// The heading of [`ConnectionArgs`].
pub const CONNECTION: &str = "Connection";

/// The connection and identity: kubectl's flags. `help connection` shows them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = CONNECTION)]
pub struct ConnectionArgs {
    /// Path of the kubeconfig file
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig to use
    #[arg(long = "context", global = true, value_name = "NAME")]
    pub contexts: Vec<String>,
    /// Cluster of the kubeconfig to use
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Option<String>,
    /// User of the kubeconfig to use
    #[arg(long, global = true, value_name = "NAME")]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(short, long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// Bearer token; used instead of the kubeconfig's credentials
    #[arg(long, global = true, value_name = "TOKEN")]
    pub token: Option<String>,
    /// User to impersonate
    #[arg(long = "as", global = true, value_name = "USER")]
    pub impersonate: Option<String>,
    /// UID to impersonate
    #[arg(long = "as-uid", global = true, value_name = "UID")]
    pub impersonate_uid: Option<String>,
    /// Group to impersonate; repeatable
    #[arg(long = "as-group", global = true, value_name = "GROUP")]
    pub impersonate_group: Vec<String>,
    /// User extra to impersonate, as KEY=VALUE; repeatable
    #[arg(long = "as-user-extra", global = true, value_name = "KEY=VALUE")]
    pub impersonate_extra: Vec<String>,
    /// Path of the certificate authority of the API server
    #[arg(long, global = true, value_name = "FILE")]
    pub certificate_authority: Option<PathBuf>,
    /// Path of a client certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
    /// Path of the key of the client certificate
    #[arg(long, global = true, value_name = "FILE")]
    pub client_key: Option<PathBuf>,
    /// Server name to check the API server's certificate for
    #[arg(long, global = true, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    /// Do not check the API server's certificate
    #[arg(long, global = true, value_name = "BOOL")]
    pub insecure_skip_tls_verify: Option<bool>,
    /// Time limit of a single request, e.g. 30s; 0 means no limit
    #[arg(long, global = true, value_parser = parse_timeout, value_name = "DURATION")]
    pub request_timeout: Option<Timeout>,
    /// Accepted for compatibility with kubectl; nothing is cached
    #[arg(long, global = true, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Do not request compressed responses
    #[arg(long, global = true, value_name = "BOOL")]
    pub disable_compression: Option<bool>,
}

impl ConnectionArgs {
    /// The values that override the kubeconfig.
    pub(crate) fn overrides(&self) -> Overrides {
        let Self {
            kubeconfig,
            contexts: _,
            cluster,
            user,
            server,
            token,
            impersonate,
            impersonate_uid,
            impersonate_group,
            impersonate_extra,
            certificate_authority,
            client_certificate,
            client_key,
            tls_server_name,
            insecure_skip_tls_verify,
            request_timeout,
            cache_dir: _,
            disable_compression,
        } = self.clone();
        Overrides {
            kubeconfig,
            cluster,
            user,
            server,
            token,
            impersonate,
            impersonate_uid,
            impersonate_group,
            impersonate_extra,
            certificate_authority,
            client_certificate,
            client_key,
            tls_server_name,
            insecure_skip_tls_verify,
            request_timeout: request_timeout.map(|timeout| timeout.duration),
            disable_compression,
        }
    }

    /// The flags that select the same cluster and user, to repeat in a command; without the token, which would be
    /// shown.
    pub(crate) fn flags(&self, context: Option<&str>) -> Vec<String> {
        let text = |text: &Option<String>| text.clone();
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let mut flags: Vec<String> = [
            ("kubeconfig", path(&self.kubeconfig)),
            ("context", context.map(str::to_owned)),
            ("cluster", text(&self.cluster)),
            ("user", text(&self.user)),
            ("server", text(&self.server)),
            ("certificate-authority", path(&self.certificate_authority)),
            ("client-certificate", path(&self.client_certificate)),
            ("client-key", path(&self.client_key)),
            ("tls-server-name", text(&self.tls_server_name)),
            (
                "insecure-skip-tls-verify",
                self.insecure_skip_tls_verify.map(|is| is.to_string()),
            ),
            ("as", text(&self.impersonate)),
            ("as-uid", text(&self.impersonate_uid)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("--{name}={}", value?)))
        .collect();
        for (name, values) in [
            ("as-group", &self.impersonate_group),
            ("as-user-extra", &self.impersonate_extra),
        ] {
            flags.extend(values.iter().map(|value| format!("--{name}={value}")));
        }
        flags
    }
}
