//! What was read, and what could not be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use extreg_core::vocabulary;

use crate::kind::Kind;

/// What was read, and what could not be read. A gap is a result: no output hides it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// What was requested.
    pub scope: Scope,
    /// The number of objects read, by kind.
    pub read: BTreeMap<Kind, usize>,
    /// Kinds that the API does not serve: not a gap, because no objects exist.
    pub not_served: BTreeSet<Kind>,
    /// Resources that could not be read.
    pub gaps: BTreeSet<Gap>,
    /// Objects of kinds that are not read, by `kind.group`.
    pub others: BTreeMap<String, usize>,
}

/// The limits of an audit: objects outside were not read, and that is not a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The requested namespaces; `None` for all of them.
    pub namespaces: Option<BTreeSet<Arc<str>>>,
    /// The label selector; empty for none.
    pub selector: String,
}

/// A resource that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The resource.
    pub what: GapSubject,
    /// The reason.
    pub why: GapReason,
    /// The message of the API server or the reader; empty if the reason is sufficient.
    pub message: String,
}

/// A resource that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapSubject {
    /// All objects of a kind, in a namespace or (if empty) in all.
    List {
        /// The kind.
        kind: Kind,
        /// The namespace.
        namespace: Arc<str>,
    },
    /// A file or a document in it: `path` or `path:line`.
    Document(String),
    /// One fact, as text: `the global pull secret`.
    Fact(String),
}

vocabulary! {
    /// Why a resource could not be read.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum GapReason {
        /// The source does not contain the values, such as `oc adm inspect` for secrets.
        Elided => "elided", "values are not in this source";
        /// The list failed.
        Failed => "failed", "could not be listed";
        /// The user lacks permission.
        Forbidden => "forbidden", "not permitted";
        /// It is not part of this source, such as ServiceAccounts of an inspect tree.
        NotCollected => "notCollected", "not part of this source";
        /// It cannot be parsed as its kind.
        Unreadable => "unreadable", "cannot be read";
    }
    /// One word, for output formats.
    pub fn word;
    /// The reason as text.
    pub fn words;
}

impl Coverage {
    /// Counts an object that was read.
    pub fn count(&mut self, kind: Kind) {
        *self.read.entry(kind).or_default() += 1;
    }

    /// Adds the coverage of another part of the same source.
    pub fn merge(&mut self, other: Self) {
        for (kind, count) in other.read {
            *self.read.entry(kind).or_default() += count;
        }
        self.not_served.extend(other.not_served);
        self.gaps.extend(other.gaps);
        for (kind, count) in other.others {
            *self.others.entry(kind).or_default() += count;
        }
    }

    /// The number of objects read, of all kinds.
    pub fn objects(&self) -> usize {
        self.read.values().sum()
    }

    /// Whether a list of this kind is incomplete in that namespace, so that a missing object can
    /// exist.
    pub fn is_partial(&self, kind: Kind, namespace: &str) -> bool {
        self.list_gap(kind, namespace).is_some()
    }

    /// Why a list of this kind is incomplete in that namespace, if it is.
    pub fn list_gap(&self, kind: Kind, namespace: &str) -> Option<&Gap> {
        let mut everywhere = self.gaps_of(kind, "");
        everywhere
            .next()
            .or_else(|| self.gaps_of(kind, namespace).next())
    }

    /// Whether a list of this kind was refused in that namespace: a user who cannot list a kind cannot be
    /// expected to change it.
    pub fn is_forbidden(&self, kind: Kind, namespace: &str) -> bool {
        let refused = |namespace: &str| {
            let mut gaps = self.gaps_of(kind, namespace);
            gaps.any(|gap| gap.why == GapReason::Forbidden)
        };
        refused("") || !namespace.is_empty() && refused(namespace)
    }

    /// Searches the sorted set, because there can be a gap for each of thousands of namespaces.
    fn gaps_of(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &Gap> {
        let least = Gap {
            what: GapSubject::List {
                kind,
                namespace: namespace.into(),
            },
            why: GapReason::Elided,
            message: String::new(),
        };
        let what = least.what.clone();
        self.gaps
            .range(least..)
            .take_while(move |gap| gap.what == what)
    }
}

impl Scope {
    /// Whether everything was requested.
    pub fn holds_everything(&self) -> bool {
        self.namespaces.is_none() && self.selector.is_empty()
    }

    /// Whether everything in that namespace was requested; an empty one stands for cluster-scoped
    /// objects.
    pub fn holds(&self, namespace: &str) -> bool {
        let asked = match &self.namespaces {
            Some(names) => namespace.is_empty() || names.contains(namespace),
            None => true,
        };
        asked && self.selector.is_empty()
    }
}

impl Gap {
    /// The resource that could not be read and the reason, in one line: `secrets in shop: forbidden`.
    pub fn words(&self) -> String {
        format!("{}: {}", self.what, self.why.words())
    }
}

impl fmt::Display for GapSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List { kind, namespace } if namespace.is_empty() => {
                f.write_str(&kind.api().resource())
            }
            Self::List { kind, namespace } => {
                write!(f, "{} in {namespace}", kind.api().resource())
            }
            Self::Document(text) | Self::Fact(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_partial_where_it_has_a_gap() {
        let mut coverage = Coverage::default();
        for (kind, namespace, why) in [
            (Kind::Pod, "shop", GapReason::Unreadable),
            (Kind::Secret, "", GapReason::Elided),
        ] {
            coverage.gaps.insert(Gap {
                what: GapSubject::List {
                    kind,
                    namespace: namespace.into(),
                },
                why,
                message: "m".to_owned(),
            });
        }
        for (kind, namespace, want) in [
            (Kind::Pod, "shop", true),
            (Kind::Pod, "sho", false),
            (Kind::Pod, "shops", false),
            (Kind::Pod, "", false),
            (Kind::Secret, "shop", true),
            (Kind::Secret, "", true),
            (Kind::Build, "shop", false),
        ] {
            assert_eq!(
                coverage.is_partial(kind, namespace),
                want,
                "{kind:?} {namespace}"
            );
        }
    }

    #[test]
    fn the_first_reason_is_the_least() {
        assert!(GapReason::ALL.iter().all(|why| *why >= GapReason::Elided));
    }
}
