//! The registries that are approved.
//!
//! One list decides, the first that exists: the user's, an
//! [`Approved`](extreg_snapshot::approved::Approved); the cluster's, `registrySources.allowedRegistries` of
//! `image.config.openshift.io/cluster`; none. Without a list, only the cluster's blocked registries are judged, and
//! [`notice`] reports this. A RegistryPolicy approves nothing: it defines what is injected for a registry, not
//! that the registry is trusted. The integrated registry is always approved.

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
