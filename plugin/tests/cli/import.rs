//! `import`: what it asks for, and what it makes of the answers.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{
    common::{extreg, has_facts},
    image_api::{self, InRegistry, Tags, conflict, forbidden, stream, writes},
};
use extreg_fakes::{defaulted, ok, recorded, status};

const POST: &str = "POST /imagestreamimports?fieldManager=oc-extreg";

fn image(tag: &str) -> Value {
    json!({
        "name": tag, "annotations": null, "generation": 2,
        "from": {"kind": "DockerImage", "name": format!("docker.io/u/a:{tag}")},
        "importPolicy": {"importMode": "Legacy"}, "referencePolicy": {"type": "Source"},
    })
}

fn app(tags: &[Value]) -> Value {
    let status =
        json!([{"tag": "v1", "items": [{"image": "sha256:old", "dockerImageReference": "d"}]}]);
    stream("app", &json!(tags), &status)
}

/// One image is there, and each of the others is refused in another way.
fn registry(image: &str) -> InRegistry {
    match image.rsplit_once(':').unwrap().1 {
        "gone" => Err((
            "NotFound",
            "dockerimage.image.openshift.io \"docker.io/u/a:gone\" not found",
        )),
        "private" => Err((
            "Unauthorized",
            "you may not have access to the container image \"docker.io/u/a:private\"",
        )),
        "limit" => Err((
            "InternalError",
            "Internal error occurred: toomanyrequests: You have reached your unauthenticated pull rate limit.",
        )),
        "slow" => Err((
            "InternalError",
            "Internal error occurred: dial tcp: i/o timeout",
        )),
        _ => Ok("sha256:new"),
    }
}

#[test]
fn the_request_is_the_one_that_oc_import_image_makes() {
    for file in [
        "06-import-image-imagestreamimports-create.json",
        "22-import-confirm-imagestreamimports-create.json",
    ] {
        let (object, _) = recorded(file);
        let name = object["metadata"]["name"].as_str().unwrap();
        let mut tag = image("latest");
        tag["from"] = object["spec"]["images"][0]["from"].clone();
        let api = image_api::with(&[stream(name, &json!([tag]), &json!([]))]);
        let ran = api.run(&format!("import {name}:latest"));
        assert_eq!(ran.code, 0, "{file}: {ran:?}");
        let [(line, body)] = &writes(&api)[..] else {
            panic!("{file}: {:?}", writes(&api))
        };
        assert_eq!(line, POST);
        // The version of the stream that was read.
        assert_eq!(
            body["metadata"],
            json!({"name": name, "namespace": "snow", "resourceVersion": "458"})
        );
        let mut spec = body["spec"].clone();
        spec["images"][0] = defaulted(spec["images"][0].take());
        assert_eq!(spec, object["spec"], "{file}");
    }
}

#[test]
fn trap_8_9_and_52_each_tag_keeps_its_own_policy() {
    let with = |tag: &str, import: &Value, reference: &str| {
        let mut entry = image(tag);
        entry["importPolicy"] = import.clone();
        entry["referencePolicy"] = json!({"type": reference});
        entry
    };
    let scheduled = json!({"importMode": "PreserveOriginal", "scheduled": true});
    let insecure = json!({"importMode": "Legacy", "insecure": true});
    let tags = [
        with("v2", &insecure, "Source"),
        with("v1", &scheduled, "Local"),
        with("v3", &Value::Null, "Source"),
    ];
    let api = image_api::with(&[app(&tags)]);
    let ran = api.run("import app --all");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.out,
        "imagestreamtag.image.openshift.io/app:v1 imported: sha256:old -> sha256:new\n\
         imagestreamtag.image.openshift.io/app:v2 imported: none -> sha256:new\n\
         imagestreamtag.image.openshift.io/app:v3 imported: none -> sha256:new\n"
    );
    let images = writes(&api)[0].1["spec"]["images"].clone();
    let policies: Vec<(&Value, &Value)> = images
        .as_array()
        .unwrap()
        .iter()
        .map(|image| (&image["importPolicy"], &image["referencePolicy"]["type"]))
        .collect();
    assert_eq!(
        policies,
        [
            (&scheduled, &json!("Local")),
            (&insecure, &json!("Source")),
            (&json!({}), &json!("Source")),
        ]
    );
}

#[test]
fn trap_4_5_and_11_what_is_not_imported_is_skipped_with_the_reason() {
    let tags = [
        image("v2"),
        json!({"name": "alias", "from": {"kind": "ImageStreamTag", "name": "app:v2"}}),
        json!({"name": "held", "from": {"kind": "ImageStreamImage", "name": "app@sha256:old"}}),
        json!({"name": "ref", "reference": true, "from": {"kind": "DockerImage", "name": "d"}}),
    ];
    let api = image_api::with(&[app(&tags)]);
    let ran = api.run("import app app:v1 --all");
    assert_eq!(ran.code, 0, "{ran:?}");
    has_facts(
        &ran.out,
        &[
            "/app:alias skipped: ",
            "app:v2\n",
            "/app:held skipped: ",
            "app@sha256:old\n",
            "/app:ref skipped: ",
            "/app:v2 imported: none -> sha256:new\n",
        ],
    );
    let images = writes(&api)[0].1["spec"]["images"].clone();
    assert_eq!(images.as_array().unwrap().len(), 1);
    assert_eq!(images[0]["to"], json!({"name": "v2"}));

    let ran = api.run("import app:v1 app:alias");
    assert_eq!((ran.code, writes(&api).len()), (4, 1), "{ran:?}");
    let ran = api.run("import app:alias -o name");
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        ("", "app:alias is skipped: it is an alias of app:v2\n")
    );
}

#[test]
fn the_registry_refuses_in_its_words_with_what_to_do() {
    let tags = ["v1", "gone", "private", "limit", "slow"].map(image);
    let api = image_api::importing(&[app(&tags)], registry);
    let ran = api.run("import app --all");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(
        ran.out,
        "imagestreamtag.image.openshift.io/app:v1 imported: sha256:old -> sha256:new\n"
    );
    has_facts(
        &ran.err,
        &[
            "error: app:gone ",
            "NotFound: ",
            "oc extreg import app:gone --wait -n snow\n",
            "error: app:limit ",
            "InternalError: ",
            "toomanyrequests",
            "oc extreg import app:limit --wait -n snow\n",
            "error: app:private ",
            "Unauthorized: ",
            "oc extreg secret check --image docker.io/u/a:private -n snow\n",
            "error: app:slow ",
            "i/o timeout\n",
            "oc extreg import app:slow --wait -n snow\n",
        ],
    );

    let ran = api.run("import app:gone app:private -o json");
    assert_eq!(ran.code, 1, "{ran:?}");
    insta::assert_snapshot!("import-refused-json", ran.out);
    let ran = api.run("import app -o name --all");
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (5, "imagestreamtag.image.openshift.io/app:v1\n")
    );
}

#[test]
fn trap_10_an_import_is_no_look_up() {
    let api = image_api::with(&[app(&[image("v1")])]);
    for words in ["app", "app:v1 --wait", "app --all -o json"] {
        assert_eq!(api.run(&format!("import {words}")).code, 0, "{words}");
    }
    assert_eq!(writes(&api).len(), 3);
    assert!(
        writes(&api)
            .iter()
            .all(|(_, body)| body["spec"]["import"] == true)
    );
}

#[test]
fn no_command_is_named_that_there_is_not() {
    let tags = ["gone", "private", "limit", "slow"].map(image);
    let api = image_api::importing(&[app(&tags)], registry);
    let ran = api.run("import app --all");
    let page = String::from_utf8(extreg().arg("-h").output().unwrap().stdout).unwrap();
    for named in ran.err.split("oc extreg ").skip(1) {
        let command = named.split_whitespace().next().unwrap();
        assert!(page.contains(&format!("\n  {command} ")), "{command}");
    }
}

#[test]
fn every_stream_is_looked_at_before_the_first_is_imported() {
    let api = image_api::with(&[app(&[image("v1")])]);
    for (words, expected) in [
        (
            "app none",
            "make it with: oc extreg tag IMAGE none:TAG -n snow",
        ),
        (
            "app app:v9",
            "ImageStream app has no tag v9; it has: v1; make it with: oc extreg tag IMAGE app:v9 -n snow",
        ),
    ] {
        let ran = api.run(&format!("import {words}"));
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{words}");
        assert!(ran.err.contains(expected), "{words}: {}", ran.err);
    }
    assert!(writes(&api).is_empty());
}

#[test]
fn a_conflict_is_tried_again_with_the_policy_of_then() {
    let api = image_api::start(&[app(&[image("v1")])], |seen, _| {
        // The tag is scheduled meanwhile.
        let mut now = image("v1");
        now["importPolicy"]["scheduled"] = json!(true);
        match seen.number {
            2 => Some(conflict()),
            3 => Some(ok(&app(&[now]))),
            _ => None,
        }
    });
    let ran = api.run("import app:v1");
    assert_eq!(ran.code, 0, "{ran:?}");
    let policies: Vec<Value> = api
        .writes()
        .iter()
        .map(|(_, body)| body["spec"]["images"][0]["importPolicy"]["scheduled"].clone())
        .collect();
    assert_eq!(policies, [Value::Null, json!(true)]);

    let api = image_api::start(&[app(&[image("v1")])], |seen, _| {
        seen.line.starts_with("POST ").then(conflict)
    });
    let ran = api.run("import app:v1");
    assert_eq!((ran.code, writes(&api).len()), (1, 4), "{ran:?}");
}

#[test]
fn what_the_cluster_refuses_has_its_code() {
    let api = image_api::start(&[app(&[image("v1")])], |seen, _| {
        seen.line.starts_with("POST ").then(|| forbidden("import"))
    });
    let ran = api.run("import app:v1");
    assert_eq!((ran.code, ran.out.as_str()), (6, ""), "{ran:?}");

    // One image of a registry that the cluster does not allow fails the request, and not the others.
    let other = stream("other", &json!([image("v1")]), &json!([]));
    let api = image_api::start(&[app(&[image("v1")]), other], |seen, _| {
        let is_app = seen.body.contains("\"name\":\"app\"");
        (seen.line.starts_with("POST ") && is_app)
            .then(|| status(422, "Invalid", "registry not allowed by whitelist"))
    });
    let ran = api.run("import app:v1 other:v1");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.err
            .contains("app:v1 is not imported: registry not allowed"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("other:v1 imported"), "{}", ran.out);
}

#[test]
fn a_policy_that_a_webhook_has_changed_is_told() {
    let api = image_api::start(&[app(&[image("v1")])], |seen, _| {
        seen.line.starts_with("POST ").then(|| {
            let mut now = image("v1");
            now["importPolicy"]["scheduled"] = json!(true);
            let mut body: Value = serde_json::from_str(&seen.body).unwrap();
            body["status"] = json!({
                "import": app(&[now]),
                "images": [{"status": {"status": "Success"}, "image": {"metadata": {"name": "sha256:old"}}}],
            });
            ok(&body)
        })
    });
    let ran = api.run("import app:v1");
    assert_eq!(
        ran.out,
        "imagestreamtag.image.openshift.io/app:v1 unchanged: sha256:old\n"
    );
    assert_eq!(
        ran.err,
        "Warning: a webhook of the cluster has changed the import policy of app:v1\n"
    );
}

#[test]
fn waiting_is_until_it_is_there() {
    let asked = AtomicUsize::new(0);
    let api =
        image_api::importing(
            &[app(&["v1", "v2", "private"].map(image))],
            move |name| match name.rsplit_once(':').unwrap().1 {
                "v2" if asked.fetch_add(1, Ordering::Relaxed) == 0 => {
                    Err(("NotFound", "not there"))
                }
                _ => registry(name),
            },
        );
    let ran = api.run("import app --all --wait");
    assert_eq!(ran.code, 5, "{ran:?}");
    let tags: Vec<usize> = api
        .writes()
        .iter()
        .map(|(_, body)| body["spec"]["images"].as_array().unwrap().len())
        .collect();
    assert_eq!(tags, [3, 1], "only what may pass is tried again");
    assert!(ran.out.contains("app:v2 imported"), "{}", ran.out);
    assert!(
        ran.err
            .starts_with("waiting for app:v2: NotFound: not there\n"),
        "{}",
        ran.err
    );

    let api = image_api::importing(&[app(&["v1", "limit"].map(image))], registry);
    let started = std::time::Instant::now();
    let ran = api.run("import app --all --wait --timeout 1s");
    assert_eq!(
        (ran.code, writes(&api).len()),
        (124, 1),
        "the next try would be too late"
    );
    assert!(
        ran.err
            .contains("timed out after 1s: app:limit is not imported after 1 attempt: "),
        "{}",
        ran.err
    );
    // The number is true: it waits as long as it says.
    assert!(started.elapsed() >= std::time::Duration::from_millis(950));
    let ran = api.run("import app:limit --wait --timeout 0");
    assert_eq!(ran.code, 124, "{ran:?}");
}

#[test]
fn nothing_is_imported_by_read_only() {
    let api = image_api::with(&[app(&[image("v1")])]);
    let ran = api.run("import app:v1 --read-only");
    assert_eq!((ran.code, writes(&api).len()), (2, 0), "{ran:?}");
}
