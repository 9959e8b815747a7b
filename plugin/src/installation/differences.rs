//! The changes that an installation would make.

use extreg_cluster::DryRun;
use extreg_manifests::Phase;

use super::{
    apply::apply_step,
    args::Args,
    choices::{Action, Choices, Place},
    existing,
    installed::{Installed, Target},
    plan,
};
use crate::{context::Context, difference::Difference, error::Error};

/// Compares, by the server's dry run. The URL of an external webhook is taken from the existing installation.
///
/// # Errors
/// [`Error::Refused`] if an installation would be refused, [`Error::Usage`] if the flags request something other than
/// applying.
pub(crate) async fn differences(args: Args, context: &Context) -> Result<Vec<Difference>, Error> {
    let (mut choices, action) = Choices::new(args, context.namespace.as_deref())?;
    let mut apply = match action {
        Action::Apply(apply) if apply.dry_run == DryRun::None && apply.format.is_none() => apply,
        _ => return Err(Difference::only()),
    };
    // A field that another tool has set is a difference, not an error.
    apply.force = true;
    apply.dry_run = DryRun::Server;
    let cluster = context.cluster().await?;
    let live = Installed::read(&cluster).await?;
    if let (Some(Target::Url(_)), Place::Cluster { .. }) = (live.target(), &choices.place) {
        choices.place = existing::choices(&cluster).await?.place;
    }
    let plan = plan::make(&cluster, &choices, &apply, &live).await?;
    for note in &plan.notes {
        context.printer.note(note.clone());
    }
    let is_new = |phase| {
        let mut steps = plan.steps.iter();
        steps.any(|step| step.phase == phase && step.current.is_none())
    };
    let mut differences = Vec::new();
    for step in &plan.steps {
        // The server cannot dry-run an object whose kind or namespace does not exist.
        let dry_run = if plan::is_homeless(step, &plan.steps)
            || step.phase == Phase::Policy && is_new(Phase::Definition)
        {
            DryRun::Client
        } else {
            DryRun::Server
        };
        let applied = apply_step(&cluster, step, &apply, dry_run).await?;
        differences.push(Difference::new(step.current.clone(), applied.object));
    }
    Ok(differences)
}
