//! What several checks share: which fields are judged, what they ask for, how a finding and its command
//! are written.

mod command;
mod draft;
mod mirrored;
mod outside;
mod shell;
mod uses;

pub(crate) use self::command::{by_hand, is_on_cluster, patch, set_image};
pub(crate) use self::draft::{Draft, configuration, whole};
pub(crate) use self::mirrored::mirrored;
pub(crate) use self::outside::{Objection, check_outside};
pub use self::shell::word;
pub(crate) use self::shell::{PatchKind, oc};
pub(crate) use self::uses::{is_external, judged, registries_in_use, trigger_of};
