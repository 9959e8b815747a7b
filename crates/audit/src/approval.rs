//! Which registries are approved.
//!
//! One list decides, the first there is of: the one that the user gives, an
//! [`Approved`](extreg_snapshot::approved::Approved); the cluster's own, `registrySources.allowedRegistries` of
//! `image.config.openshift.io/cluster`; none. With none, only what the cluster blocks is judged, and
//! [`notice`] says so. A RegistryPolicy approves nothing: it says what is injected for a registry, not
//! that anybody trusts it. The integrated registry is approved always.

mod allowance;
mod answer;
mod scope;
mod target;

pub use self::allowance::notice;
pub(crate) use self::allowance::{Allowance, List};
pub(crate) use self::answer::is_unapproved;
pub use self::answer::{Answer, Candidate, answer, deciding};
pub(crate) use self::scope::Scope;
pub(crate) use self::target::{Target, search_list, targets};
