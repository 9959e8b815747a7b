//! The remedies of the checks, from the records that they are about.

use std::sync::Arc;

use extreg_core::policy::Selection;
use extreg_core::registry::RegistryHost;
use extreg_remedy::{Action, Inspection, LinkUse, Remedy, SpecTag};
use extreg_snapshot::coverage::GapReason;
use extreg_snapshot::credentials::{Credential, Credentials};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ObjectId;
use extreg_snapshot::{ImageUse, Snapshot, TagRecord};

use super::images::policy;

/// Writes a credential for a registry into the secret that the policy names.
pub(super) fn provide_credential(
    snapshot: &Snapshot,
    namespace: &Arc<str>,
    registry: RegistryHost<'_>,
    repository: &str,
) -> Remedy {
    let name = secret_name(snapshot, namespace, registry, repository);
    set_credential(namespace, &name, registry)
}

/// The same, and assigns the secret to its user: without that, only imports find it.
pub(super) fn provide_and_give(
    snapshot: &Snapshot,
    namespace: &Arc<str>,
    registry: RegistryHost<'_>,
    repository: &str,
    give: impl FnOnce(&Arc<str>) -> Remedy,
) -> Remedy {
    let name = secret_name(snapshot, namespace, registry, repository);
    set_credential(namespace, &name, registry).and(give(&name))
}

/// Gives the import of a tag a credential: through the image name that the usual key matches,
/// or, without such a key, in the secret that the policy names.
pub(super) fn authenticate_import(
    snapshot: &Snapshot,
    stream: &ObjectId,
    tag: &TagRecord,
    image: &str,
    registry: RegistryHost<'_>,
    repository: &str,
) -> Remedy {
    let namespace = &stream.namespace;
    let provide = || provide_credential(snapshot, namespace, registry, repository);
    let Some(name) = hub_name(image) else {
        return provide();
    };
    let renamed = follow(stream, tag, &name);
    match Credentials::of(snapshot).import(namespace, &name) {
        Credential::None => renamed.and(provide()),
        Credential::Found { .. } | Credential::Broken { .. } | Credential::Unknown(_) => renamed,
    }
}

/// Writes a credential for a registry into a secret and keeps its other keys.
pub(super) fn set_credential(
    namespace: &Arc<str>,
    name: &str,
    registry: RegistryHost<'_>,
) -> Remedy {
    Remedy::run(Action::SetCredential {
        secret: ObjectId {
            namespace: Arc::clone(namespace),
            kind: Kind::Secret,
            name: name.into(),
        },
        registry: registry.as_str().into(),
    })
}

/// The name of a Docker Hub image that the usual key matches, if the current name needs
/// a change for that: only a separate key matches `registry-1.docker.io`.
pub(super) fn hub_name(image: &str) -> Option<String> {
    let rest = image.strip_prefix("registry-1.docker.io/")?;
    let path = if rest.contains('/') { "" } else { "library/" };
    Some(format!("docker.io/{path}{rest}"))
}

/// The name of a secret to create: the one that the policy names.
fn secret_name(
    snapshot: &Snapshot,
    namespace: &Arc<str>,
    registry: RegistryHost<'_>,
    repository: &str,
) -> Arc<str> {
    let named = match policy(snapshot, namespace, registry, repository) {
        Selection::Policy(policy) | Selection::NamespaceUnknown(policy) => policy
            .push()
            .map(|(secret, _)| secret)
            .or_else(|| policy.pull_secret()),
        Selection::None => None,
    };
    named.map_or_else(|| registry.secret_name().into(), Arc::from)
}

/// Lets a build push with a secret.
pub(super) fn set_push_secret(build: &ObjectId, secret: &Arc<str>) -> Remedy {
    Remedy::run(Action::SetPushSecret {
        build: build.clone(),
        secret: Arc::clone(secret),
    })
}

/// Lets a build pull the image of a field with a secret. The images of a Dockerfile are pulled with the
/// secret of the strategy.
pub(super) fn set_pull_secret(used: &ImageUse, secret: &Arc<str>) -> Remedy {
    let field = &*used.place.field;
    let holder = match field.trim_end_matches(".name").strip_suffix(".from") {
        Some(holder) if !holder.starts_with("spec.triggers") => holder,
        _ => "spec.strategy.dockerStrategy",
    };
    Remedy::run(Action::SetPullSecret {
        build: used.place.object.clone(),
        holder: holder.into(),
        secret: Arc::clone(secret),
    })
}

/// Adds a pull secret to the pods of a workload and keeps the existing ones.
pub(super) fn add_pull_secret(workload: &ObjectId, secret: &Arc<str>) -> Remedy {
    Remedy::run(Action::AddPullSecret {
        workload: workload.clone(),
        secret: Arc::clone(secret),
    })
}

/// Links a secret to an account.
pub(super) fn link(account: &ObjectId, secret: &Arc<str>, uses: LinkUse) -> Remedy {
    Remedy::run(Action::LinkSecret {
        account: account.clone(),
        secret: Arc::clone(secret),
        uses,
    })
}

/// Excludes a secret from imports, or includes it.
pub(super) fn exclude(secret: &ObjectId, excluded: bool) -> Remedy {
    Remedy::run(Action::SetExcluded {
        secret: secret.clone(),
        excluded,
    })
}

/// Shows objects that could not be read: with more permissions, or in the cluster itself.
pub(super) fn inspect(snapshot: &Snapshot, namespace: &Arc<str>) -> Remedy {
    let mut gaps = snapshot.coverage.gaps.iter();
    Remedy::Inspect(if gaps.any(|gap| gap.why == GapReason::Forbidden) {
        Inspection::AuditRights
    } else if snapshot
        .coverage
        .gaps
        .iter()
        .any(|gap| gap.why == GapReason::NotCollected)
    {
        Inspection::Gather {
            namespace: Arc::clone(namespace),
        }
    } else {
        Inspection::Audit {
            namespace: Arc::clone(namespace),
        }
    })
}

/// Shows the image configuration of the cluster.
pub(super) fn inspect_image_config() -> Remedy {
    Remedy::Inspect(Inspection::Get(ObjectId {
        namespace: Arc::default(),
        kind: Kind::ImageConfig,
        name: "cluster".into(),
    }))
}

/// Turns the scheduled import of a tag on or off.
pub(super) fn schedule(stream: &ObjectId, tag: &TagRecord, scheduled: bool) -> Remedy {
    match SpecTag::new(stream, tag) {
        Some(tag) => Remedy::run(Action::SetSchedule { tag, scheduled }),
        None => Remedy::instruct(format!("change the schedule of {} of {stream}", tag.name)),
    }
}

/// Changes the image name that a tag follows; the image is the same.
fn follow(stream: &ObjectId, tag: &TagRecord, image: &str) -> Remedy {
    match SpecTag::new(stream, tag) {
        Some(tag) => Remedy::run(Action::FollowImage {
            tag,
            image: image.into(),
        }),
        None => Remedy::instruct(format!("write {image} in {} of {stream}", tag.name)),
    }
}

/// Imports a tag now.
pub(super) fn import(stream: &ObjectId, tag: &TagRecord) -> Remedy {
    Remedy::run(Action::ImportTag {
        stream: stream.clone(),
        tag: Arc::clone(&tag.name),
        wait: false,
    })
}
