//! Compared with OpenShift: the result of library-go's `UpdateObjectFromImages` for each annotation, run
//! on a Deployment of namespace `ns` with the init container `i` and the containers `c` and `d`, where only the
//! tags `s:t` and `s:latest` of `ns` and `s:t` of `o` have images.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

const VECTORS: &str = include_str!("../../tests/data/triggers.json");
const NAMES: ContainerNames<'static> = ContainerNames {
    init: &["i"],
    main: &["c", "d"],
};

#[derive(Deserialize)]
struct Vector {
    annotation: String,
    /// The containers that are set, each with its tag.
    set: BTreeMap<String, String>,
    #[serde(default)]
    error: String,
}

fn has_image(trigger: &ImageTrigger) -> bool {
    trigger.stream_tag().is_some_and(|(stream, tag)| {
        let name = format!("{}/{stream}:{tag}", trigger.namespace);
        ["ns/s:t", "ns/s:latest", "o/s:t"].contains(&&*name)
    })
}

#[test]
fn an_annotation_has_the_meaning_of_openshift() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() > 80);
    for vector in vectors {
        let text = &vector.annotation;
        let read = of_annotation(text, "spec.template.spec", NAMES, "ns");
        let stopped = Triggers::stopped_by(&read.list, has_image).is_some();
        let fails = read.unusable.is_some() || stopped;
        assert_eq!(fails, !vector.error.is_empty(), "{text}: {}", vector.error);
        let set: BTreeMap<String, String> = read
            .list
            .iter()
            .filter(|trigger| !fails && !trigger.paused && has_image(trigger))
            // Because its kind is not a tag, new images do not trigger it, but an update
            // sets it.
            .filter(|trigger| matches!(trigger.fault, None | Some(TriggerFault::NotATag)))
            .flat_map(|trigger| {
                let (stream, tag) = trigger.stream_tag().unwrap();
                let value = format!("{}/{stream}:{tag}", trigger.namespace);
                let containers = trigger.containers.iter();
                containers.map(move |name| (name.to_string(), value.clone()))
            })
            .collect();
        assert_eq!(set, vector.set, "{text}");
    }
}

#[test]
fn a_config_names_its_containers() {
    let triggers: Vec<DeploymentTrigger<'_>> = serde_json::from_str(
        r#"[{"type":"ConfigChange"},
        {"type":"ImageChange","imageChangeParams":{"automatic":true,"containerNames":["c","i","x",null],
        "from":{"kind":"ImageStreamTag","name":"s:t"}}},
        {"type":"ImageChange","imageChangeParams":{"containerNames":["d"],"from":{"namespace":"o","name":"s:u"}}},
        {"type":"ImageChange","imageChangeParams":{"automatic":true,"containerNames":["x"],"from":{"name":"s:v"}}},
        {"type":"ImageChange","imageChangeParams":{"automatic":true,"containerNames":["c"],"from":{"name":"s"}}},
        {"type":"ImageChange","imageChangeParams":{"containerNames":["d"],"from":{"kind":"DockerImage","name":"a"}}},
        {"type":"ImageChange"}]"#,
    )
    .unwrap();
    assert!(triggers[0].is_config_change() && !triggers[1].is_config_change());
    let read = of_config(&triggers, NAMES, "ns");
    let told: Vec<_> = read
        .list
        .iter()
        .map(|trigger| {
            let name = format!("{}/{}", trigger.namespace, trigger.tag);
            let containers = trigger.containers.join("+");
            (
                trigger.index,
                name,
                containers,
                trigger.paused,
                trigger.fault,
            )
        })
        .collect();
    let of = |name: &str| name.to_owned();
    assert_eq!(
        told,
        [
            (1, of("ns/s:t"), of("c+i"), false, None),
            (2, of("o/s:u"), of("d"), true, None),
            (
                3,
                of("ns/s:v"),
                of(""),
                false,
                Some(TriggerFault::NoContainer)
            ),
            (4, of("ns/s"), of("c"), false, Some(TriggerFault::NoTag)),
        ]
    );
}
