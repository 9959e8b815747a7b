//! Checks before the first write.

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

/// Checks that the cluster serves the kinds that the application needs, before the first write.
pub(crate) async fn check_served(cluster: &Cluster, steps: &[Step]) -> Result<(), Error> {
    for step in steps {
        let Step::Apply(object) = step else { continue };
        let (kind, flag) = match object.kind {
            Kind::BUILD_CONFIG => (object.kind, "skip the build with --no-build"),
            Kind::IMAGE_STREAM => (object.kind, "skip it with --no-stream"),
            Kind::DEPLOYMENT_CONFIG => (object.kind, "use --workload deployment"),
            _ => continue,
        };
        if !cluster.serves(kind).await? {
            return Err(Error::failed(format!(
                "the cluster does not serve {} ({}): it is not OpenShift, or the capability is \
                 disabled; {flag}",
                kind.plural,
                kind.api_version(),
            )));
        }
    }
    Ok(())
}

/// Refuses to create an object that conflicts with an existing one: two workloads with one name would both run the
/// image and select each other's pods, and a build without its source secret cannot clone.
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
                 --workload {flag}, delete it, or skip the workload with --workload none"
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

/// The existing objects among those to write.
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

/// Refuses to overwrite objects that are not ours.
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
        "not created by oc extreg, so nothing was changed: {}; adopt them with --adopt, or skip \
         the existing objects",
        foreign.join(", ")
    )))
}

/// Refuses to change the image of a tag that another tool created.
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
                "tag {name} was not created by setup and {follows}, so nothing was changed: name \
                 another tag in --image, or adopt this one with --adopt"
            )));
        }
    }
    Ok(())
}
