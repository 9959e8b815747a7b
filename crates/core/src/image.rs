//! OpenShift's own reference grammar.
//!
//! It is a frozen copy of an old docker/distribution grammar and differs from what docker, containers/image and
//! the OCI crates accept: `quay.io` alone is a registry, `registry-1.docker.io` is Docker Hub, and `User/app` is a
//! name. Everything borrows from the input; nothing is normalized while reading, as OpenShift stores the typed text.

mod answer;
mod error;
mod grammar;
mod reference;

pub use answer::{Defaulted, ParsedReference, ReferenceAnswer};
pub use error::ParseImageError;
pub use reference::ImageRef;
