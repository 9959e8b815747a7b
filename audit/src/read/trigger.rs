//! Image triggers of workloads, by OpenShift's own strict rules.

use std::sync::Arc;

use extreg_core::object::Text;
use serde::Deserialize;

use super::intern::Names;
use super::view::{DeploymentTrigger, List, PodSpec};
use crate::snapshot::ImageTrigger;
use crate::trigger::container_at;

/// The image triggers of a workload.
#[derive(Clone, Debug, Default)]
pub(super) struct Triggers {
    /// Those that OpenShift understands.
    pub(super) images: Vec<ImageTrigger>,
    /// What it finds wrong, in its words.
    pub(super) broken: Option<String>,
}

impl Triggers {
    /// Whether one of them is for that container.
    pub(super) fn name(&self, container: &str) -> bool {
        let mut containers = self.images.iter().flat_map(|trigger| &trigger.containers);
        containers.any(|name| **name == *container)
    }
}

/// The triggers of the annotation `image.openshift.io/triggers` of a workload whose pod is at `path`
/// (library-go `pkg/image/trigger/annotations.go`, `CalculateAnnotationTriggers` and
/// `UpdateObjectFromImages`; openshift-controller-manager `pkg/image/controller/trigger/cache.go`).
///
/// A list that does not parse or names a field twice is no use at all, nor is one in which a field
/// below the pod's path names no container; a trigger of another field or another kind is passed
/// over alone.
pub(super) fn of_annotation(
    text: &str,
    path: &str,
    pod: &PodSpec<'_>,
    namespace: &Arc<str>,
    names: &mut Names,
) -> Triggers {
    let broken = |reason: String| Triggers {
        images: Vec::new(),
        broken: Some(reason),
    };
    let Ok(triggers) = serde_json::from_str::<List<FieldTrigger<'_>>>(text) else {
        return broken("it is not a JSON list of triggers".to_owned());
    };
    for (index, trigger) in triggers.iter().enumerate() {
        let mut later = triggers.iter().skip(index + 1);
        if later.any(|other| other.field_path == trigger.field_path) {
            return broken("duplicate triggers are not allowed".to_owned());
        }
    }
    let init: Vec<&str> = pod.init_containers.iter().map(|c| &*c.name).collect();
    let containers: Vec<&str> = pod.containers.iter().map(|c| &*c.name).collect();
    let mut read = Triggers::default();
    for trigger in triggers.iter() {
        let FieldTrigger {
            from,
            field_path,
            paused,
        } = trigger;
        let below = field_path
            .strip_prefix(path)
            .and_then(|rest| rest.strip_prefix('.'));
        let Some(field) = below else {
            let reason = format!("field path is not below {path}: {field_path}");
            read.broken.get_or_insert(reason);
            continue;
        };
        if &*from.kind != "ImageStreamTag" || !from.api_version.is_empty() {
            let reason = format!("from is not an ImageStreamTag: {field_path}");
            read.broken.get_or_insert(reason);
            continue;
        }
        let container = match (container_at(field, &init, &containers), paused) {
            (Ok(container), _) => container,
            // Not looked at before it goes on.
            (Err(_), true) => continue,
            (Err(reason), false) => return broken(format!("{reason}: {field_path}")),
        };
        read.images.push(ImageTrigger {
            namespace: namespace_of(&from.namespace, namespace, names),
            tag: names.get(&from.name),
            containers: vec![names.get(container)],
            paused: *paused,
        });
    }
    read
}

/// The triggers of a DeploymentConfig (openshift-controller-manager
/// `pkg/image/trigger/deploymentconfigs`); one that names no container of the template is passed
/// over.
pub(super) fn of_config(
    triggers: &[DeploymentTrigger<'_>],
    pod: &PodSpec<'_>,
    namespace: &Arc<str>,
    names: &mut Names,
) -> Triggers {
    let mut read = Triggers::default();
    for trigger in triggers {
        let Some(change) = &trigger.image_change_params else {
            continue;
        };
        // An absent kind is defaulted (openshift-apiserver `pkg/apps/apis/apps/v1/defaults.go`).
        let follows = matches!(&*change.from.kind, "" | "ImageStreamTag");
        if &*trigger.kind != "ImageChange" || !follows || change.from.name.is_empty() {
            continue;
        }
        let all = pod.containers.iter().chain(pod.init_containers.iter());
        let named = all.filter(|container| {
            let mut wanted = change.container_names.iter();
            wanted.any(|name| *name == container.name)
        });
        let containers: Vec<Arc<str>> = named.map(|container| names.get(&container.name)).collect();
        if !containers.is_empty() {
            read.images.push(ImageTrigger {
                namespace: namespace_of(&change.from.namespace, namespace, names),
                tag: names.get(&change.from.name),
                containers,
                paused: !change.automatic,
            });
        }
    }
    read
}

fn namespace_of(written: &str, own: &Arc<str>, names: &mut Names) -> Arc<str> {
    if written.is_empty() {
        Arc::clone(own)
    } else {
        names.get(written)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldTrigger<'a> {
    #[serde(borrow, default, deserialize_with = "super::view::nullable")]
    from: Reference<'a>,
    #[serde(borrow, default)]
    field_path: Text<'a>,
    #[serde(default, deserialize_with = "super::view::nullable")]
    paused: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    #[serde(borrow, default)]
    api_version: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    namespace: Text<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str =
        r#"{"initContainers":[{"name":"i"}],"containers":[{"name":"c"},{"name":"d"}]}"#;
    const PATH: &str = "spec.template.spec";

    fn read(text: &str) -> (Vec<String>, Option<String>) {
        let pod: PodSpec<'_> = serde_json::from_str(POD).unwrap();
        let triggers = of_annotation(text, PATH, &pod, &"ns".into(), &mut Names::default());
        (told(&triggers), triggers.broken)
    }

    fn told(triggers: &Triggers) -> Vec<String> {
        let told = |trigger: &ImageTrigger| {
            let paused = if trigger.paused { " paused" } else { "" };
            let ImageTrigger {
                namespace,
                tag,
                containers,
                ..
            } = trigger;
            format!("{namespace}/{tag} {}{paused}", containers.join("+"))
        };
        triggers.images.iter().map(told).collect()
    }

    fn one(field: &str) -> String {
        let field = field.replace('"', "\\\"");
        format!(r#"[{{"from":{{"kind":"ImageStreamTag","name":"s:t"}},"fieldPath":"{field}"}}]"#)
    }

    #[test]
    fn a_field_path_has_exactly_one_form() {
        for (field, want) in [
            (r#"containers[?(@.name=="c")].image"#, Ok("c")),
            (r#"containers[?(@.name=="i")].image"#, Ok("i")),
            (r#"initContainers[?(@.name=="i")].image"#, Ok("i")),
            ("containers[1].image", Ok("d")),
            ("initContainers[0].image", Ok("i")),
            (r#"containers[?(@.name=="c")]image"#, Ok("c")),
            ("containers[?(@.name=='c')].image", Err("no such container")),
            (
                r#"containers[?(@.name == "c")].image"#,
                Err("no such container"),
            ),
            (r#"containers[@.name=="c"].image"#, Err("no such container")),
            ("containers[2].image", Err("no such container")),
            ("containers[-1].image", Err("no such container")),
            ("containers[c].image", Err("no such container")),
            (
                "containers[0].imagePullPolicy",
                Err("field path is not valid"),
            ),
            ("containers[0", Err("field path is not valid")),
            (
                "ephemeralContainers[0].image",
                Err("field path is not valid"),
            ),
        ] {
            let field = format!("{PATH}.{field}");
            let (images, broken) = read(&one(&field));
            match want {
                Ok(container) => {
                    assert_eq!(
                        (images, broken),
                        (vec![format!("ns/s:t {container}")], None)
                    );
                }
                Err(reason) => {
                    assert_eq!(
                        (images, broken),
                        (vec![], Some(format!("{reason}: {field}")))
                    );
                }
            }
        }
    }

    #[test]
    fn one_bad_trigger_may_spoil_all() {
        let trigger = |field: &str, more: &str| {
            format!(
                r#"{{"from":{{"kind":"ImageStreamTag","name":"s:t"{more},"fieldPath":"{PATH}.{field}"}}"#
            )
        };
        let good = trigger("containers[0].image", r#","namespace":"other"}"#);
        let paused = trigger("containers[9].image", r#"},"paused":true"#);
        let kind = trigger("containers[1].image", r#","apiVersion":"v1"}"#);
        let stray = good.replace(PATH, "spec");
        for (text, images, broken) in [
            (format!("[{good},{paused}]"), vec!["other/s:t c"], None),
            (
                format!("[{good},{good}]"),
                vec![],
                Some("duplicate triggers are not allowed"),
            ),
            (
                format!("[{good},{}]", trigger("containers[9].image", "}")),
                vec![],
                Some("no such container: spec.template.spec.containers[9].image"),
            ),
            (
                format!("[{kind},{good}]"),
                vec!["other/s:t c"],
                Some("from is not an ImageStreamTag: spec.template.spec.containers[1].image"),
            ),
            (
                format!("[{stray},{good}]"),
                vec!["other/s:t c"],
                Some("field path is not below spec.template.spec: spec.containers[0].image"),
            ),
            (
                "{".to_owned(),
                vec![],
                Some("it is not a JSON list of triggers"),
            ),
            (
                "{}".to_owned(),
                vec![],
                Some("it is not a JSON list of triggers"),
            ),
            ("null".to_owned(), vec![], None),
        ] {
            let (got, why) = read(&text);
            assert_eq!(
                (got.iter().map(String::as_str).collect(), why.as_deref()),
                (images, broken)
            );
        }
    }

    #[test]
    fn a_config_names_its_containers() {
        let triggers: List<DeploymentTrigger<'_>> = serde_json::from_str(
            r#"[{"type":"ConfigChange"},
            {"type":"ImageChange","imageChangeParams":{"automatic":true,"containerNames":["c","i","x"],
            "from":{"kind":"ImageStreamTag","name":"s:t"}}},
            {"type":"ImageChange","imageChangeParams":{"containerNames":["d"],"from":{"namespace":"o","name":"s:u"}}},
            {"type":"ImageChange","imageChangeParams":{"containerNames":["x"],"from":{"name":"s:v"}}},
            {"type":"ImageChange","imageChangeParams":{"containerNames":["d"],"from":{"kind":"DockerImage","name":"a"}}},
            {"type":"ImageChange"}]"#,
        )
        .unwrap();
        let pod: PodSpec<'_> = serde_json::from_str(POD).unwrap();
        let read = of_config(&triggers, &pod, &"ns".into(), &mut Names::default());
        assert_eq!(told(&read), ["ns/s:t c+i", "o/s:u d paused"]);
        assert!(read.name("i") && !read.name("x"));
    }
}
