//! `audit diff`: compares the findings of two reports.

use std::path::PathBuf;

use extreg_audit::{
    diff::{Change, Diff, DiffRow, diff},
    saved::SavedReport,
};
use extreg_terminal::{Exit, Printer, Text};
use serde_json::json;

use super::{settings::read, table::command_for};
use crate::{
    args::OutputArgs,
    context::Context,
    error::Error,
    print::{DataFormat, to_data},
};

/// Compare the findings of two reports
///
/// A finding is new, fixed, unchanged, or incomparable because one of the two runs did not read the
/// object. The reports are files that -o json or --save wrote.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "The exit code is 0 if no finding is new, fixed or incomparable, 1 otherwise, and \
    2 if a report cannot be read."
)]
pub(super) struct Args {
    /// Earlier report
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// Later report
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Also show unchanged findings
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Error> {
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    let diff = diff(&old, &new);
    let printer = &context.printer;
    match args.output.format {
        Some(format) => {
            let document = json!({
                "apiVersion": "extreg.io/v1", "kind": "AuditDiff",
                "notices": &diff.notices, "findings": &diff.rows,
            });
            printer.raw(&to_data(&document, format)?);
        }
        None => print(&diff, args.all, context, printer),
    }
    Ok(if diff.differs() {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// Reads a report that was saved.
pub(super) fn load(path: &std::path::Path) -> Result<SavedReport, Error> {
    SavedReport::parse(&read("report", path)?)
        .map_err(|error| Error::usage(format!("report {}: {error}", path.display())))
}

fn print(diff: &Diff, all: bool, context: &Context, printer: &Printer) {
    for row in &diff.rows {
        if row.change != Change::Unchanged || all {
            printer.line(line(row));
        }
        if printer.out_is_closed() {
            return;
        }
    }
    let counts: Vec<String> = Change::ALL
        .into_iter()
        .map(|change| format!("{} {}", diff.count(change), change.word()))
        .collect();
    printer.line(Text::new().bold(counts.join(", ")));
    for notice in &diff.notices {
        printer.note(command_for(context.caller, notice));
    }
}

fn line(row: &DiffRow) -> Text {
    let (sign, text) = match row.change {
        Change::New => ("+", Text::new().red("+ ")),
        Change::Fixed => ("-", Text::new().green("- ")),
        Change::Incomparable => ("?", Text::new().orange("? ")),
        Change::Unchanged => (" ", Text::new().plain("  ")),
    };
    let mut text = text.plain(format!(
        "{} {} {}: {}",
        row.severity, row.check, row.place, row.message
    ));
    if sign == "?" {
        text = text.dim(format!(" ({})", row.reason));
    }
    if row.suppressed {
        text = text.dim(" (suppressed)");
    }
    text
}
