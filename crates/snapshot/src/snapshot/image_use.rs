//! One field that names an image.

use std::sync::Arc;

use extreg_core::registry::RefRole;
use extreg_core::vocabulary;

use crate::place::{ImageName, Place};

/// One field that names an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageUse {
    /// The place: the object, the container or tag, the field.
    pub place: Place,
    /// The purpose of the field.
    pub role: UseRole,
    /// The image, and its meaning in the field.
    pub image: ImageName,
    /// Its registry.
    pub meaning: Meaning,
    /// Whether the place is a copy from another object: a pod of a Deployment, a ReplicaSet
    /// of a Deployment, a Job of a CronJob, a Build of a BuildConfig, a pod that rolls out a
    /// DeploymentConfig. Findings refer to the owner; the inventory counts running objects.
    pub owned: bool,
}

vocabulary! {
    /// The purpose of a field that names an image.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum UseRole {
        /// A tag of an ImageStream is imported from it.
        Import => "import",
        /// A build pushes it.
        Push => "push",
        /// A build starts from it.
        Base => "base",
        /// A build copies files from it.
        Source => "source",
        /// A container runs it.
        Run => "run",
        /// A volume contains its files.
        Volume => "volume",
    }
    /// One word, for output formats.
    pub fn word;
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
    /// Unknown until a Template's parameter is known.
    Parameter,
    /// None: OpenShift or the node cannot use the reference.
    Invalid,
    /// Not set yet: the image field that a trigger sets (empty or one space).
    Unset,
}

impl UseRole {
    /// The role, which determines how OpenShift reads the reference.
    pub const fn as_reference(self) -> RefRole {
        match self {
            Self::Base => RefRole::BasePull,
            Self::Import => RefRole::Import,
            Self::Push => RefRole::Push,
            Self::Run | Self::Volume => RefRole::WorkloadPull,
            Self::Source => RefRole::SourcePull,
        }
    }
}

impl ImageUse {
    /// The tag as written; empty without one.
    pub fn tag(&self) -> Arc<str> {
        extreg_core::image::ImageRef::parse(&self.image.written)
            .map_or_else(|_| Arc::default(), |image| image.tag().into())
    }
}
