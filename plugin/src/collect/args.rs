//! The flags that say what to read.

use std::path::PathBuf;

use extreg_documents::Exclude;

/// What to look at; without any of it, the current namespace of the cluster.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArgs {
    /// All namespaces of the cluster
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Of the cluster only objects with these labels; configuration and credentials are read whole
    #[arg(short = 'l', long, value_name = "LABELS")]
    pub(crate) selector: Option<String>,
    /// Files, folders, or - for stdin, instead of the cluster
    #[arg(short, long, value_name = "FILE")]
    pub(crate) filename: Vec<String>,
    /// Read the folders in folders too
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Skip files and folders that match, such as charts or "**/test/*"; can be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<Exclude>,
    /// A folder with a kustomization, built by oc, kubectl or kustomize
    #[arg(short = 'k', long, value_name = "DIR")]
    pub(crate) kustomize: Vec<PathBuf>,
    /// A Helm chart, rendered by helm
    #[arg(long, value_name = "CHART")]
    pub(crate) helm_chart: Option<PathBuf>,
    /// Values for the chart; can be repeated
    #[arg(long, value_name = "FILE", requires = "helm_chart")]
    pub(crate) helm_values: Vec<PathBuf>,
    /// A value for the chart, as KEY=VALUE; can be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "helm_chart")]
    pub(crate) helm_set: Vec<String>,
    /// What oc adm inspect or must-gather wrote: a folder, a tar or tar.gz, or - for stdin
    #[arg(long, value_name = "PATH")]
    pub(crate) must_gather: Option<String>,
    /// Do not read secrets; what depends on credentials is inconclusive then
    #[arg(long)]
    pub(crate) without_secrets: bool,
    /// Files to lay over the cluster, as if they were applied; can be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Vec<String>,
}
