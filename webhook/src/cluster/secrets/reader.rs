//! A Secret as it is read: its values are decoded in place in the response, and only
//! the keys of its docker configs are copied.

use std::borrow::Cow;
use std::fmt;

use extreg_core::credential::{Keep, SecretMember, SecretReader};
use extreg_core::facts::SecretFact;
use extreg_core::object::Text;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

/// A Secret reduced to its name and the facts for the engine.
#[derive(Clone, Debug)]
pub(in crate::cluster) struct NamedSecret {
    metadata: ObjectMeta,
    pub(in crate::cluster) fact: SecretFact,
}

impl Resource for NamedSecret {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "Secret".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "secrets".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl<'de> Deserialize<'de> for NamedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SecretVisitor)
    }
}

/// The fields of `metadata` that a watch needs. Annotations can contain the whole secret again
/// (`kubectl.kubernetes.io/last-applied-configuration`).
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = NamedSecret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Secret")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NamedSecret, A::Error> {
        let mut metadata = Named::default();
        let mut kind = Text::default();
        let mut reader = SecretReader::new(Keep::Small);
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match key.as_str() {
                "metadata" => metadata = map.next_value()?,
                "type" => kind = map.next_value()?,
                "data" => map.next_value_seed(Data(&mut reader))?,
                _ => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(NamedSecret {
            metadata: ObjectMeta {
                name: metadata.name,
                namespace: metadata.namespace,
                resource_version: metadata.resource_version,
                ..ObjectMeta::default()
            },
            fact: SecretFact::new(reader.finish(&kind)),
        })
    }
}

/// `data`, of which only members that can hold a docker config are read.
struct Data<'r>(&'r mut SecretReader);

impl<'de> DeserializeSeed<'de> for Data<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Data<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data of a Secret")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match SecretMember::from_name(&key) {
                Some(member) => self.0.data(member, &map.next_value::<Text<'de>>()?),
                None => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use extreg_core::facts::Fit;
    use extreg_core::note::SecretFault;
    use kube::ResourceExt as _;
    use serde_json::{Value, json};

    use super::*;

    const IMAGE: &str = "docker.io/a/b";

    fn read(secret: &Value) -> NamedSecret {
        let text = secret.to_string();
        let read: NamedSecret = serde_json::from_str(&text).unwrap();
        // As in a watch, which cannot borrow.
        let owned: NamedSecret = serde_json::from_value(secret.clone()).unwrap();
        assert_eq!(read.fact, owned.fact);
        read
    }

    fn config(host: &str) -> String {
        STANDARD.encode(format!(
            r#"{{"auths":{{"{host}":{{"auth":"YTpodW50ZXIy"}}}}}}"#
        ))
    }

    #[test]
    fn a_secret_is_reduced_to_its_name_and_keys() {
        let config = config("docker.io");
        let secret = read(&json!({
            "apiVersion": "v1", "kind": "Secret", "immutable": true,
            "metadata": {"name": "hub", "namespace": "snow", "resourceVersion": "7", "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "hunter2"}},
            "data": {".dockerconfigjson": config, "other": "aHVudGVyMg=="},
            "type": "kubernetes.io/dockerconfigjson",
        }));
        assert_eq!(
            (secret.name_any().as_str(), secret.namespace().as_deref()),
            ("hub", Some("snow"))
        );
        assert_eq!(secret.resource_version().as_deref(), Some("7"));
        assert_eq!(
            (secret.fact.push(IMAGE), secret.fact.pull(IMAGE)),
            (Fit::Fits, Fit::Fits)
        );
        assert!(!format!("{secret:?}").contains("hunter2"));
    }

    #[test]
    fn a_push_reads_every_type_and_a_pull_those_of_kubernetes() {
        let none = Fit::Fault(SecretFault::NoKey);
        for (kind, member, push, pull) in [
            ("Opaque", ".dockerconfigjson", Fit::Fits, none),
            ("Opaque", "config.json", Fit::Fits, none),
            ("kubernetes.io/dockerconfigjson", "config", none, none),
            (
                "kubernetes.io/dockercfg",
                ".dockerconfigjson",
                Fit::Fits,
                none,
            ),
        ] {
            let secret = read(&json!({"type": kind, "data": {member: config("docker.io")}}));
            let fits = (secret.fact.push(IMAGE), secret.fact.pull(IMAGE));
            assert_eq!(fits, (push, pull), "{kind} {member}");
        }
        for secret in [
            json!({}),
            json!({"data": null, "metadata": {}}),
            json!({"data": {"x": null}}),
        ] {
            assert_eq!(read(&secret).fact.push(IMAGE), none, "{secret}");
        }
    }

    #[test]
    fn oversized_secret_is_not_kept() {
        let entries: Vec<_> = (0..20_000)
            .map(|n| format!(r#""registry-{n}.example.com":{{"auth":"YTpi"}}"#))
            .collect();
        let large = STANDARD.encode(format!(r#"{{"auths":{{{}}}}}"#, entries.join(",")));
        let secret = read(&json!({
            "data": {".dockerconfigjson": large}, "type": "kubernetes.io/dockerconfigjson",
        }));
        assert_eq!(secret.fact.push(IMAGE), Fit::Fault(SecretFault::TooLarge));
        assert!(format!("{:?}", secret.fact).len() < 100);
    }
}
