//! Label selectors over namespaces, as Kubernetes means them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The labels of a namespace.
pub type Labels = BTreeMap<String, String>;

/// `metav1.LabelSelector` as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectorDocument {
    /// Each label must have this value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Each expression must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<ExpressionDocument>,
}

/// `metav1.LabelSelectorRequirement` as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpressionDocument {
    /// The label.
    pub key: String,
    /// How it is compared.
    pub operator: Operator,
    /// The values of `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// The operators of a label selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// The label has none of a set of values, or is absent.
    NotIn,
    /// The label has one of the values.
    In,
    /// The label exists.
    Exists,
    /// The label does not exist.
    DoesNotExist,
}

/// A label selector that holds together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<(String, Requirement)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    DoesNotExist,
    Exists,
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
}

/// Why a label selector cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// `In` and `NotIn` need values; `Exists` and `DoesNotExist` take none.
    #[error(
        "namespaceSelector: the expression on {0:?}: In and NotIn need values; Exists and DoesNotExist take none"
    )]
    Values(String),
    /// A label has a name.
    #[error("namespaceSelector: an expression has an empty key")]
    EmptyKey,
}

impl Selector {
    /// Reads a selector; one that selects everything is none.
    pub fn compile(document: &SelectorDocument) -> Result<Option<Self>, SelectorError> {
        let mut requirements = Vec::new();
        for (key, value) in &document.match_labels {
            requirements.push((
                key.clone(),
                Requirement::In(BTreeSet::from([value.clone()])),
            ));
        }
        for ExpressionDocument {
            key,
            operator,
            values,
        } in &document.match_expressions
        {
            let set: BTreeSet<String> = values.iter().cloned().collect();
            let requirement = match (operator, set.is_empty()) {
                (Operator::In, false) => Requirement::In(set),
                (Operator::NotIn, false) => Requirement::NotIn(set),
                (Operator::Exists, true) => Requirement::Exists,
                (Operator::DoesNotExist, true) => Requirement::DoesNotExist,
                (Operator::In | Operator::NotIn, true)
                | (Operator::Exists | Operator::DoesNotExist, false) => {
                    return Err(SelectorError::Values(key.clone()));
                }
            };
            requirements.push((key.clone(), requirement));
        }
        if requirements.iter().any(|(key, _)| key.is_empty()) {
            return Err(SelectorError::EmptyKey);
        }
        Ok((!requirements.is_empty()).then_some(Self { requirements }))
    }

    /// Whether a namespace with these labels is selected
    /// (apimachinery `pkg/labels/selector.go`, `Requirement.Matches`).
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|(key, requirement)| {
            let value = labels.get(key);
            match requirement {
                Requirement::DoesNotExist => value.is_none(),
                Requirement::Exists => value.is_some(),
                Requirement::In(set) => value.is_some_and(|value| set.contains(value)),
                Requirement::NotIn(set) => value.is_none_or(|value| !set.contains(value)),
            }
        })
    }

    /// Whether both can select the same namespace: false only if that is certain.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.requirements.iter().all(|(key, a)| {
            other
                .requirements
                .iter()
                .filter(|(k, _)| k == key)
                .all(|(_, b)| compatible(a, b))
        })
    }
}

fn compatible(a: &Requirement, b: &Requirement) -> bool {
    match (a, b) {
        (Requirement::In(x), Requirement::In(y)) => !x.is_disjoint(y),
        (Requirement::In(x), Requirement::NotIn(y))
        | (Requirement::NotIn(y), Requirement::In(x)) => !x.is_subset(y),
        (Requirement::DoesNotExist, Requirement::In(_) | Requirement::Exists)
        | (Requirement::In(_) | Requirement::Exists, Requirement::DoesNotExist) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(json: &str) -> Selector {
        Selector::compile(&serde_json::from_str(json).unwrap())
            .unwrap()
            .unwrap()
    }

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn operators_match_those_of_kubernetes() {
        for (json, pairs, want) in [
            (
                r#"{"matchLabels":{"team":"a"}}"#,
                &[("team", "a")][..],
                true,
            ),
            (r#"{"matchLabels":{"team":"a"}}"#, &[("team", "b")], false),
            (
                r#"{"matchExpressions":[{"key":"t","operator":"NotIn","values":["a"]}]}"#,
                &[],
                true,
            ),
            (
                r#"{"matchExpressions":[{"key":"t","operator":"Exists"}]}"#,
                &[("t", "")],
                true,
            ),
            (
                r#"{"matchExpressions":[{"key":"t","operator":"DoesNotExist"}]}"#,
                &[("t", "")],
                false,
            ),
        ] {
            assert_eq!(
                selector(json).matches(&labels(pairs)),
                want,
                "{json} {pairs:?}"
            );
        }
        assert_eq!(Selector::compile(&SelectorDocument::default()), Ok(None));
    }

    #[test]
    fn incomplete_expression_is_rejected() {
        for (json, want) in [
            (
                r#"{"matchExpressions":[{"key":"t","operator":"In"}]}"#,
                "In and NotIn need values",
            ),
            (
                r#"{"matchExpressions":[{"key":"t","operator":"Exists","values":["x"]}]}"#,
                "Exists and DoesNotExist take none",
            ),
            (
                r#"{"matchExpressions":[{"key":"","operator":"Exists"}]}"#,
                "empty key",
            ),
        ] {
            let error = Selector::compile(&serde_json::from_str(json).unwrap()).unwrap_err();
            assert!(error.to_string().contains(want), "{json}: {error}");
        }
    }

    #[test]
    fn disjoint_selectors_do_not_overlap() {
        let a = selector(r#"{"matchLabels":{"team":"a"}}"#);
        let b = selector(r#"{"matchLabels":{"team":"b"}}"#);
        let any = selector(r#"{"matchExpressions":[{"key":"team","operator":"Exists"}]}"#);
        assert!(!a.overlaps(&b) && a.overlaps(&any) && any.overlaps(&b));
    }
}
