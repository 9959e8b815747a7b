//! The coverage in documents, and what follows from it for missing findings.

use std::collections::BTreeSet;

use extreg_snapshot::coverage::{Coverage, Gap, GapSubject};
use serde::Deserialize;

use super::place::SavedPlace;

/// What was read, and what could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SavedCoverage {
    /// What the audit was limited to.
    pub scope: SavedScope,
    /// The resources that were read.
    pub read: Vec<SavedResource>,
    /// The resources that the API does not serve.
    pub not_served: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<SavedGap>,
}

/// What the audit was limited to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SavedScope {
    /// The requested namespaces; none for all of them.
    pub namespaces: Option<BTreeSet<String>>,
    /// The label selector; empty for none.
    pub selector: String,
}

/// A resource that was read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedResource {
    /// `deployments.apps`.
    pub resource: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedGap {
    /// Its description; the file's path for a document, with the line after a colon.
    pub what: String,
    /// `deployments.apps`, if it is a list.
    #[serde(default)]
    pub resource: Option<String>,
    /// The list's namespace; empty for all.
    #[serde(default)]
    pub namespace: String,
    /// The reason, in one word.
    pub reason: String,
}

impl SavedCoverage {
    /// The document's form of a coverage.
    pub fn of(coverage: &Coverage) -> Self {
        let resource = |kind: &extreg_snapshot::kind::Kind| kind.api().resource();
        let names =
            |names: &BTreeSet<std::sync::Arc<str>>| names.iter().map(ToString::to_string).collect();
        Self {
            scope: SavedScope {
                namespaces: coverage.scope.namespaces.as_ref().map(names),
                selector: coverage.scope.selector.clone(),
            },
            read: coverage
                .read
                .keys()
                .map(|kind| SavedResource {
                    resource: resource(kind),
                })
                .collect(),
            not_served: coverage.not_served.iter().map(resource).collect(),
            gaps: coverage.gaps.iter().map(SavedGap::of).collect(),
        }
    }

    /// Why a missing finding about that place may only not have been seen: then it is
    /// neither gone nor new.
    pub fn blind_spot(&self, place: &SavedPlace) -> Option<String> {
        if let Some(gap) = self.gaps.iter().find(|gap| gap.hides(place)) {
            return Some(format!("{} was not read ({})", gap.what, gap.reason));
        }
        if !self.scope.selector.is_empty() {
            return Some(format!("the audit was limited to {}", self.scope.selector));
        }
        let namespaces = self.scope.namespaces.as_ref()?;
        if !place.namespace.is_empty() {
            let asked = namespaces.contains(&place.namespace);
            return (!asked).then(|| format!("namespace {} was not selected", place.namespace));
        }
        let known = |resource: &String| {
            self.read.iter().any(|read| read.resource == *resource)
                || self.not_served.contains(resource)
        };
        match place.resource() {
            Some(resource) if known(&resource) => None,
            Some(resource) => Some(format!("{resource} was not read")),
            None => Some(format!("this version does not read {}", place.kind)),
        }
    }
}

impl SavedGap {
    fn of(gap: &Gap) -> Self {
        let (resource, namespace) = match &gap.what {
            GapSubject::List { kind, namespace } => {
                (Some(kind.api().resource()), namespace.to_string())
            }
            GapSubject::Document(_) | GapSubject::Fact(_) => (None, String::new()),
        };
        Self {
            what: gap.what.to_string(),
            resource,
            namespace,
            reason: gap.why.word().to_owned(),
        }
    }

    fn hides(&self, place: &SavedPlace) -> bool {
        match &self.resource {
            Some(resource) => {
                place.resource().as_ref() == Some(resource)
                    && (self.namespace.is_empty() || self.namespace == place.namespace)
            }
            // A document's path, and the line in it if known.
            None => place.file.as_ref().is_some_and(|file| {
                let behind = self.what.strip_prefix(&file.path);
                behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(':'))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::coverage::{GapReason, Scope};
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::place::Origin;
    use extreg_snapshot::testing::{object, place};

    fn at(kind: Kind, namespace: &str, path: &str) -> SavedPlace {
        let mut place = place(&object(kind, namespace, "cart"), "", "spec");
        if !path.is_empty() {
            place.origin = Origin::File {
                path: path.into(),
                line: 7,
            };
        }
        SavedPlace::of(&place)
    }

    fn spot(coverage: &Coverage, place: &SavedPlace) -> String {
        SavedCoverage::of(coverage)
            .blind_spot(place)
            .unwrap_or_default()
    }

    #[test]
    fn a_gap_hides_its_kind_and_namespace() {
        let gap = |what| Gap {
            what,
            why: GapReason::Forbidden,
            message: String::new(),
        };
        let list = |kind, namespace: &str| {
            gap(GapSubject::List {
                kind,
                namespace: namespace.into(),
            })
        };
        for (gap, place, want) in [
            (
                list(Kind::Pod, ""),
                at(Kind::Pod, "shop", ""),
                "pods was not read (forbidden)",
            ),
            (
                list(Kind::Pod, "shop"),
                at(Kind::Pod, "shop", ""),
                "pods in shop was not read (forbidden)",
            ),
            (list(Kind::Pod, "dev"), at(Kind::Pod, "shop", ""), ""),
            (list(Kind::Job, ""), at(Kind::Pod, "shop", ""), ""),
            (
                list(Kind::Build, ""),
                at(Kind::ShipwrightBuild, "shop", ""),
                "",
            ),
            (
                gap(GapSubject::Document("a.yaml:3".to_owned())),
                at(Kind::Pod, "shop", "a.yaml"),
                "a.yaml:3 was not read (forbidden)",
            ),
            (
                gap(GapSubject::Document("a.yaml".to_owned())),
                at(Kind::Pod, "shop", "b/a.yaml"),
                "",
            ),
            (
                gap(GapSubject::Document("a.yamlx".to_owned())),
                at(Kind::Pod, "shop", "a.yaml"),
                "",
            ),
            (
                gap(GapSubject::Fact("the pull secret".to_owned())),
                at(Kind::Pod, "shop", ""),
                "",
            ),
        ] {
            let coverage = Coverage {
                gaps: BTreeSet::from([gap]),
                ..Coverage::default()
            };
            assert_eq!(spot(&coverage, &place), want, "{coverage:?} {place}");
        }
    }

    #[test]
    fn unselected_places_were_not_seen() {
        let mut coverage = Coverage {
            scope: Scope {
                namespaces: Some(BTreeSet::from(["shop".into()])),
                selector: String::new(),
            },
            ..Coverage::default()
        };
        coverage.count(Kind::ImageConfig);
        coverage.not_served.insert(Kind::ImageContentSourcePolicy);
        for (place, want) in [
            (at(Kind::Pod, "shop", ""), ""),
            (at(Kind::Pod, "dev", ""), "namespace dev was not selected"),
            (at(Kind::ImageConfig, "", ""), ""),
            (at(Kind::ImageContentSourcePolicy, "", ""), ""),
            (
                at(Kind::RegistryPolicy, "", ""),
                "registrypolicies.extreg.io was not read",
            ),
        ] {
            assert_eq!(spot(&coverage, &place), want, "{place}");
        }
        coverage.scope.namespaces = None;
        assert_eq!(spot(&coverage, &at(Kind::Pod, "dev", "")), "");
        coverage.scope.selector = "app=web".to_owned();
        let only = "the audit was limited to app=web";
        assert_eq!(spot(&coverage, &at(Kind::Pod, "shop", "")), only);
    }
}
