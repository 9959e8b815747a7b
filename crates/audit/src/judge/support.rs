//! What several checks share: which fields are judged, their images, how a finding is written.

mod draft;
mod mirrored;
mod outside;
mod uses;

use extreg_remedy::is_gathered;
use extreg_snapshot::place::{Origin, Place};

pub(crate) use self::draft::{Draft, configuration, whole};
pub(crate) use self::mirrored::mirrored;
pub(crate) use self::outside::{Objection, check_outside};
pub(crate) use self::uses::{is_external, judged, registries_in_use, trigger_of};

/// Whether a command can reach the object: it was read from a cluster, or from a must-gather
/// archive.
pub(crate) fn is_on_cluster(place: &Place) -> bool {
    let named = !place.object.name.contains('*') && !place.object.name.is_empty();
    named
        && match &place.origin {
            Origin::Cluster => true,
            Origin::File { path, .. } => is_gathered(path),
        }
}

/// An instruction to set a field.
pub(crate) fn by_hand(place: &Place, what: &str) -> String {
    let (field, object) = (&place.field, &place.object);
    let what = if field.ends_with("dockerfile") {
        format!("write FROM {what} in {field} of {object}")
    } else {
        format!("set {field} of {object} to {what}")
    };
    match &place.origin {
        Origin::Cluster => what,
        file @ Origin::File { .. } => format!("in {file}: {what}"),
    }
}
