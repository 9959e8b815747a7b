//! The few annotations that matter, among many that are large.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::text::{Pairs, Text};
use crate::policy::GROUP;

/// The annotations of an object under `extreg.io/`; `null` reads as empty.
///
/// The rest is skipped without reading: `kubectl apply` stores a copy of the whole object in
/// one, with every quote escaped, and unescaping it would be wasted work.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Annotations<'a>(Pairs<'a>);

impl Annotations<'_> {
    /// The value of `key`, if it is under `extreg.io/`; the last if a key is repeated.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)
    }

    /// Whether it has no annotations.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Annotations<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OursOnly).map(Self)
    }
}

struct OursOnly;

impl<'de> Visitor<'de> for OursOnly {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut pairs = Pairs::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let ours = key
                .strip_prefix(GROUP)
                .is_some_and(|rest| rest.starts_with('/'));
            if ours {
                pairs.push(key, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(pairs)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Pairs::default())
    }
}

#[cfg(test)]
mod tests {
    use super::Annotations;

    #[test]
    fn only_extreg_annotations_are_kept() {
        let key = "extreg.io/scheduled";
        for (json, wanted) in [
            (
                r#"{"a":"\"b\"","extreg.io/scheduled":"false"}"#,
                Some("false"),
            ),
            (
                r#"{"extreg.io\/scheduled":"true","extreg.io/scheduled":"false"}"#,
                Some("false"),
            ),
            (r#"{"extreg.io":"x","extreg.iox/scheduled":"false"}"#, None),
            (r#"{"a":7,"extreg.io/scheduled":null}"#, Some("")),
            ("{}", None),
            ("null", None),
        ] {
            let read: Annotations<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(read.get(key), wanted, "{json}");
        }
        serde_json::from_str::<Annotations<'_>>(r#"{"extreg.io/scheduled":7}"#).unwrap_err();
        serde_json::from_str::<Annotations<'_>>("[]").unwrap_err();
    }
}
