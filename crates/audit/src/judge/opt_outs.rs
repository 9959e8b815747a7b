//! Opt-outs by place.

use std::collections::BTreeSet;

use extreg_snapshot::Snapshot;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ObjectId;

/// The opt-outs of a snapshot.
pub(super) struct OptOuts<'a> {
    namespaces: BTreeSet<&'a str>,
    places: BTreeSet<(&'a ObjectId, &'a str)>,
}

impl<'a> OptOuts<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let (namespaces, places): (Vec<_>, Vec<_>) = snapshot
            .opt_outs
            .iter()
            .map(|opt_out| &opt_out.place)
            .partition(|place| place.object.kind == Kind::Namespace);
        Self {
            namespaces: namespaces
                .into_iter()
                .map(|place| &*place.object.name)
                .collect(),
            places: places
                .into_iter()
                .map(|place| (&place.object, &*place.part))
                .collect(),
        }
    }

    /// Whether an object, its namespace or this part of it opts out.
    pub(super) fn cover(&self, object: &ObjectId, part: &str) -> bool {
        self.namespaces.contains(&*object.namespace)
            || self.places.contains(&(object, ""))
            || self.places.contains(&(object, part))
    }
}
