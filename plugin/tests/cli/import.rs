//! `import`: its requests, and its reports.

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

/// One image exists; each other image is refused in another way.
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
fn sends_the_request_of_oc_import_image() {
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
        // The resourceVersion of the stream that was read.
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
fn trap_4_5_and_11_tags_without_an_import_are_skipped_with_a_reason() {
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
        ("", "skipped app:alias: it is an alias of app:v2\n")
    );
}

#[test]
fn registry_errors_are_shown_with_a_fix() {
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
fn trap_10_import_is_not_read_only() {
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
fn suggested_commands_exist() {
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
fn reads_every_stream_before_the_first_import() {
    let api = image_api::with(&[app(&[image("v1")])]);
    for (words, expected) in [
        (
            "app none",
            "to create it: oc extreg tag IMAGE none:TAG -n snow",
        ),
        (
            "app app:v9",
            "ImageStream app has no tag v9; it has: v1; to create it: oc extreg tag IMAGE app:v9 -n snow",
        ),
    ] {
        let ran = api.run(&format!("import {words}"));
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{words}");
        assert!(ran.err.contains(expected), "{words}: {}", ran.err);
    }
    assert!(writes(&api).is_empty());
}

#[test]
fn conflict_is_retried_with_the_current_policy() {
    let api = image_api::start(&[app(&[image("v1")])], |seen, _| {
        // Another client schedules the tag in the meantime.
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
fn cluster_errors_have_their_exit_codes() {
    let api = image_api::start(&[app(&[image("v1")])], |seen, _| {
        seen.line.starts_with("POST ").then(|| forbidden("import"))
    });
    let ran = api.run("import app:v1");
    assert_eq!((ran.code, ran.out.as_str()), (6, ""), "{ran:?}");

    // An image of a registry that the cluster does not allow fails, and the rest is imported.
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
fn reports_a_policy_that_a_webhook_changed() {
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
        "Warning: a webhook of the cluster changed the import policy of app:v1\n"
    );
}

#[test]
fn wait_retries_until_the_import_succeeds() {
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
    assert_eq!(tags, [3, 1], "only temporary failures are retried");
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
    // It waits as long as the message shows.
    assert!(started.elapsed() >= std::time::Duration::from_millis(950));
    let ran = api.run("import app:limit --wait --timeout 0");
    assert_eq!(ran.code, 124, "{ran:?}");
}

#[test]
fn read_only_imports_nothing() {
    let api = image_api::with(&[app(&[image("v1")])]);
    let ran = api.run("import app:v1 --read-only");
    assert_eq!((ran.code, writes(&api).len()), (2, 0), "{ran:?}");
}
