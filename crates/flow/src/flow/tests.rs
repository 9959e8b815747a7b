use extreg_snapshot::{kind::Kind, place::ObjectId};
use serde_json::{Value, json};

use super::Wanted;
use crate::testing::{Objects, report, trigger};

fn names(objects: &Objects, wanted: Option<&str>) -> Vec<String> {
    let world = objects.world();
    let flows = report(&world, &Wanted::parse(wanted).unwrap()).flows;
    flows
        .into_iter()
        .map(|flow| format!("{}/{}", flow.namespace, flow.name))
        .collect()
}

/// Another flow of another application beside the first, whose image is written in another way.
fn two() -> Objects {
    let mut objects = Objects::through();
    let rename = |object: &Value| {
        let text = object.to_string();
        let text = text.replace("docker.io/u/a:latest", "index.docker.io/u/b");
        let text = text
            .replace("docker.io/u/a", "docker.io/u/b")
            .replace("app", "web");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let mut config = rename(&objects.config);
    config["spec"]["output"]["to"]["name"] = json!("u/b:latest");
    objects.more = vec![
        (Kind::BuildConfig, config),
        (Kind::ImageStream, rename(&objects.stream)),
        (Kind::Deployment, rename(&objects.workload)),
    ];
    objects
}

#[test]
fn one_image_in_two_spellings_is_one_flow() {
    assert_eq!(names(&two(), None), ["snow/app:latest", "snow/web:latest"]);
    let world = two().world();
    let flows = report(&world, &Wanted::default()).flows;
    assert!(
        flows[1].links[0].message.contains("buildconfig/web"),
        "{flows:?}"
    );
}

#[test]
fn a_name_is_that_of_any_part() {
    let objects = two();
    for name in [
        "web",
        "bc/web",
        "is/web",
        "istag/web:latest",
        "web:latest",
        "deployment.apps/web",
    ] {
        assert_eq!(names(&objects, Some(name)), ["snow/web:latest"], "{name}");
    }
    for name in ["none", "dc/web", "web:v2", "bc/none"] {
        assert!(names(&objects, Some(name)).is_empty(), "{name}");
    }
}

#[test]
fn what_a_selector_picks_is_any_part_too() {
    let world = two().world();
    let web = ObjectId {
        namespace: "snow".into(),
        kind: Kind::Deployment,
        name: "web".into(),
    };
    let wanted = Wanted {
        name: None,
        picked: Some([web].into()),
    };
    let flows = report(&world, &wanted).flows;
    assert_eq!((flows.len(), flows[0].name.as_str()), (1, "web:latest"));
}

#[test]
fn a_build_whose_image_no_tag_follows_stands_alone() {
    let mut objects = Objects::through();
    objects.stream = Value::Null;
    objects.workload = Value::Null;
    assert_eq!(names(&objects, None), ["snow/buildconfig/app"]);
    objects.config["spec"]["output"] = Value::Null;
    assert!(names(&objects, None).is_empty(), "it pushes nowhere");
}

#[test]
fn samples_are_shown_if_a_workload_follows_them() {
    let mut objects = Objects::through();
    objects.stream["metadata"]["labels"] = json!({"samples.operator.openshift.io/managed": "true"});
    objects.config = Value::Null;
    assert_eq!(names(&objects, None), ["snow/app:latest"]);
    objects.workload = Value::Null;
    assert!(names(&objects, None).is_empty());
}

#[test]
fn a_stream_of_the_cluster_version_has_no_flow_unless_it_is_used() {
    let mut objects = Objects::through();
    objects.stream["metadata"]["ownerReferences"] =
        json!([{"kind": "ClusterVersion", "name": "version"}]);
    objects.config = Value::Null;
    objects.workload = Value::Null;
    assert!(names(&objects, None).is_empty());
}

#[test]
fn a_workload_may_follow_several_tags() {
    let mut objects = two();
    let both = trigger("app", "").replace(
        "}]",
        r#"},{"from":{"kind":"ImageStreamTag","name":"web:latest"},"fieldPath":"spec.template.spec.containers[?(@.name==\"side\")].image"}]"#,
    );
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(both);
    let side = json!({"name": "side", "image": " "});
    let containers = objects.workload["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .unwrap();
    containers.push(side);
    assert_eq!(
        names(&objects, Some("deployment/app")),
        ["snow/app:latest", "snow/web:latest"]
    );
}
