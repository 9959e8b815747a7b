//! `promote`: its requests and its output.

use serde_json::{Value, json};

use super::{
    common::{extreg, has_facts},
    image_api::{self, Tags, conflict, stream, writes},
};
use extreg_fakes::{defaulted, ok, recorded};

const OLD: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
const NEW: &str = "sha256:646ca9339f4a109ea3d57d3b5652f645f39df1ac1dbbf460e3d506234d0f78cc";

/// `v1` shows the new image; `prod` is the given tag, if any.
fn app(name: &str, digest: &str, prod: Option<Value>) -> Value {
    let repository = "docker.io/ably77/python-lyapp";
    let item = |digest: &str| json!({"image": digest, "dockerImageReference": format!("{repository}@{digest}")});
    let v1 = json!({
        "name": "v1", "annotations": null, "generation": 8,
        "from": {"kind": "DockerImage", "name": format!("{repository}:v1")},
        "importPolicy": {"importMode": "Legacy", "scheduled": true},
        "referencePolicy": {"type": "Source"},
    });
    let mut status = vec![json!({"tag": "v1", "items": [item(digest)]})];
    let mut spec = vec![v1];
    if let Some(prod) = prod {
        status.push(json!({"tag": "prod", "items": [item(OLD)]}));
        spec.push(prod);
    }
    stream(name, &json!(spec), &json!(status))
}

/// A tag that follows an image on schedule.
fn prod() -> Value {
    json!({
        "name": "prod", "annotations": {"note": "mine"}, "generation": 3,
        "from": {"kind": "DockerImage", "name": "docker.io/u/a:stable"},
        "importPolicy": {"importMode": "Legacy", "scheduled": true},
        "referencePolicy": {"type": "Local"},
    })
}

#[test]
fn sends_the_request_of_oc_tag() {
    let pinned = "sha256:260ec32ed3a78588a61b5c6723f7f834e3455dfc285e713e36873c4eefe52590";
    for (file, digest, words) in [
        (
            "15-octag-alias-imagestreamtags-update.json",
            NEW,
            "python-lyapp:v1 prod".to_owned(),
        ),
        (
            "15-octag-alias-imagestreamtags-update.json",
            NEW,
            format!("python-lyapp@{NEW} prod"),
        ),
        (
            "16-octag-alias-d-imagestreamtags-update.json",
            NEW,
            "python-lyapp:v1 python-lyapp:prod2 --alias".to_owned(),
        ),
        (
            "17-octag-digest-imagestreamtags-update.json",
            pinned,
            "python-lyapp:v1 pinned --digest".to_owned(),
        ),
    ] {
        let (object, _) = recorded(file);
        let api = image_api::with(&[app("python-lyapp", digest, None)]);
        let ran = api.run(&format!("promote {words}"));
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
        let mut tag = defaulted(body["tag"].clone());
        tag["annotations"] = tag["annotations"].take();
        assert_eq!(tag, object["tag"], "{file}");
    }
}

#[test]
fn trap_1_a_scheduled_tag_moves_without_its_schedule() {
    for (flag, kind) in [
        ("", "ImageStreamImage"),
        ("--alias", "ImageStreamTag"),
        ("--digest", "DockerImage"),
    ] {
        let api = image_api::with(&[app("app", NEW, Some(prod()))]);
        let ran = api.run(&format!("promote app:v1 prod {flag}"));
        assert_eq!(ran.code, 0, "{ran:?}");
        let tag = api.tag("app", "prod");
        assert_eq!(tag["from"]["kind"], kind);
        assert_eq!(tag["importPolicy"], json!({"importMode": "Legacy"}));
        assert_eq!(tag["referencePolicy"], json!({"type": "Local"}));
        assert_eq!(tag["annotations"], json!({"note": "mine"}));
    }
}

#[test]
fn reports_both_images_and_the_rollback_command() {
    let printed = |prod: Option<Value>, words: &str| {
        let ran = image_api::with(&[app("app", NEW, prod)]).run(&format!("promote {words}"));
        assert_eq!(ran.code, 0, "{ran:?}");
        format!("{}{}", ran.out, ran.err)
    };
    let held =
        json!({"name": "prod", "from": {"kind": "ImageStreamImage", "name": format!("app@{OLD}")}});
    let held = Some(held);
    let old = format!("app@{OLD}");
    let back = format!("oc extreg promote {old} app:prod -n snow\n");
    for (tag, words, facts) in [
        (
            &None,
            "app:v1 prod".to_owned(),
            &[
                "/app:prod created\n",
                "app:prod",
                NEW,
                "app:v1",
                "oc delete imagestreamtag app:prod -n snow\n",
            ][..],
        ),
        (
            &None,
            "app:v1 other:prod".to_owned(),
            &[
                "/other created\n",
                "/other:prod created\n",
                NEW,
                "oc delete imagestreamtag other:prod -n snow\n",
            ],
        ),
        (
            &Some(prod()),
            "app:v1 prod".to_owned(),
            &[
                "/app:prod configured\n",
                "app:prod is no longer imported on schedule",
                OLD,
                "(docker.io/u/a:stable)",
                NEW,
                "oc extreg tag docker.io/u/a:stable app:prod --scheduled -n snow\n",
                &back,
            ],
        ),
        (
            &held,
            "app:v1 prod --digest".to_owned(),
            &["/app:prod configured\n", &old, NEW, "imports", &back],
        ),
        (
            &held,
            "app:v1 prod --alias".to_owned(),
            &["/app:prod configured\n", &old, NEW, "later", &back],
        ),
        (
            &held,
            "app:v1 prod --dry-run server".to_owned(),
            &[
                "/app:prod configured (server dry run)\n",
                &old,
                NEW,
                "(server dry run)\n",
            ],
        ),
        (&held, format!("{old} prod"), &["/app:prod unchanged\n"]),
    ] {
        let printed = printed(tag.clone(), &words);
        has_facts(&printed, facts);
        assert_eq!(
            printed.matches("oc ").count(),
            facts.iter().filter(|fact| fact.starts_with("oc ")).count()
        );
    }
}

#[test]
fn rollback_command_restores_the_tag() {
    let alias = json!({"name": "prod", "from": {"kind": "ImageStreamTag", "name": "app:v1"},
        "importPolicy": {"importMode": "Legacy"}, "referencePolicy": {"type": "Source"}});
    let mut held = alias.clone();
    held["from"] = json!({"kind": "ImageStreamImage", "name": format!("app@{OLD}")});
    for (before, away) in [
        (prod(), "app:v1 prod"),
        (held, "app:v1 prod --digest"),
        (alias, "app:v1 prod"),
    ] {
        let api = image_api::with(&[app("app", NEW, Some(before.clone()))]);
        let ran = api.run(&format!("promote {away}"));
        let line = ran
            .err
            .lines()
            .find_map(|line| line.strip_prefix("To move it back: oc extreg "));
        let back = line.unwrap().replace(" -n snow", "");
        assert_ne!(api.tag("app", "prod")["from"], before["from"]);
        let ran = api.run(&back);
        assert_eq!(ran.code, 0, "{back}: {ran:?}");
        // This command only imports.
        let [before, after] = [before, api.tag("app", "prod")].map(|mut tag| {
            tag.as_object_mut().unwrap().remove("generation");
            tag
        });
        assert_eq!(after, before, "{back}");
    }
}

#[test]
fn second_run_sends_no_write() {
    for flag in ["", "--alias", "--digest"] {
        let api = image_api::with(&[app("app", NEW, None)]);
        let words = format!("promote app:v1 prod {flag}");
        assert_eq!(api.run(&words).code, 0);
        let ran = api.run(&words);
        assert_eq!(
            (ran.code, ran.out.as_str(), ran.err.as_str()),
            (
                0,
                "imagestreamtag.image.openshift.io/app:prod unchanged\n",
                ""
            )
        );
        assert_eq!(writes(&api).len(), 1);
    }
}

#[test]
fn tag_without_an_image_is_not_promoted() {
    let empty = json!({"name": "prod", "from": {"kind": "DockerImage", "name": "d"}});
    let mut stream = app("app", NEW, Some(empty));
    stream["status"]["tags"][1]["items"] = json!([]);
    let api = image_api::with(&[stream]);
    for (words, expected) in [
        (
            "app:prod v1",
            "to import it: oc extreg import app:prod -n snow",
        ),
        (
            "app:gone v1",
            "ImageStream app has no tag gone; it has: prod, v1",
        ),
        (
            "none:v1 v2",
            "ImageStream none does not exist in namespace snow",
        ),
    ] {
        let ran = api.run(&format!("promote {words}"));
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{words}");
        assert!(ran.err.contains(expected), "{words}: {}", ran.err);
    }
    assert!(writes(&api).is_empty());
}

#[test]
fn trap_48_failed_import_keeps_the_old_image_and_no_condition_means_success() {
    let printed = |stream: Value| image_api::with(&[stream]).run("promote app:v1 prod").err;
    let good = app("app", NEW, None);
    assert!(!printed(good.clone()).contains("failed"));
    let mut failed = good;
    failed["status"]["tags"][0]["conditions"] =
        json!([{"type": "ImportSuccess", "status": "False", "message": "no access"}]);
    let printed = printed(failed);
    assert!(
        printed.starts_with("app:v1 may be behind its registry, its last import failed: no access"),
        "{printed}"
    );
    assert!(
        printed.contains("oc extreg import app:v1 -n snow"),
        "{printed}"
    );
}

#[test]
fn conflict_is_retried_with_the_current_image() {
    // FROM is imported between the read and the write.
    let api = image_api::start(&[app("app", NEW, None)], |seen, _| match seen.number {
        1 => Some(ok(&app("app", OLD, None).to_string())),
        2 => Some(conflict()),
        _ => None,
    });
    let ran = api.run("promote app:v1 prod");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(api.tag("app", "prod")["from"]["name"], format!("app@{NEW}"));
    assert!(
        ran.err.contains(NEW) && !ran.err.contains(OLD),
        "{}",
        ran.err
    );
}

#[test]
fn suggests_kubectl_commands_to_kubectl_users() {
    let api = image_api::with(&[app("app", NEW, None)]);
    let run = extreg()
        .env("KUBECTL_PATH", "/usr/bin/kubectl")
        .args(["promote", "app:v1", "prod", "-n", "snow"])
        .env("KUBECONFIG", api.kubeconfig())
        .output()
        .unwrap();
    let err = String::from_utf8(run.stderr).unwrap();
    assert!(
        err.contains("To move it back: kubectl delete imagestreamtag app:prod -n snow"),
        "{err}"
    );
}
