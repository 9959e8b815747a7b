//! What ships oc extreg to a cluster other than by `oc extreg webhook install`: generated from the typed builders of
//! [`extreg_manifests`], without any I/O.
//!
//! Each channel has a module and a folder of the same name in `packaging`, which contains only generated files.
//! `cargo xtask manifests` writes the folders; a test compares them.

use extreg_manifests::{File, RenderError};

/// The channels, sorted by name; each is a folder in `packaging` that contains only generated files.
pub const CHANNELS: [&str; 0] = [];

/// The files of every channel; their names begin with the channel's.
///
/// # Errors
///
/// An object cannot be rendered as YAML.
pub fn folder() -> Result<Vec<File>, RenderError> {
    let files = Vec::new();
    Ok(files)
}
