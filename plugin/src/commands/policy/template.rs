//! The text of a new policy and of a new list, with comments.

use extreg_cluster::Json as _;
use std::fmt::Write as _;

use extreg_core::policy::Mode;
use serde_json::Value;

/// The content of a new policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PolicyDraft {
    pub(super) name: String,
    pub(super) registry: String,
    /// None for the whole registry.
    pub(super) repositories: Vec<String>,
    pub(super) mode: Mode,
    pub(super) push_secret: Option<String>,
    pub(super) pull_secret: Option<String>,
    /// Whether tags are imported on schedule; none to omit imports.
    pub(super) scheduled: Option<bool>,
}

/// The content of a new list.
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
             # The host as in image names. docker.io includes index.docker.io and\n  \
             # registry-1.docker.io.\n  registry: {}\n",
            scalar(&self.name),
            scalar(&self.registry)
        );
        text.push_str(
            "  # Repositories [default: the whole registry]. * matches any part of one segment,\n  \
             # ** any number of segments. The most specific policy decides.\n",
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
            "  # Namespaces [default: all for which the webhook is called].\n  \
             # namespaceSelector:\n  #   matchLabels:\n  #     team: shop\n  \
             # Enforce changes objects, Warn shows users what it would change, Audit only\n  \
             # counts the changes, Off excludes images from less specific policies.\n",
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
                     # In the namespace of each build; oc extreg setup creates it.\n    \
                     secretName: {}\n    \
                     # BuildConfig, Build (BuildConfigs from Git are unchanged), or Both.\n    \
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
                     # For base images; injected only if it exists and matches.\n    \
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
                     # Every 15 minutes. Each import counts against the registry's rate limit.\n    \
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
             # A registry, with its port if any, or a repository and everything below it. With a *\n  \
             # the path is anchored at both ends; *.example.com is every host of a domain. Names are\n  \
             # compared completely: docker.io.evil.com is not docker.io.\n",
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
    // YAML 1.1 reads these as another type than a string.
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

/// JSON strings are valid as YAML's double-quoted ones.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A label selector as `oc get -l` accepts it; empty for one that selects all.
pub(super) fn selector_words(selector: Option<&Value>) -> String {
    let mut words = Vec::new();
    let labels = selector.and_then(|selector| selector.get("matchLabels"));
    for (key, value) in labels.and_then(Value::as_object).into_iter().flatten() {
        words.push(format!("{key}={}", value.as_str().unwrap_or_default()));
    }
    let expressions = selector.map(|selector| selector.list("/matchExpressions"));
    for expression in expressions.into_iter().flatten() {
        let values: Vec<&str> = expression.texts("/values").collect();
        let (key, values) = (expression.text("/key"), values.join(","));
        words.push(match expression.text("/operator") {
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
    fn a_text_is_read_back_as_a_string() {
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
    fn selector_is_written_as_oc_accepts_it() {
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
