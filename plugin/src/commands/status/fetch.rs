//! Reads the objects of flows from a cluster, and then fetches the plan of the flows.

mod credentials;
mod picked;
mod registry;

use std::collections::{BTreeMap, BTreeSet};

use extreg_cluster::{
    Cluster, PageQuery,
    collect::{ProgressOutput, Scope, collect, collect_named},
};
use extreg_flow::{Fetched, KINDS, Plan, Report, ReportOptions, World, flows, streams_elsewhere};
use extreg_snapshot::{
    Snapshot,
    coverage::{Coverage, GapReason},
    kind::Kind,
    place::ObjectId,
    read::{Detail, ReadOptions},
};
use extreg_terminal::Printer;

use self::registry::Registries;
use super::settings::Settings;
use crate::{context::Context, error::Error};

/// Rounds of reading; an alias can point to another alias.
const ROUNDS: usize = 4;

/// The source of the objects.
pub(super) struct Source {
    cluster: Cluster,
    /// The namespace; none for all of them.
    namespace: Option<String>,
    /// None if registries are not queried.
    registries: Option<Registries>,
    progress: ProgressOutput,
}

impl Source {
    /// A source for the requested namespaces. Sends no request yet.
    ///
    /// # Errors
    /// If the kubeconfig is invalid.
    pub(super) async fn new(settings: &Settings, context: &Context) -> Result<Self, Error> {
        let cluster = context.cluster().await?;
        let namespace = (!settings.all_namespaces).then(|| cluster.namespace().to_owned());
        Ok(Self {
            cluster,
            namespace,
            registries: match &settings.registry {
                Some(endpoints) => Some(Registries::new(endpoints, context)?),
                None => None,
            },
            progress: if settings.watch {
                ProgressOutput::Nowhere
            } else {
                ProgressOutput::OnTerminal
            },
        })
    }

    /// Describes the namespaces that are read.
    pub(super) fn place(&self) -> String {
        match &self.namespace {
            Some(name) => format!("{name} namespace"),
            None => "any namespace".to_owned(),
        }
    }

    /// Reads the objects and everything else that is needed to judge them, and judges them.
    ///
    /// # Errors
    /// If the user cannot read any resource, the login has expired or the server does not answer.
    pub(super) async fn report(
        &mut self,
        settings: &Settings,
        context: &Context,
    ) -> Result<Report, Error> {
        let mut wanted = settings.wanted.clone();
        if !settings.selector.is_empty() {
            wanted.picked = Some(self.picked(&settings.selector).await?);
        }
        let snapshot = self.snapshot(&context.printer).await?;
        let world = World::of(&snapshot);
        let flows = flows(&world, &wanted);
        let answers = self.registries.as_ref().map(Registries::answers);
        let plan = Plan::of(&world, &flows, answers.as_ref());
        let fetched = self.fetch(plan, &context.printer).await?;
        let options = ReportOptions {
            now: jiff::Timestamp::now(),
            invocation: &context.invocation(),
            with_objects: settings.with_objects,
        };
        Ok(Report::of(&world, &flows, &fetched, &options))
    }

    async fn snapshot(&self, printer: &Printer) -> Result<Snapshot, Error> {
        let options = ReadOptions {
            detail: Detail::Flows,
            ..ReadOptions::default()
        };
        let scope = Scope {
            namespace: self.namespace.clone(),
            selector: String::new(),
            kinds: KINDS.to_vec(),
            progress: self.progress,
        };
        let mut reader = collect(&self.cluster, &scope, &options, printer).await?;
        self.check_rights(reader.coverage_mut()).await?;
        let namespaces = self.namespace.as_deref().map(|name| [name.into()].into());
        reader.coverage_mut().scope.namespaces = namespaces;
        let mut snapshot = reader.finish(self.cluster.name().to_owned());
        let mut known: BTreeSet<ObjectId> = BTreeSet::new();
        for _ in 0..ROUNDS {
            let open = &streams_elsewhere(&snapshot) - &known;
            if open.is_empty() {
                break;
            }
            let found = collect_named(&self.cluster, &open, &options).await?;
            let found = found.finish(String::new());
            snapshot.streams.extend(found.streams);
            snapshot.streams.sort_by(|a, b| a.object.cmp(&b.object));
            snapshot.coverage.gaps.extend(found.coverage.gaps);
            known.extend(open);
        }
        Ok(snapshot)
    }

    /// If nothing at all can be listed, returns the server's own error.
    async fn check_rights(&self, coverage: &Coverage) -> Result<(), Error> {
        let mut gaps = coverage.gaps.iter();
        let is_refused = coverage.read.is_empty()
            && !coverage.gaps.is_empty()
            && gaps.all(|gap| gap.why == GapReason::Forbidden);
        let is_served = |kind: &Kind| !coverage.not_served.contains(kind);
        if is_refused && let Some(kind) = KINDS.into_iter().find(is_served) {
            let query = PageQuery {
                limit: 1,
                ..PageQuery::default()
            };
            let path = kind.api().path(self.namespace.as_deref());
            self.cluster.page(&query.of(&path)).await?;
        }
        Ok(())
    }

    async fn fetch(&mut self, plan: Plan, printer: &Printer) -> Result<Fetched, Error> {
        let credentials = self.credentials(plan.credentials, printer).await?;
        let absent_secrets = self.absent(plan.secrets, &credentials).await?;
        let images = self.logins(plan.images, &credentials).await?;
        let registry = match &mut self.registries {
            Some(registries) => {
                if !images.is_empty() && self.progress != ProgressOutput::Nowhere {
                    printer.status("querying registries");
                }
                registries.query(images).await
            }
            None => BTreeMap::new(),
        };
        Ok(Fetched {
            registry,
            credentials,
            absent_secrets,
        })
    }
}
