//! What is looked at before anything is written.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::{
    existing::{check_secret, check_type},
    schedule,
};
use crate::{
    api::{Cluster, DryRun, Kind, Object, ObjectRef, Owned, is_owned},
    commands::setup::{
        Workload,
        credential::{self, CredentialSource, Wanted},
        objects,
        plan::Step,
        settings::{Apply, Secret, Settings},
    },
    context::Context,
    error::Error,
};

/// What the secret comes to.
pub(super) enum PreparedSecret {
    /// There is none.
    None,
    /// What is there is used and not touched.
    Keep(Option<Object>),
    /// It is written like this.
    Write(Object),
    /// It would be written, but there is no credential to try it with.
    Unknown,
}

impl PreparedSecret {
    /// What imports will find in it, as far as it is known.
    pub(super) fn credential(&self) -> schedule::Credential<'_> {
        match self {
            Self::None | Self::Keep(None) => schedule::Credential::Cluster,
            Self::Keep(Some(object)) | Self::Write(object) => schedule::Credential::Secret(object),
            Self::Unknown => schedule::Credential::Unknown,
        }
    }
}

/// Whether the cluster has what the application is made of, before anything is written.
pub(super) async fn check_served(cluster: &Cluster, steps: &[Step]) -> Result<(), Error> {
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

/// Two workloads of one name would both run the image, and count each other's pods as theirs.
pub(super) async fn warn_of_other_workload(
    cluster: &Cluster,
    settings: &Settings,
    namespace: &str,
    absent: bool,
    context: &Context,
) -> Result<(), Error> {
    let other = match settings.workload {
        Workload::Deployment => Kind::DEPLOYMENT_CONFIG,
        Workload::DeploymentConfig => Kind::DEPLOYMENT,
        Workload::None => return Ok(()),
    };
    if absent {
        return Ok(());
    }
    if let Some(other) = cluster
        .get(&ObjectRef::new(other, namespace, &settings.name))
        .await?
    {
        let reference = other.reference();
        context.printer.warn(&format!(
            "{reference} is there too and runs the same: remove one of them"
        ));
    }
    Ok(())
}

/// What is there of what would be written.
pub(super) async fn look(
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

pub(super) async fn prepare_secret(
    settings: &Settings,
    apply: Apply,
    namespace: &str,
    current: &BTreeMap<ObjectRef, Object>,
    context: &Context,
) -> Result<PreparedSecret, Error> {
    let there = |name: &str| {
        current
            .get(&ObjectRef::new(Kind::SECRET, namespace, name))
            .cloned()
    };
    match &settings.secret {
        Secret::None => Ok(PreparedSecret::None),
        Secret::Existing(name) => {
            let Some(secret) = there(name) else {
                return Err(Error::failed(format!(
                    "secret \"{name}\" is not in namespace \"{namespace}\": make it, or give a \
                     credential to make one from"
                )));
            };
            check_secret(&secret, settings, &context.printer);
            Ok(PreparedSecret::Keep(Some(secret)))
        }
        Secret::Make { name, source } => {
            if let (Some(secret), CredentialSource::Unsaid { .. }) = (there(name), source) {
                check_secret(&secret, settings, &context.printer);
                return Ok(PreparedSecret::Keep(Some(secret)));
            }
            if let Some(secret) = there(name) {
                check_type(&secret)?;
            }
            if apply.dry_run != DryRun::None && matches!(source, CredentialSource::Unsaid { .. }) {
                return Ok(PreparedSecret::Unknown);
            }
            let target = &settings.target;
            let wanted = Wanted {
                host: target.host(),
                image: &target.to_string(),
                account: target.account(),
                ways: "give one with --password-stdin and --username, with --auth-file, or name a \
                       --secret that is there; --no-secret leaves it out",
            };
            let credential = credential::obtain(source, wanted, context).await?;
            let config = credential.docker_config(&settings.target);
            Ok(PreparedSecret::Write(objects::secret(
                namespace,
                name,
                config.expose_secret(),
            )))
        }
    }
}

/// Refuses to write over what is not ours.
pub(super) fn check_owned(
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
        (Step::Secret(_), PreparedSecret::Write(object)) => Some(object.reference()),
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
        return Ok(());
    }
    Err(Error::failed(format!(
        "not made by oc extreg, so nothing was changed: {}; take over with --adopt, or leave out \
         what you have",
        foreign.join(", ")
    )))
}
