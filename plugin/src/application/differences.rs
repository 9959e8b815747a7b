//! The changes that a setup would make. A secret is compared by its existence only: only the setup itself prompts for
//! its content.

use extreg_cluster::{ApplyOptions, Cluster, DryRun, Kind, Object, ObjectRef, Owned, is_owned};

use super::{
    adopt,
    args::Args,
    merge::merge,
    objects,
    plan::{self, Step},
    preflight::{check_served, look},
    schedule,
    settings::{Action, Settings},
};
use crate::{
    context::Context,
    difference::Difference,
    error::Error,
    names,
    project::{self, Project},
};

/// The changes that a setup would make.
///
/// # Errors
/// [`Error::Usage`] if the flags request something other than applying.
pub(crate) async fn differences(args: Args, context: &Context) -> Result<Vec<Difference>, Error> {
    let settings = Settings::resolve(args, context.namespace.as_deref())?;
    match settings.action {
        Action::Apply(apply)
            if apply.dry_run == DryRun::None && !apply.wait && apply.format.is_none() =>
        {
            compare_steps(&settings, context).await
        }
        _ => Err(Difference::only()),
    }
}

/// Compares, by the server's dry run.
async fn compare_steps(settings: &Settings, context: &Context) -> Result<Vec<Difference>, Error> {
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    names::project(&namespace)?;
    let steps = plan::steps(settings, &namespace);
    check_served(&cluster, &steps).await?;
    let is_absent = settings.project
        && matches!(
            Project::look(&cluster, &namespace).await?,
            Project::Absent(_)
        );
    if is_absent {
        context.printer.note(format!(
            "project \"{namespace}\" does not exist yet, so the server cannot dry-run its objects"
        ));
        return Ok(steps
            .into_iter()
            .filter_map(|step| fresh(step, &namespace))
            .collect());
    }
    let current = look(&cluster, &namespace, &steps).await?;
    let secret = settings
        .secret_name()
        .map(|name| current.get(&ObjectRef::new(Kind::SECRET, &namespace, name)));
    let deciding = schedule::Deciding {
        settings,
        cluster: &cluster,
        namespace: &namespace,
        context,
    };
    let credential = match secret {
        None => schedule::Credential::Cluster,
        Some(Some(object)) => schedule::Credential::Secret(object),
        Some(None) => schedule::Credential::Unknown,
    };
    let scheduled = deciding.decide(&current, credential).await?;
    let steps = plan::steps(&settings.with_schedule(scheduled), &namespace);
    let mut differences = Vec::new();
    for step in steps {
        differences.extend(compare(step, &cluster, &namespace, context).await?);
    }
    Ok(differences)
}

/// The result of a step in a project that does not exist.
fn fresh(step: Step, namespace: &str) -> Option<Difference> {
    let object = match step {
        Step::Project(name) => project::namespace(&name),
        Step::Secret(name) => objects::secret(namespace, &name, ""),
        // Creating the project creates the accounts.
        Step::Link(_) => return None,
        Step::Apply(object) => *object,
    };
    Some(Difference::new(None, object))
}

async fn compare(
    step: Step,
    cluster: &Cluster,
    namespace: &str,
    context: &Context,
) -> Result<Option<Difference>, Error> {
    Ok(match step {
        Step::Project(_) => None,
        Step::Secret(name) => {
            let reference = ObjectRef::new(Kind::SECRET, namespace, &name);
            let live = cluster.get(&reference).await?;
            let desired = live
                .clone()
                .unwrap_or_else(|| objects::secret(namespace, &name, ""));
            Some(Difference::new(live, desired))
        }
        Step::Link(link) => {
            let live = cluster.get(&link.reference(namespace)).await?;
            let (_, account) = link
                .apply(cluster, namespace, DryRun::Server, false)
                .await?;
            Some(Difference::new(live, account))
        }
        Step::Apply(object) => Some(of_object(*object, cluster, context).await?),
    })
}

async fn of_object(
    mut desired: Object,
    cluster: &Cluster,
    context: &Context,
) -> Result<Difference, Error> {
    let reference = desired.reference();
    let live = cluster.get(&reference).await?;
    if let Some(live) = &live {
        if is_owned(live) == Owned::Theirs {
            context.printer.warn(&format!(
                "{reference} was not created by oc extreg: without --adopt setup does not change it"
            ));
        }
        adopt::fit(&mut desired, live)?;
        merge(reference.kind, &live.body, &mut desired.body);
    }
    // A field that another tool has set is a difference, not an error.
    let options = ApplyOptions {
        dry_run: DryRun::Server,
        force: true,
    };
    let applied = extreg_cluster::apply(cluster, &desired, live.as_ref(), options).await?;
    Ok(Difference::new(live, applied.object))
}
