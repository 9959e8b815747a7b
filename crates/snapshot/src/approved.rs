//! The list of approved registries that a user gives: a document of kind `ApprovedRegistries`.
//!
//! ```yaml
//! apiVersion: extreg.io/v1alpha1
//! kind: ApprovedRegistries
//! metadata:
//!   name: acme
//! spec:
//!   registries:
//!   - docker.io/acme            # this repository and all below it, under Docker Hub's three names
//!   - quay.io/acme-*/**         # with a star, the path is anchored at both ends
//!   - registry.example.com:5000 # all of a registry; the port is part of its name
//!   - "*.example.com"           # one label or more in front
//! ```

mod document;
mod list;
mod pattern;

pub use self::document::{ApiVersion, ApprovedDocument, ApprovedSpec, Kind, Metadata};
pub use self::list::{Approved, ApprovedError};
pub use self::pattern::PatternError;
