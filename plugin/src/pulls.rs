//! What a registry lets be pulled, and what the scheduled imports of a cluster pull.

pub(crate) mod budget;
pub(crate) mod image_list;
pub(crate) mod measure;
