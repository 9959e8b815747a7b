//! Which registries are approved.
//!
//! One list decides, the first there is of: the one that the user gives, a document of kind
//! `ApprovedRegistries`; the cluster's own, `registrySources.allowedRegistries` of
//! `image.config.openshift.io/cluster`; none. With none, only what the cluster blocks is judged, and
//! [`notice`](crate::approval::notice) says so. A RegistryPolicy approves nothing: it says what is injected for a registry, not
//! that anybody trusts it. The integrated registry is approved always.
//!
//! ```yaml
//! apiVersion: extreg.io/v1alpha1
//! kind: ApprovedRegistries
//! metadata:
//!   name: acme
//! spec:
//!   registries:
//!   - docker.io/acme            # this repository and all under it, under Docker Hub's three names
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
