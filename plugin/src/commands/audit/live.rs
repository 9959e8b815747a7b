//! The objects of a cluster: every kind page by page, a few requests at a time. What may not be read
//! or fails is a gap, and the rest is read.

mod list;
mod progress;
mod visible;

use std::{cell::Cell, sync::Arc};

use extreg_audit::{
    coverage::{Gap, GapReason, GapSubject},
    kind::{Kind, Purpose},
    read::{ReadOptions, Reader},
};
use futures::future::try_join_all;
use tokio::sync::{OnceCell, Semaphore};

use self::{
    list::{End, List, read_object},
    progress::Progress,
    visible::Visible,
};
use super::served::{Served, Version};
use crate::{
    api::{self, Cluster, PageQuery},
    error::Error,
    printer::Printer,
};

/// As many requests are under way at a time; more would be felt by others.
pub(super) const IN_FLIGHT: usize = 8;
/// Where the global pull secret is.
pub(super) const PULL_SECRET: (&str, &str) = ("openshift-config", "pull-secret");
/// How it is called in a report.
pub(super) const GLOBAL_PULL_SECRET: &str = "the global pull secret";
/// How namespaces that the user cannot see are called in a report.
pub(super) const UNSEEN_NAMESPACES: &str = "what is in namespaces that you cannot see";
/// Secrets of other types hold no credential of a registry, and are not fetched.
const SECRET_TYPES: [&str; 2] = [
    "type=kubernetes.io/dockerconfigjson",
    "type=kubernetes.io/dockercfg",
];

/// Which objects of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// The namespace; none for all of them.
    pub(super) namespace: Option<String>,
    /// A label selector for objects that name images; empty picks all.
    pub(super) selector: String,
}

/// Lists a cluster.
struct Lister<'a> {
    cluster: &'a Cluster,
    scope: &'a Scope,
    options: &'a ReadOptions,
    printer: &'a Printer,
    progress: Progress<'a>,
    permits: Arc<Semaphore>,
    served: Served,
    visible: OnceCell<Visible>,
    /// Whether some kind was read only in the namespaces that the user can see.
    is_limited: Cell<bool>,
}

/// What became of a kind.
struct Read {
    reader: Reader,
    /// Why nothing of it could be read, where the server cannot be reached.
    unreachable: Option<String>,
}

/// Reads a cluster.
///
/// # Errors
/// [`Error::NotLoggedIn`]; [`Error::Unreachable`] if no request at all was answered; 404 if the
/// namespace that was asked for is not there.
pub(super) async fn read(
    cluster: &Cluster,
    scope: &Scope,
    options: &ReadOptions,
    printer: &Printer,
) -> Result<Reader, Error> {
    let lister = Lister {
        cluster,
        scope,
        options,
        printer,
        progress: Progress::new(cluster.name(), scope.namespace.as_deref(), printer),
        permits: Arc::new(Semaphore::new(IN_FLIGHT)),
        served: Served::default(),
        visible: OnceCell::new(),
        is_limited: Cell::new(false),
    };
    let kinds = Kind::ALL.into_iter().map(|kind| lister.kind(kind));
    let read = try_join_all(kinds).await?;
    if let Some(message) = read.first().and_then(|first| first.unreachable.clone())
        && read.iter().all(|kind| kind.unreachable.is_some())
    {
        return Err(Error::Unreachable(message));
    }
    let mut all = Reader::new(options.clone());
    for kind in read {
        all.merge(kind.reader);
    }
    let all = lister.pull_secret(all).await?;
    let all = lister.tell_others(all);
    lister.progress.finish();
    Ok(all)
}

impl Lister<'_> {
    /// Reads a kind.
    ///
    /// # Errors
    /// [`Error::NotLoggedIn`] only; 404 of the namespace.
    async fn kind(&self, kind: Kind) -> Result<Read, Error> {
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

    /// Reads a list, in another version if it is served in another only, or namespace by namespace
    /// if it may not be read as a whole.
    async fn whole(&self, list: List, read: &mut Read) -> Result<(), Error> {
        let kind = list.kind;
        let end = self.list(&list, &mut read.reader).await?;
        let end = match end {
            End::Absent | End::Forbidden(_) => {
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
            End::Forbidden(message) if list.namespace.is_empty() => {
                self.by_namespace(list, message, read).await?;
            }
            End::Forbidden(message) => self.gap(read, &list, GapReason::Forbidden, message),
            End::Unreachable(message) => {
                read.unreachable = Some(message.clone());
                self.gap(read, &list, GapReason::Failed, message);
            }
            End::Failed(message) => self.gap(read, &list, GapReason::Failed, message),
        }
        Ok(())
    }

    /// Reads a kind in each namespace that the user can see.
    async fn by_namespace(
        &self,
        list: List,
        message: String,
        read: &mut Read,
    ) -> Result<(), Error> {
        if !list.kind.api().namespaced && list.kind != Kind::Namespace {
            self.gap(read, &list, GapReason::Forbidden, message);
            return Ok(());
        }
        let visible = self.visible().await?;
        if list.kind == Kind::Namespace && !visible.projects.is_empty() {
            for project in &visible.projects {
                // A project is a namespace as its members see it, labels and all.
                read_object(&mut read.reader, Kind::Namespace, project, "");
            }
            return Ok(());
        }
        if !list.kind.api().namespaced || visible.names.is_empty() {
            self.gap(read, &list, GapReason::Forbidden, message);
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
                End::Forbidden(message) => self.gap(read, &here, GapReason::Forbidden, message),
                End::Failed(message) | End::Unreachable(message) => {
                    self.gap(read, &here, GapReason::Failed, message);
                }
            }
        }
        Ok(())
    }

    /// Reads the one namespace that was asked for.
    async fn one_namespace(&self, name: &str, mut reader: Reader) -> Result<Reader, Error> {
        let path = api::Kind::NAMESPACE.path(None);
        match self.get(&format!("{path}/{name}")).await {
            Ok(json) => {
                read_object(&mut reader, Kind::Namespace, &json, "");
                Ok(reader)
            }
            Err(error @ Error::NotLoggedIn(_)) => Err(error),
            Err(error) if error.is_not_found() => Err(error),
            Err(error) => {
                reader.coverage_mut().gaps.insert(Gap {
                    what: GapSubject::List {
                        kind: Kind::Namespace,
                        namespace: name.into(),
                    },
                    why: reason(&error),
                    message: error.to_string(),
                });
                Ok(reader)
            }
        }
    }

    /// Reads the global pull secret, where the lists do not have it.
    async fn pull_secret(&self, mut reader: Reader) -> Result<Reader, Error> {
        let (namespace, name) = PULL_SECRET;
        let is_listed = match &self.scope.namespace {
            Some(asked) => asked == namespace,
            None => {
                !reader.coverage_mut().is_partial(Kind::Secret, namespace) && !self.is_limited.get()
            }
        };
        if is_listed
            || reader
                .coverage_mut()
                .not_served
                .contains(&Kind::ImageConfig)
        {
            return Ok(reader);
        }
        let path = api::Kind::SECRET.path(Some(namespace));
        let mut answer = self.get(&format!("{path}/{name}")).await;
        if answer.as_ref().is_err_and(Error::is_forbidden)
            && let Some(listed) = self.listed_secret(&path, name).await?
        {
            answer = listed;
        }
        match answer {
            Ok(json) => read_object(&mut reader, Kind::Secret, &json, namespace),
            Err(error @ Error::NotLoggedIn(_)) => return Err(error),
            Err(error) if error.is_not_found() => reader.listed(Kind::Secret, namespace),
            Err(error) => {
                reader.coverage_mut().gaps.insert(Gap {
                    what: GapSubject::Fact(GLOBAL_PULL_SECRET.to_owned()),
                    why: reason(&error),
                    message: error.to_string(),
                });
            }
        }
        Ok(reader)
    }

    /// A secret out of a list of one, for somebody who may list secrets and not get them; none if
    /// they may not do that either.
    ///
    /// # Errors
    /// [`Error::NotLoggedIn`] only.
    async fn listed_secret(
        &self,
        path: &str,
        name: &str,
    ) -> Result<Option<Result<String, Error>>, Error> {
        let query = PageQuery {
            fields: format!("metadata.name={name}"),
            ..PageQuery::default()
        };
        let permit = self.permits.acquire().await;
        let page = self.cluster.page(&query.of(path)).await;
        drop(permit);
        match page {
            Err(error @ Error::NotLoggedIn(_)) => Err(error),
            Err(error) if error.is_forbidden() => Ok(None),
            Err(error) => Ok(Some(Err(error))),
            Ok(page) => Ok(Some(page.items().and_then(|page| {
                let first = page.items.first();
                // As the server says it to somebody who may get it.
                first
                    .map(|item| item.get().to_owned())
                    .ok_or_else(|| Error::Api {
                        code: 404,
                        reason: "NotFound".to_owned(),
                        message: format!("secrets \"{name}\" not found"),
                    })
            }))),
        }
    }

    /// Says that there may be namespaces that were not seen.
    fn tell_others(&self, mut reader: Reader) -> Reader {
        if let Some(visible) = self.visible.get().filter(|_| self.is_limited.get()) {
            reader.coverage_mut().gaps.insert(Gap {
                what: GapSubject::Fact(UNSEEN_NAMESPACES.to_owned()),
                why: GapReason::Forbidden,
                message: match visible.names.len() {
                    0 => String::new(),
                    count => format!("{count} can be seen"),
                },
            });
        }
        reader
    }

    async fn get(&self, path: &str) -> Result<String, Error> {
        let permit = self.permits.acquire().await;
        let page = self.cluster.page(path).await?;
        drop(permit);
        Ok(page.text()?.to_owned())
    }

    fn gap(&self, read: &mut Read, list: &List, why: GapReason, message: String) {
        let what = GapSubject::List {
            kind: list.kind,
            namespace: list.namespace.as_str().into(),
        };
        self.printer
            .log(2, || format!("{what}: {}: {message}", why.word()));
        read.reader
            .coverage_mut()
            .gaps
            .insert(Gap { what, why, message });
    }

    async fn visible(&self) -> Result<&Visible, Error> {
        self.visible
            .get_or_try_init(|| visible::find(self.cluster, &self.permits))
            .await
    }

    /// The label selector for a kind: what decides about others is read whole.
    fn labels(&self, kind: Kind) -> &str {
        match kind.api().purpose {
            Purpose::Usage => &self.scope.selector,
            Purpose::Configuration | Purpose::Credentials => "",
        }
    }
}

fn reason(error: &Error) -> GapReason {
    if error.is_forbidden() {
        GapReason::Forbidden
    } else {
        GapReason::Failed
    }
}
