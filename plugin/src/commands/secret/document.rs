//! Replaces the credential under some keys of a docker config, and keeps every other byte.

use std::fmt;

use extreg_core::credential::{DockerConfigFormat, DockerConfigKey, DockerConfigKeys};
use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

/// The two keys that are written for Docker Hub: each consumer finds its credential under one of them.
pub(super) const HUB_KEYS: [&str; 2] = ["docker.io", "https://index.docker.io/v1/"];
/// Fields that belong to the old credential: a consumer that finds one of these ignores
/// the password.
const TOKENS: [&str; 2] = ["identitytoken", "registrytoken"];

/// A docker config with the new credential.
#[derive(Debug)]
pub(super) struct Replaced {
    /// The document.
    pub(super) document: SecretString,
    /// The keys whose credential changed, as written; empty if all keys held it already.
    pub(super) changed: Vec<String>,
    /// The keys that were added.
    pub(super) added: Vec<String>,
}

/// Why a docker config cannot be changed. Quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unchangeable {
    /// Kubernetes cannot read it either.
    #[error("it holds no readable docker config")]
    Unreadable,
}

/// Sets `entry` (username, password and auth) under every key for which `is_ours` returns true, and adds
/// missing keys of `wanted`. Other fields of an entry, such as an email address, remain; tokens that
/// belong to the old credential are removed.
pub(super) fn replace(
    document: &[u8],
    format: DockerConfigFormat,
    entry: &Map<String, Value>,
    is_ours: impl Fn(&DockerConfigKey) -> bool,
    wanted: &[&str],
) -> Result<Replaced, Unchangeable> {
    let keys = DockerConfigKeys::parse(document, format).map_err(|_| Unchangeable::Unreadable)?;
    let text = str::from_utf8(document).map_err(|_| Unchangeable::Unreadable)?;
    let ours: Vec<&str> = keys
        .iter()
        .filter(|key| is_ours(key))
        .map(DockerConfigKey::as_written)
        .collect();
    let maps = entry_maps(text, format)?;
    let mut edits = Vec::new();
    let mut changed = Vec::new();
    for (key, raw) in maps.iter().flat_map(|map| &map.entries) {
        if !ours.contains(&key.as_str()) {
            continue;
        }
        let new = with_credential(raw, entry);
        if serde_json::from_str::<Value>(raw.get()).ok().as_ref() == Some(&new) {
            continue;
        }
        let at = offset(text, raw.get()).ok_or(Unchangeable::Unreadable)?;
        edits.push((at, raw.get().len(), new.to_string()));
        if !changed.contains(key) {
            changed.push(key.clone());
        }
    }
    let is_there = |key: &str| keys.iter().any(|known| known.as_written() == key);
    let added: Vec<String> = wanted
        .iter()
        .filter(|key| !is_there(key))
        .map(|key| (*key).to_owned())
        .collect();
    if !added.is_empty() {
        let map = maps.last().ok_or(Unchangeable::Unreadable)?;
        let members: Vec<String> = added
            .iter()
            .map(|key| {
                format!(
                    "{}:{}",
                    Value::from(key.as_str()),
                    Value::from(entry.clone())
                )
            })
            .collect();
        let end = if map.entries.is_empty() { "" } else { "," };
        edits.push((map.start, 0, members.join(",") + end));
    }
    edits.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let mut document = text.to_owned();
    for (at, length, new) in edits {
        document.replace_range(at..at + length, &new);
    }
    Ok(Replaced {
        document: document.into(),
        changed,
        added,
    })
}

/// The keys that hold a token, which is used in place of a password.
pub(super) fn keys_of_tokens(
    document: &[u8],
    format: DockerConfigFormat,
) -> Result<Vec<String>, Unchangeable> {
    let text = str::from_utf8(document).map_err(|_| Unchangeable::Unreadable)?;
    let is_token = |(name, value): (&String, &Value)| {
        TOKENS.iter().any(|token| name.eq_ignore_ascii_case(token))
            && value.as_str().is_some_and(|text| !text.is_empty())
    };
    let has_token = |raw: &RawValue| {
        let entry = serde_json::from_str::<Map<String, Value>>(raw.get());
        entry.is_ok_and(|entry| entry.iter().any(is_token))
    };
    let maps = entry_maps(text, format)?;
    let entries = maps.iter().flat_map(|map| &map.entries);
    Ok(entries
        .filter(|(_, raw)| has_token(raw))
        .map(|(key, _)| key.clone())
        .collect())
}

/// An entry with the new credential.
fn with_credential(old: &RawValue, entry: &Map<String, Value>) -> Value {
    let old = serde_json::from_str::<Value>(old.get()).unwrap_or_default();
    let is_replaced = |name: &str| {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        entry.keys().any(|key| is(key)) || TOKENS.into_iter().any(is)
    };
    let kept = match old {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut new = entry.clone();
    new.extend(kept.into_iter().filter(|(name, _)| !is_replaced(name)));
    Value::Object(new)
}

/// Entries as in the document, and where new ones can be added.
struct EntryMap<'a> {
    entries: Vec<(String, &'a RawValue)>,
    /// After the opening brace.
    start: usize,
}

/// The map of entries; a document can have several that are read as one.
fn entry_maps(text: &str, format: DockerConfigFormat) -> Result<Vec<EntryMap<'_>>, Unchangeable> {
    let raws: Vec<&str> = match format {
        DockerConfigFormat::Dockercfg => vec![text.trim_start()],
        DockerConfigFormat::ConfigJson => members(text)?
            .into_iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("auths"))
            .map(|(_, raw)| raw.get())
            .collect(),
    };
    raws.into_iter()
        .filter(|raw| raw.starts_with('{'))
        .map(|raw| {
            Ok(EntryMap {
                entries: members(raw)?,
                start: offset(text, raw).ok_or(Unchangeable::Unreadable)? + 1,
            })
        })
        .collect()
}

fn members(text: &str) -> Result<Vec<(String, &RawValue)>, Unchangeable> {
    let members: Members<'_> = serde_json::from_str(text).map_err(|_| Unchangeable::Unreadable)?;
    Ok(members.0)
}

/// The position of a part in its text.
fn offset(text: &str, part: &str) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    (text.get(offset..offset + part.len())? == part).then_some(offset)
}

/// The members of an object in their order, with repeated ones.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use extreg_core::credential::Consumer;
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;
    use crate::credential::Credential;

    fn entry() -> Map<String, Value> {
        Credential {
            username: "u".to_owned(),
            password: "new".to_owned().into(),
        }
        .entry()
    }

    fn replaced(document: &str, format: DockerConfigFormat, wanted: &[&str]) -> Replaced {
        let of_old = |key: &DockerConfigKey| key.username() == "u";
        replace(document.as_bytes(), format, &entry(), of_old, wanted).unwrap()
    }

    // u:old, u:new and o:x
    const NEW: &str = r#"{"auth":"dTpuZXc=","password":"new","username":"u"}"#;

    #[test]
    fn only_our_keys_change_and_the_rest_is_equal_byte_for_byte() {
        use DockerConfigFormat::{ConfigJson, Dockercfg};
        for (document, format, wanted, expected) in [
            (
                r#"{ "auths": {"quay.io": { "auth":"bzp4" } , "docker.io":{"auth":"dTpvbGQ="}}, "x": [1,  2] }"#,
                ConfigJson,
                &[][..],
                r#"{ "auths": {"quay.io": { "auth":"bzp4" } , "docker.io":NEW}, "x": [1,  2] }"#.to_owned(),
            ),
            (
                r#" {"docker.io" : {"username":"u","password":"old"}}"#,
                Dockercfg,
                &[],
                r#" {"docker.io" : NEW}"#.to_owned(),
            ),
            // Other fields remain, the tokens of the old credential do not.
            (
                r#"{"auths":{"docker.io":{"auth":"dTpvbGQ=","email":"a@b","IdentityToken":"t"}}}"#,
                ConfigJson,
                &[],
                r#"{"auths":{"docker.io":{"auth":"dTpuZXc=","email":"a@b","password":"new","username":"u"}}}"#.to_owned(),
            ),
            // Missing keys are added in front.
            (
                r#"{"auths":{"docker.io":{"auth":"dTpvbGQ="}}}"#,
                ConfigJson,
                &["docker.io", "https://index.docker.io/v1/"],
                r#"{"auths":{"https://index.docker.io/v1/":NEW,"docker.io":NEW}}"#.to_owned(),
            ),
            (r#"{"auths":{ }}"#, ConfigJson, &["docker.io"], r#"{"auths":{"docker.io":NEW }}"#.to_owned()),
            // Go also reads a repeated key.
            (
                r#"{"Auths":{"d":{"auth":"dTpvbGQ="}},"auths":{"d":{"auth":"dTpvbGQ="}}}"#,
                ConfigJson,
                &[],
                r#"{"Auths":{"d":NEW},"auths":{"d":NEW}}"#.to_owned(),
            ),
        ] {
            let found = replaced(document, format, wanted);
            assert_eq!(
                found.document.expose_secret(),
                expected.replace("NEW", NEW),
                "{document}"
            );
        }
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let document = r#"{"auths":{"docker.io":{"auth":"dTpvbGQ=","email":"e"}}}"#;
        let once = replaced(document, DockerConfigFormat::ConfigJson, &["x"]);
        assert_eq!((once.changed.len(), once.added.len()), (1, 1));
        let document = once.document.expose_secret();
        let twice = replaced(document, DockerConfigFormat::ConfigJson, &["x"]);
        assert_eq!((twice.changed.len(), twice.added.len()), (0, 0));
        assert_eq!(twice.document.expose_secret(), document);
    }

    #[test]
    fn an_unreadable_config_is_unchanged_and_not_quoted() {
        for document in ["canary", r#"{"auths":{"d":{"auth":"!canary!"}}}"#, "[]", ""] {
            let why = replace(
                document.as_bytes(),
                DockerConfigFormat::ConfigJson,
                &entry(),
                |_| true,
                &["docker.io"],
            )
            .unwrap_err();
            assert!(!why.to_string().contains("canary"), "{why}");
        }
        let shown = format!(
            "{:?}",
            replaced("{\"auths\":{}}", DockerConfigFormat::ConfigJson, &["d"])
        );
        assert!(!shown.contains("new"), "{shown}");
    }

    proptest! {
        #[test]
        fn consumers_of_the_old_credential_find_the_new_one(
            keys in prop::collection::btree_map("[a-z./:*1-9]{1,24}", prop::bool::ANY, 0..6),
            spaces in " {0,2}",
        ) {
            let entries: Vec<String> = keys
                .iter()
                .map(|(key, ours)| {
                    let auth = if *ours { "dTpvbGQ=" } else { "bzp4" };
                    format!("{}:{spaces}{}", json!(key), json!({"auth": auth}))
                })
                .collect();
            let document = format!("{{{spaces}\"auths\":{{{}}}}}", entries.join(","));
            let found = replaced(&document, DockerConfigFormat::ConfigJson, &[]);
            let parse = |text: &str| DockerConfigKeys::parse(text.as_bytes(), DockerConfigFormat::ConfigJson).unwrap();
            let (before, after) = (parse(&document), parse(found.document.expose_secret()));
            for image in ["docker.io/u/a", "u/a", "quay.io/u/a"] {
                for consumer in Consumer::ALL {
                    let users = |keys: &DockerConfigKeys| -> Vec<String> {
                        keys.matching(consumer, image).usernames().map(str::to_owned).collect()
                    };
                    prop_assert_eq!(users(&before), users(&after));
                }
            }
            prop_assert!(!found.document.expose_secret().contains("dTpvbGQ="));
        }
    }
}
