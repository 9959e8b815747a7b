//! The result for one reference.

use extreg_core::{
    credential::{Consumer, DockerConfigKeys},
    image::{ImageRef, ReferenceAnswer},
    registry::{InternalRegistry, RefRole, RegistryHost, Resolution, resolve},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{error::Error, print::Document};

/// Spellings of Docker Hub, right and wrong, that secrets contain.
const DOCKER_HUB_KEYS: [&str; 6] = [
    "docker.io",
    "https://index.docker.io/v1/",
    "https://index.docker.io/v1",
    "index.docker.io",
    "registry-1.docker.io",
    "https://registry-1.docker.io/v2/",
];

/// The result for one reference: the fields of a JSON line and two more.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    /// How OpenShift reads it.
    #[serde(flatten, serialize_with = "reading")]
    pub(super) reading: ReferenceAnswer<'a>,
    /// Its meaning, by field.
    #[serde(serialize_with = "by_role")]
    pub(super) registries: Vec<(RefRole, Meaning)>,
    /// Docker config keys for it, and the consumers that find them.
    pub(super) keys: Vec<KeyRow>,
}

/// The registry of a reference.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meaning {
    /// Whether it is Docker Hub.
    pub(super) docker_hub: Likelihood,
    /// The possible registries, in the order in which they are tried.
    pub(super) registries: Vec<String>,
    /// Why it has no registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

/// A yes or no that can depend on more than the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Likelihood {
    Yes,
    No,
    Maybe,
}

/// One docker config key and its consumers.
#[derive(Debug, Serialize)]
pub(super) struct KeyRow {
    /// The key as in the secret.
    pub(super) key: String,
    /// Whether each consumer would use it for the reference.
    #[serde(serialize_with = "by_consumer")]
    pub(super) found: [(Consumer, bool); 6],
}

impl<'a> Answer<'a> {
    /// Resolves without a cluster, so only the usual names of the internal registry are known.
    pub(super) fn from_reference(reference: &'a str) -> Self {
        let internal = InternalRegistry::default();
        let meaning = |role| {
            (
                role,
                Meaning::from_resolution(&resolve(reference, role, &internal)),
            )
        };
        Self {
            reading: ReferenceAnswer::of(reference),
            registries: RefRole::ALL.map(meaning).into(),
            keys: key_rows(reference),
        }
    }

    /// Whether OpenShift's API server would refuse the reference.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.reading, ReferenceAnswer::Invalid { .. })
    }

    /// Whether it contains a template parameter.
    pub(super) fn is_parameter(&self) -> bool {
        self.is_refused()
            && self
                .registries
                .iter()
                .any(|(_, meaning)| meaning.docker_hub == Likelihood::Maybe)
    }

    /// The document of `-o`.
    pub(super) const fn document(&self) -> Document<'_, Self> {
        Document::new("ImageReference", self)
    }

    /// One line of JSON, its members sorted.
    pub(super) fn to_json_line(&self) -> Result<String, Error> {
        serde_json::to_value(self.document())
            .map(|value| format!("{value}\n"))
            .map_err(|error| Error::failed(format!("cannot serialize: {error}")))
    }
}

impl Meaning {
    fn from_resolution(resolution: &Resolution<'_>) -> Self {
        let none = |why: String| Self {
            docker_hub: Likelihood::No,
            registries: Vec::new(),
            message: Some(why),
        };
        match resolution {
            Resolution::Certain(host, _) => Self {
                docker_hub: match host {
                    RegistryHost::DockerHub => Likelihood::Yes,
                    RegistryHost::Other(_) => Likelihood::No,
                },
                registries: vec![host.to_string()],
                message: None,
            },
            Resolution::FirstOf(list, _) => Self {
                docker_hub: Likelihood::Maybe,
                registries: list.iter().map(|&host| host.to_owned()).collect(),
                message: None,
            },
            Resolution::Internal(image) => Self {
                docker_hub: Likelihood::No,
                registries: vec![image.registry().to_owned()],
                message: None,
            },
            Resolution::Parameter => Self {
                docker_hub: Likelihood::Maybe,
                ..none("contains a template parameter".to_owned())
            },
            Resolution::Invalid(why) => none(why.to_string()),
        }
    }
}

fn key_rows(reference: &str) -> Vec<KeyRow> {
    let Ok(image) = ImageRef::parse(reference) else {
        return Vec::new();
    };
    if image.is_registry_only() {
        return Vec::new();
    }
    spellings(image)
        .into_iter()
        .map(|key| {
            let keys = DockerConfigKeys::of_spellings([key.as_str()]);
            let found = |consumer| (consumer, keys.matching(consumer, reference).is_matched());
            KeyRow {
                found: Consumer::ALL.map(found),
                key,
            }
        })
        .collect()
}

/// Possible keys for the image's registry: Docker Hub's if the image names no registry, and also
/// those of an upper-case component that some consumers read as a host.
fn spellings(image: ImageRef<'_>) -> Vec<String> {
    let (host, namespace) = if image.has_upper_case_component() {
        (image.namespace(), "")
    } else if image.is_docker_hub() {
        ("docker.io", image.with_defaults().namespace())
    } else {
        (image.registry(), image.namespace())
    };
    let mut keys: Vec<String> = if host == "docker.io" {
        DOCKER_HUB_KEYS.map(str::to_owned).into()
    } else {
        vec![
            host.to_owned(),
            format!("https://{host}"),
            format!("https://{host}/v2/"),
        ]
    };
    if !namespace.is_empty() {
        keys.push(format!("{host}/{namespace}"));
    }
    keys
}

/// A reading with the names of this document, not those of JSON lines.
fn reading<S: Serializer>(reading: &ReferenceAnswer<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let ReferenceAnswer::Parsed(parsed) = reading else {
        return reading.serialize(serializer);
    };
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("defaulted", &parsed.defaulted)?;
    map.serialize_entry("dockerHub", &parsed.docker_hub)?;
    map.serialize_entry("exact", &parsed.exact)?;
    map.serialize_entry("id", parsed.id)?;
    map.serialize_entry("name", parsed.name)?;
    map.serialize_entry("namespace", parsed.namespace)?;
    map.serialize_entry("ref", parsed.reference)?;
    map.serialize_entry("registry", parsed.registry)?;
    map.serialize_entry("string", &parsed.string)?;
    map.serialize_entry("tag", parsed.tag)?;
    map.end()
}

fn by_role<S: Serializer>(rows: &[(RefRole, Meaning)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(rows.len()))?;
    for (role, meaning) in rows {
        map.serialize_entry(role_name(*role), meaning)?;
    }
    map.end()
}

fn by_consumer<S: Serializer>(
    found: &[(Consumer, bool); 6],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(found.len()))?;
    for (consumer, found) in found {
        map.serialize_entry(consumer_name(*consumer), found)?;
    }
    map.end()
}

fn role_name(role: RefRole) -> &'static str {
    match role {
        RefRole::Import => "import",
        RefRole::Push => "push",
        RefRole::BasePull => "baseImage",
        RefRole::SourcePull => "sourceImage",
        RefRole::WorkloadPull => "workload",
    }
}

fn consumer_name(consumer: Consumer) -> &'static str {
    match consumer {
        Consumer::BuildPush => "buildPush",
        Consumer::BuildPull => "buildPull",
        Consumer::Import => "import",
        Consumer::Kubelet => "kubelet",
        Consumer::ContainersImage => "containersImage",
        Consumer::Shipwright => "shipwright",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(reference: &str) -> Value {
        serde_json::from_str(&Answer::from_reference(reference).to_json_line().unwrap()).unwrap()
    }

    #[test]
    fn a_short_name_means_different_registries() {
        let answer = answer("user/app:v1");
        assert_eq!(answer["dockerHub"], true);
        assert_eq!(
            answer["registries"]["push"],
            json!({ "dockerHub": "yes", "registries": ["docker.io"] })
        );
        assert_eq!(answer["registries"]["baseImage"]["dockerHub"], "maybe");
        assert_eq!(
            answer["registries"]["workload"]["registries"],
            json!(["registry.access.redhat.com", "docker.io"])
        );
    }

    #[test]
    fn keys_are_shown_with_their_consumers() {
        let answer = answer("user/app:v1");
        let keys = answer["keys"].as_array().unwrap();
        let row = |key: &str| &keys.iter().find(|row| row["key"] == key).unwrap()["found"];
        assert_eq!(
            row("docker.io"),
            &json!({
                "buildPush": false, "buildPull": true, "import": true, "kubelet": true,
                "containersImage": true, "shipwright": false,
            })
        );
        let all = row("https://index.docker.io/v1/").as_object().unwrap();
        assert!(all.values().all(|found| found == true));
        assert_eq!(row("https://index.docker.io/v1")["kubelet"], false);
    }

    #[test]
    fn another_registry_has_its_own_keys() {
        let answer = answer("quay.io/org/app");
        let keys: Vec<_> = answer["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["key"].as_str().unwrap())
            .collect();
        assert_eq!(
            keys,
            [
                "quay.io",
                "https://quay.io",
                "https://quay.io/v2/",
                "quay.io/org"
            ]
        );
    }

    #[test]
    fn an_invalid_reference_has_a_message() {
        for (reference, why) in [
            ("docker.io", "names a registry but no repository in it"),
            ("docker://x", "invalid reference format"),
            ("${IMAGE}", "contains a template parameter"),
        ] {
            let answer = answer(reference);
            assert_eq!(
                answer["registries"]["import"]["message"], why,
                "{reference}"
            );
            assert_eq!(answer["keys"], json!([]), "{reference}");
        }
    }
}
