//! Reads the requested sources: one snapshot for each cluster, tree or set of files.

mod args;
mod field_lines;
mod files;
mod input;
mod policy_file;
mod rendered;
mod tree;

use extreg_audit::approval;
use extreg_cluster::{
    Cluster, ClusterError,
    collect::{self as lister, ProgressOutput, Scope},
};
use extreg_documents::Skipped;
use extreg_snapshot::{
    Snapshot, SourceKind,
    coverage::{Gap, GapReason, GapSubject, Scope as Asked},
    kind::Kind,
    read::{ReadOptions, Reader},
};
use extreg_terminal::Printer;

pub(crate) use self::{
    args::InputArgs,
    field_lines::FieldLines,
    input::{ClusterInput, FileInput, Input},
    policy_file::{PolicyFile, read as read_policy_file},
};
use crate::{context::Context, error::Error, installation::installed::Installation};

/// The section name for files.
const FILES: &str = "files";

/// The result of a read.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) snapshots: Vec<Snapshot>,
    /// Notes for the reader of the report, one line each.
    pub(crate) notices: Vec<String>,
    /// The line numbers of the fields of objects from files.
    pub(crate) lines: FieldLines,
    /// The files of the folders that were not read.
    pub(crate) skipped: Skipped,
}

/// Reads the requested sources.
///
/// # Errors
/// If no result is possible: a flag or the kubeconfig is invalid, the login has expired, the only cluster does not
/// answer. With several clusters, one that does not answer is a gap.
pub(crate) async fn collect(
    input: &Input,
    policy: PolicyFile,
    context: &Context,
) -> Result<Collected, Error> {
    let options = ReadOptions {
        policies: policy.policies,
        own_namespace: Installation::default().own_namespace,
        ..ReadOptions::default()
    };
    let mut collected = Collected::default();
    match input {
        Input::Clusters(asked) => collected.clusters(asked, &options, context).await?,
        Input::Files(input) => {
            let options = ReadOptions {
                source: SourceKind::Files,
                ..options
            };
            let reader = collected.files(input, options, context).await?;
            collected.add(reader, FILES.to_owned());
        }
        Input::Tree { source, namespace } => {
            let read = tree::read(source, namespace.as_deref(), options, &context.printer);
            let mut reader = read.await?;
            reader.coverage_mut().scope = scope_of(namespace.as_deref(), "");
            collected.add(reader, source.name());
        }
    }
    let several = collected.snapshots.len() > 1;
    for snapshot in &mut collected.snapshots {
        snapshot.approved.clone_from(&policy.approved);
        if let Some(notice) = approval::notice(snapshot) {
            let of = if several { &*snapshot.cluster_name } else { "" };
            let separator = if several { ": " } else { "" };
            collected.notices.push(format!("{of}{separator}{notice}"));
        }
    }
    Ok(collected)
}

/// Reads only some kinds of one cluster, in one namespace or in all.
///
/// # Errors
/// [`ClusterError::NotLoggedIn`]; [`ClusterError::Unreachable`]; 404 if the namespace does not exist.
pub(crate) async fn collect_kinds(
    cluster: &Cluster,
    namespace: Option<&str>,
    kinds: &[Kind],
    progress: ProgressOutput,
    printer: &Printer,
) -> Result<Snapshot, Error> {
    let options = ReadOptions {
        own_namespace: Installation::default().own_namespace,
        ..ReadOptions::default()
    };
    let scope = Scope {
        namespace: namespace.map(str::to_owned),
        selector: String::new(),
        kinds: kinds.to_vec(),
        progress,
    };
    let mut reader = lister::collect(cluster, &scope, &options, printer).await?;
    reader.coverage_mut().scope = scope_of(namespace, "");
    Ok(reader.finish(cluster.name().to_owned()))
}

impl Collected {
    async fn clusters(
        &mut self,
        input: &ClusterInput,
        options: &ReadOptions,
        context: &Context,
    ) -> Result<(), Error> {
        let mut clusters = Vec::new();
        if input.contexts.is_empty() {
            clusters.push((None, context.cluster_of(None).await?));
        }
        // Report every fault of the kubeconfig before the first request.
        for name in &input.contexts {
            clusters.push((Some(name), context.cluster_of(Some(name)).await?));
        }
        let names: Vec<String> = clusters.iter().map(|(_, c)| c.name().to_owned()).collect();
        let several = clusters.len() > 1;
        for (context_name, cluster) in clusters {
            let is_same = |name: &&String| **name == cluster.name();
            let name = match context_name {
                // The names of the contexts distinguish two contexts of one cluster.
                Some(context) if names.iter().filter(is_same).count() > 1 => context.clone(),
                _ => cluster.name().to_owned(),
            };
            let reader = self.cluster(&cluster, input, options, context).await;
            let reader = match reader {
                Err(Error::Cluster(ClusterError::Unreachable(message))) if several => {
                    unreachable(options, &message)
                }
                other => other?,
            };
            let mut snapshot = reader.finish(name);
            snapshot.connection = context
                .connection_flags(context_name.map(String::as_str))
                .into();
            self.snapshots.push(snapshot);
        }
        Ok(())
    }

    async fn cluster(
        &mut self,
        cluster: &Cluster,
        input: &ClusterInput,
        options: &ReadOptions,
        context: &Context,
    ) -> Result<Reader, Error> {
        let namespace = (!input.all_namespaces).then(|| cluster.namespace().to_owned());
        let scope = Scope {
            namespace: namespace.clone(),
            selector: input.selector.clone(),
            kinds: Kind::ALL
                .into_iter()
                .filter(|kind| *kind != Kind::Secret || !input.without_secrets)
                .collect(),
            progress: ProgressOutput::Everywhere,
        };
        let options = &ReadOptions {
            cap: Installation::read_or_default(cluster).await?.cap,
            ..options.clone()
        };
        if !input.without_secrets {
            context
                .printer
                .note("reading secrets; their values are not kept (--without-secrets skips them)");
        }
        let mut reader = lister::collect(cluster, &scope, options, &context.printer).await?;
        if input.without_secrets {
            reader.coverage_mut().gaps.insert(Gap {
                what: GapSubject::List {
                    kind: Kind::Secret,
                    namespace: namespace.as_deref().unwrap_or_default().into(),
                },
                why: GapReason::NotCollected,
                message: "excluded by --without-secrets".to_owned(),
            });
        }
        // An object of a file replaces the cluster's object of the same name.
        if !input.with.is_empty() {
            let files = FileInput {
                names: input.with.clone(),
                namespace: cluster.namespace().to_owned(),
                ..FileInput::default()
            };
            reader.merge(self.files(&files, options.clone(), context).await?);
        }
        reader.coverage_mut().scope = scope_of(namespace.as_deref(), &input.selector);
        Ok(reader)
    }

    async fn files(
        &mut self,
        input: &FileInput,
        options: ReadOptions,
        context: &Context,
    ) -> Result<Reader, Error> {
        let read = files::read(input, options, context.caller, &context.printer).await?;
        self.notices.extend(read.notices);
        self.lines.merge(read.lines);
        self.skipped.merge(read.skipped);
        Ok(read.reader)
    }

    fn add(&mut self, reader: Reader, name: String) {
        self.snapshots.push(reader.finish(name));
    }
}

fn scope_of(namespace: Option<&str>, selector: &str) -> Asked {
    Asked {
        namespaces: namespace.map(|name| [name.into()].into()),
        selector: selector.to_owned(),
    }
}

/// A cluster that could not be read at all.
fn unreachable(options: &ReadOptions, message: &str) -> Reader {
    let mut reader = Reader::new(options.clone());
    for kind in Kind::ALL {
        reader.coverage_mut().gaps.insert(Gap {
            what: GapSubject::List {
                kind,
                namespace: "".into(),
            },
            why: GapReason::Failed,
            message: message.to_owned(),
        });
    }
    reader
}
