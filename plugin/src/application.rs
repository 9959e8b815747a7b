//! An application that `setup` creates: its flags, objects and steps, and which of its objects exist.

pub(crate) mod adopt;
pub(crate) mod args;
pub(crate) mod differences;
pub(crate) mod existing;
pub(crate) mod merge;
pub(crate) mod objects;
pub(crate) mod plan;
pub(crate) mod preflight;
pub(crate) mod schedule;
pub(crate) mod secret;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod tags;
pub(crate) mod triggers;
