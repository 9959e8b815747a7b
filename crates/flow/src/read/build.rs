//! BuildConfigs and Builds (openshift/api `build/v1/types.go`).

use extreg_core::object::nullable;
use jiff::Timestamp;
use serde::Deserialize;

use super::value::time;

/// The account of a build that names none.
const ACCOUNT: &str = "builder";

/// A BuildConfig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildConfig {
    pub namespace: String,
    pub name: String,
    pub created: Option<Timestamp>,
    pub output: Output,
    /// `spec.output.pushSecret.name`.
    pub push_secret: String,
    pub account: String,
    /// How many builds it has started.
    pub started: u64,
}

/// A Build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    pub namespace: String,
    pub name: String,
    /// Its BuildConfig; empty if it has none.
    pub config: String,
    /// Which build of its BuildConfig it is, from 1.
    pub number: u64,
    pub phase: Phase,
    pub reason: String,
    pub message: String,
    pub output: Output,
    /// `spec.output.pushSecret.name`, also where the build controller has found it.
    pub push_secret: String,
    pub account: String,
    pub created: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    /// The digest that it has pushed; empty if it has not, or does not say.
    pub digest: String,
}

/// `spec.output.to`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// It is not pushed.
    #[default]
    None,
    /// An image, as written.
    Image(String),
    /// A tag of an ImageStream: pushed to wherever that is kept.
    StreamTag {
        /// Its namespace.
        namespace: String,
        /// Its name.
        stream: String,
        /// The tag.
        tag: String,
    },
}

/// `status.phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    New,
    Pending,
    Running,
    Complete,
    Failed,
    Error,
    Cancelled,
}

impl BuildConfig {
    /// Reads one.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        let view: View = serde_json::from_str(json)?;
        Ok(Self {
            output: Output::of(view.spec.output.to, &view.metadata.namespace),
            push_secret: view.spec.output.push_secret.name,
            account: account(view.spec.service_account),
            namespace: view.metadata.namespace,
            name: view.metadata.name,
            created: view.metadata.created,
            started: view.status.last_version,
        })
    }
}

impl Build {
    /// Reads one.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        let View {
            metadata,
            spec,
            status,
        } = serde_json::from_str(json)?;
        let Metadata {
            namespace,
            name,
            annotations,
            labels,
            created,
        } = metadata;
        // The label is cut short where the name is long.
        let mut configs = [annotations.config, status.config.name, labels.config].into_iter();
        Ok(Self {
            config: configs.find(|name| !name.is_empty()).unwrap_or_default(),
            number: annotations.number.parse().unwrap_or_default(),
            phase: Phase::of(&status.phase),
            reason: status.reason,
            message: status.message,
            output: Output::of(spec.output.to, &namespace),
            push_secret: spec.output.push_secret.name,
            account: account(spec.service_account),
            created,
            completed: status.completed,
            digest: status.output.to.image_digest,
            namespace,
            name,
        })
    }

    /// Whether it has pushed.
    pub fn has_pushed(&self) -> bool {
        self.phase == Phase::Complete && self.output != Output::None
    }
}

fn account(named: String) -> String {
    if named.is_empty() {
        ACCOUNT.to_owned()
    } else {
        named
    }
}

impl Output {
    fn of(to: Option<To>, own: &str) -> Self {
        let Some(To {
            kind,
            namespace,
            name,
        }) = to.filter(|to| !to.name.is_empty())
        else {
            return Self::None;
        };
        if kind == "DockerImage" {
            return Self::Image(name);
        }
        let (stream, tag) = name.split_once(':').unwrap_or((&name, "latest"));
        Self::StreamTag {
            namespace: if namespace.is_empty() {
                own.to_owned()
            } else {
                namespace
            },
            stream: stream.to_owned(),
            tag: tag.to_owned(),
        }
    }
}

impl Phase {
    fn of(text: &str) -> Self {
        match text {
            "Pending" => Self::Pending,
            "Running" => Self::Running,
            "Complete" => Self::Complete,
            "Failed" => Self::Failed,
            "Error" => Self::Error,
            "Cancelled" => Self::Cancelled,
            _ => Self::New,
        }
    }
}

#[derive(Deserialize)]
struct View {
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    namespace: String,
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    annotations: Annotations,
    #[serde(default, deserialize_with = "nullable")]
    labels: Labels,
    #[serde(default, rename = "creationTimestamp", deserialize_with = "time")]
    created: Option<Timestamp>,
}

/// As `buildgenerator/generator.go` of openshift-apiserver sets them.
#[derive(Default, Deserialize)]
struct Annotations {
    #[serde(default, rename = "openshift.io/build-config.name")]
    config: String,
    #[serde(default, rename = "openshift.io/build.number")]
    number: String,
}

#[derive(Default, Deserialize)]
struct Labels {
    #[serde(default, rename = "openshift.io/build-config.name")]
    config: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default, deserialize_with = "nullable")]
    output: SpecOutput,
    #[serde(default, deserialize_with = "nullable")]
    service_account: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecOutput {
    to: Option<To>,
    #[serde(default, deserialize_with = "nullable")]
    push_secret: Named,
}

#[derive(Default, Deserialize)]
struct To {
    #[serde(default, deserialize_with = "nullable")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    namespace: String,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default, deserialize_with = "nullable")]
    last_version: u64,
    #[serde(default, deserialize_with = "nullable")]
    phase: String,
    #[serde(default, deserialize_with = "nullable")]
    reason: String,
    #[serde(default, deserialize_with = "nullable")]
    message: String,
    #[serde(default, deserialize_with = "nullable")]
    config: Named,
    #[serde(default, rename = "completionTimestamp", deserialize_with = "time")]
    completed: Option<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    output: StatusOutput,
}

#[derive(Default, Deserialize)]
struct StatusOutput {
    #[serde(default, deserialize_with = "nullable")]
    to: PushedTo,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PushedTo {
    #[serde(default, deserialize_with = "nullable")]
    image_digest: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_says_whose_it_is_and_what_it_pushed() {
        let build = Build::read(
            r#"{"metadata":{"name":"app-3","namespace":"snow","creationTimestamp":"2026-01-01T00:00:00Z",
              "labels":{"openshift.io/build-config.name":"cut"},
              "annotations":{"openshift.io/build-config.name":"app","openshift.io/build.number":"3","x":"y"}},
              "spec":{"output":{"to":{"kind":"DockerImage","name":"docker.io/u/a:v1"},"pushSecret":{"name":"hub"}}},
              "status":{"phase":"Complete","output":{"to":{"imageDigest":"sha256:1"}},"config":null,
                "completionTimestamp":"2026-01-01T00:01:00Z"}}"#,
        )
        .unwrap();
        assert_eq!((build.config.as_str(), build.number), ("app", 3));
        assert_eq!(build.output, Output::Image("docker.io/u/a:v1".to_owned()));
        assert_eq!(
            (build.push_secret.as_str(), build.account.as_str()),
            ("hub", "builder")
        );
        assert!(build.has_pushed() && build.digest == "sha256:1" && build.completed.is_some());
    }

    #[test]
    fn what_is_not_there_is_not_missed() {
        for json in [
            r#"{"metadata":{"name":"a"}}"#,
            r#"{"metadata":{"name":"a","annotations":null},"spec":null,"status":{"output":null}}"#,
        ] {
            let build = Build::read(json).unwrap();
            assert_eq!((build.phase, build.output), (Phase::New, Output::None));
            assert_eq!(BuildConfig::read(json).unwrap().started, 0);
        }
    }

    #[test]
    fn trap_34_an_output_without_a_kind_is_a_stream() {
        let json =
            r#"{"metadata":{"name":"a","namespace":"n"},"spec":{"output":{"to":{"name":"app"}}}}"#;
        let config = BuildConfig::read(json).unwrap();
        let latest = Output::StreamTag {
            namespace: "n".to_owned(),
            stream: "app".to_owned(),
            tag: "latest".to_owned(),
        };
        assert_eq!(config.output, latest);
    }
}
