//! `check`: what the webhook would change in objects of files; with `--pre`, whether the cluster meets
//! the requirements of the flow.

mod assessment;
mod output;
mod pre;
mod tally;

use std::path::PathBuf;

use extreg_core::object::Resource;
use extreg_documents::{
    Document, Exclude, FoundObject, InputError, SourceList, describe_unreadable, find_sources,
    undeclared,
};
use extreg_terminal::Exit;

use self::{
    assessment::assess,
    output::{Format, Judged, Output},
    tally::Tally,
};
use crate::{
    checklist::Style,
    context::Context,
    engine::{Surroundings, policies, read_policies, surroundings},
    error::Error,
    skipped::print_skipped,
};

/// Show what the webhook would change in files, or whether the cluster is ready
///
/// Reads BuildConfigs, Builds, ImageStreams, ImageStreamTags, ImageTags and ImageStreamImports, also in
/// Lists and Templates. For each object it decides as the webhook does when the object is created: by
/// the policies of the cluster, the labels of the namespace, and its secrets and accounts.
/// Unreadable resources count as unknown, as for the webhook. Changes nothing.
///
/// With --pre, no files are read: checks before an installation whether this cluster has what the flow
/// needs, and whether you have permission to set it up.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # Show the changes as a diff\n  \
    oc extreg check -f deploy/ -R\n\n  \
    # In a pipeline, without a cluster, with a policy from the repository\n  \
    oc extreg check --offline --policy registrypolicy.yaml -f deploy/\n\n  \
    # Apply the objects as the webhook would change them\n  \
    oc extreg check -f app.yaml -o yaml --exit-zero | oc apply -f -\n\n  \
    # Check whether the cluster is ready and you have the permissions\n  \
    oc extreg check --pre -n snow\n\n\
    The exit code is 0 if nothing would change, 3 if something would change, 1 if something could not be \
    read, 4 if no object was found; with --pre, 3 if something is missing.")]
pub struct Args {
    /// Files, folders, or - for stdin
    #[arg(value_name = "FILE", conflicts_with = "pre")]
    files: Vec<String>,
    /// Files, folders, or - for stdin (same as FILE)
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["pre", "files"])]
    filename: Vec<String>,
    /// Read subfolders too
    #[arg(short = 'R', long)]
    recursive: bool,
    /// Skip files and folders that match, such as charts or "**/test/*"; repeatable
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<Exclude>,
    /// RegistryPolicies to use instead of the cluster's
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Do not query the cluster; use --policy or the built-in policy
    #[arg(long)]
    offline: bool,
    /// Show for each field what was decided and why
    #[arg(long)]
    explain: bool,
    /// Exit with code 0 even if something would change
    #[arg(long)]
    exit_zero: bool,
    /// Exit with code 0 even if no object is found
    #[arg(long)]
    allow_empty: bool,
    /// Check whether the cluster and your permissions meet the requirements
    #[arg(long, conflicts_with_all = ["filename", "recursive", "exclude", "policy", "offline", "explain", "exit_zero", "allow_empty"])]
    pre: bool,
    /// Repeat the checks until nothing is missing, up to --timeout [default: 30s]
    #[arg(long, conflicts_with_all = ["filename", "files"])]
    wait: bool,
    /// Format: diff, yaml (all documents, patched), json (a report) or name; with --pre table, short or json
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    output: Option<OutputFormat>,
}

/// `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OutputFormat {
    Diff,
    Json,
    Name,
    Short,
    Table,
    Yaml,
}

impl OutputFormat {
    /// Formats for files.
    fn of_files(output: Option<Self>) -> Result<Format, Error> {
        match output {
            None | Some(Self::Diff) => Ok(Format::Diff),
            Some(Self::Json) => Ok(Format::Json),
            Some(Self::Name) => Ok(Format::Name),
            Some(Self::Yaml) => Ok(Format::Yaml),
            Some(Self::Short | Self::Table) => Err(Error::usage(
                "-o table and short need --pre; for files use diff, yaml, json or name",
            )),
        }
    }

    /// Formats for `--pre`.
    fn of_pre(output: Option<Self>) -> Result<Style, Error> {
        match output {
            None | Some(Self::Table) => Ok(Style::Table),
            Some(Self::Short) => Ok(Style::Short),
            Some(Self::Json) => Ok(Style::Json(pre::REPORT)),
            Some(Self::Diff | Self::Name | Self::Yaml) => Err(Error::usage(
                "-o diff, name and yaml are for files; with --pre use table, short or json",
            )),
        }
    }
}

/// Runs the checks.
///
/// # Errors
/// If a flag, a policy or the kubeconfig is invalid, or the cluster reports that the login has expired.
/// An error in a document is printed, and the rest is checked.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    if args.pre {
        let style = OutputFormat::of_pre(args.output)?;
        return pre::run(style, args.wait, context).await;
    }
    let format = OutputFormat::of_files(args.output)?;
    let names = [args.files, args.filename].concat();
    let found = find_sources(&names, args.recursive, &args.exclude)?;
    let policies = args.policy.map(read_policies).transpose()?;
    let mut surroundings = surroundings(policies, args.offline, context).await?;
    policies::warn_about_ties(surroundings.policies(), &context.printer);

    let SourceList {
        sources,
        mut skipped,
        errors,
    } = found;
    let mut tally = Tally::default();
    let mut output = Output::new(format, args.explain, &context.printer);
    for error in errors {
        tally.error();
        output.error(error.to_string());
    }
    let mut documents = extreg_documents::stream(sources);
    while let Some(document) = documents.recv().await {
        match document {
            Ok(document) => {
                let objects = match document.objects() {
                    Ok(objects) => objects,
                    Err(InputError::NotManifest { name, reason, .. }) => {
                        skipped.add(reason, name.into());
                        Vec::new()
                    }
                    Err(error) => {
                        tally.error();
                        output.error(error.to_string());
                        Vec::new()
                    }
                };
                let judged = judge(
                    &document,
                    objects,
                    &mut surroundings,
                    &mut tally,
                    &mut output,
                )
                .await?;
                output.document(&document, judged)?;
            }
            Err(InputError::NotManifest { name, reason, .. }) => skipped.add(reason, name.into()),
            Err(error) => {
                tally.error();
                output.error(error.to_string());
            }
        }
        if context.printer.out_is_closed() {
            break;
        }
    }
    output.finish(&tally)?;
    if surroundings.is_offline() && tally.would_change() {
        context.printer.note(
            "the cluster was not queried: secrets that policies name are assumed to exist and to match",
        );
    }
    if tally.is_empty() {
        print_skipped(&skipped, &context.printer);
        let note = "no object found (use --allow-empty if this is expected)";
        context.printer.note(note);
    } else if let Some(summary) = skipped.summary() {
        context.printer.note(summary);
    }
    Ok(tally.exit(args.allow_empty, args.exit_zero))
}

async fn judge<'d>(
    document: &'d Document,
    objects: Vec<FoundObject<'d>>,
    surroundings: &mut Surroundings,
    tally: &mut Tally,
    output: &mut Output<'_>,
) -> Result<Vec<Judged<'d>>, Error> {
    let mut judged = Vec::new();
    for object in objects {
        let Some(resource) = Resource::of_kind(&object.api_version, &object.kind) else {
            tally.other(&object.api_version, &object.kind);
            continue;
        };
        if object.namespace().is_empty() {
            surroundings.warn_system_default();
        }
        for name in &object.undeclared {
            output.error(undeclared(document, &object, name));
            tally.error();
        }
        match assess(surroundings, document, &object, resource).await? {
            Ok(assessment) => {
                tally.checked(&assessment);
                judged.push(Judged {
                    assessment,
                    body: object.body,
                });
            }
            Err(error) => {
                tally.error();
                output.error(describe_unreadable(document, &object, &error));
            }
        }
    }
    Ok(judged)
}
