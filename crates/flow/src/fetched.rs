//! What a plan has fetched.

use std::collections::{BTreeMap, BTreeSet};

use extreg_snapshot::Snapshot;

use crate::image::Image;

/// What a [`crate::Plan`] has fetched.
#[derive(Debug, Default)]
pub struct Fetched {
    /// What registries say; of what was not asked there is nothing.
    pub registry: BTreeMap<Image, InRegistry>,
    /// Accounts and docker secrets.
    pub credentials: Snapshot,
    /// Secrets of any type that BuildConfigs name and that do not exist, by namespace and name.
    pub absent_secrets: BTreeSet<(String, String)>,
}

/// What a registry says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InRegistry {
    /// It is there.
    Has {
        /// The digest.
        digest: String,
        /// Whether that is a list of manifests, one for each platform.
        is_list: bool,
    },
    /// It is not there.
    NotFound,
    /// It is not shown to whom asked, or not to be had: in words.
    Refused(String),
    /// There was no answer that tells: in words.
    Unknown(String),
}
