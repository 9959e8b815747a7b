//! The commands that mend what the checks find.

use std::sync::Arc;

use extreg_core::policy::{Policy, Selection};
use extreg_core::registry::RegistryHost;

use super::images::policy;
use super::support::oc;
use crate::coverage::GapReason;
use crate::credentials::{Credentials, Seen};
use crate::kind::Kind;
use crate::place::ObjectId;
use crate::snapshot::{SecretRecord, Snapshot, TagRecord};

/// The key by which every consumer finds a credential for Docker Hub.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// Makes a secret for a registry. The account and its token are for the user to fill in.
pub(super) fn create_secret(namespace: &str, name: &str, registry: RegistryHost<'_>) -> String {
    let server = format!("--docker-server={}", server(registry));
    oc(
        &[
            "create",
            "secret",
            "docker-registry",
            name,
            &server,
            "--docker-username=USER",
            "--docker-password=TOKEN",
        ],
        namespace,
    )
}

/// Writes a secret that is there anew. A secret of the older type cannot become one of the newer.
pub(super) fn replace_secret(
    secret: &SecretRecord,
    registry: RegistryHost<'_>,
    username: &str,
) -> String {
    let user = if username.is_empty() {
        "USER"
    } else {
        username
    };
    let create = oc(
        &[
            "create",
            "secret",
            "docker-registry",
            &secret.object.name,
            &format!("--docker-server={}", server(registry)),
            &format!("--docker-username={user}"),
            "--docker-password=TOKEN",
            "--dry-run=client",
            "-o",
            "yaml",
        ],
        &secret.object.namespace,
    );
    let force = if &*secret.kind == "kubernetes.io/dockerconfigjson" {
        ""
    } else {
        " --force"
    };
    format!("{create} | oc replace{force} -f -")
}

pub(super) fn server(registry: RegistryHost<'_>) -> &str {
    match registry {
        RegistryHost::DockerHub => HUB_KEY,
        RegistryHost::Other(host) => host,
    }
}

/// Sees to a secret for a registry, under the name that the policy speaks of: made, or written
/// anew where there is one by that name.
pub(super) fn provide_secret(
    snapshot: &Snapshot,
    namespace: &Arc<str>,
    registry: RegistryHost<'_>,
    repository: &str,
) -> String {
    let name = secret_name(snapshot, namespace, registry, repository);
    match Credentials::of(snapshot).secret(namespace, name) {
        Seen::Present(secret) => replace_secret(secret, registry, ""),
        Seen::Absent | Seen::Unknown => create_secret(namespace, name, registry),
    }
}

/// The name of an image of Docker Hub for which the key of [`create_secret`] is found, where it has
/// to be written anew for that: no key but one of its own matches `registry-1.docker.io`.
pub(super) fn hub_name(image: &str) -> Option<String> {
    let rest = image.strip_prefix("registry-1.docker.io/")?;
    let path = if rest.contains('/') { "" } else { "library/" };
    Some(format!("docker.io/{path}{rest}"))
}

/// The name for a secret that has to be made: the one that the policy speaks of.
pub(super) fn secret_name<'s>(
    snapshot: &'s Snapshot,
    namespace: &Arc<str>,
    registry: RegistryHost<'_>,
    repository: &str,
) -> &'s str {
    let named = match policy(snapshot, namespace, registry, repository) {
        Selection::Policy(policy) | Selection::NamespaceUnknown(policy) => policy
            .push()
            .map(|(secret, _)| secret)
            .or_else(|| policy.pull_secret()),
        Selection::None => None,
    };
    match (named, registry) {
        (Some(name), _) => name,
        (None, RegistryHost::DockerHub) => Policy::DEFAULT_SECRET,
        (None, RegistryHost::Other(_)) => "registry",
    }
}

/// Has a build push with a secret.
pub(super) fn set_push_secret(build: &ObjectId, secret: &str) -> String {
    let (resource, patch) = match build.kind {
        Kind::BuildConfig => return set_build_secret("--push", build, secret),
        Kind::Build => (
            build.reference(),
            format!(r#"{{"spec":{{"output":{{"pushSecret":{{"name":"{secret}"}}}}}}}}"#),
        ),
        _ => (
            build.reference(),
            format!(r#"{{"spec":{{"output":{{"pushSecret":"{secret}"}}}}}}"#),
        ),
    };
    oc(
        &["patch", &resource, "--type=merge", "-p", &patch],
        &build.namespace,
    )
}

/// Has a build pull its base with a secret.
pub(super) fn set_pull_secret(build: &ObjectId, secret: &str) -> String {
    set_build_secret("--pull", build, secret)
}

fn set_build_secret(kind: &str, build: &ObjectId, secret: &str) -> String {
    let config = format!("bc/{}", build.name);
    oc(
        &["set", "build-secret", kind, &config, secret],
        &build.namespace,
    )
}

/// Adds a pull secret to the pods of a workload, beside those that it names.
pub(super) fn add_pull_secret(workload: &ObjectId, secret: &str) -> String {
    let template = match workload.kind {
        Kind::CronJob => "/spec/jobTemplate/spec/template/spec",
        Kind::Pod => "/spec",
        _ => "/spec/template/spec",
    };
    let patch = format!(
        r#"[{{"op":"add","path":"{template}/imagePullSecrets/-","value":{{"name":"{secret}"}}}}]"#
    );
    oc(
        &["patch", &workload.reference(), "--type=json", "-p", &patch],
        &workload.namespace,
    )
}

/// Looks at what could not be looked at: with the rights for it, or in the cluster itself.
pub(super) fn look(snapshot: &Snapshot, namespace: &str) -> String {
    let mut gaps = snapshot.coverage.gaps.iter();
    if gaps.any(|gap| gap.why == GapReason::Forbidden) {
        oc(&["extreg", "audit", "rbac", "--export"], "")
    } else if snapshot
        .coverage
        .gaps
        .iter()
        .any(|gap| gap.why == GapReason::NotCollected)
    {
        match namespace {
            "" => oc(&["adm", "must-gather"], ""),
            namespace => oc(&["adm", "inspect", &format!("ns/{namespace}")], ""),
        }
    } else {
        oc(&["extreg", "audit"], namespace)
    }
}

/// Links a secret to an account: `pull`, or `pull,mount` for one that builds.
pub(super) fn link(account: &ObjectId, secret: &str, uses: &str) -> String {
    let uses = format!("--for={uses}");
    oc(
        &["secrets", "link", &account.name, secret, &uses],
        &account.namespace,
    )
}

/// Has imports leave a secret out, or take it in again.
pub(super) fn exclude(secret: &ObjectId, exclude: bool) -> String {
    let object = format!("secret/{}", secret.name);
    let annotation = if exclude {
        "openshift.io/image.excludeSecret=true"
    } else {
        "openshift.io/image.excludeSecret-"
    };
    oc(&["annotate", &object, annotation], &secret.namespace)
}

/// Has a tag follow an image. `oc tag` writes the whole of the tag, so that what it has is said
/// again.
pub(super) fn tag(stream: &ObjectId, tag: &TagRecord, image: &str, scheduled: bool) -> String {
    let target = format!("{}:{}", stream.name, tag.name);
    let mut words = vec!["tag", "--source=docker", image, &target];
    if scheduled {
        words.push("--scheduled");
    }
    words.extend(policy_words(tag));
    if tag.insecure {
        words.push("--insecure");
    }
    oc(&words, &stream.namespace)
}

/// Has a new tag, `stream:tag`, follow an image on schedule.
pub(super) fn schedule(namespace: &str, target: &str, image: &str) -> String {
    oc(
        &["tag", "--source=docker", image, target, "--scheduled"],
        namespace,
    )
}

/// Imports a tag now. `oc import-image` resets the import mode and the reference policy unless they
/// are said again.
pub(super) fn import(stream: &ObjectId, tag: &TagRecord) -> String {
    let target = format!("{}:{}", stream.name, tag.name);
    let mut words = vec!["import-image", &*target];
    words.extend(policy_words(tag));
    oc(&words, &stream.namespace)
}

fn policy_words<'a>(tag: &TagRecord) -> impl Iterator<Item = &'a str> + use<'a> {
    let mode = tag
        .preserves_original
        .then_some("--import-mode=PreserveOriginal");
    let policy = tag.local.then_some("--reference-policy=local");
    mode.into_iter().chain(policy)
}

/// Has a workload follow a tag of a stream.
pub(super) fn trigger(workload: &ObjectId, from: &str, container: &str) -> String {
    oc(
        &[
            "set",
            "triggers",
            &workload.reference(),
            &format!("--from-image={from}"),
            "-c",
            container,
        ],
        &workload.namespace,
    )
}

/// Has a workload follow its tags again.
pub(super) fn resume_triggers(workload: &ObjectId) -> String {
    oc(
        &["set", "triggers", &workload.reference(), "--auto"],
        &workload.namespace,
    )
}

/// Takes a trigger annotation away that `oc set triggers` cannot read either.
pub(super) fn remove_triggers(workload: &ObjectId) -> String {
    oc(
        &[
            "annotate",
            &workload.reference(),
            "image.openshift.io/triggers-",
        ],
        &workload.namespace,
    )
}

/// Has a container run that image.
pub(super) fn set_image(workload: &ObjectId, container: &str, image: &str) -> String {
    oc(
        &[
            "set",
            "image",
            &workload.reference(),
            &format!("{container}={image}"),
        ],
        &workload.namespace,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::testing::{self, object};

    #[test]
    fn a_tag_keeps_what_it_has() {
        let mut record = testing::tag("v1", "docker.io/u/a:v1");
        let stream = object(Kind::ImageStream, "shop", "app");
        assert_eq!(
            tag(&stream, &record, "docker.io/u/a:v1", true),
            "oc tag --source=docker docker.io/u/a:v1 app:v1 --scheduled -n shop"
        );
        record.preserves_original = true;
        record.local = true;
        record.insecure = true;
        assert_eq!(
            tag(&stream, &record, "docker.io/u/a:v1", false),
            "oc tag --source=docker docker.io/u/a:v1 app:v1 --import-mode=PreserveOriginal \
             --reference-policy=local --insecure -n shop"
        );
        assert_eq!(
            import(&stream, &record),
            "oc import-image app:v1 --import-mode=PreserveOriginal --reference-policy=local -n shop"
        );
    }

    #[test]
    fn each_kind_of_build_has_its_own_way() {
        for (kind, want) in [
            (
                Kind::BuildConfig,
                "oc set build-secret --push bc/app hub -n shop",
            ),
            (
                Kind::Build,
                "oc patch build.build.openshift.io/app --type=merge -p \
                 '{\"spec\":{\"output\":{\"pushSecret\":{\"name\":\"hub\"}}}}' -n shop",
            ),
            (
                Kind::ShipwrightBuild,
                "oc patch build.shipwright.io/app --type=merge -p \
                 '{\"spec\":{\"output\":{\"pushSecret\":\"hub\"}}}' -n shop",
            ),
        ] {
            assert_eq!(set_push_secret(&object(kind, "shop", "app"), "hub"), want);
        }
    }
}
