//! The endpoints of registries: the same flags for every command that queries registries.

use std::path::PathBuf;

use extreg_registry::Override;

/// The endpoints of registries, and the CAs to trust.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct EndpointArgs {
    /// URL to query instead of the registry HOST: a mirror or a proxy cache; repeatable
    #[arg(
        long = "registry-endpoint",
        value_name = "HOST=URL",
        value_delimiter = ',',
        help_heading = "Registry",
        hide_short_help = true
    )]
    pub(crate) overrides: Vec<Override>,
    /// Certificate authority to trust for registries, instead of the system's
    #[arg(
        long = "registry-ca",
        value_name = "FILE",
        help_heading = "Registry",
        hide_short_help = true
    )]
    pub(crate) certificate_authority: Option<PathBuf>,
}
