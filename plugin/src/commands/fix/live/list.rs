//! Lists objects that can need a fix, page by page. Compliant objects are not kept.

use std::{cell::RefCell, collections::BTreeSet};

use extreg_cluster::{Cluster, IN_FLIGHT, PageQuery, STREAM_LIMIT};
use extreg_core::{
    decide::Answers,
    object::{Body, Resource, Subject},
    verdict::{Decision, Reason},
};
use extreg_snapshot::{
    kind::Kind as AuditKind,
    place::Origin,
    read::{ReadOptions, Reader},
};
use extreg_terminal::Printer;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    super::settings::{ClusterAction, Scope},
    object::{Found, Phase, kind},
};
use crate::{engine::Surroundings, error::Error};

/// The result of listing.
#[derive(Default)]
pub(super) struct Listed {
    /// Objects to report.
    pub(super) found: Vec<Found>,
    /// Objects that were checked.
    pub(super) judged: usize,
    /// Places in system namespaces.
    pub(super) system: usize,
    /// Lists that could not be read.
    pub(super) errors: Vec<String>,
    /// Every ImageStream, as the audit stores it.
    pub(super) streams: Reader,
    /// The namespaces with a scheduled tag.
    pub(super) scheduled: BTreeSet<String>,
}

/// Lists objects.
pub(super) struct Lister<'a> {
    cluster: &'a Cluster,
    surroundings: &'a Surroundings,
    scope: Scope,
    action: &'a ClusterAction,
    printer: &'a Printer,
}

/// How a list ended.
enum End {
    Complete,
    Forbidden(Error),
}

/// What decides about a Build.
#[derive(Deserialize)]
struct BuildHead<'a> {
    #[serde(borrow, default)]
    status: Option<BuildStatus<'a>>,
}

#[derive(Default, Deserialize)]
struct BuildStatus<'a> {
    #[serde(borrow, default)]
    phase: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    reason: Option<std::borrow::Cow<'a, str>>,
}

impl<'a> Lister<'a> {
    pub(super) const fn new(
        cluster: &'a Cluster,
        surroundings: &'a Surroundings,
        scope: Scope,
        action: &'a ClusterAction,
        printer: &'a Printer,
    ) -> Self {
        Self {
            cluster,
            surroundings,
            scope,
            action,
            printer,
        }
    }

    /// Lists every relevant kind.
    ///
    /// # Errors
    /// [`extreg_cluster::ClusterError::NotLoggedIn`], [`extreg_cluster::ClusterError::Unreachable`], or 403 if all lists are denied.
    pub(super) async fn list(&self) -> Result<Listed, Error> {
        let place = if self.action.all_namespaces {
            format!("all namespaces of {}", self.cluster.name())
        } else {
            format!(
                "namespace {} of {}",
                self.cluster.namespace(),
                self.cluster.name()
            )
        };
        if self.printer.has_status() {
            self.printer.status(&format!("reading {place}"));
        } else {
            self.printer.note(format!("reading {place}"));
        }
        let builds = self.scope.secrets || self.scope.waiting;
        let kinds: Vec<Resource> = [
            (Resource::ImageStreams, self.scope.schedules),
            (Resource::BuildConfigs, self.scope.secrets),
            (Resource::Builds, builds),
        ]
        .into_iter()
        .filter_map(|(resource, is_wanted)| is_wanted.then_some(resource))
        .collect();
        let listed = RefCell::new(Listed {
            streams: Reader::new(ReadOptions::default()),
            ..Listed::default()
        });
        let lists = kinds.iter().map(|resource| self.kind(*resource, &listed));
        let refused: Vec<Option<Error>> = futures::future::try_join_all(lists).await?;
        let all = refused.len();
        let refused: Vec<Error> = refused.into_iter().flatten().collect();
        self.printer.clear_status();
        let mut listed = listed.into_inner();
        if refused.len() == all
            && let Some(error) = refused.into_iter().next()
        {
            return Err(error);
        }
        listed.errors.sort();
        Ok(listed)
    }

    /// Lists a kind; returns the error if permission is denied for all of it.
    async fn kind(
        &self,
        resource: Resource,
        listed: &RefCell<Listed>,
    ) -> Result<Option<Error>, Error> {
        let namespace = if self.action.all_namespaces {
            ""
        } else {
            self.cluster.namespace()
        };
        let error = match self.namespace(resource, namespace, listed).await? {
            End::Complete => return Ok(None),
            End::Forbidden(error) => error,
        };
        let visible: Vec<&str> = self.surroundings.visible().collect();
        if !self.action.all_namespaces || visible.is_empty() {
            refused(resource, "", &error, listed);
            return Ok(Some(error));
        }
        let ends: Vec<(&str, End)> = stream::iter(visible)
            .map(async |name| {
                let end = self.namespace(resource, name, listed).await?;
                Ok::<_, Error>((name, end))
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        let mut any = false;
        for (name, end) in &ends {
            match end {
                End::Complete => any = true,
                End::Forbidden(error) => refused(resource, name, error, listed),
            }
        }
        Ok((!any).then_some(error))
    }

    /// Lists a kind in a namespace, or in all namespaces if none is given.
    async fn namespace(
        &self,
        resource: Resource,
        namespace: &str,
        listed: &RefCell<Listed>,
    ) -> Result<End, Error> {
        let path = match namespace {
            "" => kind(resource).path(None),
            name => kind(resource).path(Some(name)),
        };
        let mut query = PageQuery {
            labels: self.action.selector.clone(),
            ..PageQuery::all()
        };
        if resource == Resource::ImageStreams {
            query.limit = STREAM_LIMIT;
        }
        let begin = || Listed {
            streams: Reader::new(ReadOptions::default()),
            ..Listed::default()
        };
        let read = |own: &mut Listed, item: &RawValue| {
            self.item(resource, item.get(), own);
            Ok::<_, Error>(())
        };
        match self.cluster.read_items(&path, query, begin, read).await {
            Ok(own) => {
                listed.borrow_mut().merge(own);
                Ok(End::Complete)
            }
            Err(error) if error.is_forbidden() => Ok(End::Forbidden(error)),
            // The cluster does not serve the kind: no objects exist.
            Err(error) if error.is_not_found() => Ok(End::Complete),
            Err(error) => Err(error),
        }
    }

    /// Checks one object, and keeps it if it must be reported.
    fn item(&self, resource: Resource, json: &str, own: &mut Listed) {
        if resource == Resource::Builds {
            let head: BuildHead<'_> =
                serde_json::from_str(json).unwrap_or(BuildHead { status: None });
            let status = head.status.unwrap_or_default();
            let phase = Phase::from_text(status.phase.as_deref().unwrap_or_default());
            if phase == Phase::Over {
                return;
            }
            own.judged += 1;
            let waits = status.reason.as_deref() == Some("MissingPushSecret");
            if self.scope.waiting && (waits || phase == Phase::New) {
                own.found.extend(Found::new(resource, json));
                return;
            }
        } else {
            own.judged += 1;
        }
        let Ok(subject) = Subject::of_object(resource, json) else {
            own.found.extend(Found::new(resource, json));
            return;
        };
        let is_scheduled = matches!(&subject.body, Body::ImageStream(change)
            if change.new.spec.tags.iter().any(|(_, tag)| tag.scheduled()));
        if is_scheduled {
            own.scheduled.insert(subject.namespace.to_string());
        }
        // A decision that depends on a stream is made when the object is judged.
        let matters = self.surroundings.inquiry(&subject.namespace).decide(
            &subject,
            |verdict| {
                let mut matters = false;
                for site in &verdict.sites {
                    match site.decision {
                        Decision::Keep(Reason::SystemNamespace | Reason::NotCalled) => {
                            own.system += 1;
                        }
                        Decision::Keep(
                            Reason::AlreadySet
                            | Reason::Internal
                            | Reason::OtherRegistry
                            | Reason::PolicySilent
                            | Reason::PolicyOff,
                        ) => {}
                        Decision::Keep(_) | Decision::Edit(..) => matters = true,
                    }
                }
                matters
            },
            |_| Answers::default(),
        );
        if resource == Resource::ImageStreams && (matters || is_scheduled) {
            // For the budget; errors are reported when the object is evaluated.
            let _ = own
                .streams
                .read(AuditKind::ImageStream, json, Origin::Cluster, "");
        }
        if matters {
            own.found.extend(Found::new(resource, json));
        }
    }
}

/// Records a list that could not be read.
fn refused(resource: Resource, namespace: &str, error: &Error, listed: &RefCell<Listed>) {
    let place = match namespace {
        "" => String::new(),
        name => format!(" of {name}"),
    };
    let what = format!("cannot list the {}{place}: {error}", resource.name());
    listed.borrow_mut().errors.push(what);
}

impl Listed {
    fn merge(&mut self, other: Self) {
        self.found.extend(other.found);
        self.judged += other.judged;
        self.system += other.system;
        self.streams.merge(other.streams);
        self.scheduled.extend(other.scheduled);
    }
}
