//! The pull limits of a registry, and the pulls of a cluster's scheduled imports.

pub(crate) mod budget;
pub(crate) mod image_list;
pub(crate) mod measure;
