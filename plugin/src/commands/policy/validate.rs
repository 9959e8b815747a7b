//! `policy validate`: validates documents and shows each error with its place.

use extreg_core::policy::{KIND, PolicySet};
use extreg_documents::find_sources;
use extreg_terminal::{Exit, Printer, Text};
use serde_json::{Value, json};

use super::document::{APPROVED, Documents, Entry};
use crate::{
    args::OutputArgs,
    context::Context,
    engine::policies,
    error::Error,
    print::{DataFormat, to_data},
    skipped::print_skipped,
};

/// Validate policies and lists of approved registries without a cluster
///
/// Reports for every RegistryPolicy what the API server would refuse and what the webhook would not
/// use, in their words, and for every list of approved registries what the audit could not read. Skips
/// other objects. Does not query a cluster; `oc apply --dry-run=server -f FILE`
/// shows the API server's answer.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "The exit code is 0 if all documents are valid, 3 if not, 4 if none is found, 1 if a \
    file cannot be read."
)]
pub(super) struct Args {
    /// Files, folders, or - for stdin
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Files, folders, or - for stdin (same as FILE)
    #[arg(short, long, value_name = "FILE", required_unless_present = "files")]
    filename: Vec<String>,
    /// Read subfolders too
    #[arg(short = 'R', long)]
    recursive: bool,
    /// Exit with code 3 also if two policies conflict for some image
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Error> {
    let names = [args.files.as_slice(), &args.filename].concat();
    let read = Documents::read(find_sources(&names, args.recursive, &[])?);
    let conflicts = conflicts(&read);
    let printer = &context.printer;
    match args.output.format {
        Some(format) => printer.raw(&to_data(&report(&read, &conflicts), format)?),
        None => print(&read, &conflicts, printer),
    }
    let mut exit = Exit::Done;
    if !read.are_valid() || (args.strict && !conflicts.is_empty()) {
        exit = exit.and(Exit::No);
    }
    if read.entries.is_empty() && read.broken.is_empty() {
        print_skipped(&read.skipped, printer);
        printer.note(format!("no {KIND} or {APPROVED} found"));
        exit = exit.and(Exit::Incomplete);
    }
    for error in &read.unreadable {
        printer.error(&format!("error: {error}"));
        exit = exit.and(Exit::Failed);
    }
    Ok(exit)
}

/// Two policies that conflict for some image: the place of the one that is used, and the other.
struct Conflict {
    winner: String,
    loser: String,
    message: String,
}

fn conflicts(read: &Documents) -> Vec<Conflict> {
    let set = PolicySet::new(
        read.policies()
            .map(|(_, policy, _)| policy.clone())
            .collect(),
    );
    let place = |name: &str| {
        let entry = read.policies().find(|(_, policy, _)| policy.name() == name);
        entry.map_or_else(String::new, |(entry, ..)| entry.origin.to_string())
    };
    set.conflicts()
        .into_iter()
        .map(|(winner, loser)| Conflict {
            winner: place(winner.name()),
            loser: place(loser.name()),
            message: policies::conflict(winner, loser),
        })
        .collect()
}

fn print(read: &Documents, conflicts: &[Conflict], printer: &Printer) {
    for error in &read.broken {
        printer.line(Text::new().red(error.as_str()));
    }
    for entry in &read.entries {
        for fault in &entry.faults {
            let place = format!("{}: ", entry.place(fault.line));
            printer.line(Text::new().plain(place).red(fault.to_string()));
        }
        if entry.faults.is_empty() {
            let place = format!("{} ", entry.place(entry.origin.line));
            printer.line(Text::new().plain(place).green("is valid"));
        }
    }
    for conflict in conflicts {
        printer.warn(&format!("{}: {}", conflict.loser, conflict.message));
    }
}

fn report(read: &Documents, conflicts: &[Conflict]) -> Value {
    let valid = |entry: &&Entry| entry.faults.is_empty();
    json!({
        "apiVersion": "extreg.io/v1",
        "kind": "PolicyValidation",
        "documents": read.entries.iter().map(document).collect::<Vec<_>>(),
        "broken": read.broken,
        "unreadable": read.unreadable,
        "conflicts": conflicts
            .iter()
            .map(|one| json!({"winner": one.winner, "loser": one.loser, "message": one.message}))
            .collect::<Vec<_>>(),
        "summary": {
            "valid": read.entries.iter().filter(valid).count(),
            "invalid": read.entries.iter().filter(|entry| !valid(entry)).count() + read.broken.len(),
            "conflicts": conflicts.len(),
        },
    })
}

fn document(entry: &Entry) -> Value {
    let faults: Vec<Value> = entry
        .faults
        .iter()
        .map(|fault| {
            let mut body = json!({
                "line": fault.line, "field": fault.field, "message": fault.to_string(),
            });
            if let Some(suggestion) = &fault.suggestion {
                extreg_cluster::set(&mut body, &["suggestion"], json!(suggestion));
            }
            body
        })
        .collect();
    json!({
        "source": &*entry.origin.source,
        "document": entry.origin.document,
        "line": entry.origin.line,
        "kind": entry.kind,
        "name": entry.name,
        "valid": faults.is_empty(),
        "faults": faults,
    })
}
