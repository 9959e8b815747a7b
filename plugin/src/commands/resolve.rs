//! `resolve`: shows how OpenShift reads an image reference.

mod answer;
mod lines;
mod table;

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
};

use extreg_terminal::{Exit, Printer};

use self::answer::Answer;
use crate::{args::OutputArgs, context::Context, error::Error, print::yaml_document};

/// Show how OpenShift reads an image reference
///
/// Shows its parts, the registry that it means in an import, a push, a base image and a workload,
/// whether that is Docker Hub, and which docker config keys each consumer matches. Does not query a
/// cluster.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # Show the registry of a push, and the matching keys of a secret\n  \
    oc extreg resolve ably77/python-lyapp:v1\n\n  \
    # Resolve every reference of a list, one JSON line each\n  \
    jq -Rc '{ref: .}' images.txt | oc extreg resolve -f -\n\n\
    A line of FILE is {\"ref\": \"…\"}; with \"dockerconfigjson\": \"…\" it returns the credentials that \
    the keyring of Kubernetes finds for the reference. The result for an unreadable line is \
    {\"error\": \"…\"}, and the exit code is 1. If OpenShift refuses a reference on the command line, \
    the exit code is 3.")]
pub struct Args {
    /// References, as in a manifest
    #[arg(
        value_name = "REF",
        required_unless_present = "filename",
        conflicts_with = "filename"
    )]
    references: Vec<String>,
    /// Read JSON lines from a file, or - for stdin
    #[arg(short, long, value_name = "FILE")]
    filename: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Json,
    Table,
    Yaml,
}

/// Resolves the references.
///
/// # Errors
/// If the file cannot be read.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match args.filename {
        Some(_) if matches!(args.output.format, Some(Format::Table | Format::Yaml)) => {
            Err(Error::usage("--filename writes JSON lines; omit --output"))
        }
        Some(file) => answer_file(file, Arc::clone(&context.printer)).await,
        None => answer_references(
            &args.references,
            args.output.format.unwrap_or(Format::Table),
            &context.printer,
        ),
    }
}

fn answer_references(
    references: &[String],
    format: Format,
    printer: &Printer,
) -> Result<Exit, Error> {
    let mut exit = Exit::Done;
    for (position, reference) in references.iter().enumerate() {
        let answer = Answer::from_reference(reference);
        match format {
            Format::Json => printer.raw(&answer.to_json_line()?),
            Format::Yaml => printer.raw(&yaml_document(&answer.document())?),
            Format::Table => {
                if position > 0 {
                    printer.line("");
                }
                table::print(&answer, printer);
            }
        }
        if answer.is_refused() {
            exit = Exit::No;
        }
    }
    Ok(exit)
}

/// Reading blocks, so it has its own thread and the run can be interrupted.
async fn answer_file(file: PathBuf, printer: Arc<Printer>) -> Result<Exit, Error> {
    let shown = file.display().to_string();
    tokio::task::spawn_blocking(move || answer_lines(&file, &printer))
        .await
        .map_err(|error| Error::failed(format!("cannot resolve {shown}: {error}")))?
        .map_err(|error| Error::failed(format!("cannot read {shown}: {error}")))
}

fn answer_lines(file: &Path, printer: &Printer) -> io::Result<Exit> {
    let every_line = if file.as_os_str() == "-" {
        lines::answer(BufReader::new(io::stdin()), printer)?
    } else {
        lines::answer(BufReader::new(File::open(file)?), printer)?
    };
    Ok(if every_line { Exit::Done } else { Exit::Failed })
}
