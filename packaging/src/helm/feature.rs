//! The parts of the objects that a value turns on and off, found by a comparison of what the builders return with and
//! without it.

use std::collections::BTreeSet;

use extreg_manifests::{AuditJob, AuditSecrets, FollowBuilds, Settings, Tls};
use serde_json::Value;

use super::tree::{Entry, FOLLOWED, NAMESPACE, Node};

/// The certificate that stands for `tls.caBundle`.
pub(super) const CA_BUNDLE: &str = "-----BEGIN CERTIFICATE-----";
/// The secret that stands for all names of secrets.
pub(super) const SECRETS: &str = "secrets-of-the-policies";

/// The action of the importer.
const FOLLOW_BUILDS: &str = "if $.Values.followBuilds.enabled";

/// A choice that adds or removes objects, fields or items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    /// Monitors and alerts.
    Monitoring,
    /// The importer.
    FollowBuilds,
    /// Permissions of the importer in every namespace, instead of some.
    Everywhere,
    /// A certificate that is renewed manually, instead of by OpenShift.
    ManualCertificate,
    /// Secrets whose existence the webhook can check.
    Secrets,
    /// The job that audits the cluster.
    Audit,
    /// Permission of the audit to list secrets.
    AuditSecrets,
}

impl Feature {
    /// Every feature.
    pub(super) const ALL: [Self; 7] = [
        Self::Monitoring,
        Self::FollowBuilds,
        Self::Everywhere,
        Self::ManualCertificate,
        Self::Secrets,
        Self::Audit,
        Self::AuditSecrets,
    ];

    /// The action around what exists only with the feature.
    pub(super) const fn with(self) -> &'static str {
        match self {
            Self::Monitoring => "if $.Values.monitoring.enabled",
            Self::FollowBuilds => FOLLOW_BUILDS,
            Self::Everywhere => "if not $.Values.followBuilds.namespaces",
            Self::ManualCertificate => "if eq $.Values.tls.mode \"secret\"",
            Self::Secrets => "if include \"extreg.secrets\" $ | fromJsonArray",
            Self::Audit => "if $.Values.audit.enabled",
            Self::AuditSecrets => "if $.Values.audit.secrets",
        }
    }

    /// The actions around what exists only without it; the last one is used for nothing else.
    pub(super) const fn without(self) -> &'static [&'static str] {
        match self {
            Self::Monitoring => &["if not $.Values.monitoring.enabled"],
            Self::FollowBuilds => &["if not $.Values.followBuilds.enabled"],
            Self::Everywhere => &[FOLLOW_BUILDS, "range $.Values.followBuilds.namespaces"],
            Self::ManualCertificate => &["if eq $.Values.tls.mode \"service-ca\""],
            Self::Secrets => &["if not (include \"extreg.secrets\" $ | fromJsonArray)"],
            Self::Audit => &["if not $.Values.audit.enabled"],
            Self::AuditSecrets => &["if not $.Values.audit.secrets"],
        }
    }

    /// The settings with every feature but this one.
    pub(super) fn settings_without(self, every: &Settings) -> Settings {
        let mut settings = every.clone();
        match self {
            Self::Monitoring => settings.monitoring = false,
            Self::FollowBuilds => settings.follow_builds = FollowBuilds::No,
            Self::Everywhere => {
                settings.follow_builds =
                    FollowBuilds::In(FOLLOWED.parse().ok().into_iter().collect());
            }
            Self::ManualCertificate => settings.tls = Tls::ServiceCa,
            Self::Secrets => settings.secrets = BTreeSet::new(),
            Self::Audit => settings.audit = None,
            Self::AuditSecrets => settings.audit = Some(AuditJob::default()),
        }
        settings
    }
}

/// Puts what differs between a value with a feature, and the same without it, into the feature's actions.
///
/// # Errors
/// The path of a scalar that differs: a feature cannot express it.
pub(super) fn overlay(node: &mut Node, without: &Value, feature: Feature) -> Result<(), String> {
    match (node, without) {
        (Node::Map(entries), Value::Object(map)) => {
            for entry in entries.iter_mut().filter(|entry| !is_alternative(entry)) {
                let Some(key) = &entry.key else { continue };
                match map.get(key) {
                    Some(value) => overlay(&mut entry.node, value, feature)
                        .map_err(|path| format!("{key}.{path}"))?,
                    None => entry.guards.push(feature.with().to_owned()),
                }
            }
            let known: BTreeSet<String> = entries
                .iter()
                .filter_map(|entry| entry.key.clone())
                .collect();
            let added = map.iter().filter(|(key, _)| !known.contains(*key));
            entries
                .extend(added.map(|(key, value)| {
                    Entry::member(key, value.into()).inside(feature.without())
                }));
            Ok(())
        }
        (Node::List(entries), Value::Array(items)) => items_of(entries, items, feature),
        (node, value) if *node == Node::from(value) => Ok(()),
        (node, value) => Err(format!(": {node:?} or {value}")),
    }
}

/// Items with a name are the same if their names are equal, items without one if they are equal.
fn items_of(entries: &mut Vec<Entry>, items: &[Value], feature: Feature) -> Result<(), String> {
    let mut at = 0;
    for item in items {
        let rest = entries.iter().skip(at);
        let Some(found) = rest.clone().position(|entry| is_same(&entry.node, item)) else {
            let added = Entry::item(item.into()).inside(feature.without());
            entries.insert(at, added);
            at += 1;
            continue;
        };
        guard(entries.iter_mut().skip(at).take(found), feature);
        if let Some(entry) = entries.get_mut(at + found) {
            overlay(&mut entry.node, item, feature)?;
        }
        at += found + 1;
    }
    guard(entries.iter_mut().skip(at), feature);
    Ok(())
}

fn guard<'a>(entries: impl Iterator<Item = &'a mut Entry>, feature: Feature) {
    for entry in entries.filter(|entry| !is_alternative(entry)) {
        entry.guards.push(feature.with().to_owned());
    }
}

/// Whether an entry exists only without some feature: no comparison with another feature concerns it.
fn is_alternative(entry: &Entry) -> bool {
    let mut marks = Feature::ALL
        .iter()
        .filter_map(|feature| feature.without().last());
    marks.any(|mark| entry.guards.iter().any(|guard| guard == mark))
}

fn is_same(node: &Node, item: &Value) -> bool {
    let name = |key: &str| item.get(key).and_then(Value::as_str);
    if let Node::Map(entries) = node
        && let Some((key, name)) = ["name", "alert"]
            .into_iter()
            .find_map(|key| Some((key, name(key)?)))
    {
        let own = entries
            .iter()
            .find(|entry| entry.key.as_deref() == Some(key));
        return own.is_some_and(|own| own.node == Node::Leaf(name.into()));
    }
    *node == Node::from(item)
}

/// The settings with every feature, whose other values are those of a chart without values.
pub(super) fn every() -> Result<Settings, extreg_manifests::SettingsError> {
    Ok(Settings {
        namespace: NAMESPACE.parse()?,
        mode: extreg_manifests::InstallMode::Audit,
        tls: Tls::OwnCa(CA_BUNDLE.parse()?),
        monitoring: true,
        follow_builds: FollowBuilds::Everywhere,
        secrets: BTreeSet::from([SECRETS.parse()?]),
        audit: Some(AuditJob {
            secrets: AuditSecrets::Read,
            ..AuditJob::default()
        }),
        ..Settings::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(with: &Value, without: &Value) -> Result<String, String> {
        let mut node = Node::from(with);
        overlay(&mut node, without, Feature::Monitoring)?;
        Ok(node.write(0))
    }

    #[test]
    fn differences_are_put_into_actions() {
        let with = json!({
            "both": 1,
            "only": {"x": "y"},
            "groups": [{"name": "a", "rules": ["one", "two"]}, {"name": "b"}],
        });
        let without = json!({
            "both": 1,
            "else": "z",
            "groups": [{"name": "a", "rules": ["two", "three"]}],
        });
        assert_eq!(
            written(&with, &without).unwrap(),
            "both: 1\n\
             groups:\n  - name: a\n    rules:\n      {{- if $.Values.monitoring.enabled }}\n      - one\n      {{- end }}\n      - two\n      \
             {{- if not $.Values.monitoring.enabled }}\n      - three\n      {{- end }}\n  \
             {{- if $.Values.monitoring.enabled }}\n  - name: b\n  {{- end }}\n\
             {{- if $.Values.monitoring.enabled }}\nonly:\n  x: \"y\"\n{{- end }}\n\
             {{- if not $.Values.monitoring.enabled }}\nelse: z\n{{- end }}\n"
        );
    }

    #[test]
    fn scalar_that_differs_is_an_error_with_its_path() {
        let why = written(&json!({"a": {"b": 1}}), &json!({"a": {"b": 2}})).unwrap_err();
        assert!(why.starts_with("a.b."), "{why}");
        assert!(written(&json!({"a": 1}), &json!({"a": 1})).is_ok());
    }
}
