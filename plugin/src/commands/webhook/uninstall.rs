//! `webhook uninstall`: removes the configuration first, so that nothing waits for a webhook that is
//! removed. Works with a broken webhook and an incomplete installation.

use extreg_cluster::{Cluster, DryRun, Kind, Object, ObjectRef, Owned, Verb, is_owned};
use extreg_manifests::{Settings, names, uninstall};
use extreg_terminal::Exit;

use crate::{
    args::OutputArgs,
    context::Context,
    error::Error,
    installation::{
        importer,
        installed::{Installed, Target},
        kinds,
        owner::{Goal, Owner},
        plan::ADOPTED,
        proof, wait,
    },
    print::{ObjectFormat, Report},
};

/// Remove the webhook; works even if the webhook is broken
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Show what would be removed
  oc extreg webhook uninstall

  # Remove the webhook, and keep the policies for a later installation
  oc extreg webhook uninstall --yes

  # Remove everything
  oc extreg webhook uninstall --all --yes

Removes the configuration first: from then on no API server calls the webhook. Removes only what webhook \
install created. Changes that the webhook made to other objects remain.")]
pub(super) struct Args {
    /// Apply the changes (default: show the plan only)
    #[arg(long)]
    yes: bool,
    /// Also remove all policies and their definition
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// Removes the webhook, or shows the plan.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let Args { yes, all, output } = args;
    let cluster = context.cluster().await?;
    let (printer, journal) = (&context.printer, &context.journal);
    let Plan {
        owner,
        removals,
        kept,
    } = plan(&cluster, context.namespace.as_deref(), all).await?;
    let dry_run = if yes { DryRun::None } else { DryRun::Client };
    let mut report = Report::new(printer, output.format, dry_run);
    journal.advise("run the same command again to continue");
    let mut result = Ok(());
    for object in &removals {
        let reference = object.reference();
        if yes {
            journal.begin(reference.to_string());
            match cluster.delete(&reference, DryRun::None).await {
                Ok(true) => journal.done(format!("{reference} {}", Verb::Deleted)),
                // Another client deleted it first.
                Ok(false) => {
                    journal.nothing_done();
                    continue;
                }
                // The configuration must be removed before the objects that it refers to.
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        report.add(&reference, Verb::Deleted, Some(object));
    }
    report.finish()?;
    if let Err(error) = result {
        return Err(journal.ended_by(error.into()));
    }
    for line in kept {
        printer.note(line);
    }
    if let Some(owner @ Owner::Files) = owner {
        let instruction = owner.instruction(Goal::Uninstall);
        printer.note(format!(
            "The webhook was installed from {owner}: {instruction}."
        ));
    } else if removals.is_empty() {
        printer.note("The webhook is not installed.");
    } else if !yes {
        printer.note("Nothing was changed. Add --yes to apply.");
    }
    Ok(Exit::Done)
}

struct Plan {
    /// The tool that manages the installation, if it exists.
    owner: Option<Owner>,
    removals: Vec<Object>,
    /// The remaining objects, as text.
    kept: Vec<String>,
}

async fn plan(cluster: &Cluster, requested: Option<&str>, all: bool) -> Result<Plan, Error> {
    let live = Installed::read(cluster).await?;
    let owner = live.owner();
    if let Some(owner) = &owner {
        owner.refuse(Goal::Uninstall)?;
    }
    let mut settings = Settings::default();
    let namespace = match live.target() {
        Some(Target::Service { namespace, .. }) => Some(namespace),
        _ => requested.map(str::to_owned),
    };
    if let Some(namespace) = namespace {
        settings.namespace = namespace
            .parse()
            .map_err(|error| Error::usage(format!("--namespace: {error}")))?;
    }
    let names = uninstall(&settings).map_err(|error| Error::failed(error.to_string()))?;
    let mut candidates = vec![kinds::configuration(), proof::rehearsal_reference()];
    let following = importer::everything(cluster, &settings).await?;
    for name in &names {
        let reference = kinds::reference(name)?;
        match reference.kind {
            kinds::CONFIGURATION => {}
            // All policies, because they are deleted with their definition.
            kinds::POLICY => {
                let policies = live.policies.iter().flatten();
                candidates.extend(policies.map(Object::reference));
            }
            _ => candidates.push(reference),
        }
    }
    let mut plan = Plan {
        owner,
        removals: Vec::new(),
        kept: Vec::new(),
    };
    for reference in candidates {
        if let Some(object) = cluster.get(&reference).await? {
            plan.sort_in(object, all);
        }
    }
    // Objects that are not in the list of an installation, such as role bindings in single namespaces.
    for object in following {
        let reference = object.reference();
        if plan
            .removals
            .iter()
            .all(|other| other.reference() != reference)
        {
            plan.removals.push(object);
        }
    }
    Ok(plan)
}

impl Plan {
    fn sort_in(&mut self, object: Object, all: bool) {
        let reference = object.reference();
        if wait::is_going(&object) {
            return;
        }
        let is_policy = matches!(reference.kind, kinds::POLICY | kinds::DEFINITION);
        if is_policy && !all {
            self.kept
                .push(format!("skipped {reference}: use --all to remove it"));
        } else if is_policy || is_ours(&object) {
            self.removals.push(object);
        } else if !is_made_by_service_ca(&reference) {
            self.kept.push(format!(
                "skipped {reference}: webhook install did not create it"
            ));
        }
    }
}

fn is_ours(object: &Object) -> bool {
    let annotations = object.body.pointer("/metadata/annotations");
    let is_adopted = annotations.is_some_and(|all| all.get(ADOPTED).is_some());
    is_owned(object) == Owned::Ours && !is_adopted
}

/// It is deleted with its Service.
fn is_made_by_service_ca(reference: &ObjectRef) -> bool {
    reference.kind == Kind::SECRET && reference.name == names::SERVING_SECRET
}
