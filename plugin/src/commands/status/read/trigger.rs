//! Image triggers of workloads, each with what is wrong with it: one that is wrong is still for the
//! ImageStream that it names.

use extreg_audit::trigger::container_at;
use serde::Deserialize;

use super::value::nullable;

/// The annotation with the image triggers of a workload (library-go `pkg/image/trigger/types.go`).
pub(in crate::commands::status) const TRIGGERS: &str = "image.openshift.io/triggers";

/// The image triggers of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::commands::status) enum Triggers {
    /// There are none.
    #[default]
    None,
    /// These, and at least one.
    List(Vec<Trigger>),
    /// An annotation that does not parse, and why: nothing is known of what it was to follow.
    Malformed(String),
}

/// An image trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands::status) struct Trigger {
    /// The ImageStream's namespace, stream and tag.
    pub(in crate::commands::status) namespace: String,
    pub(in crate::commands::status) stream: String,
    pub(in crate::commands::status) tag: String,
    /// The containers that it sets; none where it is wrong.
    pub(in crate::commands::status) containers: Vec<String>,
    /// Whether it is paused, or `automatic: false`.
    pub(in crate::commands::status) paused: bool,
    /// Why OpenShift does nothing about it.
    pub(in crate::commands::status) fault: Option<Fault>,
}

/// What is wrong with a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands::status) enum Fault {
    /// It names no container of the workload.
    Container(String),
    /// It names no field of the pod's template, or a field twice.
    Field(String),
    /// It is right itself; another one of the same list spoils all.
    Other(String),
}

/// What containers there are, by which list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'n> {
    pub(super) init: &'n [&'n str],
    pub(super) containers: &'n [&'n str],
}

impl Triggers {
    fn of(list: Vec<Trigger>) -> Self {
        if list.is_empty() {
            Self::None
        } else {
            Self::List(list)
        }
    }

    /// Those of the annotation of a workload whose pod is at `path` (library-go
    /// `pkg/image/trigger/annotations.go`, `CalculateAnnotationTriggers` and
    /// `UpdateObjectFromImages`).
    pub(super) fn of_annotation(text: &str, path: &str, names: Names<'_>, namespace: &str) -> Self {
        let Ok(list) = serde_json::from_str::<Option<Vec<FieldTrigger>>>(text) else {
            return Self::Malformed("is no JSON list of triggers".to_owned());
        };
        let list = list.unwrap_or_default();
        let twice = list.iter().enumerate().find_map(|(index, trigger)| {
            let mut later = list.iter().skip(index + 1);
            let is_twice = later.any(|other| other.field_path == trigger.field_path);
            is_twice.then(|| format!("the field {} is there twice", trigger.field_path))
        });
        let mut triggers = Vec::new();
        for trigger in list {
            if trigger.from.kind != "ImageStreamTag" || !trigger.from.api_version.is_empty() {
                continue;
            }
            let below = trigger.field_path.strip_prefix(path);
            let read = match below.and_then(|rest| rest.strip_prefix('.')) {
                None => Err(Fault::Field(format!("the field is not below {path}"))),
                Some(field) => match container_at(field, names.init, names.containers) {
                    Ok(container) => Ok(container.to_owned()),
                    Err(why) if why == "no such container" => {
                        Err(Fault::Container(format!("{why}: {field}")))
                    }
                    Err(why) => Err(Fault::Field(format!("{why}: {field}"))),
                },
            };
            let (containers, fault) = match (read, &twice) {
                (Err(fault), None) => (Vec::new(), Some(fault)),
                (Ok(container), None) => (vec![container], None),
                (Ok(container), Some(why)) => (vec![container], Some(Fault::Field(why.clone()))),
                (Err(_), Some(why)) => (Vec::new(), Some(Fault::Field(why.clone()))),
            };
            triggers.push(
                trigger
                    .from
                    .trigger(namespace, containers, trigger.paused, fault),
            );
        }
        spoil(&mut triggers);
        Self::of(triggers)
    }

    /// Those of a DeploymentConfig (openshift-controller-manager `pkg/image/trigger/
    /// deploymentconfigs`).
    pub(super) fn of_config(list: Vec<ConfigTrigger>, names: Names<'_>, namespace: &str) -> Self {
        let mut triggers = Vec::new();
        for trigger in list {
            let Some(change) = trigger.image_change_params else {
                continue;
            };
            // An absent kind is defaulted (openshift-apiserver `pkg/apps/apis/apps/v1/defaults.go`).
            let follows = matches!(change.from.kind.as_str(), "" | "ImageStreamTag");
            if trigger.kind != "ImageChange" || !follows || change.from.name.is_empty() {
                continue;
            }
            let all = names.init.iter().chain(names.containers);
            let named = all.filter(|name| change.container_names.iter().any(|n| n == *name));
            let containers: Vec<String> = named.map(|name| (*name).to_owned()).collect();
            let fault = containers.is_empty().then(|| {
                let wanted = change.container_names.join(", ");
                Fault::Container(format!("no such container: {wanted}"))
            });
            let paused = !change.automatic;
            triggers.push(change.from.trigger(namespace, containers, paused, fault));
        }
        Self::of(triggers)
    }
}

/// A field below the pod's path that names no container makes the whole annotation useless, unless its
/// trigger is paused: then it is not looked at.
fn spoil(triggers: &mut [Trigger]) {
    let spoiling = triggers.iter().find_map(|trigger| match &trigger.fault {
        Some(Fault::Container(why) | Fault::Field(why)) if !trigger.paused => Some(why.clone()),
        _ => None,
    });
    let Some(why) = spoiling else { return };
    for trigger in triggers.iter_mut().filter(|t| t.fault.is_none()) {
        trigger.fault = Some(Fault::Other(why.clone()));
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldTrigger {
    #[serde(default, deserialize_with = "nullable")]
    from: Reference,
    #[serde(default, deserialize_with = "nullable")]
    field_path: String,
    #[serde(default, deserialize_with = "nullable")]
    paused: bool,
}

/// An element of `spec.triggers` of a DeploymentConfig.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigTrigger {
    #[serde(default, rename = "type", deserialize_with = "nullable")]
    pub(super) kind: String,
    image_change_params: Option<ImageChange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImageChange {
    #[serde(default, deserialize_with = "nullable")]
    automatic: bool,
    #[serde(default, deserialize_with = "nullable")]
    container_names: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    from: Reference,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default, deserialize_with = "nullable")]
    api_version: String,
    #[serde(default, deserialize_with = "nullable")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    namespace: String,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
}

impl Reference {
    fn trigger(
        self,
        own: &str,
        containers: Vec<String>,
        paused: bool,
        fault: Option<Fault>,
    ) -> Trigger {
        let (stream, tag) = self.name.split_once(':').unwrap_or((&self.name, "latest"));
        Trigger {
            stream: stream.to_owned(),
            tag: tag.to_owned(),
            namespace: if self.namespace.is_empty() {
                own.to_owned()
            } else {
                self.namespace
            },
            containers,
            paused,
            fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "spec.template.spec";
    const NAMES: Names<'static> = Names {
        init: &[],
        containers: &["c", "d"],
    };

    fn told(text: &str) -> Vec<String> {
        match Triggers::of_annotation(text, PATH, NAMES, "ns") {
            Triggers::None => Vec::new(),
            Triggers::Malformed(why) => vec![why],
            Triggers::List(list) => list
                .into_iter()
                .map(|t| {
                    let fault = t.fault.map_or(String::new(), |fault| format!(" {fault:?}"));
                    let paused = if t.paused { " paused" } else { "" };
                    let containers = t.containers.join("+");
                    format!(
                        "{}/{}:{} {containers}{paused}{fault}",
                        t.namespace, t.stream, t.tag
                    )
                })
                .collect(),
        }
    }

    fn one(field: &str, more: &str) -> String {
        let field = field.replace('"', "\\\"");
        format!(
            r#"{{"from":{{"kind":"ImageStreamTag","name":"s:t"{more},"fieldPath":"{PATH}.{field}"}}"#
        )
    }

    #[test]
    fn trap_53_every_fault_is_told_and_the_stream_is_known_all_the_same() {
        let good = one("containers[0].image", "}");
        for (text, want) in [
            (format!("[{good}]"), vec!["ns/s:t c"]),
            ("{".to_owned(), vec!["is no JSON list of triggers"]),
            ("null".to_owned(), vec![]),
            (
                format!("[{}]", one("containers[?(@.name=='c')].image", "}")),
                vec![r#"ns/s:t  Container("no such container: containers[?(@.name=='c')].image")"#],
            ),
            (
                format!("[{good},{good}]"),
                vec![
                    r#"ns/s:t c Field("the field spec.template.spec.containers[0].image is there twice")"#;
                    2
                ],
            ),
            (
                format!(
                    "[{good},{}]",
                    one("containers[7].image", r#","namespace":"o"}"#)
                ),
                vec![
                    r#"ns/s:t c Other("no such container: containers[7].image")"#,
                    r#"o/s:t  Container("no such container: containers[7].image")"#,
                ],
            ),
            (
                format!(
                    "[{good},{}]",
                    one("containers[7].image", r#"},"paused":true"#)
                ),
                vec![
                    "ns/s:t c",
                    r#"ns/s:t  paused Container("no such container: containers[7].image")"#,
                ],
            ),
        ] {
            assert_eq!(told(&text), want, "{text}");
        }
    }

    #[test]
    fn a_config_names_its_containers() {
        let list: Vec<ConfigTrigger> = serde_json::from_str(
            r#"[{"type":"ConfigChange"},
            {"type":"ImageChange","imageChangeParams":{"automatic":true,"containerNames":["c"],
              "from":{"kind":"ImageStreamTag","name":"s:t"}}},
            {"type":"ImageChange","imageChangeParams":{"containerNames":["x"],"from":{"namespace":"o","name":"s:v"}}}]"#,
        )
        .unwrap();
        let Triggers::List(list) = Triggers::of_config(list, NAMES, "ns") else {
            panic!("none");
        };
        assert_eq!((list[0].fault.clone(), list[0].paused), (None, false));
        let fault = Fault::Container("no such container: x".to_owned());
        assert_eq!((list[1].fault.clone(), list[1].paused), (Some(fault), true));
    }
}
