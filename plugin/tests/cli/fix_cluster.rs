//! `fix` of a cluster: its requests, and the objects afterwards.

use serde_json::{Value, json};

use super::{
    common::has_facts,
    fix_api::{self, Fix, config, snow, stream},
    image_api::forbidden,
};
use extreg_fakes::{Answer, Api, status};

const APP: &str = "/apis/build.openshift.io/v1/namespaces/snow/buildconfigs/app";
const S1: &str = "/apis/image.openshift.io/v1/namespaces/snow/imagestreams/s1";
const S2: &str = "/apis/image.openshift.io/v1/namespaces/snow/imagestreams/s2";

fn some() -> Vec<Value> {
    let mut opted_out = stream("out");
    opted_out["metadata"]["labels"] = json!({"extreg.io/ignore": "true"});
    let mut digest = stream("pinned");
    let hex = "0".repeat(64);
    digest["spec"]["tags"][0]["from"]["name"] = json!(format!("quay.io/acme/app@sha256:{hex}"));
    let mut managed = config("helmed", "docker.io/acme/app:v1");
    managed["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm"});
    let other = config("other", "ghcr.io/acme/app:v1");
    let app = config("app", "docker.io/acme/app:v1");
    snow(&[app, stream("s1"), opted_out, digest, managed, other])
}

fn is_scheduled(api: &Api, path: &str) -> bool {
    api.object(path)["spec"]["tags"][0]["importPolicy"]["scheduled"] == true
}

#[test]
fn plan_changes_nothing() {
    let api = fix_api::with(&some());
    let plan = api.fix("");
    assert_eq!((plan.code, plan.out.lines().count()), (3, 10), "{plan:?}");
    has_facts(
        &plan.out,
        &[
            "buildconfig.build.openshift.io/app in snow\n",
            "EXR007  spec.output.pushSecret: none → {name: hub} (docker.io/acme/app:v1, policy hub)\n",
            "buildconfig.build.openshift.io/helmed in snow\n",
            "EXR007  spec.output.pushSecret: ",
            "Helm",
            "--include-managed",
            "(docker.io/acme/app:v1)\n",
            "imagestream.image.openshift.io/out in snow\n",
            "EXR005  spec.tags[0].importPolicy.scheduled: ",
            "(quay.io/acme/app:v1)\n",
            "imagestream.image.openshift.io/pinned in snow\n",
            "EXR005  spec.tags[0].importPolicy.scheduled: ",
            "(quay.io/acme/app@sha256:0",
            "imagestream.image.openshift.io/s1 in snow\n",
            "EXR005  spec.tags[0].importPolicy.scheduled: none → true (quay.io/acme/app:v1, policy quay)\n",
        ],
    );
    has_facts(
        &plan.err,
        &[
            "snow of ",
            api.host(),
            "6 objects",
            "2 changes",
            "in 2 objects",
            "3 places",
            "use --yes to change 2 objects\n",
        ],
    );
    let names = api.fix("-o name");
    assert_eq!(
        (names.code, names.out.as_str()),
        (
            3,
            "buildconfig.build.openshift.io/app\nimagestream.image.openshift.io/s1\n"
        )
    );
    let report: Value = serde_json::from_str(&api.fix("-o json").out).unwrap();
    insta::assert_snapshot!("fix-report", serde_json::to_string_pretty(&report).unwrap());
    assert_eq!(api.fix("-o yaml").code, 3);
    assert_eq!(api.writes(), []);
}

#[test]
fn tests_values_first_and_writes_once() {
    let api = fix_api::with(&some());
    let dry = api.fix("--yes --dry-run=server");
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.out.contains("patched (server dry run)"), "{dry:?}");
    assert!(!is_scheduled(&api, S1));

    let ran = api.fix("--yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    let writes = api.writes();
    assert_eq!(writes.len(), 4);
    let query = "?fieldManager=oc-extreg";
    assert_eq!(writes[0].0, format!("PATCH {S1}{query}&dryRun=All"));
    assert_eq!(writes[2].0, format!("PATCH {S1}{query}"));
    assert_eq!(
        writes[2].1,
        json!([
            {"op": "test", "path": "/spec/tags/0/name", "value": "v1"},
            {"op": "test", "path": "/spec/tags/0/from", "value": {"kind": "DockerImage", "name": "quay.io/acme/app:v1"}},
            {"op": "test", "path": "/spec/tags/0/importPolicy", "value": {"importMode": "Legacy"}},
            {"op": "add", "path": "/spec/tags/0/importPolicy/scheduled", "value": true},
        ])
    );
    assert_eq!(writes[3].0, format!("PATCH {APP}{query}"));
    assert_eq!(
        writes[3].1,
        json!([
            {"op": "test", "path": "/spec/output", "value": {"to": {"kind": "DockerImage", "name": "docker.io/acme/app:v1"}}},
            {"op": "add", "path": "/spec/output/pushSecret", "value": {"name": "hub"}},
        ])
    );
    let media = "application/json-patch+json";
    let patches = api
        .seen()
        .into_iter()
        .filter(|seen| seen.line.starts_with("PATCH "));
    assert!(
        patches
            .into_iter()
            .all(|seen| seen.header("content-type") == [media])
    );

    let again = api.fix("--yes");
    assert_eq!(again.code, 0);
    assert!(again.err.contains("nothing to do"), "{again:?}");
    assert_eq!(api.writes().len(), 4, "the second run changes nothing");
}

#[test]
fn reverted_object_is_skipped_without_a_flag() {
    let api = fix_api::with(&some());
    assert_eq!(api.fix("--yes -q").code, 0);
    let helmed = APP.replace("/app", "/helmed");
    assert!(api.object(&helmed)["spec"]["output"]["pushSecret"].is_null());
    assert_eq!(api.fix("--yes --include-managed").code, 0);
    assert_eq!(
        api.object(&helmed)["spec"]["output"]["pushSecret"],
        json!({"name": "hub"})
    );
}

#[test]
fn skips_and_reports_an_object_that_changed() {
    let mut user = json!({"name": "mine"});
    for (case, theirs) in [("a secret of theirs", true), ("gone", false)] {
        let user = user.take();
        let api = fix_api::start(&some(), move |seen, objects| {
            if seen.line.starts_with("PATCH ") && seen.line.contains("/app?") {
                if theirs {
                    let app = objects.get_mut(APP).unwrap();
                    app["spec"]["output"]["pushSecret"] = user.clone();
                } else {
                    objects.remove(APP);
                }
            }
            None
        });
        let ran = api.fix("--yes -o json");
        assert_eq!(ran.code, 5, "{case}: {ran:?}");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let of = |name: &str| {
            let objects = report["objects"].as_array().unwrap();
            objects.iter().find(|o| o["name"] == name).unwrap()["result"].clone()
        };
        assert_eq!((of("app"), of("s1")), (json!("conflict"), json!("changed")));
        assert!(is_scheduled(&api, S1));
        if theirs {
            let kept = &api.object(APP)["spec"]["output"]["pushSecret"];
            assert_eq!(*kept, json!({"name": "mine"}));
            assert!(
                ran.err.contains("skipped: it changed after it was read"),
                "{ran:?}"
            );
        } else {
            assert!(ran.err.contains("skipped: it was deleted"), "{ran:?}");
        }
    }
}

#[test]
fn skips_a_tag_that_moved_in_its_list() {
    let api = fix_api::start(&snow(&[stream("s1")]), |seen, objects| {
        if seen.line.starts_with("PATCH ") {
            let mut other = objects[S1]["spec"]["tags"][0].clone();
            other["name"] = json!("a");
            let tags = objects.get_mut(S1).unwrap()["spec"]["tags"].as_array_mut();
            tags.unwrap().insert(0, other);
        }
        None
    });
    let ran = api.fix("--yes");
    assert_eq!(ran.code, 1, "nothing was done: {ran:?}");
    assert!(!api.object(S1).to_string().contains("scheduled"));
}

#[test]
fn max_limits_a_run_and_the_next_run_continues() {
    let api = fix_api::with(&snow(&[stream("s1"), stream("s2"), stream("s3")]));
    let first = api.fix("--yes --max 2");
    assert_eq!(first.code, 3, "{first:?}");
    assert!(
        first.err.contains("1 object remaining (--max 2)"),
        "{first:?}"
    );
    assert!(is_scheduled(&api, S1) && is_scheduled(&api, S2));
    assert!(!is_scheduled(&api, &S2.replace("s2", "s3")));
    let second = api.fix("--yes --max 2");
    assert_eq!(second.code, 0, "{second:?}");
    assert!(is_scheduled(&api, &S2.replace("s2", "s3")));
    assert_eq!(api.writes().len(), 3);
}

#[test]
fn interrupted_run_reports_changes_and_how_to_continue() {
    use std::process::{Command, Stdio};

    let api = fix_api::start(&snow(&[stream("s1"), stream("s2")]), |seen, _| {
        (seen.line.starts_with("PATCH ") && seen.line.contains("/s2?")).then(Answer::never)
    });
    let child = Command::new(assert_cmd::cargo::cargo_bin("oc-extreg"))
        .args(["fix", "--yes", "-n", "snow", "--server", &api.url])
        .env_clear()
        .current_dir("/")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    api.wait_for(|seen| seen.line.contains("/s2?"));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).unwrap();
    has_facts(
        &said,
        &[
            "2 changes",
            "error: interrupted\n",
            "  imagestream.image.openshift.io/s1 in snow patched\n",
            "in progress, possibly written: imagestream.image.openshift.io/s2 in snow\n",
            "run the same command again",
        ],
    );
}

#[test]
fn missing_permission_sets_the_exit_code() {
    let refusing = |what: &'static str| {
        fix_api::start(&some(), move |seen, _| {
            (seen.line.starts_with("PATCH ") && seen.line.contains(what))
                .then(|| forbidden("patch it"))
        })
    };
    let none = refusing("?fieldManager").fix("--yes");
    assert_eq!(none.code, 6, "{none:?}");
    let part = refusing("/s1?").fix("--yes");
    assert_eq!(part.code, 5, "{part:?}");
    assert!(
        part.err
            .contains("imagestream.image.openshift.io/s1 in snow: Error from server (Forbidden)"),
        "{part:?}"
    );

    let lists = |kinds: &'static [&'static str]| {
        fix_api::start(&some(), move |seen, _| {
            kinds
                .iter()
                .any(|kind| seen.line.contains(&format!("/{kind}?limit")))
                .then(|| forbidden("list it"))
        })
    };
    let one = lists(&["imagestreams"]).fix("");
    assert_eq!(one.code, 4, "{one:?}");
    assert!(one.err.contains("cannot list the imagestreams"), "{one:?}");
    let all = lists(&["imagestreams", "buildconfigs", "builds"]).fix("");
    assert_eq!((all.code, all.out.as_str()), (6, ""), "{all:?}");

    let expired = fix_api::start(&some(), |_, _| {
        Some(status(401, "Unauthorized", "Unauthorized"))
    });
    assert_eq!(expired.fix("").code, 6);
}

#[test]
fn waits_for_a_busy_server() {
    let busy = std::sync::atomic::AtomicUsize::new(0);
    let api = fix_api::start(&snow(&[stream("s1")]), move |seen, _| {
        let is_first = seen.line.starts_with("PATCH ")
            && busy.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        is_first.then(|| status(429, "TooManyRequests", "slow down"))
    });
    let ran = api.fix("--yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("the server is overloaded"), "{ran:?}");
    assert!(is_scheduled(&api, S1));
}

#[test]
fn rejection_of_an_unchanged_object_is_a_failure() {
    let api = fix_api::start(&snow(&[stream("s1")]), |seen, _| {
        seen.line
            .starts_with("PATCH ")
            .then(|| status(422, "Invalid", "rejected by a quota"))
    });
    let ran = api.fix("--yes");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("rejected by a quota"), "{ran:?}");
}

#[test]
fn read_only_user_writes_nothing() {
    let api = fix_api::with(&some());
    let ran = api.fix("--yes --read-only");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(api.writes(), []);
}

#[test]
fn fixes_only_the_requested_checks() {
    let api = fix_api::with(&some());
    for (checks, names) in [
        ("EXR005", "imagestream.image.openshift.io/s1\n"),
        ("exr007", "buildconfig.build.openshift.io/app\n"),
        ("EXR009", ""),
        (
            "EXR014",
            "buildconfig.build.openshift.io/app\nimagestream.image.openshift.io/s1\n",
        ),
    ] {
        let ran = api.fix(&format!("-o name --check {checks}"));
        assert_eq!(ran.out, names, "{checks}");
        assert_eq!(ran.code, if names.is_empty() { 0 } else { 3 }, "{checks}");
    }
    let lines: Vec<String> = api.seen().into_iter().map(|seen| seen.line).collect();
    let builds = |line: &&String| line.contains("/builds?");
    assert_eq!(
        lines.iter().filter(builds).count(),
        3,
        "not for tags: {lines:?}"
    );
}

#[test]
fn all_namespaces_means_visible_namespaces() {
    let mut elsewhere = stream("s9");
    elsewhere["metadata"]["namespace"] = json!("rain");
    let mut system = stream("s8");
    system["metadata"]["namespace"] = json!("openshift");
    let rain = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "rain"}});
    let objects = snow(&[stream("s1"), elsewhere, system, rain]);
    let names = "rain/imagestream.image.openshift.io/s9\nsnow/imagestream.image.openshift.io/s1\n";

    let api = fix_api::with(&objects);
    let whole = api.fix("-A -o name");
    assert_eq!((whole.code, whole.out.as_str()), (3, names), "{whole:?}");
    assert!(
        whole.err.contains("1 place in system namespaces"),
        "{whole:?}"
    );

    let api = fix_api::start(&objects, |seen, _| {
        let is_whole = seen
            .line
            .starts_with("GET /apis/image.openshift.io/v1/imagestreams?")
            || seen
                .line
                .starts_with("GET /apis/build.openshift.io/v1/build");
        is_whole.then(|| forbidden("list it everywhere"))
    });
    let part = api.fix("-A -o name");
    assert_eq!((part.code, part.out.as_str()), (3, names), "{part:?}");
}

/// Eight tags of Docker Hub with one account, one of them scheduled: 24 pulls each, with a limit of 200.
#[test]
fn skips_imports_over_the_limit_without_a_flag() {
    let mut objects = Vec::new();
    for number in 0..10 {
        let mut stream = stream(&format!("h{number}"));
        let tag = &mut stream["spec"]["tags"][0];
        tag["from"]["name"] = json!("docker.io/acme/app:v1");
        if number == 9 {
            tag["importPolicy"]["scheduled"] = json!(true);
        }
        objects.push(stream);
    }
    let api = fix_api::with(&snow(&objects));
    let plan = api.fix("-o json");
    let report: Value = serde_json::from_str(&plan.out).unwrap();
    assert_eq!(report["summary"]["changes"], 7, "{plan:?}");
    let left = &report["objects"][7];
    assert_eq!(left["name"], "h7");
    let why = left["skipped"][0]["why"].as_str().unwrap();
    assert_eq!(
        why,
        "its imports exceed the limit of docker.io as acme, 200 pulls in 6 hours; use --over-budget \
         to schedule it anyway"
    );
    let all = api.fix("--over-budget -o name");
    assert_eq!(all.out.lines().count(), 9, "{all:?}");
    assert!(
        all.err
            .contains("with this plan at least 240 pulls of docker.io")
            || all
                .err
                .contains("with this plan 240 to 480 pulls of docker.io"),
        "{all:?}"
    );
}
