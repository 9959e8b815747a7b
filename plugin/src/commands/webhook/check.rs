//! `webhook check`: the proof, at any time.

use std::time::Duration;

use extreg_cluster::Cluster;
use extreg_terminal::Exit;
use serde::Serialize;

use crate::{
    args::OutputArgs,
    context::Context,
    error::Error,
    installation::{
        expectation::Expectations,
        installed::Installed,
        kinds,
        proof::{self, Proven},
        site, wait,
    },
    print::{DataFormat, to_data},
};

/// Everything has been there for a while: only a moment for what may be restarting.
const LIMIT: Duration = Duration::from_secs(3);
/// A configuration made for the occasion takes a while to reach every API server.
const REHEARSAL_LIMIT: Duration = Duration::from_secs(5);

/// What a webhook that does not work means where it was installed with `--failure-policy fail`, and the way out.
const FAILS_CLOSED: &str = "failurePolicy is Fail, so objects that match are refused until it answers: label an object or a \
                            namespace extreg.io/ignore=true to create them without it, or run \"webhook uninstall --yes\", \
                            which needs no webhook";

/// Prove that the webhook works: an object created as a dry run has to come back as the policies say
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oc extreg webhook check
  oc extreg webhook check --proof-namespace snow -o json

If the proof fails, the API server is made to say why through a configuration that selects nothing but \
one dry-run object of ours and is removed at once; --read-only leaves that out. Exit code 3 if the \
webhook does not work, 4 if there is no namespace that it is called for.")]
pub(super) struct Args {
    /// Namespace to prove it in [default: one that the webhook is called for]
    #[arg(long, value_name = "NAME")]
    proof_namespace: Option<String>,
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    works: bool,
    namespace: Option<String>,
    message: String,
}

/// Proves it.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let live = Installed::read(&cluster).await?;
    let (answer, exit) = check(&cluster, &live, args.proof_namespace.as_deref(), context).await?;
    let printer = &context.printer;
    match args.output.format {
        Some(format) => printer.raw(&to_data(&answer, format)?),
        None if answer.works => printer.line(answer.message),
        None => printer.error(&format!("error: {}", answer.message)),
    }
    Ok(exit)
}

async fn check(
    cluster: &Cluster,
    live: &Installed,
    named: Option<&str>,
    context: &Context,
) -> Result<(Answer, Exit), Error> {
    let no = |namespace: Option<String>, message: String, exit| {
        Ok((
            Answer {
                works: false,
                namespace,
                message,
            },
            exit,
        ))
    };
    let (Some(configuration), Some(entry)) = (&live.configuration, live.entry()) else {
        let message = format!("{} is not there: nothing is called", kinds::configuration());
        return no(None, message, Exit::No);
    };
    let expectations = Expectations::read(cluster, live).await?;
    let Some(site) = site::choose(cluster, entry, &expectations, named).await? else {
        let message = "no namespace that the webhook is called for lets you create an ImageStream: \
                       make one, or name one with --proof-namespace";
        return no(None, message.to_owned(), Exit::Incomplete);
    };
    let namespace = Some(site.namespace.clone());
    let limit = wait::limit(context, LIMIT);
    let why = match proof::prove(cluster, &site, &expectations, limit).await {
        Ok(proven) => return Ok((works(&proven, namespace), Exit::Done)),
        Err(Error::Refused(why)) => why,
        Err(error) => return Err(error),
    };
    let limit = wait::limit(context, REHEARSAL_LIMIT);
    let rehearsed = proof::rehearse(cluster, configuration, &site.namespace, limit, context).await;
    let message = match rehearsed {
        Err(Error::Refused(cause)) => cause,
        // Called it can be, or nobody here may find out: then what was seen first has to do.
        Ok(()) => format!("{why}; the API server does reach the webhook"),
        Err(_) => why,
    };
    let message = match entry["failurePolicy"].as_str() {
        Some("Ignore") => message,
        _ => format!("{message}; {FAILS_CLOSED}"),
    };
    no(namespace, message, Exit::No)
}

fn works(proven: &Proven, namespace: Option<String>) -> Answer {
    let words = proven.words();
    let place = namespace.as_deref().unwrap_or_default();
    Answer {
        works: true,
        message: format!("the webhook works: in namespace {place} {words}"),
        namespace,
    }
}
