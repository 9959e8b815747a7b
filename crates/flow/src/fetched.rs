//! The result of a plan.

use std::collections::{BTreeMap, BTreeSet};

use extreg_snapshot::Snapshot;

use crate::image::Image;

/// The result of a [`crate::Plan`].
#[derive(Debug, Default)]
pub struct Fetched {
    /// The answers of registries; images that were not queried are absent.
    pub registry: BTreeMap<Image, InRegistry>,
    /// Accounts and docker secrets.
    pub credentials: Snapshot,
    /// Secrets of any type that BuildConfigs name and that do not exist, by namespace and name.
    pub absent_secrets: BTreeSet<(String, String)>,
}

/// The answer of a registry about an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InRegistry {
    /// It exists.
    Has {
        /// The digest.
        digest: String,
        /// Whether that is a list of manifests, one for each platform.
        is_list: bool,
    },
    /// It does not exist.
    NotFound,
    /// The registry denies it, with the reason.
    Refused(String),
    /// Inconclusive, with the reason.
    Unknown(String),
}
