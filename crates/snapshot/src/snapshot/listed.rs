//! The complete lists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::coverage::Coverage;
use crate::kind::Kind;

/// The complete lists: an object missing in them does not exist. Files are not a list, nor is a result
/// filtered by labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed(BTreeMap<Kind, BTreeSet<Arc<str>>>);

impl Listed {
    /// All objects of a kind were listed, in a namespace or (if empty) in all.
    pub fn add(&mut self, kind: Kind, namespace: Arc<str>) {
        self.0.entry(kind).or_default().insert(namespace);
    }

    /// Adds other lists.
    pub fn merge(&mut self, other: Self) {
        for (kind, namespaces) in other.0 {
            self.0.entry(kind).or_default().extend(namespaces);
        }
    }

    /// Whether an object of that kind that was not read is known not to exist.
    pub fn is_complete(&self, kind: Kind, namespace: &str, coverage: &Coverage) -> bool {
        if coverage.not_served.contains(&kind) {
            return true;
        }
        let listed = self
            .0
            .get(&kind)
            .is_some_and(|listed| listed.contains("") || listed.contains(namespace));
        listed && !coverage.is_partial(kind, namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::{Gap, GapReason, GapSubject};

    #[test]
    fn an_object_that_was_not_listed_can_exist() {
        let mut coverage = Coverage::default();
        let mut listed = Listed::default();
        listed.add(Kind::Secret, "shop".into());
        listed.add(Kind::Pod, "".into());
        coverage.not_served.insert(Kind::Task);
        coverage.gaps.insert(Gap {
            what: GapSubject::List {
                kind: Kind::Pod,
                namespace: "data".into(),
            },
            why: GapReason::Failed,
            message: String::new(),
        });
        for (kind, namespace, want) in [
            (Kind::Secret, "shop", true),
            (Kind::Secret, "data", false),
            (Kind::Pod, "shop", true),
            (Kind::Pod, "data", false),
            (Kind::Task, "data", true),
            (Kind::Build, "data", false),
        ] {
            let is = listed.is_complete(kind, namespace, &coverage);
            assert_eq!(is, want, "{kind:?} {namespace}");
        }
    }
}
