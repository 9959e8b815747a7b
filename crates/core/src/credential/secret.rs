//! Which docker config of a secret each consumer reads.

use std::sync::Arc;

use super::{DockerConfigError, DockerConfigFormat, DockerConfigKeys, auth};
use crate::registry::has_parameter;
use crate::vocabulary;

vocabulary! {
    /// A member of a secret's data that may hold a docker config.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum SecretMember {
        /// `config.json`, as `oc create secret generic --from-file` names it.
        ConfigJson => "config.json",
        /// `.dockerconfigjson`.
        DockerConfigJson => ".dockerconfigjson",
        /// `.dockercfg`.
        Dockercfg => ".dockercfg",
    }
    /// Its name in the secret.
    pub fn name;
}

impl SecretMember {
    /// How the docker config is wrapped in it.
    pub fn format(self) -> DockerConfigFormat {
        match self {
            Self::ConfigJson | Self::DockerConfigJson => DockerConfigFormat::ConfigJson,
            Self::Dockercfg => DockerConfigFormat::Dockercfg,
        }
    }

    /// The member of that name, if it exists.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|member| member.name() == name)
    }

    /// The one member that counts in a secret of this type for pulls, imports and OpenShift's own selection of a
    /// secret; `None` for a type that they ignore (Kubernetes `pkg/credentialprovider/secrets/secrets.go`).
    pub fn of_type(kind: &str) -> Option<Self> {
        match kind {
            "kubernetes.io/dockerconfigjson" => Some(Self::DockerConfigJson),
            "kubernetes.io/dockercfg" => Some(Self::Dockercfg),
            _ => None,
        }
    }
}

/// The docker config of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DockerConfig {
    /// It has these keys.
    Keys(Arc<DockerConfigKeys>),
    /// No consumer can read it.
    Unreadable,
    /// It has more keys than are kept.
    TooLarge,
    /// Its value is unknown: a template parameter stands for it, or it was removed.
    Unknown,
}

/// The docker configs of one secret, by the consumers that read them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretConfigs {
    /// The docker config that a build reads if it names the secret for its push. The type of the secret is ignored:
    /// the builder reads the files of the mounted secret, and uses the first that it can read.
    pub push: Option<DockerConfig>,
    /// The docker config that all other consumers read; they check the type first.
    pub typed: Option<DockerConfig>,
}

/// Reads the docker configs of one secret, member by member, and drops their passwords.
#[derive(Debug)]
pub struct SecretReader {
    keep: Keep,
    found: [Option<Found>; 3],
}

/// How much of a docker config is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All keys.
    All,
    /// What [`DockerConfigKeys::parse_small`] reads.
    Small,
}

#[derive(Debug)]
struct Found {
    config: DockerConfig,
    is_plain: bool,
}

impl SecretReader {
    /// Nothing has been read yet.
    pub fn new(keep: Keep) -> Self {
        Self {
            keep,
            found: [None, None, None],
        }
    }

    /// Reads a value of `data`: base64 as Go reads it, which skips line breaks.
    pub fn data(&mut self, member: SecretMember, encoded: &str) {
        let config = match auth::decode_value(encoded) {
            Some(json) => self.config(member, &json),
            None if has_parameter(encoded) => DockerConfig::Unknown,
            None => DockerConfig::Unreadable,
        };
        self.put(member, config, false);
    }

    /// Reads a value of `stringData`, which is written over `data` (Kubernetes `pkg/registry/core/secret/strategy.go`).
    pub fn plain(&mut self, member: SecretMember, text: &str) {
        let config = self.config(member, text.as_bytes());
        self.put(member, config, true);
    }

    /// A value that was removed.
    pub fn elided(&mut self, member: SecretMember) {
        self.put(member, DockerConfig::Unknown, false);
    }

    /// The docker configs of a secret of this type.
    pub fn finish(self, kind: &str) -> SecretConfigs {
        let [json, docker_json, dockercfg] = self.found.map(|found| found.map(|f| f.config));
        let typed = match SecretMember::of_type(kind) {
            Some(SecretMember::DockerConfigJson) => {
                docker_json.clone().or(Some(DockerConfig::Unreadable))
            }
            Some(_) => dockercfg.clone().or(Some(DockerConfig::Unreadable)),
            None => None,
        };
        let in_order = [json, docker_json, dockercfg];
        let readable = |config: &&DockerConfig| **config != DockerConfig::Unreadable;
        let push = in_order.iter().flatten().find(readable);
        let push = push.or_else(|| in_order.iter().flatten().next()).cloned();
        SecretConfigs {
            push: push.or_else(|| typed.clone()),
            typed,
        }
    }

    fn put(&mut self, member: SecretMember, config: DockerConfig, is_plain: bool) {
        let [json, docker_json, dockercfg] = &mut self.found;
        let place = match member {
            SecretMember::ConfigJson => json,
            SecretMember::DockerConfigJson => docker_json,
            SecretMember::Dockercfg => dockercfg,
        };
        if is_plain || place.as_ref().is_none_or(|found| !found.is_plain) {
            *place = Some(Found { config, is_plain });
        }
    }

    fn config(&self, member: SecretMember, json: &[u8]) -> DockerConfig {
        let format = member.format();
        let keys = match self.keep {
            Keep::All => DockerConfigKeys::parse(json, format),
            Keep::Small => DockerConfigKeys::parse_small(json, format),
        };
        match keys {
            Ok(keys) if keys.iter().any(|key| has_parameter(key.as_written())) => {
                DockerConfig::Unknown
            }
            Ok(keys) => DockerConfig::Keys(Arc::new(keys)),
            Err(DockerConfigError::TooLarge) => DockerConfig::TooLarge,
            Err(_) if str::from_utf8(json).is_ok_and(has_parameter) => DockerConfig::Unknown,
            Err(_) => DockerConfig::Unreadable,
        }
    }
}

impl SecretConfigs {
    /// Whether no consumer reads anything of the secret.
    pub fn is_empty(&self) -> bool {
        self.push.is_none() && self.typed.is_none()
    }
}

impl DockerConfig {
    /// The keys, if they are known.
    pub fn keys(&self) -> Option<&DockerConfigKeys> {
        match self {
            Self::Keys(keys) => Some(keys),
            Self::Unreadable | Self::TooLarge | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::DockerConfigKey;
    use super::*;

    const TYPED: &str = "kubernetes.io/dockerconfigjson";
    const OLD: &str = "kubernetes.io/dockercfg";

    fn config(host: &str) -> String {
        format!(r#"{{"auths":{{"{host}":{{"auth":"dTpw"}}}}}}"#)
    }

    fn words(config: Option<&DockerConfig>) -> String {
        match config {
            None => "none".to_owned(),
            Some(DockerConfig::Keys(keys)) => keys
                .iter()
                .map(DockerConfigKey::as_written)
                .collect::<Vec<_>>()
                .join(" "),
            Some(other) => format!("{other:?}"),
        }
    }

    fn read(kind: &str, data: &[(&str, &str)], plain: &[(&str, &str)]) -> (String, String) {
        let mut reader = SecretReader::new(Keep::Small);
        for (name, text) in plain {
            reader.plain(SecretMember::from_name(name).unwrap(), text);
        }
        for (name, text) in data {
            reader.data(SecretMember::from_name(name).unwrap(), text);
        }
        let configs = reader.finish(kind);
        (words(configs.push.as_ref()), words(configs.typed.as_ref()))
    }

    #[test]
    fn a_push_reads_any_type_in_the_order_of_the_builder() {
        let [a, b, c] = ["a.io", "b.io", "c.io"].map(config);
        let old = r#"{"c.io":{"auth":"dTpw"}}"#;
        for (kind, plain, push, typed) in [
            ("Opaque", vec![("config.json", &*a)], "a.io", "none"),
            ("Opaque", vec![(".dockerconfigjson", &*b)], "b.io", "none"),
            ("Opaque", vec![(".dockercfg", old)], "c.io", "none"),
            (
                "",
                vec![("config.json", &*a), (".dockercfg", old)],
                "a.io",
                "none",
            ),
            // An unreadable member is skipped.
            (
                "Opaque",
                vec![("config.json", "{"), (".dockerconfigjson", &*b)],
                "b.io",
                "none",
            ),
            ("Opaque", vec![("config.json", "{")], "Unreadable", "none"),
            // The other wrapping: a config with the one key `auths`.
            ("Opaque", vec![(".dockercfg", &*c)], "auths", "none"),
            ("Opaque", vec![], "none", "none"),
            (TYPED, vec![(".dockerconfigjson", &*b)], "b.io", "b.io"),
            (
                TYPED,
                vec![("config.json", &*a), (".dockerconfigjson", &*b)],
                "a.io",
                "b.io",
            ),
            (TYPED, vec![(".dockercfg", old)], "c.io", "Unreadable"),
            (TYPED, vec![], "Unreadable", "Unreadable"),
            (OLD, vec![(".dockercfg", old)], "c.io", "c.io"),
            (OLD, vec![(".dockerconfigjson", &*b)], "b.io", "Unreadable"),
        ] {
            let encoded: Vec<_> = plain
                .iter()
                .map(|(n, t)| (*n, STANDARD.encode(t)))
                .collect();
            let data: Vec<_> = encoded.iter().map(|(n, t)| (*n, t.as_str())).collect();
            let want = (push.to_owned(), typed.to_owned());
            assert_eq!(read(kind, &data, &[]), want, "{kind} {plain:?}");
            assert_eq!(read(kind, &[], &plain), want, "{kind} {plain:?}");
        }
    }

    #[test]
    fn plain_values_are_written_over_encoded_ones() {
        let (a, b) = (config("a.io"), STANDARD.encode(config("b.io")));
        let (push, _) = read(
            TYPED,
            &[(".dockerconfigjson", &b)],
            &[(".dockerconfigjson", &a)],
        );
        assert_eq!(push, "a.io");
    }

    #[test]
    fn line_breaks_in_base64_are_skipped_as_go_does() {
        let encoded = STANDARD.encode(config("docker.io"));
        for separator in ["\n", "\r\n", "\r", "\n\n"] {
            let lines: Vec<_> = encoded
                .as_bytes()
                .chunks(10)
                .map(String::from_utf8_lossy)
                .collect();
            let wrapped = format!("{}{separator}", lines.join(separator));
            let (push, _) = read(TYPED, &[(".dockerconfigjson", &wrapped)], &[]);
            assert_eq!(push, "docker.io", "{separator:?}");
        }
        for broken in [
            format!("{encoded} "),
            encoded.replacen('J', "-", 1),
            "%".to_owned(),
        ] {
            let (push, _) = read(TYPED, &[(".dockerconfigjson", &broken)], &[]);
            assert_eq!(push, "Unreadable", "{broken:?}");
        }
    }

    #[test]
    fn a_parameter_of_a_template_is_unknown() {
        for text in ["${CONFIG}", "${{CONFIG}}"] {
            let name = ".dockerconfigjson";
            assert_eq!(read(TYPED, &[(name, text)], &[]).0, "Unknown", "{text}");
            assert_eq!(read(TYPED, &[], &[(name, text)]).0, "Unknown", "{text}");
        }
        for (entry, want) in [
            (r#""${HOST}":{"auth":"dTpw"}"#, "Unknown"),
            (r#""docker.io":{"auth":"${AUTH}"}"#, "Unknown"),
            (
                r#""docker.io":{"username":"${USER}","password":"${PASS}"}"#,
                "docker.io",
            ),
        ] {
            let json = format!(r#"{{"auths":{{{entry}}}}}"#);
            let (push, typed) = read(TYPED, &[], &[(".dockerconfigjson", &json)]);
            assert_eq!((push.as_str(), typed.as_str()), (want, want), "{entry}");
        }
    }

    #[test]
    fn a_docker_config_that_is_too_large_is_not_kept() {
        let many = |count: usize, length: usize| {
            let entries: Vec<_> = (0..count)
                .map(|n| {
                    format!(
                        r#""r{n}.example.com/{}":{{"auth":"dTpw"}}"#,
                        "x".repeat(length)
                    )
                })
                .collect();
            format!(r#"{{"auths":{{{}}}}}"#, entries.join(","))
        };
        for (count, length, large) in [
            (64, 10, false),
            (65, 10, true),
            (10, 2000, true),
            (1, 16_300, false),
        ] {
            let (push, _) = read(TYPED, &[], &[(".dockerconfigjson", &many(count, length))]);
            assert_eq!(push == "TooLarge", large, "{count} {length}");
            let all = DockerConfigKeys::parse(
                many(count, length).as_bytes(),
                DockerConfigFormat::ConfigJson,
            );
            assert_eq!(all.unwrap().is_small(), !large, "{count} {length}");
        }
    }
}
