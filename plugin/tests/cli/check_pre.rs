//! `check --pre`: whether the cluster and the user's rights suffice.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    common::{ended, extreg, has_facts},
    doctor::{assert_is, found},
    doctor_cluster::{Objects, cluster, cluster_unless, now},
};
use extreg_fakes::{Api, ok, status};

fn run(url: &str, args: &[&str]) -> (i32, String, String) {
    ended(
        extreg()
            .args(["check", "--pre", "-n", "snow", "--server", url])
            .args(args)
            .env("PATH", "/nonexistent"),
    )
}

fn checks(url: &str) -> (i32, BTreeMap<String, String>) {
    let (code, out, _) = run(url, &["-o", "json", "--read-only"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["kind"], "PreCheckReport");
    (code, found(&out))
}

/// An OpenShift without the webhook.
fn openshift() -> Objects {
    let kinds = [
        ("image", "imagestreams"),
        ("build", "buildconfigs"),
        ("apps", "deploymentconfigs"),
        ("project", "projectrequests"),
    ];
    let mut objects: Objects = kinds
        .into_iter()
        .map(|(group, plural)| {
            let path = format!("/apis/{group}.openshift.io/v1");
            (path, json!({"resources": [{"name": plural}]}))
        })
        .collect();
    let images = json!({"status": {"internalRegistryHostname": "image-registry.openshift-image-registry.svc:5000"}});
    let project = json!({"metadata": {"name": "snow"}});
    objects.insert(
        "/apis/config.openshift.io/v1/images/cluster".to_owned(),
        images,
    );
    objects.insert(
        "/apis/project.openshift.io/v1/projects/snow".to_owned(),
        project,
    );
    objects
}

#[test]
fn passes_with_all_rights_on_openshift() {
    let api = cluster(openshift(), &[], &now());
    let (code, found) = checks(&api.url);
    for name in [
        "version",
        "user",
        "streams",
        "builds",
        "projects",
        "workloads",
        "registry",
        "setup",
        "check",
        "webhook",
    ] {
        assert_is(&found, name, "ok ");
    }
    assert_eq!(code, 0);
}

#[test]
fn reports_missing_requirements() {
    let table: [(&str, &'static [&'static str], &str, &str); 7] = [
        (
            "/apis/image.openshift.io/v1",
            &[],
            "streams",
            "fail imagestreams.image.openshift.io are not available",
        ),
        (
            "/apis/build.openshift.io/v1",
            &[],
            "builds",
            "fail …--no-build",
        ),
        ("/apis/apps.openshift.io/v1", &[], "workloads", "skip "),
        (
            "/apis/config.openshift.io/v1/images/cluster",
            &[],
            "registry",
            "skip ",
        ),
        (
            "",
            &["patch buildconfigs"],
            "setup",
            "fail …missing permissions: patch buildconfigs.build.openshift.io",
        ),
        (
            "",
            &["create mutatingwebhookconfigurations"],
            "webhook",
            "skip ",
        ),
        // A user who creates a project is its administrator.
        (
            "/apis/project.openshift.io/v1/projects/snow",
            &["patch buildconfigs"],
            "setup",
            "ok namespace snow does not exist; you can create it",
        ),
    ];
    for (removed, forbidden, name, expected) in table {
        let mut objects = openshift();
        objects.remove(removed);
        let api = cluster(objects, forbidden, &now());
        let (code, found) = checks(&api.url);
        assert_is(&found, name, expected);
        assert_eq!(
            code == 3,
            expected.starts_with("fail"),
            "{name}: {expected}"
        );
    }
}

#[test]
fn short_output_shows_only_problems() {
    let mut objects = openshift();
    objects.remove("/apis/image.openshift.io/v1");
    let api = cluster(objects, &[], &now());
    let (code, out, err) = run(&api.url, &["-o", "short"]);
    assert_eq!(code, 3);
    assert_eq!(out.lines().count(), 2, "{out}");
    has_facts(
        &out,
        &[
            "fail  streams ",
            "imagestreams.image.openshift.io",
            "try: oc get clusterversion version",
        ],
    );
    assert!(err.contains("1 problem (10 ok, 2 skipped)\n"), "{err}");
    let (_, out, _) = run(&api.url, &["-o", "short", "-qq"]);
    assert_eq!(out, "");
}

#[test]
fn wait_polls_until_the_check_passes() {
    let api = cluster_unless(openshift(), &[], &now(), |seen| {
        (seen.number < 10).then(|| status(503, "Because", "starting"))
    });
    let (code, _, err) = run(&api.url, &["--wait", "--timeout", "1m"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(err.matches("waiting: ").count(), 1, "{err}");

    let down = Api::answering(|_| status(503, "Because", "starting"));
    let (code, out, _) = run(&down.url, &["--wait", "--timeout", "3s"]);
    assert_eq!(code, 3);
    assert!(out.contains("starting"), "{out}");
}

#[test]
fn conflicting_flags_are_a_usage_error() {
    let table: [(&[&str], &str); 7] = [
        (&["check"], "--filename"),
        (&["check", "--pre", "-f", "x"], "cannot be used with"),
        (&["check", "--pre", "--offline"], "cannot be used with"),
        (
            &["check", "--pre", "-o", "diff"],
            "-o diff, name and yaml are for files",
        ),
        (
            &["check", "-f", "x", "-o", "short"],
            "-o table and short need --pre",
        ),
        (&["check", "-f", "x", "--wait"], "cannot be used with"),
        (&["check", "--wait"], "--filename"),
    ];
    for (args, words) in table {
        let run = extreg().args(args).assert().code(2);
        let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(err.contains(words), "{args:?}: {err}");
    }
    extreg().args(["check", "--pre"]).assert().code(6);
    let api = Api::answering(|_| ok("{}"));
    let (code, _, _) = run(&api.url, &[]);
    assert_eq!(code, 3);
}
