//! The objects for which the API servers call the installed webhook.

use crate::object::Metadata;
use crate::policy::{Labels, Selector, SelectorDocument, SelectorError};

/// The label that every namespace has, with its name (Kubernetes
/// `pkg/registry/core/namespace/strategy.go`, `NamespaceDefaultLabelName`).
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The selectors of the MutatingWebhookConfiguration. The default matches everything: the webhook
/// itself, which is called only for matching objects, does not need them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    namespaces: Option<Selector>,
    objects: Option<Selector>,
    needs_labels: bool,
}

/// Whether the API servers call the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// They call it.
    Yes,
    /// They do not call it.
    No,
    /// It depends on the labels of the namespace, which are unknown.
    Unknown,
}

impl Reach {
    /// A configuration without a namespace selector. The webhook is also called for namespaces that are excluded by
    /// a label, so nothing is decided while the labels are unknown.
    pub fn without_namespace_selector() -> Self {
        Self {
            needs_labels: true,
            ..Self::default()
        }
    }

    /// Parses the selectors as written.
    ///
    /// # Errors
    /// If a selector is not valid.
    pub fn compile(
        namespaces: Option<&SelectorDocument>,
        objects: Option<&SelectorDocument>,
    ) -> Result<Self, SelectorError> {
        let compile = |document: Option<&SelectorDocument>| match document {
            Some(document) => Selector::compile(document),
            None => Ok(None),
        };
        Ok(Self {
            namespaces: compile(namespaces)?,
            objects: compile(objects)?,
            needs_labels: false,
        })
    }

    /// Whether the webhook is called for an object written in a namespace; `labels` is `None` if the
    /// labels are unknown.
    pub fn namespace(&self, name: &str, labels: Option<&Labels>) -> Called {
        let Some(selector) = &self.namespaces else {
            return match labels {
                None if self.needs_labels => Called::Unknown,
                _ => Called::Yes,
            };
        };
        let named = |labels: Option<&Labels>| {
            let mut labels = labels.cloned().unwrap_or_default();
            labels
                .entry(NAME_LABEL.to_owned())
                .or_insert_with(|| name.to_owned());
            labels
        };
        match (selector.matches(&named(labels)), labels) {
            (true, _) => Called::Yes,
            (false, Some(_)) => Called::No,
            (false, None) => Called::Unknown,
        }
    }

    /// Whether the webhook is called for an object with these labels.
    pub fn object(&self, metadata: &Metadata<'_>) -> bool {
        self.objects.as_ref().is_none_or(|selector| {
            let labels = metadata.labels.iter();
            let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
            selector.matches(&labels.collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(namespaces: &str) -> Reach {
        let document = serde_json::from_str(namespaces).unwrap();
        Reach::compile(Some(&document), None).unwrap()
    }

    #[test]
    fn a_namespace_is_selected_by_name_and_by_labels() {
        let team = reach(
            r#"{"matchExpressions":[
                {"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["own"]},
                {"key":"team","operator":"In","values":["a","b"]}]}"#,
        );
        let excluded = reach(
            r#"{"matchExpressions":[
                {"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["own"]},
                {"key":"tier","operator":"NotIn","values":["legacy"]}]}"#,
        );
        let labels = |key: &str, value: &str| Labels::from([(key.to_owned(), value.to_owned())]);
        let none = Labels::new();
        for (name, labels, of_team, of_excluded) in [
            ("snow", Some(&labels("team", "a")), Called::Yes, Called::Yes),
            ("snow", Some(&none), Called::No, Called::Yes),
            ("own", Some(&labels("team", "a")), Called::No, Called::No),
            (
                "snow",
                Some(&labels("tier", "legacy")),
                Called::No,
                Called::No,
            ),
            ("snow", None, Called::Unknown, Called::Yes),
        ] {
            assert_eq!(team.namespace(name, labels), of_team, "{name} {labels:?}");
            assert_eq!(
                excluded.namespace(name, labels),
                of_excluded,
                "{name} {labels:?}"
            );
            assert_eq!(Reach::default().namespace(name, labels), Called::Yes);
            let of_all = Reach::without_namespace_selector().namespace(name, labels);
            let is_known = if labels.is_some() {
                Called::Yes
            } else {
                Called::Unknown
            };
            assert_eq!(of_all, is_known);
        }
    }
}
