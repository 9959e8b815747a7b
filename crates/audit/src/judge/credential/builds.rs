//! Secrets that builds and workloads name and that do not exist.

use std::sync::Arc;

use extreg_core::image::ImageRef;
use extreg_core::registry::RegistryHost;
use extreg_remedy::Outcome;
use extreg_snapshot::credentials::{Credentials, Doubt, Seen};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ObjectId, Origin, Place};
use extreg_snapshot::{BuildRecord, Snapshot, WorkloadRecord};

use super::super::found::found;
use super::super::index::Index;
use super::super::remedy;
use crate::check::{CheckId, Severity};
use crate::finding::{Finding, inconclusive};

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let index = Index::of(snapshot);
    for build in &snapshot.builds {
        let waits = waits_for_push_secret(build);
        // The finding is about the BuildConfig rather than its Build, unless the Build is stuck.
        if build.is_over() || index.is_built(build) && !waits {
            continue;
        }
        if !build.push_secret.is_empty() {
            let registry = registry_of(&build.pushes_to);
            findings.extend(judge(
                snapshot,
                build,
                "spec.output.pushSecret",
                &build.push_secret,
                registry,
            ));
        }
        for (secret, image) in &build.pull_secrets {
            let registry = registry_of(image);
            findings.extend(judge(snapshot, build, "pullSecret", secret, registry));
        }
    }
    for workload in snapshot.workloads.iter().filter(|w| !index.is_made(w)) {
        for secret in &workload.pull_secrets {
            findings.extend(unpulled(snapshot, workload, secret));
        }
    }
}

fn judge(
    snapshot: &Snapshot,
    build: &BuildRecord,
    field: &str,
    secret: &Arc<str>,
    registry: RegistryHost<'_>,
) -> Option<Finding> {
    let object = &build.object;
    let seen = Credentials::of(snapshot).push_secret(&object.namespace, secret);
    // A push uses a secret of any type.
    if field.ends_with("pushSecret") && matches!(seen, Seen::Present(_)) {
        return None;
    }
    let outcome = outcome(snapshot, object, secret)?;
    let name = &object.name;
    let waits = waits_for_push_secret(build) && field.ends_with("pushSecret");
    let (message, why) = match outcome {
        Outcome::Fail if waits => (
            format!("{name} waits in Pending for the push secret {secret}, which does not exist"),
            "Its pod keeps the volume of that name even if the Build changes: it starts \
             when a secret of that name is created"
                .to_owned(),
        ),
        Outcome::Fail => (
            format!("{name} names the secret {secret}, which does not exist"),
            "Its builds wait in Pending, for example with MissingPushSecret, until a docker secret \
             of that name is created"
                .to_owned(),
        ),
        Outcome::Unknown => unseen(object, secret),
    };
    Some(Finding {
        message,
        why,
        ..missing(
            snapshot,
            outcome,
            object,
            &build.origin,
            field,
            secret,
            registry,
        )
    })
}

fn unpulled(snapshot: &Snapshot, workload: &WorkloadRecord, secret: &Arc<str>) -> Option<Finding> {
    let object = &workload.object;
    let outcome = outcome(snapshot, object, secret)?;
    let (message, why) = match outcome {
        Outcome::Fail => (
            format!(
                "{} names the pull secret {secret}, which does not exist",
                object.name
            ),
            "The kubelet skips it and pulls without it; it ignores the pull secrets of its account \
             because the pod names one"
                .to_owned(),
        ),
        Outcome::Unknown => unseen(object, secret),
    };
    let image = workload.containers.first().map_or("", |first| &first.image);
    let registry = registry_of(image);
    Some(Finding {
        severity: Severity::Medium,
        message,
        why,
        ..missing(
            snapshot,
            outcome,
            object,
            &workload.origin,
            "imagePullSecrets",
            secret,
            registry,
        )
    })
}

/// Whether a secret is missing. Files have no finding: the secret is in
/// the cluster, or another tool creates it.
fn outcome(snapshot: &Snapshot, object: &ObjectId, secret: &str) -> Option<Outcome> {
    match Credentials::of(snapshot).secret(&object.namespace, secret) {
        Seen::Present(_) => None,
        Seen::Absent => Some(Outcome::Fail),
        Seen::Unknown => snapshot
            .coverage
            .is_partial(Kind::Secret, &object.namespace)
            .then_some(Outcome::Unknown),
    }
}

fn unseen(object: &ObjectId, secret: &Arc<str>) -> (String, String) {
    let doubt = Doubt::Unseen(ObjectId {
        kind: Kind::Secret,
        name: secret.clone(),
        ..object.clone()
    });
    (
        format!(
            "cannot determine whether the secret {secret} of {} exists",
            object.name
        ),
        inconclusive(doubt),
    )
}

fn missing(
    snapshot: &Snapshot,
    outcome: Outcome,
    object: &ObjectId,
    origin: &Origin,
    field: &str,
    secret: &Arc<str>,
    registry: RegistryHost<'_>,
) -> Finding {
    let place = Place {
        object: object.clone(),
        part: secret.clone(),
        field: field.into(),
        origin: origin.clone(),
    };
    Finding {
        outcome,
        fix: match outcome {
            Outcome::Fail => remedy::set_credential(&object.namespace, secret, registry),
            Outcome::Unknown => remedy::inspect(snapshot, &object.namespace),
        },
        ..found(CheckId::Exr009, "missing-secret", place)
    }
}

fn waits_for_push_secret(build: &BuildRecord) -> bool {
    build
        .phase
        .as_ref()
        .is_some_and(|phase| &*phase.reason == "MissingPushSecret")
}

/// The registry of an image, docker.io for a short name.
fn registry_of(image: &str) -> RegistryHost<'_> {
    match ImageRef::parse(image) {
        Ok(image) if !image.is_registry_only() && !image.registry().is_empty() => {
            RegistryHost::of(image.registry())
        }
        _ => RegistryHost::DockerHub,
    }
}
