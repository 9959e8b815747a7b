//! `webhook check`: tests the webhook, at any time.

use std::time::Duration;

use extreg_cluster::{Cluster, show_if_slow};
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
        proof::{self, CALL, Proven},
        site, wait,
    },
    print::{DataFormat, to_report},
};

/// Everything was installed earlier: only a short time for pods that restart.
const LIMIT: Duration = Duration::from_secs(3);
/// A new configuration takes a while to reach every API server.
const REHEARSAL_LIMIT: Duration = Duration::from_secs(5);

/// The effect of a broken webhook if it was installed with `--failure-policy fail`, and the workaround.
const FAILS_CLOSED: &str = "failurePolicy is Fail, so matching objects are refused until it responds: label an object or a \
                            namespace with extreg.io/ignore=true to bypass it, or run \"webhook uninstall --yes\", which \
                            does not need the webhook";

/// Test that the webhook works: a dry-run object must return as the policies define
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oc extreg webhook check
  oc extreg webhook check --proof-namespace snow -o json

If the test fails, a temporary configuration that selects only one dry-run object of ours makes the API \
server report the reason, and is removed immediately; --read-only skips that. The exit code is 3 if the \
webhook does not work, 4 if it is not called for any namespace.")]
pub(super) struct Args {
    /// Namespace for the test [default: one for which the webhook is called]
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

/// Tests the webhook.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let live = Installed::read(&cluster).await?;
    let (answer, exit) = check(&cluster, &live, args.proof_namespace.as_deref(), context).await?;
    let printer = &context.printer;
    match args.output.format {
        Some(format) => printer.raw(&to_report("WebhookCheck", &answer, format)?),
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
        let message = format!(
            "{} does not exist: no webhook is called",
            kinds::configuration()
        );
        return no(None, message, Exit::No);
    };
    let expectations = Expectations::read(cluster, live).await?;
    let Some(site) = site::choose(cluster, entry, &expectations, named).await? else {
        let message = "cannot create an ImageStream in any namespace for which the webhook is called: \
                       create a namespace, or specify one with --proof-namespace";
        return no(None, message.to_owned(), Exit::Incomplete);
    };
    let namespace = Some(site.namespace.clone());
    let limit = wait::limit(context, LIMIT);
    let proof = proof::prove(cluster, &site, &expectations, limit);
    let why = match show_if_slow(&context.printer, CALL, proof).await {
        Ok(proven) => return Ok((works(&proven, namespace), Exit::Done)),
        Err(Error::Refused(why)) => why,
        Err(error) => return Err(error),
    };
    let limit = wait::limit(context, REHEARSAL_LIMIT);
    let rehearsal = proof::rehearse(cluster, configuration, &site.namespace, limit, context);
    let rehearsed = show_if_slow(&context.printer, CALL, rehearsal).await;
    let message = match rehearsed {
        Err(Error::Refused(cause)) => cause,
        // It can be called, or this user cannot find out: then the first error is the result.
        Ok(()) => format!("{why}; the API server reaches the webhook"),
        Err(_) => why,
    };
    let message = match entry["failurePolicy"].as_str() {
        Some("Ignore") => message,
        _ => format!("{message}; {FAILS_CLOSED}"),
    };
    no(namespace, message, Exit::No)
}

fn works(proven: &Proven, namespace: Option<String>) -> Answer {
    let words = proven.description();
    let place = namespace.as_deref().unwrap_or_default();
    Answer {
        works: true,
        message: format!("the webhook works: in namespace {place} {words}"),
        namespace,
    }
}
