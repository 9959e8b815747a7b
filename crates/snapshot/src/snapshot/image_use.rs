//! One field that names an image.

use std::sync::Arc;

use extreg_core::registry::RefRole;

use crate::place::{ImageName, Place};

/// One field that names an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageUse {
    /// Where: the object, the container or tag, the field.
    pub place: Place,
    /// What the field is for.
    pub role: UseRole,
    /// The image, and what the field means by it.
    pub image: ImageName,
    /// Which registry is meant.
    pub meaning: Meaning,
    /// Whether the place is a copy of what another object says: a pod of a Deployment, a ReplicaSet
    /// of a Deployment, a Job of a CronJob, a Build of a BuildConfig, a pod that rolls out a
    /// DeploymentConfig. Findings are about the owner; the inventory counts what runs.
    pub owned: bool,
}

/// What a field that names an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseRole {
    /// A tag of an ImageStream is imported from it.
    Import,
    /// A build pushes it.
    Push,
    /// A build starts from it.
    Base,
    /// A build copies files out of it.
    Source,
    /// A container runs it.
    Run,
    /// A volume holds its files.
    Volume,
}

/// Which registry a reference means in its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    /// The registry that [`ImageName::registry`] names.
    External,
    /// One of several, the first that has it: a short name that is searched.
    Searched,
    /// The integrated registry of the cluster.
    Internal,
    /// Not known before a Template's parameter is.
    Parameter,
    /// None: OpenShift or the node cannot use the reference.
    Invalid,
    /// Nothing yet: the image field that a trigger fills (empty or one space).
    Unset,
}

impl UseRole {
    /// The role that decides how OpenShift reads the reference.
    pub const fn as_reference(self) -> RefRole {
        match self {
            Self::Base => RefRole::BasePull,
            Self::Import => RefRole::Import,
            Self::Push => RefRole::Push,
            Self::Run | Self::Volume => RefRole::WorkloadPull,
            Self::Source => RefRole::SourcePull,
        }
    }

    /// One word, as in formats.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Push => "push",
            Self::Base => "base",
            Self::Source => "source",
            Self::Run => "run",
            Self::Volume => "volume",
        }
    }
}

impl ImageUse {
    /// The tag as written; empty where none is.
    pub fn tag(&self) -> Arc<str> {
        extreg_core::image::ImageRef::parse(&self.image.written)
            .map_or_else(|_| Arc::default(), |image| image.tag().into())
    }
}
