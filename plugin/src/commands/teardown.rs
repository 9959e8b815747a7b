//! `teardown`: removes the objects that `setup` created.

mod plan;

use extreg_cluster::{Cluster, DryRun, Kind, MANAGED_BY, ObjectRef, Verb};
use extreg_terminal::Exit;
use serde_json::Value;

use self::plan::{Removal, plan};
use crate::{
    args::OutputArgs,
    context::Context,
    credential::link,
    error::Error,
    names::{self, APP},
    print::{ObjectFormat, Report},
    project::{self, Project},
    stream::{StreamTag, delete_tag},
};

/// Remove the objects that setup created for an application
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Show what would be removed
  oc extreg teardown python-lyapp -n snow

  # Remove it
  oc extreg teardown python-lyapp -n snow --yes

Removes only what setup created. An ImageStream that also has tags of other tools keeps them, and an \
ImageStream or secret that other objects use is not removed. The push secret is deleted with the last \
application that setup created in the namespace. The project, links of service accounts to other secrets \
and images in the registry are not removed. The exit code is 4 if setup created nothing with that name.")]
pub struct Args {
    /// Name of the application
    #[arg(value_name = "NAME")]
    name: String,
    /// Apply the changes (default: show the plan only)
    #[arg(long)]
    yes: bool,
    /// Also delete the project with everything in it, if setup created it
    #[arg(long)]
    delete_project: bool,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// Removes an application, or shows the plan.
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
    let mut report = Report::new(printer, output.format, dry_run);
    let removals = if delete_project {
        project_removal(&cluster, &namespace).await?
    } else {
        let plan = plan(&cluster, &namespace, &name).await?;
        for kept in &plan.kept {
            printer.note(kept.clone());
        }
        if !plan.removals.is_empty() {
            report_project(&cluster, &namespace, context).await?;
        }
        plan.removals
    };
    journal.advise("run the same command again to continue");
    let mut result = Ok(());
    for removal in &removals {
        journal.begin(removal.reference().to_string());
        let verb = match act(&cluster, removal, dry_run).await {
            Ok(Some(verb)) => verb,
            // Another client deleted it first.
            Ok(None) => {
                journal.nothing_done();
                continue;
            }
            Err(error) => {
                journal.failed(&error);
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
        printer.error(&if delete_project {
            format!("error: project {namespace} does not exist or is already being deleted")
        } else {
            format!("error: setup created nothing named {name} in namespace {namespace}")
        });
        return Ok(Exit::Incomplete);
    }
    if !yes {
        printer.note("Nothing was changed. Add --yes to apply.");
    }
    Ok(Exit::Done)
}

async fn act(cluster: &Cluster, removal: &Removal, dry_run: DryRun) -> Result<Option<Verb>, Error> {
    match removal {
        Removal::Delete(_) if dry_run == DryRun::Client => Ok(Some(Verb::Deleted)),
        Removal::Delete(object) => {
            let deleted = cluster.delete(&object.reference(), dry_run).await?;
            Ok(deleted.then_some(Verb::Deleted))
        }
        Removal::Release { .. } if dry_run == DryRun::Client => Ok(Some(Verb::Configured)),
        Removal::Release { stream, tags } => {
            let released = release(cluster, &stream.reference(), tags, dry_run).await?;
            Ok(released.then_some(Verb::Configured))
        }
        Removal::Unlink {
            account, secret, ..
        } => {
            let unlinked = link::unlink(cluster, account, secret, dry_run).await?;
            Ok(unlinked.then_some(Verb::Unlinked))
        }
    }
}

/// How often a write is tried if another client changes the same stream.
const ATTEMPTS: u32 = 5;

/// Deletes the tags of setup, with their history, and removes its labels from the stream. Does not apply
/// an empty list: applying without any tag removes the whole list, and with it the tags that were written
/// as ImageStreamTags, whose owners the API server does not record (structured-merge-diff
/// `merge/update.go` `prune`). `Ok(false)` if the stream does not exist.
async fn release(
    cluster: &Cluster,
    stream: &ObjectRef,
    tags: &[String],
    dry_run: DryRun,
) -> Result<bool, Error> {
    for tag in tags {
        let tag = StreamTag::new(&stream.name, tag);
        delete_tag(cluster, &stream.namespace, &tag, dry_run).await?;
    }
    let mut attempt = 1;
    loop {
        let Some(mut object) = cluster.get(stream).await? else {
            return Ok(false);
        };
        if let Some(labels) = object
            .body
            .pointer_mut("/metadata/labels")
            .and_then(Value::as_object_mut)
        {
            labels.retain(|key, _| key != MANAGED_BY && key != APP);
        }
        match cluster.replace(&object, dry_run).await {
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
            replaced => return Ok(replaced.map(|_| true)?),
        }
    }
}

/// Reports what happens to the project.
async fn report_project(
    cluster: &Cluster,
    namespace: &str,
    context: &Context,
) -> Result<(), Error> {
    let project = Project::look(cluster, namespace).await?;
    let reference = project.reference(namespace);
    context.printer.note(if project.is_ours() {
        format!("skipped {reference}: use --delete-project to delete it")
    } else {
        format!("skipped {reference}: setup did not create it")
    });
    Ok(())
}

/// The project as a Project if the cluster serves them: its administrators can delete it as that but
/// not as a Namespace.
async fn project_removal(cluster: &Cluster, namespace: &str) -> Result<Vec<Removal>, Error> {
    match Project::look(cluster, namespace).await? {
        Project::Absent(_) => Ok(Vec::new()),
        project if !project.is_ours() => Err(Error::failed(format!(
            "project \"{namespace}\" was not created by setup, so it is not deleted; omit \
             --delete-project to remove the application only"
        ))),
        Project::Present(object) if project::is_ending(&object) => Ok(Vec::new()),
        Project::Present(object) if cluster.serves(Kind::PROJECT).await? => {
            let reference = ObjectRef::new(Kind::PROJECT, "", namespace);
            Ok(vec![Removal::delete_as(reference, object)])
        }
        Project::Present(object) => Ok(vec![Removal::delete(object)]),
        Project::Unreadable(_) => Ok(Vec::new()),
    }
}
