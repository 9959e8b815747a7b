//! `teardown`: what `setup` made, taken away again.

mod plan;

use self::plan::{Removal, plan};
use super::setup::{
    link, names,
    project::{self, Project},
};
use crate::{
    api::{Cluster, DryRun, ObjectFormat, Report, Verb},
    context::Context,
    error::Error,
    exit::Exit,
};

/// Remove what setup made for an application
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # What would be removed
  oc extreg teardown python-lyapp -n snow

  # Remove it
  oc extreg teardown python-lyapp -n snow --yes

Only what setup made is removed. The push secret goes with the last application that setup made in \
the namespace; the links of service accounts to other secrets stay. Images in the registry stay.")]
pub struct Args {
    /// Name of the application
    #[arg(value_name = "NAME")]
    name: String,
    /// Do it; without this it is only said what would be done
    #[arg(long)]
    yes: bool,
    /// Remove the project too, with everything that is in it, if setup made it
    #[arg(long)]
    delete_project: bool,
    /// Format: name, json or yaml
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    output: Option<ObjectFormat>,
}

/// Removes an application, or says what that would remove.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let Args {
        name,
        yes,
        delete_project,
        output,
    } = args;
    names::application(&name)?;
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    names::project(&namespace)?;
    let (printer, journal) = (&context.printer, &context.journal);
    let dry_run = if yes { DryRun::None } else { DryRun::Client };
    let mut report = Report::new(printer, output, dry_run);
    let removals = if delete_project {
        project_removal(&cluster, &namespace).await?
    } else {
        let plan = plan(&cluster, &namespace, &name).await?;
        for kept in &plan.kept {
            printer.note(kept.clone());
        }
        plan.removals
    };
    journal.advise("run the same command again to go on");
    let mut result = Ok(());
    for removal in &removals {
        journal.begin(removal.reference().to_string());
        let verb = match act(&cluster, removal, dry_run).await {
            Ok(Some(verb)) => verb,
            // Somebody else was faster.
            Ok(None) => {
                journal.nothing_done();
                continue;
            }
            Err(error) => {
                if matches!(
                    error,
                    Error::Api { .. } | Error::NotLoggedIn(_) | Error::Usage(_)
                ) {
                    journal.nothing_done();
                }
                result = Err(error);
                break;
            }
        };
        if yes {
            journal.done(format!("{} {verb}", removal.reference()));
        } else {
            journal.nothing_done();
        }
        report.add(removal.reference(), verb, removal.object());
    }
    report.finish()?;
    if let Err(error) = result {
        return Err(journal.ended_by(error));
    }
    if removals.is_empty() {
        printer.note(format!(
            "Nothing of {name} that setup made is in namespace {namespace}."
        ));
    } else if !yes {
        printer.note("Nothing was changed. Add --yes to do it.");
    }
    Ok(Exit::Done)
}

async fn act(cluster: &Cluster, removal: &Removal, dry_run: DryRun) -> Result<Option<Verb>, Error> {
    match removal {
        Removal::Delete(object) if dry_run == DryRun::Client => {
            let _ = object;
            Ok(Some(Verb::Deleted))
        }
        Removal::Delete(object) => {
            let deleted = cluster.delete(&object.reference(), dry_run).await?;
            Ok(deleted.then_some(Verb::Deleted))
        }
        Removal::Unlink {
            account, secret, ..
        } => {
            let unlinked = link::unlink(cluster, account, secret, dry_run).await?;
            Ok(unlinked.then_some(Verb::Unlinked))
        }
    }
}

async fn project_removal(cluster: &Cluster, namespace: &str) -> Result<Vec<Removal>, Error> {
    match Project::look(cluster, namespace).await? {
        Project::Absent(_) => Ok(Vec::new()),
        project if !project.is_ours() => Err(Error::failed(format!(
            "project \"{namespace}\" was not made by setup, so it is not removed; leave out \
             --delete-project to remove the application only"
        ))),
        Project::Present(object) if project::is_ending(&object) => Ok(Vec::new()),
        Project::Present(object) => Ok(vec![Removal::delete(object)]),
        Project::Unreadable(_) => Ok(Vec::new()),
    }
}
