//! Which registry a reference means, where it is written.
//!
//! The same short name means docker.io in an import and in a push, but the first hit of a search list in a pull.

mod host;
mod internal;
mod resolve;

pub use host::RegistryHost;
pub use internal::InternalRegistry;
pub(crate) use resolve::has_parameter;
pub use resolve::{InvalidRef, RefRole, Resolution, before_tag_parameter, resolve};
