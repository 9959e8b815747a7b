//! `except prune`: removes exceptions that have expired, or are unused.

use std::collections::BTreeMap;

use extreg_audit::exceptions::{Exception, Standing, Statement};
use extreg_cluster::{Cluster, DryRun, ObjectRef};
use extreg_terminal::{Exit, Text};
use jiff::civil::Date;

use super::{
    gather::{Annotation, Spot},
    list::{Found, SourceArgs},
    object,
};
use crate::{
    context::Context,
    error::Error,
    fanout::{Fanout, Refusal},
};

/// Remove exceptions that have expired or are unused
///
/// Removes only their lines from the file of exceptions, and with -n or -A the annotations of a namespace or
/// of the cluster. Shows the plan only; --yes applies it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # Show the expired exceptions\n  \
    oc extreg except prune\n\n  \
    # Also remove exceptions that suppressed nothing in the last audit, in the file and in the cluster\n  \
    oc extreg except prune -A --unused --report report.json --yes\n\n\
    Annotations of pod templates are skipped: removing one rolls the workload out. Annotations of tags are \
    skipped, too.")]
pub(super) struct Args {
    #[command(flatten)]
    sources: SourceArgs,
    /// Also remove exceptions that suppressed nothing according to the report
    #[arg(long, requires = "report")]
    unused: bool,
    /// Apply the changes (default: show the plan only)
    #[arg(long)]
    yes: bool,
    /// Dry run: show the plan only, which is the default without --yes
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// Why an exception is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Expired(Date),
    Unused,
}

impl Why {
    fn description(self) -> String {
        match self {
            Self::Expired(day) => format!("expired on {day}"),
            Self::Unused => "suppresses nothing".to_owned(),
        }
    }
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let found = args.sources.find(context).await?;
    let plan = Plan::new(&found, args.unused, super::today());
    let printer = &context.printer;
    for (annotation, why) in &plan.kept {
        printer.note(format!(
            "{}: annotation for {} {}; skipped: it is on {}: remove it there",
            annotation.object,
            checks(annotation),
            why.description(),
            match &annotation.spot {
                Spot::Object => "it".to_owned(),
                Spot::Template(field) => (*field).to_owned(),
                Spot::Tag(tag) => format!("tag {tag}"),
            }
        ));
    }
    if plan.is_empty() {
        printer.note("Nothing to remove.");
        return Ok(Exit::Done);
    }
    let dry_run = if args.yes {
        DryRun::None
    } else {
        DryRun::Client
    };
    context
        .journal
        .advise("run the same command again to continue; removed exceptions are not affected");
    let fanout = match plan.carry_out(&found, dry_run, context).await {
        Ok(fanout) => fanout,
        Err(error) => return Err(context.journal.ended_by(error)),
    };
    if !args.yes {
        printer.note("Nothing was changed. Add --yes to apply the plan.");
    }
    fanout.report(printer);
    Ok(fanout.exit())
}

fn checks(annotation: &Annotation) -> String {
    annotation
        .statement
        .as_ref()
        .map_or_else(|_| String::new(), |statement| statement.check.to_string())
}

/// The exceptions to remove.
struct Plan<'a> {
    /// Positions in the file.
    entries: Vec<(usize, &'a Exception, Why)>,
    /// By object and key.
    annotations:
        BTreeMap<(&'a extreg_snapshot::place::ObjectId, &'a str), Vec<(&'a Annotation, Why)>>,
    /// Exceptions to remove that this command cannot remove.
    kept: Vec<(&'a Annotation, Why)>,
}

impl<'a> Plan<'a> {
    fn new(found: &'a Found, unused: bool, today: Date) -> Self {
        let report = found.unused.as_ref().filter(|_| unused);
        let entries = found.entries().iter().enumerate();
        let entries = entries.filter_map(|(position, entry)| {
            let is_unused = report.is_some_and(|report| report.has_entry(entry));
            let term = entry.term();
            let why = why(term.standing(today), term.expires(), is_unused)?;
            Some((position, entry, why))
        });
        let mut plan = Self {
            entries: entries.collect(),
            annotations: BTreeMap::new(),
            kept: Vec::new(),
        };
        for annotation in &found.annotations {
            let Ok(statement) = &annotation.statement else {
                continue;
            };
            let is_unused = report.is_some_and(|report| report.has_annotation(annotation));
            let standing = statement.term.standing(today);
            let Some(why) = why(standing, statement.term.expires(), is_unused) else {
                continue;
            };
            if annotation.spot == Spot::Object {
                let of = plan
                    .annotations
                    .entry((&annotation.object, &annotation.key));
                of.or_default().push((annotation, why));
            } else {
                plan.kept.push((annotation, why));
            }
        }
        plan
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.annotations.is_empty()
    }

    async fn carry_out(
        &self,
        found: &Found,
        dry_run: DryRun,
        context: &Context,
    ) -> Result<Fanout, Error> {
        let mut fanout = Fanout::default();
        let (printer, journal) = (&context.printer, &context.journal);
        let line = |what: String, why: Why| {
            let text = Text::new().plain(format!("{what} ")).red("deleted");
            printer.line(
                text.plain(dry_run.suffix())
                    .dim(format!(" ({})", why.description())),
            );
        };
        if let (Some(file), false) = (&found.file, self.entries.is_empty()) {
            let positions: Vec<usize> = self.entries.iter().map(|(at, ..)| *at).collect();
            let change = file.remove(&positions)?;
            file.check(&change)?;
            if dry_run == DryRun::None {
                journal.begin(file.name());
                file.write(&change)?;
                journal.done(format!("{} written", file.name()));
                fanout.written();
            }
            for (_, entry, why) in &self.entries {
                line(entry.to_string(), *why);
            }
        }
        if self.annotations.is_empty() {
            return Ok(fanout);
        }
        let cluster = context.cluster().await?;
        for ((id, key), gone) in &self.annotations {
            let reference = ObjectRef::new(id.kind.api(), &id.namespace, &id.name);
            journal.begin(reference.to_string());
            match clear(&cluster, &reference, key, gone, dry_run).await {
                Ok(true) if dry_run == DryRun::None => {
                    fanout.written();
                    journal.done(format!("{reference} configured"));
                }
                Ok(_) => journal.nothing_done(),
                Err(error) => {
                    journal.failed(&error);
                    let refusal = Refusal::from_error(error)?;
                    fanout.refused(id.to_string(), &id.namespace, refusal);
                    continue;
                }
            }
            for (annotation, why) in gone {
                line(format!("{id}: annotation for {}", checks(annotation)), *why);
            }
        }
        Ok(fanout)
    }
}

/// Whether a statement was found and removed.
async fn clear(
    cluster: &Cluster,
    reference: &ObjectRef,
    key: &str,
    gone: &[(&Annotation, Why)],
    dry_run: DryRun,
) -> Result<bool, Error> {
    // Another client removed it first.
    let Some(object) = cluster.get(reference).await? else {
        return Ok(false);
    };
    let statements = gone
        .iter()
        .filter_map(|(annotation, _)| annotation.statement.clone().ok());
    let statements: Vec<Statement> = statements.collect();
    let (verb, ..) = object::clear(cluster, object, key, &statements, dry_run).await?;
    Ok(verb.is_change())
}

fn why(standing: Standing, day: Date, is_unused: bool) -> Option<Why> {
    match standing {
        Standing::Expired => Some(Why::Expired(day)),
        _ if is_unused => Some(Why::Unused),
        Standing::Holds | Standing::Lapsing(_) => None,
    }
}
