//! `policy show`: shows the policies in effect, and their state.

use std::sync::Arc;

use extreg_cluster::{Cluster, Json as _, Kind, ObjectRef};
use extreg_core::{
    facts::{Called, Known},
    policy::{Labels, Mode},
    rule::is_system_namespace,
};
use extreg_terminal::{Exit, Printer, Table, Text};
use serde_json::{Value, json};

use super::{
    effect::{Effect, Origin, Stated},
    template::selector_words,
};
use crate::{
    args::OutputArgs,
    context::Context,
    engine::{labels_of, policies},
    error::Error,
    installation::installed::Installation,
    print::{DataFormat, to_data},
};

/// The label that excludes a namespace at the API server.
const IGNORE: &str = "extreg.io/ignore";

/// Show the policies in effect, the most specific first, and their state
///
/// Shows the cluster's policies, each with the webhook's status; the policies of files; or the built-in
/// one if the cluster does not know the kind.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// Show only this policy, in detail
    #[arg(value_name = "POLICY")]
    name: Option<String>,
    /// Policies of files instead of the cluster's; - for stdin
    #[arg(short, long, value_name = "FILE")]
    filename: Vec<String>,
    /// Show only policies that apply to this namespace
    #[arg(long, value_name = "NAMESPACE")]
    effective: Option<String>,
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let is_of_files = !args.filename.is_empty();
    let from_files = is_of_files.then(|| Effect::of_files(&args.filename));
    let from_files = from_files.transpose()?;
    let cluster = match (&from_files, &args.effective) {
        (Some(_), None) => None,
        _ => Some(context.cluster().await?),
    };
    let mut effect = match (from_files, &cluster) {
        (Some(effect), _) => effect,
        (None, Some(cluster)) => Effect::of_cluster(cluster, &context.printer).await?,
        (None, None) => Effect::built_in(),
    };
    let printer = &context.printer;
    let installed = match (&effect.origin, &cluster) {
        (Origin::Files, _) | (_, None) => Known::Unknown,
        (_, Some(cluster)) => Installation::read(cluster).await?,
    };
    if !is_of_files && effect.stated.is_empty() {
        printer.warn("the cluster has no policy: nothing is injected");
    }
    if let (Some(namespace), Some(cluster)) = (&args.effective, &cluster) {
        let labels = labels(cluster, namespace).await?;
        warn_if_exempt(namespace, &labels, printer);
        if let Known::Known(Some(installation)) = &installed {
            warn_if_out_of_reach(namespace, &labels, installation, printer);
        }
        effect.stated.retain(|one| holds(one, &labels));
    }
    if let Some(name) = &args.name {
        effect.stated.retain(|one| one.name == *name);
        if effect.stated.is_empty() {
            return Err(Error::failed(format!(
                "no policy {name} is in effect; {} policy show lists them",
                context.caller
            )));
        }
    }
    match (args.output.format, &args.name) {
        (Some(format), _) => printer.raw(&to_data(&report(&effect, &installed), format)?),
        (None, Some(_)) => effect.stated.iter().for_each(|one| details(one, printer)),
        (None, None) => table(&effect, printer),
    }
    warn_if_inactive(&installed, context);
    if args.name.is_none() {
        let shown = |name: &str| effect.stated.iter().any(|one| one.name == name);
        for (winner, loser) in effect.set.conflicts() {
            if shown(winner.name()) && shown(loser.name()) {
                printer.warn(&policies::conflict(winner, loser));
            }
        }
    }
    Ok(Exit::Done)
}

/// The labels of a namespace; unknown if the user cannot read them.
pub(super) async fn labels(
    cluster: &Cluster,
    namespace: &str,
) -> Result<Known<Arc<Labels>>, Error> {
    let reference = ObjectRef::new(Kind::NAMESPACE, "", namespace);
    match cluster.get(&reference).await {
        Ok(Some(found)) => Ok(Known::Known(labels_of(&found.body))),
        Ok(None) => Err(Error::failed(format!(
            "namespace {namespace:?} does not exist"
        ))),
        Err(error) if error.is_forbidden() => Ok(Known::Unknown),
        Err(error) => Err(error.into()),
    }
}

/// Warns if the webhook skips a namespace independently of policies.
pub(super) fn warn_if_exempt(namespace: &str, labels: &Known<Arc<Labels>>, printer: &Printer) {
    if is_system_namespace(namespace) {
        printer.warn(&format!(
            "{namespace} is a system namespace, which the webhook skips"
        ));
    }
    match labels {
        Known::Known(labels) if labels.get(IGNORE).is_some_and(|value| value == "true") => {
            printer.warn(&format!(
                "{namespace} has the label {IGNORE}=true: the webhook skips it"
            ));
        }
        Known::Known(_) => {}
        Known::Unknown => printer.warn(&format!(
            "the labels of {namespace} could not be read: policies with a namespaceSelector might \
             not apply there"
        )),
    }
}

/// Warns if the API servers do not call the webhook for a namespace.
fn warn_if_out_of_reach(
    namespace: &str,
    labels: &Known<Arc<Labels>>,
    installation: &Installation,
    printer: &Printer,
) {
    let labels = match labels {
        Known::Known(labels) => Some(&**labels),
        Known::Unknown => None,
    };
    let is_own = installation.own_namespace.as_deref() == Some(namespace);
    if is_own || installation.reach.namespace(namespace, labels) == Called::No {
        printer.warn(&format!(
            "the webhook is not called for namespace {namespace}: the namespaceSelector of its \
             configuration excludes it"
        ));
    }
}

/// Warns if policies have no effect, or less than their mode.
fn warn_if_inactive(installed: &Known<Option<Installation>>, context: &Context) {
    match installed {
        Known::Known(None) => context.printer.warn(&format!(
            "the webhook is not installed: no policy is active ({} webhook install)",
            context.caller
        )),
        Known::Known(Some(installation)) if installation.cap < Mode::Enforce => {
            context.printer.warn(&format!(
                "the webhook runs in mode {:?}, which limits every policy",
                installation.cap
            ));
        }
        Known::Unknown | Known::Known(Some(_)) => {}
    }
}

fn holds(one: &Stated, labels: &Known<Arc<Labels>>) -> bool {
    let Some(policy) = &one.policy else {
        return false;
    };
    match (policy.namespaces(), labels) {
        (None, _) | (Some(_), Known::Unknown) => true,
        (Some(selector), Known::Known(labels)) => selector.matches(labels),
    }
}

fn table(effect: &Effect, printer: &Printer) {
    let mut table = Table::new(&[
        "NAME",
        "REGISTRY",
        "REPOSITORIES",
        "NAMESPACES",
        "MODE",
        "PUSH",
        "PULL",
        "IMPORT",
        "READY",
    ]);
    for one in &effect.stated {
        table.row(cells(one));
    }
    table.print(printer);
    for one in &effect.stated {
        if one.ready.status == "False" || one.ready.reason == "BuiltIn" {
            printer.note(format!("{}: {}", one.name, one.ready.message));
        }
    }
}

fn cells(one: &Stated) -> [String; 9] {
    let text = |pointer| one.spec.text(pointer).to_owned();
    let repositories: Vec<&str> = one.spec.texts("/repositories").collect();
    let or = |text: String, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text
        }
    };
    let push = match (text("/push/secretName"), text("/push/target")) {
        (secret, target) if secret.is_empty() || target.is_empty() || target == "Both" => secret,
        (secret, target) => format!("{secret} ({target})"),
    };
    let is_scheduled = one.spec.pointer("/import/scheduled") == Some(&Value::Bool(true));
    [
        one.name.clone(),
        text("/registry"),
        or(repositories.join(","), "all"),
        or(selector_words(one.spec.get("namespaceSelector")), "all"),
        or(text("/mode"), &format!("{:?}", Mode::default())),
        or(push, "-"),
        or(text("/pull/secretName"), "-"),
        if is_scheduled { "scheduled" } else { "-" }.to_owned(),
        one.ready.short(),
    ]
}

fn details(one: &Stated, printer: &Printer) {
    let names = [
        "name",
        "registry",
        "repositories",
        "namespaces",
        "mode",
        "push secret",
        "pull secret",
        "import",
        "ready",
    ];
    for (name, cell) in names.into_iter().zip(cells(one)) {
        printer.line(Text::new().bold(format!("{name:<13}")).plain(cell));
    }
    if !one.ready.message.is_empty() {
        printer.line(format!("{:<13}{}", "", one.ready.message));
    }
    let conflicts = one.reported_conflicts();
    if !conflicts.is_empty() {
        let text = Text::new().bold(format!("{:<13}", "ties with"));
        printer.line(text.orange(conflicts.join(", ")));
    }
    for fact in one.status.list("/facts") {
        let [source, state, message] = ["/source", "/state", "/message"].map(|at| fact.text(at));
        let line = format!("{source} {state} {message}");
        let head = Text::new().bold(format!("{:<13}", "knows"));
        printer.line(head.plain(line.trim_end().to_owned()));
    }
}

fn report(effect: &Effect, installed: &Known<Option<Installation>>) -> Value {
    let (is_installed, cap) = match installed {
        Known::Unknown => (None, None),
        Known::Known(None) => (Some(false), None),
        Known::Known(Some(installation)) => (Some(true), Some(installation.cap)),
    };
    let conflicts = effect.set.conflicts();
    let policies: Vec<Value> = effect
        .stated
        .iter()
        .map(|one| {
            let ties = conflicts.iter().filter_map(|(winner, loser)| {
                match (winner.name() == one.name, loser.name() == one.name) {
                    (true, _) => Some(loser.name()),
                    (_, true) => Some(winner.name()),
                    _ => None,
                }
            });
            json!({
                "name": one.name,
                "spec": one.spec,
                "ready": one.ready,
                "conflictsWith": ties.collect::<Vec<_>>(),
                "facts": one.status.get("facts").cloned().unwrap_or_else(|| json!([])),
            })
        })
        .collect();
    json!({
        "apiVersion": "extreg.io/v1",
        "kind": "PoliciesInEffect",
        "source": effect.origin.word(),
        "webhook": {"installed": is_installed, "mode": cap},
        "policies": policies,
    })
}
