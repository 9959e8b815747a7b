//! `audit`: which images come from which registries, under whose credentials, against policy and
//! benchmark.

mod args;
mod diff;
pub mod explain;
mod list;
mod output;
mod publish;
mod rbac;
mod settings;
mod table;

use std::{fs, path::Path};

use clap::Subcommand;
use extreg_audit::{
    baseline::Baseline,
    check::Severity,
    judge::{Options, judge},
    report::Report,
    suppress::{ANNOTATION, Limits, suppress},
    verdict::{Gate, Ruling, Verdict},
};
use extreg_remedy::Caller;
use extreg_report as data;
use extreg_snapshot::coverage::GapReason;
use extreg_terminal::{Exit, Printer};
use jiff::{Span, Timestamp, tz::TimeZone};

use self::{
    args::{GateArgs, JudgeArgs, OutputArgs},
    output::Output,
    publish::publish,
    settings::{Destination, Judgment, gate},
};
use crate::{
    collect::{Collected, Input, InputArgs, collect},
    context::Context,
    error::Error,
    skipped::print_skipped,
    verdict::ruling,
};

/// Show images, their registries and credentials, and problems with them
///
/// Reads a cluster, files, or the output of oc adm inspect, and runs fifteen checks with the engine
/// of the webhook. Of secrets, only the names of their registries are kept; their values are never
/// kept or shown. The report lists resources that you cannot read. Changes nothing, unless
/// --publish is given.
#[derive(Clone, Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
    # The current namespace, and all namespaces\n  \
    oc extreg audit\n  \
    oc extreg audit -A\n\n  \
    # A page for the auditor and a report for machines, of two clusters, in one run\n  \
    oc extreg audit -A --context prod --context dev -o html=audit.html -o json=audit.json\n\n  \
    # In a pipeline: the files of a repository; fail on findings that the baseline does not have\n  \
    oc extreg audit --ci -f deploy/ -R --baseline .extreg-baseline.json --fail-on-new\n\n  \
    # Without a cluster: the archive of a support case\n  \
    oc extreg audit --must-gather must-gather.tar.gz\n\n  \
    # What if these files were applied?\n  \
    oc extreg audit -A --with new.yaml\n\n\
    The exit code is the same for every format: 0, or 3 for findings at or above --fail-on, 4 if \
    less than --require-coverage was read or no object was read, 1 if a list failed or a file \
    cannot be read."
)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    gate: GateArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    Diff(diff::Args),
    Explain(explain::Args),
    List(list::Args),
    Rbac(rbac::Args),
}

impl Args {
    /// Whether `--ci` is given; it also changes global flags.
    pub(crate) const fn is_ci(&self) -> bool {
        self.gate.ci
    }
}

/// The formats that a report can be written in, as they are typed.
pub(crate) fn formats() -> Vec<&'static str> {
    output::Format::names()
}

/// Runs the audit.
///
/// # Errors
/// If a flag, a file that a flag names or the kubeconfig is invalid, the login has expired, or a
/// file cannot be written.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match args.what {
        Some(What::Diff(args)) => return diff::run(&args, context),
        Some(What::Explain(args)) => return Ok(explain::run(&args, context)),
        Some(What::List(args)) => return list::run(&args, context),
        Some(What::Rbac(args)) => return rbac::run(args, context).await,
        None => {}
    }
    let gate = gate(&args.gate);
    let destination = Destination::new(args.output, args.gate.ci, args.input.all_namespaces)?;
    let input = Input::new(args.input, context.contexts(), context.namespace.as_deref())?;
    if destination.publish && !matches!(&input, Input::Clusters(asked) if asked.with.is_empty()) {
        return Err(Error::usage(
            "--publish writes the findings of a cluster, and cannot be used with files",
        ));
    }
    let mut judgment = Judgment::from_args(args.judge)?;

    let policy = std::mem::take(&mut judgment.policy);
    let mut collected = collect(&input, policy, context).await?;
    collected.notices.extend(context.files.lines());
    let skipped = collected.skipped.clone();
    let lines = std::mem::take(&mut collected.lines);
    let mut report = report(collected, &judgment, context.caller, Timestamp::now());
    lines.point_at_fields(&mut report);
    let (ruling, mut exit) = ruling(&report, gate);

    write(&report, &destination, gate, context)?;
    if let (true, Input::Clusters(clusters)) = (destination.publish, &input) {
        exit = exit.and(publish(&report, clusters, context).await?);
    }
    if ruling.verdict == Verdict::Empty {
        print_skipped(&skipped, &context.printer);
    }
    print_outcome(&report, &destination, &ruling, context);
    Ok(exit)
}

/// Judges the snapshots.
fn report(collected: Collected, judgment: &Judgment, caller: Caller, now: Timestamp) -> Report {
    let options = Options {
        checks: judgment.checks.clone(),
        caller,
        now: now.as_second(),
    };
    let sections = collected.snapshots.into_iter();
    let mut report = Report {
        generated: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sections: sections.map(|snapshot| judge(snapshot, &options)).collect(),
        checks: judgment.checks.iter().copied().collect(),
        notices: collected.notices,
        ..Report::default()
    };
    if let Some(exceptions) = &judgment.exceptions {
        let today = now.to_zoned(TimeZone::UTC).date();
        let mut limits = Limits {
            annotations: judgment.annotations,
            ..Limits::default()
        };
        if let Some(days) = judgment.longest {
            let latest = today.checked_add(Span::new().days(i64::from(days)));
            limits.latest = latest.unwrap_or(limits.latest);
        }
        suppress(&mut report, exceptions, limits, today);
        report.notices.extend(by_annotation(&report));
    }
    if let Some(baseline) = &judgment.baseline {
        baseline.compare(&mut report);
    }
    report
}

/// How many findings annotations suppress, and until when: every user who can edit an object can write one.
fn by_annotation(report: &Report) -> Option<String> {
    let suppressions = report
        .findings()
        .filter_map(|(_, finding)| finding.suppression.as_ref())
        .filter(|suppression| suppression.by == ANNOTATION);
    let days: Vec<&str> = suppressions.map(|it| it.expires.as_str()).collect();
    let latest = days.iter().max()?;
    let count = match days.len() {
        1 => "1 finding is".to_owned(),
        count => format!("{count} findings are"),
    };
    Some(format!(
        "{count} suppressed by annotations of objects, the last until {latest} \
         (--no-annotation-exceptions counts them)"
    ))
}

/// Writes the report in all requested formats, the baseline and the saved report.
fn write(
    report: &Report,
    destination: &Destination,
    gate: Gate,
    context: &Context,
) -> Result<(), Error> {
    let printer = &context.printer;
    if let Some(path) = &destination.baseline {
        let text = Baseline::of(report).to_json();
        let text = text.map_err(|error| Error::failed(error.to_string()))?;
        write_file(path, text.as_bytes(), "baseline", printer)?;
    }
    if let Some(folder) = &destination.folder {
        save(report, folder, printer)?;
    }
    let output = Output {
        specs: &destination.specs,
        gate,
        with_namespaces: destination.with_namespaces,
        details: destination.details,
        caller: context.caller,
        printer,
    };
    match destination.shown_from {
        Some(least) => output.write(&shown(report, least)),
        None => output.write(report),
    }
}

/// The report without findings of a lower severity.
fn shown(report: &Report, least: Severity) -> Report {
    let mut report = report.clone();
    let mut hidden = 0;
    for section in &mut report.sections {
        let all = section.findings.len();
        section.findings.retain(|finding| finding.severity >= least);
        hidden += all - section.findings.len();
    }
    if hidden > 0 {
        let notice = format!("{hidden} findings below {least} are not shown (--min-severity)");
        report.notices.push(notice);
    }
    report
}

/// Keeps the report under the time at which it was made.
fn save(report: &Report, folder: &Path, printer: &Printer) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        Error::failed(format!("cannot write to {}: {error}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut bytes = Vec::new();
    let options = data::Options::default();
    data::render(data::Format::Json, report, options, &mut bytes).map_err(failed)?;
    let stamp = report.generated.replace([':', '-'], "");
    write_file(
        &folder.join(format!("audit-{stamp}.json")),
        &bytes,
        "json",
        printer,
    )
}

fn write_file(path: &Path, bytes: &[u8], what: &str, printer: &Printer) -> Result<(), Error> {
    let shown = path.display();
    fs::write(path, bytes)
        .map_err(|error| Error::failed(format!("cannot write {shown}: {error}")))?;
    printer.note(format!("wrote {shown} ({what})"));
    Ok(())
}

/// Prints the reason for the exit code, and how to read the unreadable resources unless a table already shows it.
fn print_outcome(report: &Report, destination: &Destination, ruling: &Ruling, context: &Context) {
    let printer = &context.printer;
    if !ruling.sentence.is_empty() {
        printer.note(ruling.sentence.as_str());
    }
    let has_table = destination
        .specs
        .iter()
        .any(|spec| spec.file.is_none() && spec.format.is_for_a_terminal());
    let mut gaps = report
        .sections
        .iter()
        .flat_map(|section| &section.coverage.gaps);
    if !has_table && gaps.any(|gap| gap.why == GapReason::Forbidden) {
        printer.note(format!(
            "permission denied for some resources: {} audit rbac --export prints the ClusterRole that you need",
            context.caller
        ));
    }
}
