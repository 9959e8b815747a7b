//! `tag`: its requests, as the API server receives them.

use serde_json::{Value, json};

use super::{
    common::has_facts,
    image_api::{self, Tags, not_found, stream, writes},
};
use extreg_fakes::{Answer, Seen, defaulted, ok, recorded};

const PUT: &str = "PUT /imagestreamtags/app:v1?fieldManager=oc-extreg";

/// A tag with every field.
pub(crate) fn full() -> Value {
    json!({
        "name": "v1", "annotations": {"note": "mine"}, "generation": 9,
        "from": {"kind": "DockerImage", "name": "docker.io/u/a:v1"},
        "importPolicy": {"importMode": "PreserveOriginal", "insecure": true, "scheduled": true},
        "referencePolicy": {"type": "Local"},
    })
}

/// The ImageStream with that tag.
pub(crate) fn app(tag: &Value) -> Value {
    stream("app", &json!([tag]), &json!([]))
}

#[test]
fn sends_the_request_of_oc_tag() {
    let digest = "sha256:260ec32ed3a78588a61b5c6723f7f834e3455dfc285e713e36873c4eefe52590";
    let pinned = format!("ably77/python-lyapp@{digest} python-lyapp:pinned");
    for (file, words) in [
        (
            "07-octag-imagestreamtags-update.json",
            "ably77/python-lyapp:v1 python-lyapp:v1",
        ),
        (
            "09-octag-scheduled-imagestreamtags-update.json",
            "docker.io/ably77/python-lyapp:v1 python-lyapp:v1 --scheduled",
        ),
        (
            "12-octag-unscheduled-imagestreamtags-update.json",
            "docker.io/ably77/python-lyapp:v1 python-lyapp:v1 --no-schedule",
        ),
        (
            "13-octag-newstream-imagestreamtags-update.json",
            "ably77/other:v2 other:v2",
        ),
        (
            "17-octag-digest-imagestreamtags-update.json",
            pinned.as_str(),
        ),
        (
            "19-octag-reference-imagestreamtags-update.json",
            "ably77/python-lyapp:ref python-lyapp:ref --reference",
        ),
        (
            "20-octag-local-imagestreamtags-update.json",
            "index.docker.io/ably77/python-lyapp:v1 python-lyapp:loc --reference-policy local",
        ),
    ] {
        let (object, old) = recorded(file);
        let (name, _) = old["metadata"]["name"]
            .as_str()
            .unwrap()
            .split_once(':')
            .unwrap();
        // Without a resourceVersion the stream did not exist.
        let streams = if old["metadata"]["resourceVersion"].is_null() {
            vec![]
        } else {
            let tags = if old["tag"].is_null() {
                json!([])
            } else {
                json!([old["tag"]])
            };
            vec![stream(name, &tags, &json!([]))]
        };
        let api = image_api::with(&streams);
        let ran = api.run(&format!("tag {words}"));
        assert_eq!(ran.code, 0, "{file}: {ran:?}");
        let [(line, body)] = &writes(&api)[..] else {
            panic!("{file}: {:?}", writes(&api))
        };
        let target = object["metadata"]["name"].as_str().unwrap();
        assert_eq!(
            *line,
            format!("PUT /imagestreamtags/{target}?fieldManager=oc-extreg")
        );
        assert_eq!(body["metadata"], object["metadata"], "{file}");
        for field in ["kind", "apiVersion"] {
            assert_eq!(body[field], object[field], "{file}");
        }
        let mut tag = defaulted(body["tag"].clone());
        tag["annotations"] = tag["annotations"].take();
        assert_eq!(tag, object["tag"], "{file}");
    }
}

#[test]
fn second_run_sends_no_write() {
    let api = image_api::with(&[]);
    let first = api.run("tag u/a:v1 app:v1 app:v2 --scheduled");
    assert_eq!(
        first.out,
        "imagestream.image.openshift.io/app created\n\
         imagestreamtag.image.openshift.io/app:v1 created\n\
         imagestreamtag.image.openshift.io/app:v2 created\n"
    );
    let before = writes(&api).len();
    let second = api.run("tag docker.io/u/a:v1 app:v1 app:v2 --scheduled");
    assert_eq!(
        second.out,
        "imagestreamtag.image.openshift.io/app:v1 unchanged\n\
         imagestreamtag.image.openshift.io/app:v2 unchanged\n"
    );
    assert_eq!((second.code, second.err.as_str()), (0, ""));
    assert_eq!(writes(&api).len(), before);
}

#[test]
fn trap_41_and_52_fields_without_a_flag_are_unchanged() {
    let api = image_api::with(&[app(&full())]);
    let ran = api.run("tag u/a:v2 app:v1");
    assert_eq!(
        format!("{}{}", ran.out, ran.err),
        "imagestreamtag.image.openshift.io/app:v1 configured\n      kind: DockerImage\n-     name: \
         docker.io/u/a:v1\n+     name: docker.io/u/a:v2\n    importPolicy:\n"
    );
    let [(line, body)] = &writes(&api)[..] else {
        panic!("{:?}", writes(&api))
    };
    let mut expected = full();
    expected["from"]["name"] = json!("docker.io/u/a:v2");
    expected["generation"] = json!(0);
    assert_eq!((line.as_str(), &body["tag"]), (PUT, &expected));
    assert_eq!(
        body["metadata"]["annotations"],
        json!({"note": "mine"}),
        "or PUT drops them"
    );
}

#[test]
fn trap_37_and_38_sends_only_the_tag_with_its_annotations_twice() {
    let mut labelled = app(&full());
    labelled["metadata"]["labels"] = json!({"app": "mine"});
    let api = image_api::with(&[labelled]);
    assert_eq!(api.run("tag u/a:v2 app:v1").code, 0);
    let body = &writes(&api)[0].1;
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["apiVersion", "kind", "metadata", "tag"]);
    assert_eq!(
        body["metadata"],
        json!({"name": "app:v1", "namespace": "snow", "annotations": {"note": "mine"}})
    );
    assert_eq!(body["tag"]["annotations"], body["metadata"]["annotations"]);
}

#[test]
fn trap_51_user_and_name_are_not_namespace_and_stream() {
    let api = image_api::with(&[app(&full())]);
    let ran = api.run("tag user/app:v1 app:v2");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        api.tag("app", "v2")["from"],
        json!({"kind": "DockerImage", "name": "docker.io/user/app:v1"})
    );
}

#[test]
fn ambiguous_name_is_rejected_with_both_fixes() {
    let cart = || stream("cart", &json!([]), &json!([]));
    for (image, code, promote, full) in [
        (
            "cart:latest",
            2,
            "cart:latest",
            "docker.io/library/cart:latest",
        ),
        ("cart", 2, "cart:latest", "docker.io/library/cart:latest"),
        ("other:v1", 2, "other:v1", "docker.io/library/other:v1"),
        ("snow/cart:v1", 2, "cart:v1", "docker.io/snow/cart:v1"),
        ("snow/cart", 2, "cart:latest", "docker.io/snow/cart:latest"),
    ] {
        let api = image_api::with(&[cart()]);
        let ran = api.run(&format!("tag {image} cart:prod"));
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{image}: {ran:?}");
        for way in [
            format!("oc extreg promote {promote} cart:prod"),
            format!("oc extreg tag {full} cart:prod"),
        ] {
            assert!(ran.err.contains(&way), "{image}: {}", ran.err);
        }
        assert!(writes(&api).is_empty(), "{image}");
        // Both fixes work: the full name, and the flag that makes it the name of a registry image.
        for words in [
            format!("tag {full} cart:prod"),
            format!("tag --source=docker {image} cart:prod"),
        ] {
            let api = image_api::with(&[cart()]);
            let ran = api.run(&words);
            assert_eq!(ran.code, 0, "{words}: {ran:?}");
            assert_eq!(api.tag("cart", "prod")["from"]["name"], full, "{words}");
        }
    }
}

#[test]
fn deleting_a_tag_keeps_other_tags() {
    let tags = json!([full(), {"name": "v2", "from": {"kind": "DockerImage", "name": "u/a:v2"}}]);
    let status = json!([{"tag": "v1", "items": []}, {"tag": "pushed", "items": []}]);
    let api = image_api::with(&[stream("app", &tags, &status)]);
    let before = api.stream("app");
    let ran = api.run("tag -d app:v1 app:none");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("tag app:none does not exist"),
        "{}",
        ran.err
    );
    for dry in ["--dry-run", "--dry-run=server"] {
        let ran = api.run(&format!("tag -d app:v1 {dry}"));
        assert!(ran.out.contains("app:v1 deleted ("), "{ran:?}");
    }
    assert_eq!(api.stream("app"), before);

    let ran = api.run("tag --delete app:v1 app:pushed");
    assert_eq!(
        ran.out,
        "imagestreamtag.image.openshift.io/app:v1 deleted\n\
         imagestreamtag.image.openshift.io/app:pushed deleted\n"
    );
    let after = api.stream("app");
    assert_eq!(after["spec"]["tags"].as_array().unwrap().len(), 1);
    assert_eq!(after["status"]["tags"], json!([]));
}

#[test]
fn reports_the_import() {
    let item = |generation: u8| {
        json!([{"generation": generation, "image": "sha256:1",
        "dockerImageReference": "docker.io/u/a@sha256:1"}])
    };
    let failed = |generation: u8| {
        json!([{"type": "ImportSuccess", "status": "False",
        "reason": "Unauthorized", "message": "no access", "generation": generation}])
    };
    for (status, expected) in [
        (
            json!({"tag": "v1", "items": item(7)}),
            "app:v1 is imported: docker.io/u/a@sha256:1\n",
        ),
        (
            json!({"tag": "v1", "items": item(6), "conditions": failed(7)}),
            "warning: app:v1 is not imported: Unauthorized: no access; ",
        ),
        // The previous condition is not about the new image.
        (
            json!({"tag": "v1", "items": item(6), "conditions": failed(6)}),
            "app:v1 is not imported yet; to wait for it: oc extreg import app:v1 -n snow --wait\n",
        ),
    ] {
        let written = std::sync::atomic::AtomicBool::new(false);
        let api = image_api::start(&[], move |seen, _| {
            use std::sync::atomic::Ordering::SeqCst;
            if seen.line.starts_with("PUT ") {
                written.store(true, SeqCst);
            }
            let is_read = seen.line.starts_with("GET ") && seen.line.contains("/imagestreams/app ");
            (is_read && written.load(SeqCst)).then(|| {
                let tag = json!([{"name": "v1", "generation": 7,
                    "from": {"kind": "DockerImage", "name": "docker.io/u/a:v1"}}]);
                let stream = stream("app", &tag, &json!([status]));
                ok(&stream)
            })
        });
        let ran = api.run("tag u/a:v1 app:v1 --timeout 2s");
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.err.to_lowercase().contains(&expected.to_lowercase()),
            "{}",
            ran.err
        );
    }
}

#[test]
fn name_without_a_user_is_explained() {
    for (image, says) in [
        ("--source=docker app:v1", "one of Docker's own images"),
        ("docker.io/app:v1", "one of Docker's own images"),
    ] {
        let api = image_api::with(&[]);
        let ran = api.run(&format!("tag {image} app:v1"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.err.contains("docker.io/library/app:v1") && ran.err.contains(says),
            "{}",
            ran.err
        );
        assert_eq!(
            api.tag("app", "v1")["from"]["name"],
            "docker.io/library/app:v1"
        );
    }
}

#[test]
fn trap_12_opted_out_tag_is_not_scheduled_and_reported() {
    let mut tag = full();
    tag["annotations"] = json!({"extreg.io/scheduled": "false"});
    tag["importPolicy"] = json!({"importMode": "Legacy"});
    let api = image_api::with(&[app(&tag)]);
    let ran = api.run("tag u/a:v1 app:v1 --scheduled");
    assert_eq!((ran.code, writes(&api).len()), (0, 0));
    assert_eq!(
        ran.out,
        "imagestreamtag.image.openshift.io/app:v1 unchanged\n"
    );
    assert!(
        ran.err
            .contains("extreg.io/scheduled: \"false\", so it is not scheduled"),
        "{}",
        ran.err
    );

    let mut labelled = stream("app", &json!([]), &json!([]));
    labelled["metadata"]["labels"] = json!({"extreg.io/ignore": "true"});
    let api = image_api::with(&[labelled]);
    let ran = api.run("tag u/a:v1 app:v1 --scheduled");
    assert!(
        ran.err
            .contains("extreg.io/ignore: \"true\", so it is not scheduled"),
        "{}",
        ran.err
    );
    assert_eq!(
        api.tag("app", "v1")["importPolicy"],
        json!({"importMode": "Legacy"})
    );
}

#[test]
fn invalid_usage_fails_before_any_request() {
    let api = image_api::with(&[]);
    let digest = format!("u/a@sha256:{} app:v1 --scheduled", "0".repeat(64));
    for (words, expected) in [
        (
            "u/A app:v1",
            "image \"u/A\": repository name must be lowercase",
        ),
        ("u/a: app:v1", "invalid reference format"),
        ("u/a@sha256:00 app:v1", "invalid reference format"),
        ("u/a app", "use STREAM:TAG, e.g. app:latest"),
        (digest.as_str(), "identifies one fixed image"),
    ] {
        let ran = api.run(&format!("tag {words}"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{words}");
        assert!(ran.err.contains(expected), "{words}: {}", ran.err);
    }
    assert!(api.seen().is_empty());
}

#[test]
fn dry_run_persists_nothing() {
    let api = image_api::with(&[app(&full())]);
    let ran = api.run("tag u/a:v2 app:v1 other:v1 --dry-run client");
    assert_eq!((ran.code, writes(&api).len()), (0, 0));
    assert_eq!(
        ran.out,
        "imagestreamtag.image.openshift.io/app:v1 configured (dry run)\n\
         imagestream.image.openshift.io/other created (dry run)\n\
         imagestreamtag.image.openshift.io/other:v1 created (dry run)\n"
    );
    let ran = api.run("tag u/a:v2 app:v1 --dry-run server --read-only");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(writes(&api)[0].0, format!("{PUT}&dryRun=All"));
    assert_eq!(api.tag("app", "v1"), full());
    let ran = api.run("tag u/a:v2 app:v1 --read-only");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(api.tag("app", "v1"), full());
}

#[test]
fn each_format_contains_the_tags() {
    let api = image_api::with(&[]);
    let name = api.run("tag u/a:v1 app:v1 -o name --dry-run=none");
    assert_eq!(
        name.out,
        "imagestream.image.openshift.io/app\nimagestreamtag.image.openshift.io/app:v1\n"
    );
    let data: Value = serde_json::from_str(&api.run("tag u/a:v2 app:v1 -o json").out).unwrap();
    assert_eq!(data["items"][0]["tag"]["from"]["name"], "docker.io/u/a:v2");
    let yaml = api.run("tag u/a:v2 app:v1 -o yaml").out;
    assert!(
        yaml.contains("kind: ImageStreamTag") && yaml.contains("docker.io/u/a:v2"),
        "{yaml}"
    );
}

#[test]
fn reports_a_policy_of_the_cluster() {
    // A webhook schedules new tags.
    let scheduled = |seen: &Seen| {
        let mut body: Value = serde_json::from_str(&seen.body).unwrap();
        body["tag"]["importPolicy"]["scheduled"] = json!(true);
        ok(&body)
    };
    for (flag, says) in [
        ("", "a policy of the cluster has scheduled app:v1"),
        (
            "--no-schedule",
            "run the same command again to remove the schedule",
        ),
    ] {
        let api = image_api::start(&[], move |seen, _| {
            seen.line.starts_with("PUT ").then(|| scheduled(seen))
        });
        let ran = api.run(&format!("tag u/a:v1 app:v1 {flag}"));
        assert!(ran.err.contains(says), "{}", ran.err);
    }
}

#[test]
fn cluster_without_image_streams_has_its_own_error() {
    let api = image_api::start(&[], |_, _| Some(not_found()));
    let ran = api.run("tag u/a:v1 app:v1");
    assert_eq!((ran.code, writes(&api).len()), (1, 0));
    assert!(
        ran.err.contains("does not serve imagestreams"),
        "{}",
        ran.err
    );
}

#[test]
fn reports_an_import_that_failed_earlier() {
    let failed = json!([{"tag": "v1", "conditions": [
        {"type": "ImportSuccess", "status": "False", "message": "no access"}]}]);
    let api = image_api::with(&[stream("app", &json!([full()]), &failed)]);
    let ran = api.run("tag u/a:v1 app:v1");
    assert_eq!(
        ran.err,
        "the last import of app:v1 failed: no access; to import it now: oc extreg import app:v1 \
         -n snow\n"
    );
}

#[test]
fn interrupted_run_reports_its_progress() {
    use std::process::{Command, Stdio};

    let api = image_api::start(&[], |seen, _| {
        seen.line.contains("/app:b?").then(Answer::never)
    });
    let child = Command::new(assert_cmd::cargo::cargo_bin("oc-extreg"))
        .args([
            "tag", "u/a:v1", "app:a", "app:b", "-n", "snow", "--server", &api.url,
        ])
        .env_clear()
        .current_dir("/")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    api.wait_for(|seen| seen.line.contains("/app:b?"));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    has_facts(
        &String::from_utf8(output.stderr).unwrap(),
        &[
            "error: interrupted\n",
            "  imagestreamtag.image.openshift.io/app:a created\n",
            "in progress, possibly written: imagestreamtag.image.openshift.io/app:b\n",
            "run the same command again",
        ],
    );
}
