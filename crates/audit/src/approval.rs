//! Whether an image is of an approved registry, by the list that decides: see [`crate::approved`].

mod allowance;
mod answer;
mod scope;
mod target;

pub use self::allowance::notice;
pub(crate) use self::allowance::{Allowance, List};
pub use self::answer::{Answer, Candidate, answer, deciding};
pub(crate) use self::scope::Scope;
pub(crate) use self::target::{Target, search_list, targets};
