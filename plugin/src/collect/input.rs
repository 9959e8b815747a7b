//! What to read.

use std::{collections::BTreeSet, path::PathBuf};

use extreg_documents::{Exclude, TreeSource};

use super::{
    args::InputArgs,
    rendered::{Chart, Rendered},
};
use crate::error::Error;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Clusters, and files to lay over each.
    Clusters(ClusterInput),
    /// Files.
    Files(FileInput),
    /// Output of `oc adm inspect`.
    Tree {
        /// The tree.
        source: TreeSource,
        /// The namespace to read; `None` for all.
        namespace: Option<String>,
    },
}

/// The clusters, and the objects to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClusterInput {
    /// The contexts; empty for the current one.
    pub(crate) contexts: Vec<String>,
    /// All namespaces, not one.
    pub(crate) all_namespaces: bool,
    /// Labels; empty for all.
    pub(crate) selector: String,
    /// Do not read secrets.
    pub(crate) without_secrets: bool,
    /// Files to lay over each.
    pub(crate) with: Vec<String>,
}

/// The files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileInput {
    pub(crate) names: Vec<String>,
    pub(crate) recursive: bool,
    pub(crate) exclude: Vec<Exclude>,
    pub(crate) rendered: Vec<Rendered>,
    /// The namespace of objects without one; may be empty.
    pub(crate) namespace: String,
}

impl Input {
    /// The current namespace of a cluster, or all namespaces.
    pub(crate) fn of_cluster(contexts: &[String], all_namespaces: bool) -> Self {
        Self::Clusters(ClusterInput {
            contexts: contexts.to_vec(),
            all_namespaces,
            ..ClusterInput::default()
        })
    }

    /// Files and folders.
    pub(crate) fn of_files(names: Vec<String>, recursive: bool) -> Self {
        Self::Files(FileInput {
            names,
            recursive,
            ..FileInput::default()
        })
    }

    /// # Errors
    /// [`Error::Usage`] if flags exclude each other, or a tree does not exist.
    pub(crate) fn new(
        args: InputArgs,
        contexts: &[String],
        namespace: Option<&str>,
    ) -> Result<Self, Error> {
        let files = FileInput {
            names: args.filename,
            recursive: args.recursive,
            exclude: args.exclude,
            rendered: rendered(
                args.kustomize,
                args.helm_chart,
                args.helm_values,
                args.helm_set,
            ),
            namespace: namespace.unwrap_or_default().to_owned(),
        };
        let has_files = !files.names.is_empty() || !files.rendered.is_empty();
        let is_offline = has_files || args.must_gather.is_some();
        if has_files && args.must_gather.is_some() {
            return Err(Error::usage(
                "--must-gather cannot be used with -f, -k or --helm-chart",
            ));
        }
        if is_offline && args.without_secrets {
            return Err(Error::usage(
                "--without-secrets requires a cluster as input",
            ));
        }
        if is_offline && !args.with.is_empty() {
            return Err(Error::usage("--with requires a cluster as input"));
        }
        if args.recursive && !has_files {
            return Err(Error::usage("-R requires -f with a folder"));
        }
        if !files.exclude.is_empty() && !has_files {
            return Err(Error::usage("--exclude requires -f with a folder"));
        }
        if is_offline && args.selector.is_some() {
            return Err(Error::usage(
                "-l requires a cluster as input: files are read completely",
            ));
        }
        if is_offline && args.all_namespaces && has_files {
            return Err(Error::usage(
                "-A requires a cluster as input: files are read completely",
            ));
        }
        if is_offline && contexts.len() > 1 {
            return Err(Error::usage("--context requires a cluster as input"));
        }
        if has_files {
            return Ok(Self::Files(files));
        }
        if let Some(name) = args.must_gather {
            let source = TreeSource::from_name(&name)
                .map_err(|error| Error::usage(format!("--must-gather: {error}")))?;
            return Ok(Self::Tree {
                source,
                namespace: namespace
                    .filter(|_| !args.all_namespaces)
                    .map(str::to_owned),
            });
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = contexts.iter().find(|context| !seen.insert(*context)) {
            return Err(Error::usage(format!("--context {twice}: given twice")));
        }
        Ok(Self::Clusters(ClusterInput {
            contexts: contexts.to_vec(),
            all_namespaces: args.all_namespaces,
            selector: args.selector.unwrap_or_default(),
            without_secrets: args.without_secrets,
            with: args.with,
        }))
    }
}

fn rendered(
    kustomize: Vec<PathBuf>,
    chart: Option<PathBuf>,
    values: Vec<PathBuf>,
    set: Vec<String>,
) -> Vec<Rendered> {
    let folders = kustomize.into_iter().map(Rendered::Kustomize);
    let chart = chart.map(|path| Rendered::Helm(Chart { path, values, set }));
    folders.chain(chart).collect()
}
