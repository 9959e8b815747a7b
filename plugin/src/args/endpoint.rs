//! Where registries are asked, the same for every command that asks them.

use std::path::PathBuf;

use extreg_registry::Override;

/// Where registries are asked, and whom to trust there.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct EndpointArgs {
    /// Ask URL in place of the registry HOST: a mirror, or a proxy cache; repeatable
    #[arg(
        long = "registry-endpoint",
        value_name = "HOST=URL",
        value_delimiter = ',',
        help_heading = "Registry",
        hide_short_help = true
    )]
    pub(crate) overrides: Vec<Override>,
    /// Certificate authority to trust of registries, in place of the system's
    #[arg(
        long = "registry-ca",
        value_name = "FILE",
        help_heading = "Registry",
        hide_short_help = true
    )]
    pub(crate) certificate_authority: Option<PathBuf>,
}
