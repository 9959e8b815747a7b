//! `fix` of builds that wait for a push secret.

use serde_json::{Value, json};

use super::{
    fix_api::{FixApi, build, config, secret, snow},
    image_api::recorded,
};

const BUILDS: &str = "/apis/build.openshift.io/v1/namespaces/snow/builds";
const CONFIGS: &str = "/apis/build.openshift.io/v1/namespaces/snow/buildconfigs";
const GONE: &str = "/api/v1/namespaces/snow/secrets/gone";
const HUB: &str = "https://index.docker.io/v1/";

fn waiting(name: &str) -> Value {
    build(name, "Pending", "MissingPushSecret", "gone")
}

/// The BuildConfig of the builds, with a push secret.
fn app(secret: &str) -> Value {
    let mut app = config("app", "docker.io/acme/app:v1");
    app["spec"]["output"]["pushSecret"] = json!({ "name": secret });
    app
}

#[test]
fn a_build_that_waits_is_listed_with_the_ways() {
    let api = FixApi::with(&snow(&[app("gone"), waiting("app-1")]));
    let ran = api.fix("");
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!("fix-builds-listed", ran.out);
    assert_eq!(api.fix("--yes").code, 0);
    assert_eq!(api.writes(), []);
}

#[test]
fn the_secret_is_made_once_under_the_name_that_is_waited_for() {
    let source = secret("ops", "source", HUB);
    let objects = [
        app("gone"),
        waiting("app-1"),
        waiting("app-2"),
        source.clone(),
    ];
    let api = FixApi::with(&snow(&objects));
    let ran = api.fix("--push-secret-from ops/source --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    let [(line, made)] = &api.writes()[..] else {
        panic!("{:?}", api.writes())
    };
    assert_eq!(
        line,
        "POST /api/v1/namespaces/snow/secrets?fieldManager=oc-extreg"
    );
    assert_eq!(made["metadata"]["name"], "gone");
    assert_eq!(
        (&made["type"], &made["data"]),
        (&source["type"], &source["data"])
    );
    assert_eq!(api.object(GONE)["data"], source["data"]);
    let again = api.fix("--push-secret-from ops/source --yes");
    assert_eq!(again.code, 0);
    assert!(
        again.out.contains("the secret gone is there now"),
        "{again:?}"
    );
    assert_eq!(api.writes().len(), 1);
}

#[test]
fn a_secret_that_would_not_do_is_not_made() {
    let quay = secret("ops", "quay", "quay.io");
    let mut opaque = secret("ops", "opaque", HUB);
    opaque["type"] = json!("Opaque");
    let api = FixApi::with(&snow(&[waiting("app-1"), quay, opaque]));
    let ran = api.fix("--push-secret-from ops/quay --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("a copy of quay in ops, which has no key for its image"),
        "{ran:?}"
    );
    for (source, words) in [
        ("ops/none", "there is no such secret"),
        ("ops/opaque", "holds no docker config"),
    ] {
        let ran = api.fix(&format!("--push-secret-from {source} --yes"));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
    }
    assert_eq!(api.writes(), []);
}

#[test]
fn a_login_file_makes_the_secret_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    // acme:canary
    std::fs::write(
        &file,
        r#"{"auths":{"docker.io/acme":{"auth":"YWNtZTpjYW5hcnk="}}}"#,
    )
    .unwrap();
    let api = FixApi::with(&snow(&[waiting("app-1")]));
    let words = format!("--auth-file {} --yes -v 9 -o json", file.display());
    let ran = api.fix(&words);
    assert_eq!(ran.code, 0, "{ran:?}");
    let made = api.object(GONE);
    assert_eq!(made["type"], "kubernetes.io/dockerconfigjson");

    let missing = api.fix("--auth-file /nonexistent/auth.json");
    assert_eq!(missing.code, 2, "{missing:?}");
    std::fs::write(&file, "{}").unwrap();
    let api = FixApi::with(&snow(&[waiting("app-1")]));
    let ran = api.fix(&words);
    assert!(
        ran.out.contains("no entry for docker.io/acme/app:v1"),
        "{ran:?}"
    );
    assert_eq!(api.writes(), []);
}

#[test]
fn another_build_is_started_where_it_would_not_wait_too() {
    let api = FixApi::with(&snow(&[app("hub"), waiting("app-1")]));
    let ran = api.fix("--restart-builds --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("cancelled, python-lyapp-1 started"),
        "{ran:?}"
    );
    let writes = api.writes();
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert_eq!(
        writes[0].0,
        format!("PATCH {BUILDS}/app-1?fieldManager=oc-extreg")
    );
    let cancel = json!({"op": "add", "path": "/status/cancelled", "value": true});
    assert_eq!(writes[0].1.as_array().unwrap().last(), Some(&cancel));
    assert_eq!(
        writes[1].0,
        format!("POST {CONFIGS}/app/instantiate?fieldManager=oc-extreg")
    );
    // As `oc start-build` asks, but for the reason.
    let (request, _) = recorded("41-start-build-buildconfigs-instantiate-create.json");
    let ours = &writes[1].1;
    for field in ["kind", "apiVersion"] {
        assert_eq!(ours[field], request[field], "{field}");
    }
    assert_eq!(
        ours["metadata"],
        json!({"name": "app", "namespace": "snow"})
    );
    assert!(
        ours["triggeredBy"][0]["message"]
            .as_str()
            .unwrap()
            .contains("extreg")
    );

    let api = FixApi::with(&snow(&[app("gone"), waiting("app-1")]));
    let ran = api.fix("--restart-builds --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("another build would wait for the secret gone too"),
        "{ran:?}"
    );
    assert_eq!(api.writes(), []);
}

#[test]
fn a_build_of_its_own_is_copied_with_the_policys_secret() {
    let mut alone = waiting("alone");
    alone["metadata"]["annotations"] = json!(null);
    let api = FixApi::with(&snow(&[alone]));
    let ran = api.fix("--restart-builds --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines: Vec<String> = api.writes().into_iter().map(|(line, _)| line).collect();
    assert_eq!(
        lines,
        [
            format!("PATCH {BUILDS}/alone?fieldManager=oc-extreg"),
            format!("POST {BUILDS}/alone/clone?fieldManager=oc-extreg"),
            format!("PATCH {BUILDS}/python-lyapp-2?fieldManager=oc-extreg"),
        ]
    );
    let (request, _) = recorded("47-clone-builds-clone-create.json");
    assert_eq!(api.writes()[1].1["kind"], request["kind"]);
    let new = api.object(&format!("{BUILDS}/python-lyapp-2"));
    assert_eq!(new["spec"]["output"]["pushSecret"], json!({"name": "hub"}));
}

#[test]
fn a_build_started_from_files_is_left() {
    let mut binary = waiting("app-1");
    binary["spec"]["source"] = json!({"type": "Binary", "binary": {}});
    let api = FixApi::with(&snow(&[app("hub"), binary]));
    let ran = api.fix("--restart-builds --yes");
    assert!(ran.out.contains("files that nobody has kept"), "{ran:?}");
    assert_eq!(api.writes(), []);
}

#[test]
fn a_build_without_a_pod_gets_another_secret() {
    let new = build("app-2", "New", "", "gone");
    let over = build("app-0", "Complete", "", "gone");
    let running = {
        let mut running = build("app-1", "Running", "", "x");
        running["spec"]["output"]["pushSecret"] = json!(null);
        running
    };
    let api = FixApi::with(&snow(&[new, over, running]));
    let ran = api.fix("--yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("its phase is Running: a change would have no effect"),
        "{ran:?}"
    );
    let [(line, patch)] = &api.writes()[..] else {
        panic!("{:?}", api.writes())
    };
    assert_eq!(
        *line,
        format!("PATCH {BUILDS}/app-2?fieldManager=oc-extreg")
    );
    assert_eq!(
        patch[0],
        json!({"op": "test", "path": "/status/phase", "value": "New"})
    );
    assert_eq!(
        patch[2],
        json!({"op": "replace", "path": "/spec/output/pushSecret", "value": {"name": "hub"}})
    );
    assert_eq!(api.fix("--yes").code, 0);
    assert_eq!(api.writes().len(), 1);
}

#[test]
fn builds_that_no_policy_covers_are_none_of_its_business() {
    let mut elsewhere = waiting("app-1");
    elsewhere["spec"]["output"]["to"]["name"] = json!("ghcr.io/acme/app:v1");
    let mut opted_out = waiting("app-2");
    opted_out["metadata"]["labels"] = json!({"extreg.io/ignore": "true"});
    let objects = [
        app("hub"),
        elsewhere,
        opted_out,
        secret("ops", "source", HUB),
    ];
    let api = FixApi::with(&snow(&objects));
    for way in ["--push-secret-from ops/source", "--restart-builds"] {
        let ran = api.fix(&format!("{way} --yes"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains("no policy speaks of that image here"),
            "{ran:?}"
        );
        assert!(ran.out.contains("it is opted out"), "{ran:?}");
    }
    assert_eq!(api.writes(), []);
}

#[test]
fn a_build_that_is_mended_meanwhile_is_left() {
    let api = FixApi::start(&snow(&[app("hub"), waiting("app-1")]), |seen, objects| {
        if seen.line.starts_with("PATCH ") {
            let build = objects.get_mut(&format!("{BUILDS}/app-1")).unwrap();
            build["status"] = json!({"phase": "Running"});
        }
        None
    });
    let ran = api.fix("--restart-builds --yes");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("it has changed since it was looked at"),
        "{ran:?}"
    );
    assert!(
        api.writes()
            .iter()
            .all(|(line, _)| !line.starts_with("POST "))
    );
}
