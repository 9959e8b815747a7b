//! The objects of a cluster: every kind page by page, with a few concurrent requests. Resources that cannot
//! be read become gaps, and the rest is read.

mod gap;
mod list;
mod named;
mod progress;
mod served;
mod visible;

use std::cell::Cell;

use extreg_snapshot::{
    coverage::{Gap, GapReason, GapSubject},
    kind::{Kind, Purpose},
    read::{ReadOptions, Reader},
};
use extreg_terminal::Printer;
use futures::future::try_join_all;
use tokio::sync::OnceCell;

use self::{
    gap::list_gap,
    list::{End, List, read_object},
    progress::Progress,
    visible::Visible,
};
pub use self::{
    named::collect_named,
    served::{Served, Version},
};
use crate::{Cluster, ClusterError};

/// The location of the global pull secret.
pub const PULL_SECRET: (&str, &str) = ("openshift-config", "pull-secret");
/// Its name in a report.
pub const GLOBAL_PULL_SECRET: &str = "the global pull secret";
/// The description in a report of namespaces that the user cannot see.
pub const UNSEEN_NAMESPACES: &str = "namespaces that you cannot see";
/// Secrets of other types contain no registry credentials, and are not fetched.
pub const SECRET_TYPES: [&str; 2] = [
    "type=kubernetes.io/dockerconfigjson",
    "type=kubernetes.io/dockercfg",
];

/// The objects to read from a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The namespace; `None` for all.
    pub namespace: Option<String>,
    /// A label selector for objects that name images; empty selects all.
    pub selector: String,
    /// The kinds.
    pub kinds: Vec<Kind>,
    /// Where progress is shown.
    pub progress: ProgressOutput,
}

/// Where the progress of reading is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressOutput {
    /// Nowhere: the caller draws on the terminal.
    Nowhere,
    /// On a terminal.
    OnTerminal,
    /// On a terminal; otherwise a line at the start and every few thousand objects.
    Everywhere,
}

/// Lists a cluster.
struct Lister<'a> {
    cluster: &'a Cluster,
    scope: &'a Scope,
    options: &'a ReadOptions,
    printer: &'a Printer,
    progress: Progress<'a>,
    served: Served,
    visible: OnceCell<Visible>,
    /// Whether some kind was read only in the namespaces that the user can see.
    is_limited: Cell<bool>,
}

/// The result for a kind.
struct Read {
    reader: Reader,
    /// Why nothing of it could be read, if the server cannot be reached.
    unreachable: Option<String>,
}

/// Reads the objects of a cluster that are in scope.
///
/// # Errors
/// [`ClusterError::NotLoggedIn`]; [`ClusterError::Unreachable`] if no request at all was answered; 404 if the
/// requested namespace does not exist.
pub async fn collect(
    cluster: &Cluster,
    scope: &Scope,
    options: &ReadOptions,
    printer: &Printer,
) -> Result<Reader, ClusterError> {
    let lister = Lister {
        cluster,
        scope,
        options,
        printer,
        progress: Progress::new(cluster.name(), scope, printer),
        served: Served::default(),
        visible: OnceCell::new(),
        is_limited: Cell::new(false),
    };
    let kinds = scope.kinds.iter().map(|kind| lister.kind(*kind));
    let read = try_join_all(kinds).await?;
    if let Some(message) = read.first().and_then(|first| first.unreachable.clone())
        && read.iter().all(|kind| kind.unreachable.is_some())
    {
        return Err(ClusterError::Unreachable(message));
    }
    let mut all = Reader::new(options.clone());
    for kind in read {
        all.merge(kind.reader);
    }
    let all = lister.pull_secret(all).await?;
    let all = lister.report_unseen(all);
    lister.progress.finish();
    Ok(all)
}

impl Lister<'_> {
    /// Reads a kind.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only; 404 if the namespace does not exist.
    async fn kind(&self, kind: Kind) -> Result<Read, ClusterError> {
        let reader = Reader::new(self.options.clone());
        let mut read = Read {
            reader,
            unreachable: None,
        };
        if kind == Kind::Namespace
            && let Some(name) = &self.scope.namespace
        {
            read.reader = self.one_namespace(name, read.reader).await?;
            self.progress.kind_done();
            return Ok(read);
        }
        let namespace = self
            .scope
            .namespace
            .as_deref()
            .filter(|_| kind.api().namespaced);
        let list = List {
            kind,
            version: kind.api().version.to_owned(),
            namespace: namespace.unwrap_or_default().to_owned(),
        };
        self.whole(list, &mut read).await?;
        self.progress.kind_done();
        Ok(read)
    }

    /// Reads a list, in another version if only that one is served, or namespace by namespace
    /// if it cannot be read as a whole.
    async fn whole(&self, list: List, read: &mut Read) -> Result<(), ClusterError> {
        let kind = list.kind;
        let end = self.list(&list, &mut read.reader).await?;
        let end = match end {
            End::Absent | End::Forbidden => {
                match self
                    .served
                    .version(self.cluster, kind, &list.version)
                    .await?
                {
                    Version::None => {
                        read.reader.coverage_mut().not_served.insert(kind);
                        return Ok(());
                    }
                    Version::Same | Version::Unknown => end,
                    Version::Other(version) => {
                        let other = List {
                            version,
                            ..list.clone()
                        };
                        self.list(&other, &mut read.reader).await?
                    }
                }
            }
            end => end,
        };
        match end {
            End::Complete => {}
            End::Absent => {
                read.reader.coverage_mut().not_served.insert(kind);
            }
            End::Forbidden if list.namespace.is_empty() => {
                self.by_namespace(list, read).await?;
            }
            End::Forbidden => {
                list_gap(&mut read.reader, &list, GapReason::Forbidden, String::new());
            }
            End::Unreachable(message) => {
                read.unreachable = Some(message.clone());
                list_gap(&mut read.reader, &list, GapReason::Failed, message);
            }
            End::Failed(message) => list_gap(&mut read.reader, &list, GapReason::Failed, message),
        }
        Ok(())
    }

    /// Reads a kind in each namespace that the user can see.
    async fn by_namespace(&self, list: List, read: &mut Read) -> Result<(), ClusterError> {
        if !list.kind.api().namespaced && list.kind != Kind::Namespace {
            list_gap(&mut read.reader, &list, GapReason::Forbidden, String::new());
            return Ok(());
        }
        let visible = self.visible().await?;
        if list.kind == Kind::Namespace && !visible.projects.is_empty() {
            for project in &visible.projects {
                // A project is a namespace as its members see it, including labels.
                read_object(&mut read.reader, Kind::Namespace, project, "");
            }
            return Ok(());
        }
        if !list.kind.api().namespaced || visible.names.is_empty() {
            list_gap(&mut read.reader, &list, GapReason::Forbidden, String::new());
            return Ok(());
        }
        self.is_limited.set(true);
        for name in &visible.names {
            let here = List {
                namespace: name.clone(),
                ..list.clone()
            };
            match self.list(&here, &mut read.reader).await? {
                End::Complete | End::Absent => {}
                End::Forbidden => {
                    list_gap(&mut read.reader, &here, GapReason::Forbidden, String::new());
                }
                End::Failed(message) | End::Unreachable(message) => {
                    list_gap(&mut read.reader, &here, GapReason::Failed, message);
                }
            }
        }
        Ok(())
    }

    /// Reports that the cluster may have namespaces that were not seen.
    fn report_unseen(&self, mut reader: Reader) -> Reader {
        if let Some(visible) = self.visible.get().filter(|_| self.is_limited.get()) {
            reader.coverage_mut().gaps.insert(Gap {
                what: GapSubject::Fact(UNSEEN_NAMESPACES.to_owned()),
                why: GapReason::Forbidden,
                message: match visible.names.len() {
                    0 => String::new(),
                    count => format!("{count} are visible"),
                },
            });
        }
        reader
    }

    async fn visible(&self) -> Result<&Visible, ClusterError> {
        self.visible
            .get_or_try_init(|| visible::find(self.cluster))
            .await
    }

    /// The label selector for a kind: kinds that affect objects of another kind are read completely.
    fn labels(&self, kind: Kind) -> &str {
        match kind.purpose() {
            Purpose::Usage => &self.scope.selector,
            Purpose::Configuration | Purpose::Credentials => "",
        }
    }
}
