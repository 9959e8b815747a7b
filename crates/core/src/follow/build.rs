//! What a build has pushed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::image::ImageRef;
use crate::object::opt_out;
use crate::registry::{InternalRegistry, RefRole, RegistryHost, Resolution, resolve};
use crate::views;

/// The fields of a Build that following needs: the rest is dropped while reading. The fields are
/// those of `openshift/api` (`build/v1/types.go`).
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// `metadata.labels`; a BuildConfig's labels are on its Builds.
    pub labels: BTreeMap<String, String>,
    /// `spec`.
    pub spec: BuildSpec,
    /// `status`.
    pub status: BuildStatus,
}

views! {
    /// `spec` of a Build.
    #[derive(PartialEq, Eq, Serialize)]
    pub struct BuildSpec {
        output: SpecOutput,
    }

    #[derive(PartialEq, Eq, Serialize)]
    struct SpecOutput {
        to: Option<To>,
    }

    #[derive(PartialEq, Eq, Serialize)]
    struct To {
        kind: String,
        name: String,
    }

    /// `status` of a Build.
    #[derive(PartialEq, Eq, Serialize)]
    pub struct BuildStatus {
        phase: String,
        completion_timestamp: String,
        output: StatusOutput,
    }

    #[derive(PartialEq, Eq, Serialize)]
    struct StatusOutput {
        to: Option<PushedTo>,
    }

    #[derive(PartialEq, Eq, Serialize)]
    struct PushedTo {
        image_digest: String,
    }
}

/// An image that a build has pushed to a registry outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    pub(super) image: Identity,
    /// `spec.output.to.name` as it is written.
    pub name: String,
    /// `status.output.to.imageDigest`.
    pub digest: String,
    /// `status.completionTimestamp`, RFC 3339.
    pub completed: String,
}

/// An image by tag, in one spelling: Docker Hub's names as one, `library/` and `latest` filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    host: String,
    repository: String,
    tag: String,
}

/// Why a build is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPushed {
    /// Not complete, or without a completion time.
    Incomplete,
    /// It pushed nothing, to an ImageStreamTag, or to the integrated registry, which updates the
    /// stream automatically.
    Inside,
    /// Its status does not contain the pushed digest.
    NoDigest,
    /// It carries a label that opts it out.
    OptedOut,
}

impl Pushed {
    /// What a build has pushed.
    ///
    /// # Errors
    /// Why the build is not followed.
    pub fn of(build: &Build) -> Result<Self, NotPushed> {
        let status = &build.status;
        if status.phase != "Complete" || status.completion_timestamp.is_empty() {
            return Err(NotPushed::Incomplete);
        }
        if opts_out(&build.labels) {
            return Err(NotPushed::OptedOut);
        }
        let to = build.spec.output.to.as_ref();
        let to = to.filter(|to| to.kind == "DockerImage");
        let to = to.ok_or(NotPushed::Inside)?;
        let image = Identity::of(&to.name, RefRole::Push).ok_or(NotPushed::Inside)?;
        let digest = status.output.to.as_ref().map(|to| to.image_digest.as_str());
        let digest = digest.filter(|digest| is_digest(digest));
        Ok(Self {
            image,
            name: to.name.clone(),
            digest: digest.ok_or(NotPushed::NoDigest)?.to_owned(),
            completed: status.completion_timestamp.clone(),
        })
    }
}

impl Identity {
    /// The image that a reference by tag means outside the cluster, in a field that defaults to
    /// docker.io.
    pub(super) fn of(name: &str, role: RefRole) -> Option<Self> {
        let Resolution::Certain(host, image) = resolve(name, role, &InternalRegistry::default())
        else {
            return None;
        };
        image.id().is_empty().then(|| Self {
            host: RegistryHost::as_str(&host).to_owned(),
            repository: image.repository_path().into_owned(),
            tag: image.with_defaults().tag().to_owned(),
        })
    }
}

/// Whether labels opt an object, or what is in a namespace, out of being followed.
pub(super) fn opts_out(labels: &BTreeMap<String, String>) -> bool {
    let is = |key, value| labels.get(key).is_some_and(|found| found == value);
    is(opt_out::LABEL, "true") || is(opt_out::FOLLOW, "false")
}

fn is_digest(text: &str) -> bool {
    ImageRef::parse(&format!("a@{text}")).is_ok_and(|image| image.id() == text)
}
