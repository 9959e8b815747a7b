//! Who is refused: the credential that would be used, and the command that gives a better one.

use std::sync::Arc;

use extreg_audit::{
    credentials::{Credential, Credentials, Doubt, Push, Seen},
    kind::Kind,
    place::{ObjectId, Origin},
    snapshot::{BuildRecord, WorkloadRecord},
};

use extreg_core::registry::RefRole;

use super::{Mend, Site};
use crate::commands::status::{
    image::Image,
    read::{Build, BuildConfig, Output, Workload, WorkloadKind},
};

/// What is known of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// In words.
    pub(super) text: String,
    /// The command that mends it, if one is known to.
    pub(super) mend: Option<String>,
    /// Whether it was refused to somebody, and not to nobody.
    pub(super) has_login: bool,
}

/// A push was refused.
pub(super) fn push(site: &Site<'_>, config: &BuildConfig, build: &Build) -> Refused {
    let Output::Image(image) = &build.output else {
        return refused(build.message.clone(), None);
    };
    let namespace = build.namespace.as_str();
    let credentials = Credentials::of(&site.world.credentials);
    let record = build_record(build, image);
    let (text, secret) = match credentials.push(&record) {
        Push::Named(secret, Credential::Found { username, .. }) => {
            let mend = site.mend.check_secret(namespace, &secret.name, image);
            return refused_to(&username, "the registry refused", &secret, mend);
        }
        Push::Named(secret, _) => (
            format!("secret/{} holds nothing for it", secret.name),
            usable(site, namespace, image),
        ),
        Push::Linked(_) | Push::Unknown(_) => {
            return refused(build.message.clone(), None);
        }
        Push::WrongFallback(secret) => (
            format!(
                "account {} links nothing for it, so secret/{} was used",
                build.account, secret.name
            ),
            usable(site, namespace, image),
        ),
        Push::Nothing => (
            format!("account {} links no secret", build.account),
            usable(site, namespace, image),
        ),
    };
    let mend = match secret {
        Some(secret) => Mend::push_secret(namespace, &config.name, &secret),
        None => site.mend.create_secret(namespace, &new_secret(image)),
    };
    refused(text, Some(mend))
}

/// A pull of a pod was refused, or limited as one that comes from nobody.
pub(super) fn pull(site: &Site<'_>, workload: &Workload, image: &str) -> Refused {
    let (namespace, account) = (workload.namespace.as_str(), workload.account.as_str());
    let credentials = Credentials::of(&site.world.credentials);
    let record = workload_record(workload);
    let missing = credentials.pull_secrets(&record).ok().and_then(|names| {
        let absent = |name: &&Arc<str>| matches!(credentials.secret(namespace, name), Seen::Absent);
        names.iter().find(absent).cloned()
    });
    match credentials.run(&record, image) {
        Credential::Found {
            secret, username, ..
        } => {
            let mend = site.mend.check_secret(namespace, &secret.name, image);
            refused_to(&username, "it pulls as", &secret, mend)
        }
        Credential::None | Credential::Unknown(Doubt::GlobalPullSecret) => {
            if let Some(name) = missing {
                return refused(
                    format!("account {account} names secret/{name}, which is not there"),
                    Some(site.mend.create_secret(namespace, &name)),
                );
            }
            let mend = match usable(site, namespace, image) {
                Some(secret) => site.mend.link_secret(namespace, account, &secret),
                None => site.mend.create_secret(namespace, &new_secret(image)),
            };
            refused(
                format!("account {account} has no pull secret for it"),
                Some(mend),
            )
        }
        Credential::Broken { secret, .. } => refused(
            format!("secret/{} cannot be read as a docker config", secret.name),
            Some(
                site.mend
                    .create_secret(namespace, &format!("{}-new", secret.name)),
            ),
        ),
        Credential::Unknown(doubt) => refused(doubt.to_string(), None),
    }
}

/// An import was refused, or limited as one that comes from nobody.
pub(super) fn import(site: &Site<'_>, namespace: &str, image: &str) -> Refused {
    match Credentials::of(&site.world.credentials).import(namespace, image) {
        Credential::Found {
            secret, username, ..
        } => {
            let mend = site.mend.check_secret(namespace, &secret.name, image);
            refused_to(&username, "it is imported as", &secret, mend)
        }
        Credential::None | Credential::Unknown(Doubt::GlobalPullSecret) => refused(
            format!("no secret of {namespace} opens it"),
            Some(site.mend.create_secret(namespace, &new_secret(image))),
        ),
        Credential::Broken { secret, .. } => refused(
            format!("secret/{} cannot be read as a docker config", secret.name),
            None,
        ),
        Credential::Unknown(doubt) => refused(doubt.to_string(), None),
    }
}

/// A secret of the namespace that would do.
fn usable(site: &Site<'_>, namespace: &str, image: &str) -> Option<String> {
    match Credentials::of(&site.world.credentials).import(namespace, image) {
        Credential::Found { secret, .. } => Some(secret.name.to_string()),
        _ => None,
    }
}

/// A secret that is to be made is called so, if nothing names it: as `setup` calls it.
pub(super) fn new_secret(image: &str) -> String {
    match Image::of(image, RefRole::Push) {
        Some(image) if image.host != "docker.io" => image.host.replace(['.', ':'], "-"),
        _ => "dockerhub".to_owned(),
    }
}

fn refused(text: String, mend: Option<String>) -> Refused {
    Refused {
        text,
        mend,
        has_login: false,
    }
}

/// Somebody was refused.
fn refused_to(username: &str, how: &str, secret: &ObjectId, mend: String) -> Refused {
    Refused {
        text: format!("{how} {username} of secret/{}", secret.name),
        mend: Some(mend),
        has_login: true,
    }
}

fn build_record(build: &Build, image: &str) -> BuildRecord {
    BuildRecord {
        object: object(Kind::Build, &build.namespace, &build.name),
        origin: Origin::Cluster,
        config: Some(build.config.as_str().into()),
        account: build.account.as_str().into(),
        pushes_to: image.into(),
        writes: None,
        push_secret: build.push_secret.as_str().into(),
        has_push_secret: !build.push_secret.is_empty(),
        pull_secrets: Vec::new(),
        has_image_trigger: false,
        phase: None,
    }
}

fn workload_record(workload: &Workload) -> WorkloadRecord {
    let kind = match workload.kind {
        WorkloadKind::CronJob => Kind::CronJob,
        WorkloadKind::DaemonSet => Kind::DaemonSet,
        WorkloadKind::Deployment => Kind::Deployment,
        WorkloadKind::DeploymentConfig => Kind::DeploymentConfig,
        WorkloadKind::StatefulSet => Kind::StatefulSet,
    };
    let secrets = workload.pull_secrets.iter();
    WorkloadRecord {
        object: object(kind, &workload.namespace, &workload.name),
        origin: Origin::Cluster,
        owner: None,
        account: workload.account.as_str().into(),
        pull_secrets: secrets.map(|name| name.as_str().into()).collect(),
        replicas: None,
        containers: Vec::new(),
        triggers: Vec::new(),
        broken_triggers: None,
        waiting: Vec::new(),
    }
}

fn object(kind: Kind, namespace: &str, name: &str) -> ObjectId {
    ObjectId {
        namespace: namespace.into(),
        kind,
        name: name.into(),
    }
}
