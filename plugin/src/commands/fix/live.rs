//! Fixes a cluster: objects are listed, evaluated and reported, then changed one by one.

mod budget;
mod list;
pub(super) mod object;
pub(super) mod work;
mod write;

use std::collections::BTreeSet;

use extreg_cluster::Cluster;
use extreg_core::{count, object::Resource};
use extreg_documents::unreadable;
use extreg_terminal::{Exit, Printer};
use serde_json::Value;

use self::{
    budget::Budgeted,
    list::{Listed, Lister},
    work::Stage,
};
pub(super) use self::{
    object::{Found, Phase},
    work::Work,
};
use super::{
    Format,
    builds::{self, Builds},
    exception::{leave_excepted, today},
    plan::{Change, Judged},
    report::{Entry, Outcome, Report},
    settings::{ClusterAction, Settings},
};
use crate::{
    context::Context,
    engine::{Surroundings, decide, policies, warnings},
    error::Error,
    fanout::{Fanout, Refusal},
};

/// Makes a plan, and applies it if requested.
pub(super) async fn run(
    settings: &Settings,
    action: &ClusterAction,
    context: &Context,
) -> Result<Exit, Error> {
    let source = builds::Source::from_waiting(&action.waiting)?;
    let cluster = context.cluster().await?;
    let printer = std::sync::Arc::clone(&context.printer);
    let mut surroundings =
        Surroundings::of_cluster(cluster.clone(), settings.policies.clone(), printer).await?;
    surroundings.treat_unreadable_as_unknown();
    policies::warn_about_ties(surroundings.policies(), &context.printer);
    if action.all_namespaces {
        surroundings.learn_labels().await?;
    } else {
        surroundings.learn(cluster.namespace()).await?;
    }
    let lister = Lister::new(
        &cluster,
        &surroundings,
        settings.scope,
        action,
        &context.printer,
    );
    let listed = lister.list().await?;
    let namespaces: BTreeSet<String> = listed
        .found
        .iter()
        .map(|found| found.namespace.clone())
        .collect();
    context.printer.status(&format!(
        "reading the secrets and accounts of {}",
        count(namespaces.len(), "namespace")
    ));
    surroundings.learn_all(namespaces).await?;
    context.printer.clear_status();

    let mut report = Report::new(&context.printer, settings.format, false)
        .of_all_namespaces(action.all_namespaces);
    let plan = Planner {
        cluster: &cluster,
        settings,
        action,
        surroundings: &mut surroundings,
        report: &mut report,
        printer: &context.printer,
    };
    let (entries, work, mut fanout) = plan.plan(listed, source).await?;
    for entry in &entries {
        report.planned(entry);
    }
    let mut exit = if report.summary.errors > 0 {
        Exit::Incomplete
    } else {
        Exit::Done
    };
    let Some(dry_run) = action.act else {
        fanout.report(&context.printer);
        return finish_plan(report, entries, exit, settings, context);
    };
    context.printer.note(report.summary.description());
    let writer = write::Writer {
        cluster: &cluster,
        context,
        dry_run,
        max: action.max,
    };
    let (entries, end) = writer.write(entries, work, &mut fanout, &mut report).await;
    for entry in entries {
        report.settled(entry);
    }
    report.finish()?;
    let summary = &report.summary;
    if summary.remaining > 0 {
        context.printer.note(format!(
            "{} remaining (--max {}): run the same command again",
            count(summary.remaining, "object"),
            action.max
        ));
        exit = exit.and(Exit::No);
    }
    fanout.report(&context.printer);
    match end {
        Err(error) => Err(context.journal.ended_by(error)),
        Ok(()) => Ok(exit.and(fanout.exit())),
    }
}

/// Ends a run that only plans.
fn finish_plan(
    mut report: Report<'_>,
    entries: Vec<Entry>,
    exit: Exit,
    settings: &Settings,
    context: &Context,
) -> Result<Exit, Error> {
    for entry in entries {
        report.settled(entry);
    }
    report.finish()?;
    context.printer.note(report.summary.description());
    if report.summary.changes == 0 {
        return Ok(exit);
    }
    let what = match settings.format {
        Format::Name => "them".to_owned(),
        _ => count(report.summary.objects, "object"),
    };
    context
        .printer
        .note(format!("nothing was changed; use --yes to change {what}"));
    Ok(exit.and(Exit::No))
}

/// Makes the plan.
struct Planner<'a, 'p> {
    cluster: &'a Cluster,
    settings: &'a Settings,
    action: &'a ClusterAction,
    surroundings: &'a mut Surroundings,
    report: &'a mut Report<'p>,
    printer: &'a Printer,
}

impl Planner<'_, '_> {
    async fn plan(
        mut self,
        listed: Listed,
        source: builds::Source,
    ) -> Result<(Vec<Entry>, Vec<Work>, Fanout), Error> {
        let Listed {
            found,
            judged,
            system,
            errors,
            streams,
            scheduled,
        } = listed;
        self.report.summary.checked = judged.saturating_sub(found.len());
        self.report.summary.in_system_namespaces = system;
        for error in errors {
            self.report.error(error);
        }
        let mut fanout = Fanout::default();
        let mut objects = Vec::new();
        for found in found {
            if self.surroundings.is_terminating(&found.namespace) {
                let target = found.entry().place();
                fanout.refused(target, &found.namespace, Refusal::Terminating);
                continue;
            }
            match self.judge(&found).await? {
                Ok(judged) => objects.push((found, judged)),
                Err(message) => self.report.error(message),
            }
        }
        objects.sort_by(|(a, _), (b, _)| a.order().cmp(&b.order()));
        let scope = self.settings.scope;
        if scope.schedules {
            let budget = Budgeted::read(self.cluster, streams, &scheduled, &objects).await?;
            budget.skip(&mut objects, self.action.over_budget, self.printer);
        }
        let builds = Builds::new(self.cluster, self.surroundings, source);
        let waiting = builds.plan(&objects, scope.waiting).await?;

        let mut entries = Vec::new();
        let mut work = Vec::new();
        for (index, (found, judged)) in objects.into_iter().enumerate() {
            if !judged.changes.is_empty() {
                let body = found.body();
                let tests = judged.changes.iter().flat_map(|change| change.tests(&body));
                let edits = judged.changes.iter().flat_map(Change::operations);
                let operations: Vec<Value> = tests.chain(edits).collect();
                work.push(Work::patch(index, found.reference(), operations));
            }
            entries.push(found.entry().with(judged));
        }
        work.extend(waiting.apply(&mut entries));
        work.sort_by_key(|work| (work.stage, work.entries.first().copied()));
        for work in &work {
            for index in &work.entries {
                if let Some(entry) = entries.get_mut(*index) {
                    entry.result = Outcome::Planned;
                }
            }
        }
        Ok((entries, work, fanout))
    }

    /// The engine's changes for an object; inner: why it cannot be evaluated.
    async fn judge(&mut self, found: &Found) -> Result<Result<Judged, String>, Error> {
        let scope = self.settings.scope;
        let body = found.body();
        let judged = decide(
            self.surroundings,
            found.resource,
            &found.json,
            |_, verdict| Judged::new(verdict, &body, scope, warnings(verdict, true)),
        );
        let mut judged = match judged.await? {
            Ok(judged) => judged,
            Err(error) => {
                let place = found.entry().place();
                return Ok(Err(format!("{place}: {}", unreadable(&error))));
            }
        };
        if found.resource == Resource::Builds
            && let Some(phase) = found.phase.filter(|phase| *phase != Phase::New)
        {
            judged.skip(&format!(
                "its phase is {phase}: a change would have no effect"
            ));
        }
        leave_excepted(&mut judged, &body, today());
        if !self.action.include_managed
            && let Some(manager) = &found.manager
        {
            judged.skip(&format!(
                "{manager} would change it back: fix its source (fix -f), or use \
                 --include-managed"
            ));
        }
        Ok(Ok(judged))
    }
}

impl Stage {
    /// What objects wait for is created first.
    const fn from_resource(resource: Resource) -> Self {
        match resource {
            Resource::BuildConfigs => Self::BuildConfigs,
            Resource::Builds => Self::Builds,
            _ => Self::Streams,
        }
    }
}
