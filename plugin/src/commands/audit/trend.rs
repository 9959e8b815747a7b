//! `audit trend`: the reports of a folder over time.

use std::{fs, path::PathBuf};

use extreg_audit::{
    check::Severity,
    trend::{TrendPoint, trend},
};
use serde_json::json;

use super::diff;
use crate::{
    api::{DataFormat, to_data},
    context::Context,
    error::Error,
    exit::Exit,
    printer::Columns,
};

/// Show the reports of a folder over time: how many findings, and what came and went
///
/// Reports are what --save and -o json write; what is no such report in the folder is left out.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// The folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Format: json or yaml
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    output: Option<DataFormat>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Error> {
    let printer = &context.printer;
    let mut reports = Vec::new();
    for (name, path) in files(&args.folder)? {
        match diff::load(&path) {
            Ok(report) => reports.push((name, report)),
            Err(error) => printer.warn(error.to_string().trim_start_matches("error: ")),
        }
    }
    let points = trend(reports).map_err(|error| Error::usage(error.to_string()))?;
    if points.is_empty() {
        printer.note(format!(
            "no report in {}: audit --save DIR keeps one",
            args.folder.display()
        ));
        return Ok(Exit::Incomplete);
    }
    match args.output {
        Some(format) => {
            let document = json!({
                "apiVersion": "extreg.io/v1", "kind": "AuditTrend", "reports": &points,
            });
            printer.raw(&to_data(&document, format)?);
        }
        None => table(&points).print(printer),
    }
    Ok(Exit::Done)
}

fn files(folder: &PathBuf) -> Result<Vec<(String, PathBuf)>, Error> {
    let failed = |error: std::io::Error| Error::usage(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "json")
            && let Some(name) = path.file_name()
        {
            files.push((name.to_string_lossy().into_owned(), path));
        }
    }
    files.sort();
    Ok(files)
}

fn table(points: &[TrendPoint]) -> Columns {
    let mut columns = Columns::new(&[
        "TIME",
        "OF",
        "CRITICAL",
        "HIGH",
        "MEDIUM",
        "LOW",
        "INFO",
        "SUPPRESSED",
        "UNKNOWN",
        "GAPS",
        "NEW",
        "FIXED",
    ]);
    for point in points {
        let since = |count: fn(&extreg_audit::trend::Since) -> usize| match &point.since {
            Some(since) => count(since).to_string(),
            None => "-".to_owned(),
        };
        let mut cells = vec![point.generated.clone(), point.sources.join(" ")];
        let open = Severity::ALL.iter().rev();
        cells.extend(open.map(|severity| {
            let count = point.open.get(severity).copied().unwrap_or_default();
            count.to_string()
        }));
        cells.extend([
            point.suppressed.to_string(),
            point.unknown.to_string(),
            point.gaps.to_string(),
            since(|since| since.new.len()),
            since(|since| since.fixed.len()),
        ]);
        columns.row(cells);
    }
    columns
}
