//! `except list`: lists exceptions with their expiry dates.

use std::path::{Path, PathBuf};

use extreg_audit::exceptions::Exception;
use extreg_terminal::{Exit, Printer, Table, csv};
use serde_json::json;

use super::{
    FILE,
    file::ExceptionsFile,
    gather::{Annotation, gather},
    row::{Row, State, remarks},
    unused::Unused,
};
use crate::{
    args::OutputArgs,
    context::Context,
    error::Error,
    print::{DataFormat, to_data},
};

/// List exceptions with the days that remain
///
/// Lists the file of exceptions, and with -n or -A the annotations of a namespace or of the cluster. With
/// a report of the audit, shows which exceptions suppressed nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # List the file, with the exceptions that are no longer used\n  \
    oc extreg audit -A --exceptions exceptions.yaml -o json=report.json\n  \
    oc extreg except list --report report.json\n\n  \
    # Export all annotations of the cluster to a spreadsheet\n  \
    oc extreg except list -A -o csv")]
pub(super) struct Args {
    #[command(flatten)]
    sources: SourceArgs,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

/// Where exceptions are read.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SourceArgs {
    /// File of exceptions [default: exceptions.yaml]
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Also the annotations of the cluster; with -n those of a namespace
    #[arg(short = 'A', long)]
    pub(super) all_namespaces: bool,
    /// Audit report, written by -o json, that shows which exceptions are unused
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

/// `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Json,
    #[default]
    Table,
    Yaml,
}

/// The exceptions that were found.
pub(super) struct Found {
    /// None if no file exists and none was given.
    pub(super) file: Option<ExceptionsFile>,
    pub(super) annotations: Vec<Annotation>,
    pub(super) unused: Option<Unused>,
}

impl SourceArgs {
    /// Reads the exceptions.
    ///
    /// # Errors
    /// If a flag, a file or the kubeconfig is invalid, or the cluster refuses a request.
    pub(super) async fn find(&self, context: &Context) -> Result<Found, Error> {
        let unused = self.report.as_deref().map(Unused::read).transpose()?;
        let file = match &self.file {
            Some(path) => {
                let file = ExceptionsFile::read(path)?;
                if !file.exists() {
                    return Err(Error::usage(format!(
                        "--file {}: no such file",
                        file.name()
                    )));
                }
                Some(file)
            }
            None => Some(ExceptionsFile::read(Path::new(FILE))?).filter(ExceptionsFile::exists),
        };
        let reads_cluster = self.all_namespaces || context.namespace.is_some() || file.is_none();
        let annotations = if reads_cluster {
            let cluster = context.cluster().await?;
            let namespace = (!self.all_namespaces).then(|| cluster.namespace().to_owned());
            gather(&cluster, namespace.as_deref(), &context.printer).await?
        } else {
            Vec::new()
        };
        Ok(Found {
            file,
            annotations,
            unused,
        })
    }
}

impl Found {
    /// The exceptions of the file.
    pub(super) fn entries(&self) -> &[Exception] {
        self.file.as_ref().map_or(&[], |file| &file.entries)
    }
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let found = args.sources.find(context).await?;
    let today = super::today();
    let unused = found.unused.as_ref();
    let of_file = found
        .entries()
        .iter()
        .map(|entry| Row::of_file(entry, today, unused));
    let of_cluster = found
        .annotations
        .iter()
        .map(|annotation| Row::from_annotation(annotation, today, unused));
    let rows: Vec<Row> = of_file.chain(of_cluster).collect();
    let printer = &context.printer;
    match args.output.format.unwrap_or_default() {
        Format::Json => printer.raw(&to_data(&document(&rows), DataFormat::Json)?),
        Format::Yaml => printer.raw(&to_data(&document(&rows), DataFormat::Yaml)?),
        Format::Csv => printer.raw(&csv(&rows)),
        Format::Table => table(&rows, printer),
    }
    if rows.is_empty() {
        printer.note("No exceptions found.");
    }
    for remark in remarks(&rows) {
        printer.note(remark);
    }
    let can_prune = |row: &Row| row.state == State::Expired || row.unused == Some(true);
    if rows.iter().any(can_prune) {
        printer.note(format!(
            "To remove expired or unused exceptions: {} except prune",
            context.caller
        ));
    }
    Ok(Exit::Done)
}

fn document(rows: &[Row]) -> serde_json::Value {
    json!({"apiVersion": "extreg.io/v1", "kind": "ExceptionList", "exceptions": rows})
}

const HEADERS: [&str; 8] = [
    "PLACE",
    "CHECKS",
    "NAMESPACE",
    "OBJECT",
    "UNTIL",
    "DAYS",
    "STATE",
    "REASON",
];

fn table(rows: &[Row], printer: &Printer) {
    let mut table = Table::new(&HEADERS);
    for row in rows {
        table.row(cells(row));
    }
    table.print(printer);
}

fn cells(row: &Row) -> [String; 8] {
    let or_dash = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    [
        row.place.clone(),
        or_dash(row.checks.join(",")),
        or_dash(row.namespace.clone()),
        row.object(),
        or_dash(row.expires.clone()),
        or_dash(
            row.days_left
                .map_or_else(String::new, |days| days.to_string()),
        ),
        row.standing(),
        if row.error.is_empty() {
            row.reason.clone()
        } else {
            row.error.clone()
        },
    ]
}

fn csv(rows: &[Row]) -> String {
    let line = |cells: [String; 8]| csv::record(cells.iter().map(String::as_str));
    let head = line(HEADERS.map(str::to_lowercase));
    std::iter::once(head)
        .chain(rows.iter().map(|row| line(cells(row))))
        .collect()
}
