//! The importer's command-line arguments. [`super::Settings`] validates them.

use std::path::PathBuf;

use clap::Parser;

use crate::args::OperationArgs;

/// Import the tags that come from an image when a build has pushed it
#[derive(Clone, Debug, Parser)]
#[command(
    name = "extreg-importer",
    version,
    max_term_width = 100,
    args_override_self = true
)]
pub struct Args {
    /// Namespace of the importer, where its Lease is
    #[arg(long, env = "EXTREG_NAMESPACE", value_name = "NAME")]
    pub namespace: String,

    /// Label selector of the namespaces, as JSON; platform namespaces are always excluded
    #[arg(long, env = "EXTREG_NAMESPACE_SELECTOR", value_name = "SELECTOR")]
    pub namespace_selector: Option<String>,

    /// kubeconfig of the cluster [default: KUBECONFIG, ~/.kube/config or the pod's account]
    #[arg(long, env = "EXTREG_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Probes, metrics and logs
    #[command(flatten)]
    pub operation: OperationArgs,
}
