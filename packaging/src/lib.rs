//! What ships oc extreg to a cluster other than by `oc extreg webhook install`: generated from the typed builders of
//! [`extreg_manifests`], without any I/O.
//!
//! Each channel has a module, and a folder in `packaging` that contains only generated files.
//! `cargo xtask manifests` writes the folders; a test compares them.

pub mod console;
mod dashboards;
mod helm;
mod icon;
pub mod krew;
pub mod olm;
mod release;

use extreg_manifests::{File, RenderError};

pub use release::{Pinned, PinnedError, Release};

/// The channels, sorted by name; each is a folder in `packaging` that contains only generated files.
pub const CHANNELS: [&str; 4] = ["console", dashboards::NAME, helm::FOLDER, "olm"];

/// The files of every channel; their names begin with the channel's.
///
/// # Errors
///
/// An object cannot be rendered as YAML.
pub fn folder() -> Result<Vec<File>, RenderError> {
    let mut files = console::console()?;
    files.extend(dashboards::folder()?);
    files.extend(helm::files()?);
    files.extend(olm::olm(&Release::default())?);
    Ok(files)
}
