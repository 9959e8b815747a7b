//! The flags that select what to read.

use std::path::PathBuf;

use extreg_documents::Exclude;

/// What to read; by default the current namespace of the cluster.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArgs {
    /// All namespaces of the cluster
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Label selector for objects of the cluster; configuration and credentials are read completely
    #[arg(short = 'l', long, value_name = "LABELS")]
    pub(crate) selector: Option<String>,
    /// Files, folders, or - for stdin, instead of the cluster
    #[arg(short, long, value_name = "FILE")]
    pub(crate) filename: Vec<String>,
    /// Read subfolders too
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Skip files and folders that match, such as charts or "**/test/*"; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<Exclude>,
    /// Folder with a kustomization, built by oc, kubectl or kustomize
    #[arg(short = 'k', long, value_name = "DIR")]
    pub(crate) kustomize: Vec<PathBuf>,
    /// Helm chart, rendered by helm
    #[arg(long, value_name = "CHART")]
    pub(crate) helm_chart: Option<PathBuf>,
    /// Values file for the chart; repeatable
    #[arg(long, value_name = "FILE", requires = "helm_chart")]
    pub(crate) helm_values: Vec<PathBuf>,
    /// Value for the chart, as KEY=VALUE; repeatable
    #[arg(long, value_name = "KEY=VALUE", requires = "helm_chart")]
    pub(crate) helm_set: Vec<String>,
    /// Output of oc adm inspect or must-gather: a folder, a tar or tar.gz, or - for stdin
    #[arg(long, value_name = "PATH")]
    pub(crate) must_gather: Option<String>,
    /// Do not read secrets; checks that depend on credentials are then inconclusive
    #[arg(long)]
    pub(crate) without_secrets: bool,
    /// Files to lay over the cluster, as if they were applied; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Vec<String>,
}
