//! What is looked at before anything is written.

use std::collections::BTreeMap;

use extreg_cluster::{Cluster, Kind, Object, ObjectRef, Owned, is_owned};

use super::{
    args::Workload,
    plan::Step,
    secret::PreparedSecret,
    settings::{Apply, Settings},
    tags::{self, ForeignTag},
};
use crate::error::Error;

/// Whether the cluster has what the application is made of, before anything is written.
pub(crate) async fn check_served(cluster: &Cluster, steps: &[Step]) -> Result<(), Error> {
    for step in steps {
        let Step::Apply(object) = step else { continue };
        let (kind, flag) = match object.kind {
            Kind::BUILD_CONFIG => (object.kind, "leave the build out with --no-build"),
            Kind::IMAGE_STREAM => (object.kind, "leave it out with --no-stream"),
            Kind::DEPLOYMENT_CONFIG => (object.kind, "use --workload deployment"),
            _ => continue,
        };
        if !cluster.serves(kind).await? {
            return Err(Error::failed(format!(
                "the cluster does not serve {} ({}): it is no OpenShift, or has the capability \
                 switched off; {flag}",
                kind.plural,
                kind.api_version(),
            )));
        }
    }
    Ok(())
}

/// Refuses what cannot work beside what exists: two workloads of one name would both run the image and
/// count each other's pods as theirs, and a build without its source secret cannot clone.
pub(crate) async fn check_around(
    cluster: &Cluster,
    settings: &Settings,
    namespace: &str,
) -> Result<(), Error> {
    let other = match settings.workload {
        Workload::Deployment => Some((Kind::DEPLOYMENT_CONFIG, "deploymentconfig")),
        Workload::DeploymentConfig => Some((Kind::DEPLOYMENT, "deployment")),
        Workload::None => None,
    };
    if let Some((kind, flag)) = other {
        let reference = ObjectRef::new(kind, namespace, &settings.name);
        if cluster.get(&reference).await?.is_some() {
            return Err(Error::failed(format!(
                "{reference} exists and would run the same image, so nothing was changed: keep it with \
                 --workload {flag}, delete it, or leave the workload out with --workload none"
            )));
        }
    }
    let git = settings.build.as_ref().and_then(|build| build.git.as_ref());
    if let Some(name) = git.and_then(|git| git.secret.as_deref()) {
        let reference = ObjectRef::new(Kind::SECRET, namespace, name);
        if cluster.get(&reference).await?.is_none() {
            return Err(Error::failed(format!(
                "secret \"{name}\" of --source-secret does not exist in namespace \"{namespace}\", so \
                 nothing was changed: create it first"
            )));
        }
    }
    Ok(())
}

/// What is there of what would be written.
pub(crate) async fn look(
    cluster: &Cluster,
    namespace: &str,
    steps: &[Step],
) -> Result<BTreeMap<ObjectRef, Object>, Error> {
    let mut found = BTreeMap::new();
    for step in steps {
        let reference = match step {
            Step::Apply(object) => object.reference(),
            Step::Secret(name) => ObjectRef::new(Kind::SECRET, namespace, name),
            Step::Project(_) | Step::Link(_) => continue,
        };
        if let Some(object) = cluster.get(&reference).await? {
            found.insert(reference, object);
        }
    }
    Ok(found)
}

/// Refuses to write over what is not ours.
pub(crate) fn check_owned(
    steps: &[Step],
    secret: &PreparedSecret,
    current: &BTreeMap<ObjectRef, Object>,
    apply: Apply,
) -> Result<(), Error> {
    if apply.adopt {
        return Ok(());
    }
    let written = steps.iter().filter_map(|step| match (step, secret) {
        (Step::Apply(object), _) => Some(object.reference()),
        (Step::Secret(_), PreparedSecret::Write { object, .. }) => Some(object.reference()),
        _ => None,
    });
    let foreign: Vec<String> = written
        .filter(|reference| {
            current
                .get(reference)
                .is_some_and(|object| is_owned(object) == Owned::Theirs)
        })
        .map(|reference| reference.to_string())
        .collect();
    if foreign.is_empty() {
        return check_tags(steps, current);
    }
    Err(Error::failed(format!(
        "not made by oc extreg, so nothing was changed: {}; take over with --adopt, or leave out \
         what you have",
        foreign.join(", ")
    )))
}

/// Refuses to have a tag that another tool made follow another image.
fn check_tags(steps: &[Step], current: &BTreeMap<ObjectRef, Object>) -> Result<(), Error> {
    for step in steps {
        if let Step::Apply(object) = step
            && let Some(current) = current.get(&object.reference())
            && let Some(ForeignTag { name, follows }) = tags::foreign(object, current)
        {
            let follows = if follows.is_empty() {
                "was pushed to".to_owned()
            } else {
                format!("follows {follows}")
            };
            return Err(Error::failed(format!(
                "tag {name} was not made by setup and {follows}, so nothing was changed: name \
                 another tag in --image, or take this one over with --adopt"
            )));
        }
    }
    Ok(())
}
