//! The text of a policy and of a list to start from, with comments.

use std::fmt::Write as _;

use extreg_core::policy::Mode;
use serde_json::Value;

/// What a policy to start from says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PolicyDraft {
    pub(super) name: String,
    pub(super) registry: String,
    /// None for all of the registry.
    pub(super) repositories: Vec<String>,
    pub(super) mode: Mode,
    pub(super) push_secret: Option<String>,
    pub(super) pull_secret: Option<String>,
    /// Whether tags are imported on schedule; none to say nothing of imports.
    pub(super) scheduled: Option<bool>,
}

/// What a list to start from says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListDraft {
    pub(super) name: String,
    pub(super) registries: Vec<String>,
}

impl PolicyDraft {
    /// The document.
    pub(super) fn yaml(&self) -> String {
        let mut text = format!(
            "apiVersion: extreg.io/v1alpha1\nkind: RegistryPolicy\nmetadata:\n  name: {}\nspec:\n  \
             # The host as images name it. docker.io stands for index.docker.io and\n  \
             # registry-1.docker.io too.\n  registry: {}\n",
            scalar(&self.name),
            scalar(&self.registry)
        );
        text.push_str(
            "  # Which repositories; without this all of the registry. * is any part of one segment,\n  \
             # ** any number of segments. Of two policies the more specific one counts.\n",
        );
        if self.repositories.is_empty() {
            text.push_str("  # repositories:\n  # - \"acme/*\"\n");
        } else {
            text.push_str("  repositories:\n");
            for glob in &self.repositories {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "  - {}", quoted(glob));
            }
        }
        text.push_str(
            "  # Which namespaces; without this all that the webhook is called for.\n  \
             # namespaceSelector:\n  #   matchLabels:\n  #     team: shop\n  \
             # Enforce changes objects, Warn tells their authors what it would change, Audit only\n  \
             # counts it, Off takes images away from less specific policies.\n",
        );
        // Off is a boolean to YAML.
        let mode = format!("{:?}", self.mode);
        let mode = if self.mode == Mode::Off {
            quoted(&mode)
        } else {
            mode
        };
        let _ = writeln!(text, "  mode: {mode}");
        match &self.push_secret {
            Some(secret) => {
                let _ = write!(
                    text,
                    "  push:\n    \
                     # In the namespace of each build; oc extreg setup makes it.\n    \
                     secretName: {}\n    \
                     # BuildConfig, Build (what Git has stays as it is), or Both.\n    \
                     target: Both\n",
                    scalar(secret)
                );
            }
            None => text.push_str("  # push:\n  #   secretName: dockerhub\n"),
        }
        match &self.pull_secret {
            Some(secret) => {
                let _ = write!(
                    text,
                    "  pull:\n    \
                     # For base images; injected only where it is known to be there and to match.\n    \
                     secretName: {}\n",
                    scalar(secret)
                );
            }
            None => text.push_str("  # pull:\n  #   secretName: dockerhub\n"),
        }
        match self.scheduled {
            Some(scheduled) => {
                let _ = write!(
                    text,
                    "  import:\n    \
                     # Every 15 minutes. Each look counts against the registry's rate limit.\n    \
                     scheduled: {scheduled}\n"
                );
            }
            None => text.push_str("  # import:\n  #   scheduled: true\n"),
        }
        text
    }
}

impl ListDraft {
    /// The document.
    pub(super) fn yaml(&self) -> String {
        let mut text = format!(
            "apiVersion: extreg.io/v1alpha1\nkind: ApprovedRegistries\nmetadata:\n  name: {}\nspec:\n  \
             registries:\n  \
             # A registry, with its port where it has one, or a repository and all under it. With a *\n  \
             # the path is anchored at both ends; *.example.com is all under a domain. Names are\n  \
             # compared whole: docker.io.evil.com is not docker.io.\n",
            scalar(&self.name)
        );
        for entry in &self.registries {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  - {}", scalar(entry));
        }
        text
    }
}

/// A text as a YAML value that is a string.
fn scalar(text: &str) -> String {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-./:".contains(c);
    // What YAML 1.1 takes for something else than a text.
    let is_word =
        |text: &str| ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text);
    let is_plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(is_inner)
        && !text.ends_with(':')
        && !is_word(text);
    if is_plain {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// JSON's strings are YAML's double-quoted ones.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A label selector as `oc get -l` takes it; empty for one that selects all.
pub(super) fn selector_words(selector: Option<&Value>) -> String {
    let mut words = Vec::new();
    let labels = selector.and_then(|selector| selector.get("matchLabels"));
    for (key, value) in labels.and_then(Value::as_object).into_iter().flatten() {
        words.push(format!("{key}={}", value.as_str().unwrap_or_default()));
    }
    let expressions = selector.and_then(|selector| selector.get("matchExpressions"));
    for expression in expressions.and_then(Value::as_array).into_iter().flatten() {
        let text = |name| {
            let value = expression.get(name).and_then(Value::as_str);
            value.unwrap_or_default()
        };
        let values: Vec<&str> = expression
            .get("values")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let (key, values) = (text("key"), values.join(","));
        words.push(match text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        });
    }
    words.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_stays_a_text() {
        for text in [
            "docker.io",
            "localhost:5000",
            "true",
            "123",
            "1e3",
            "no",
            "*.example.com",
            "acme/*",
            "a:",
            "null",
            "~",
            "10.0.0.1:5000",
            "docker.io/acme-*/**",
            "",
        ] {
            let yaml = format!("a: {}\n", scalar(text));
            let read: Value = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(read, json!({"a": text}), "{yaml}");
        }
        assert_eq!(scalar("docker.io/acme"), "docker.io/acme");
    }

    #[test]
    fn a_selector_is_written_as_oc_takes_it() {
        let selector = json!({"matchLabels": {"team": "a"}, "matchExpressions": [
            {"key": "env", "operator": "In", "values": ["dev", "test"]},
            {"key": "old", "operator": "DoesNotExist"},
        ]});
        assert_eq!(
            selector_words(Some(&selector)),
            "team=a,env in (dev,test),!old"
        );
        assert_eq!(selector_words(None), "");
    }
}
