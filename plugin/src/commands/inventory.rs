//! `inventory`: lists images and where they are used.

use extreg_audit::{
    check::CheckId,
    inventory::{InventoryBy, InventoryRow, inventory},
    judge::{Options, judge},
    report::Report,
};
use extreg_remedy::Caller;
use extreg_report as data;
use extreg_terminal::{Exit, Printer, Table, csv};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    args::OutputArgs,
    collect::{Collected, Input, InputArgs, PolicyFile, collect},
    context::Context,
    error::Error,
    print::{DataFormat, to_data},
    verdict::reading,
};

/// List the images in use: by image, registry, workload or namespace
///
/// Reads the same objects as audit, without checks. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # List the registries that all namespaces depend on\n  \
    oc extreg inventory -A --by registry\n\n  \
    # Create a bill of materials of the images in files\n  \
    oc extreg inventory -f deploy/ -R -o cyclonedx\n\n\
    The exit code is 4 if nothing was read, 1 if a list failed or a file cannot be read.")]
pub struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Unit of a row: image, registry, workload or namespace
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    by: By,
    #[command(flatten)]
    output: OutputArgs<Format>,
    /// Exit with code 0 even if no object is found
    #[arg(long)]
    allow_empty: bool,
}

/// `--by`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum By {
    #[default]
    Image,
    Registry,
    Workload,
    Namespace,
}

/// `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Table,
    Csv,
    Json,
    Yaml,
    Cyclonedx,
}

/// Lists the images.
///
/// # Errors
/// If a flag or the kubeconfig is invalid, or the login has expired.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let input = Input::new(args.input, context.contexts(), context.namespace.as_deref())?;
    let collected = collect(&input, PolicyFile::default(), context).await?;
    let report = unjudged(collected, Timestamp::now());
    let by = match args.by {
        By::Image => InventoryBy::Image,
        By::Registry => InventoryBy::Registry,
        By::Workload => InventoryBy::Workload,
        By::Namespace => InventoryBy::Namespace,
    };
    print(
        &report,
        by,
        args.output.format.unwrap_or_default(),
        &context.printer,
    )?;
    Ok(reading(&report, args.allow_empty, context))
}

/// A report without checks.
fn unjudged(collected: Collected, now: Timestamp) -> Report {
    let options = Options {
        checks: std::collections::BTreeSet::<CheckId>::new(),
        caller: Caller::default(),
        now: now.as_second(),
    };
    let sections = collected.snapshots.into_iter();
    Report {
        generated: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sections: sections.map(|snapshot| judge(snapshot, &options)).collect(),
        ..Report::default()
    }
}

fn print(report: &Report, by: InventoryBy, format: Format, printer: &Printer) -> Result<(), Error> {
    match format {
        Format::Cyclonedx => return document(report, data::Format::CycloneDx, printer),
        Format::Table | Format::Csv | Format::Json | Format::Yaml => {}
    }
    let rows = inventory(report, by);
    let several = report.sections.len() > 1;
    match format {
        Format::Json => printer.raw(&to_data(&list(&rows, by), DataFormat::Json)?),
        Format::Yaml => printer.raw(&to_data(&list(&rows, by), DataFormat::Yaml)?),
        Format::Csv => printer.raw(&csv(&rows, by, several)),
        Format::Table | Format::Cyclonedx => {
            let headers = headers(by, several).map(str::to_uppercase);
            let headers: Vec<String> = headers.collect();
            let mut table = Table::new(&headers.iter().map(String::as_str).collect::<Vec<_>>());
            for row in rows {
                table.row(cells(&row, by, several));
            }
            table.print(printer);
        }
    }
    Ok(())
}

fn document(report: &Report, format: data::Format, printer: &Printer) -> Result<(), Error> {
    let mut bytes = Vec::new();
    data::render(format, report, data::Options::default(), &mut bytes)
        .map_err(|error| Error::failed(format!("cannot serialize: {error}")))?;
    printer.raw(&String::from_utf8_lossy(&bytes));
    Ok(())
}

fn list(rows: &[InventoryRow], by: InventoryBy) -> serde_json::Value {
    json!({
        "apiVersion": "extreg.io/v1", "kind": "ImageInventory", "by": by.word(), "rows": rows,
    })
}

/// Puts the section first if there are several.
fn headers(by: InventoryBy, several: bool) -> impl Iterator<Item = &'static str> {
    let source = several.then_some("source");
    source
        .into_iter()
        .chain(InventoryRow::columns(by).iter().copied())
}

fn cells(row: &InventoryRow, by: InventoryBy, several: bool) -> Vec<String> {
    let source = several.then(|| row.source.clone());
    source.into_iter().chain(row.cells(by)).collect()
}

fn csv(rows: &[InventoryRow], by: InventoryBy, several: bool) -> String {
    let rows = rows.iter().map(|row| {
        let cells = cells(row, by, several);
        csv::record(cells.iter().map(String::as_str))
    });
    let head = csv::record(headers(by, several));
    std::iter::once(head).chain(rows).collect()
}
