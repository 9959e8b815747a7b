//! What was looked at, and what could not be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;

/// What was looked at, and what could not be. A gap is a result: no output hides it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// What was asked for.
    pub scope: Scope,
    /// How many objects of each kind were read.
    pub read: BTreeMap<Kind, usize>,
    /// Kinds that the API does not serve: no gap, there can be none.
    pub not_served: BTreeSet<Kind>,
    /// What could not be looked at.
    pub gaps: BTreeSet<Gap>,
    /// Objects of kinds that are not looked at, by `kind.group`.
    pub others: BTreeMap<String, usize>,
}

/// What an audit was limited to: what lies outside was not looked at, and that is no gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The namespaces that were asked for; none for all of them.
    pub namespaces: Option<BTreeSet<Arc<str>>>,
    /// The label selector; empty for none.
    pub selector: String,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What it is.
    pub what: GapSubject,
    /// Why not.
    pub why: GapReason,
    /// In words, as the API server or the reader put it; empty where the reason says it all.
    pub message: String,
}

/// What could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapSubject {
    /// All objects of a kind, in a namespace or (where empty) everywhere.
    List {
        /// The kind.
        kind: Kind,
        /// The namespace.
        namespace: Arc<str>,
    },
    /// A file or a document in it: `path` or `path:line`.
    Document(String),
    /// One fact, in words: `the global pull secret`.
    Fact(String),
}

/// Why something could not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapReason {
    /// The values are left out of this source, as `oc adm inspect` does with secrets.
    Elided,
    /// The list failed.
    Failed,
    /// The user may not.
    Forbidden,
    /// It is not part of this source, such as ServiceAccounts of an inspect tree.
    NotCollected,
    /// It cannot be read as its kind.
    Unreadable,
}

impl Coverage {
    /// Counts an object that was read.
    pub fn count(&mut self, kind: Kind) {
        *self.read.entry(kind).or_default() += 1;
    }

    /// Adds what was looked at elsewhere in the same source.
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

    /// The objects that were read, of all kinds.
    pub fn objects(&self) -> usize {
        self.read.values().sum()
    }

    /// Whether a list of this kind is incomplete in that namespace, so that what is not there may
    /// only not have been seen.
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

    /// Whether a list of this kind was refused in that namespace: who cannot list a kind cannot be
    /// expected to change it.
    pub fn is_forbidden(&self, kind: Kind, namespace: &str) -> bool {
        let refused = |namespace: &str| {
            let mut gaps = self.gaps_of(kind, namespace);
            gaps.any(|gap| gap.why == GapReason::Forbidden)
        };
        refused("") || !namespace.is_empty() && refused(namespace)
    }

    /// Looked up, as there may be a gap for each of thousands of namespaces.
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
    /// Whether everything was asked for.
    pub fn holds_everything(&self) -> bool {
        self.namespaces.is_none() && self.selector.is_empty()
    }

    /// Whether all that is in that namespace was asked for; an empty one is where objects are that
    /// live in none.
    pub fn holds(&self, namespace: &str) -> bool {
        let asked = match &self.namespaces {
            Some(names) => namespace.is_empty() || names.contains(namespace),
            None => true,
        };
        asked && self.selector.is_empty()
    }
}

impl Gap {
    /// What could not be looked at and why, in one line: `secrets in shop: forbidden`.
    pub fn words(&self) -> String {
        format!("{}: {}", self.what, self.why.words())
    }
}

impl GapReason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Elided,
        Self::Failed,
        Self::Forbidden,
        Self::NotCollected,
        Self::Unreadable,
    ];

    /// The reason as people say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Elided => "values are left out of this source",
            Self::Failed => "could not be listed",
            Self::Forbidden => "not permitted",
            Self::NotCollected => "not part of this source",
            Self::Unreadable => "cannot be read",
        }
    }

    /// One word, as in formats.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Elided => "elided",
            Self::Failed => "failed",
            Self::Forbidden => "forbidden",
            Self::NotCollected => "notCollected",
            Self::Unreadable => "unreadable",
        }
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
