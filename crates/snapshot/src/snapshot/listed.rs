//! What was listed completely.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::coverage::Coverage;
use crate::kind::Kind;

/// What was listed completely: what is not among it is not there. Files are no list, nor is what was
/// narrowed by labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed(BTreeMap<Kind, BTreeSet<Arc<str>>>);

impl Listed {
    /// All objects of a kind were listed, in a namespace or (where empty) everywhere.
    pub fn add(&mut self, kind: Kind, namespace: Arc<str>) {
        self.0.entry(kind).or_default().insert(namespace);
    }

    /// Adds what else was listed.
    pub fn merge(&mut self, other: Self) {
        for (kind, namespaces) in other.0 {
            self.0.entry(kind).or_default().extend(namespaces);
        }
    }

    /// Whether an object of that kind that was not read is known not to be there.
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
    fn what_was_not_listed_may_be_there() {
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
