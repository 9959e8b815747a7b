//! From the records of objects to the snapshot.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::item::Item;
use super::reader::Reader;
use super::sorted::Sorted;
use crate::coverage::Coverage;
use crate::place::{ObjectId, Origin};
use crate::snapshot::Snapshot;

/// Builds the snapshot from the records.
pub(super) fn finish(reader: Reader, cluster_name: String) -> Snapshot {
    let Reader {
        options,
        mut coverage,
        listed,
        items,
        names,
    } = reader;
    let items = only_once(items, &mut coverage);
    let ids: Vec<ObjectId> = items.iter().map(|item| item.id.clone()).collect();
    let mut sorted = Sorted::new(Snapshot {
        cluster_name,
        coverage,
        ..Snapshot::default()
    });
    for item in items {
        // An object whose owner was not read represents itself.
        let is_copy = item.owner.as_ref().is_some_and(|(kind, name)| {
            let owner = ObjectId {
                namespace: Arc::clone(&item.id.namespace),
                kind: *kind,
                name: Arc::clone(name),
            };
            ids.binary_search(&owner).is_ok()
        });
        sorted.add(item, is_copy);
    }
    drop(ids);
    sorted.finish(options, listed, names)
}

/// Sorts the objects and drops duplicates: the same object of one cluster, of which a tree
/// can contain two copies, and an object of the cluster that a file replaces.
fn only_once(mut items: Vec<Item>, coverage: &mut Coverage) -> Vec<Item> {
    items.sort_by(|a, b| (&a.id, a.uid, &a.origin).cmp(&(&b.id, b.uid, &b.origin)));
    let is_live = |item: &Item| item.origin == Origin::Cluster;
    let in_files: BTreeSet<ObjectId> = if items.iter().any(is_live) {
        let in_files = items.iter().filter(|item| !is_live(item));
        in_files.map(|item| item.id.clone()).collect()
    } else {
        BTreeSet::new()
    };
    let mut last: Option<(ObjectId, u128)> = None;
    items.retain(|item| {
        let this = item.uid.map(|uid| (item.id.clone(), uid));
        let again = this.is_some() && this == last;
        let replaced = is_live(item) && in_files.contains(&item.id);
        last = this;
        if (again || replaced)
            && let Some(count) = coverage.read.get_mut(&item.id.kind)
        {
            *count = count.saturating_sub(1);
        }
        !again && !replaced
    });
    items
}
