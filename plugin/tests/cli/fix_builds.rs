//! `fix` of builds that wait for a push secret.

use serde_json::{Value, json};

use super::{
    common::{extreg, has_facts},
    fix_api::{self, Fix, build, config, secret, snow, stream},
};
use extreg_fakes::{recorded, status};

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

/// Policies: that of Docker Hub names the secret that the builds wait for, and selects the
/// namespace.
fn selecting(objects: &[Value]) -> Vec<Value> {
    let mut all = snow(objects);
    for object in &mut all {
        if object["kind"] == "Namespace" {
            object["metadata"]["labels"] = json!({"team": "snow"});
        }
        if object["kind"] == "RegistryPolicy" && object["spec"]["registry"] == "docker.io" {
            object["spec"]["push"]["secretName"] = json!("gone");
            object["spec"]["namespaceSelector"] = json!({"matchLabels": {"team": "snow"}});
        }
    }
    all
}

#[test]
fn lists_a_waiting_build_with_its_fixes() {
    let api = fix_api::with(&snow(&[app("gone"), waiting("app-1")]));
    let ran = api.fix("");
    assert_eq!(ran.code, 0, "{ran:?}");
    has_facts(
        &ran.out,
        &[
            "build.build.openshift.io/app-1 in snow\n",
            "EXR009  spec.output.pushSecret: ",
            "gone",
            "--push-secret-from",
            "--auth-file",
            "--restart-builds",
        ],
    );
    assert_eq!(api.fix("--yes").code, 0);
    assert_eq!(api.writes(), []);
}

#[test]
fn creates_the_policys_secret_once_in_a_selected_namespace() {
    let source = secret("ops", "source", HUB);
    let objects = [
        app("gone"),
        waiting("app-1"),
        waiting("app-2"),
        source.clone(),
    ];
    let api = fix_api::with(&selecting(&objects));
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
        again.out.contains("the secret gone exists now"),
        "{again:?}"
    );
    assert_eq!(api.writes().len(), 1);
}

#[test]
fn does_not_create_an_unusable_secret() {
    let quay = secret("ops", "quay", "quay.io");
    let mut opaque = secret("ops", "opaque", HUB);
    opaque["type"] = json!("Opaque");
    opaque["data"] = json!({"token": "eA=="});
    let api = fix_api::with(&selecting(&[waiting("app-1"), quay, opaque]));
    let ran = api.fix("--push-secret-from ops/quay --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("a copy of quay in ops, which has no key for the image"),
        "{ran:?}"
    );
    for (source, words) in [
        ("ops/none", "secret not found"),
        ("ops/opaque", "holds no readable docker config"),
    ] {
        let ran = api.fix(&format!("--push-secret-from {source} --yes"));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
    }
    assert_eq!(api.writes(), []);
}

#[test]
fn creates_the_secret_from_an_auth_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    // acme:canary
    std::fs::write(
        &file,
        r#"{"auths":{"docker.io/acme":{"auth":"YWNtZTpjYW5hcnk="}}}"#,
    )
    .unwrap();
    let api = fix_api::with(&selecting(&[waiting("app-1")]));
    let words = format!("--auth-file {} --yes -v 9 -o json", file.display());
    let ran = api.fix(&words);
    assert_eq!(ran.code, 0, "{ran:?}");
    let made = api.object(GONE);
    assert_eq!(made["type"], "kubernetes.io/dockerconfigjson");

    let missing = api.fix("--auth-file /nonexistent/auth.json");
    assert_eq!(missing.code, 2, "{missing:?}");
    std::fs::write(&file, "{}").unwrap();
    let api = fix_api::with(&selecting(&[waiting("app-1")]));
    let ran = api.fix(&words);
    assert!(
        ran.out.contains("no entry for docker.io/acme/app:v1"),
        "{ran:?}"
    );
    assert_eq!(api.writes(), []);
}

#[test]
fn starts_another_build_if_it_would_not_wait() {
    let api = fix_api::with(&snow(&[app("hub"), waiting("app-1")]));
    let ran = api.fix("--restart-builds --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("canceled, python-lyapp-1 started"),
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
    // The request of `oc start-build`, except for the reason.
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

    let api = fix_api::with(&snow(&[app("gone"), waiting("app-1")]));
    let ran = api.fix("--restart-builds --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("another build would also wait for the secret gone"),
        "{ran:?}"
    );
    assert_eq!(api.writes(), []);
}

#[test]
fn copies_a_standalone_build_with_the_policys_secret() {
    let mut alone = waiting("alone");
    alone["metadata"]["annotations"] = json!(null);
    let api = fix_api::with(&snow(&[alone]));
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
fn skips_a_build_from_local_files() {
    let mut binary = waiting("app-1");
    binary["spec"]["source"] = json!({"type": "Binary", "binary": {}});
    let api = fix_api::with(&snow(&[app("hub"), binary]));
    let ran = api.fix("--restart-builds --yes");
    assert!(
        ran.out.contains("local files, which are not stored"),
        "{ran:?}"
    );
    assert_eq!(api.writes(), []);
}

#[test]
fn replaces_the_secret_of_a_build_without_a_pod() {
    let new = build("app-2", "New", "", "gone");
    let over = build("app-0", "Complete", "", "gone");
    let running = {
        let mut running = build("app-1", "Running", "", "x");
        running["spec"]["output"]["pushSecret"] = json!(null);
        running
    };
    let api = fix_api::with(&snow(&[new, over, running]));
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
fn ignores_builds_that_no_policy_covers() {
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
    let api = fix_api::with(&snow(&objects));
    for way in ["--push-secret-from ops/source", "--restart-builds"] {
        let ran = api.fix(&format!("{way} --yes"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.out.contains("no policy matches the image here"),
            "{ran:?}"
        );
        assert!(ran.out.contains("opted out"), "{ran:?}");
    }
    assert_eq!(api.writes(), []);
}

#[test]
fn skips_a_build_that_changed() {
    let api = fix_api::start(&snow(&[app("hub"), waiting("app-1")]), |seen, objects| {
        if seen.line.starts_with("PATCH ") {
            let build = objects.get_mut(&format!("{BUILDS}/app-1")).unwrap();
            build["status"] = json!({"phase": "Running"});
        }
        None
    });
    let ran = api.fix("--restart-builds --yes");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("it changed after it was read"), "{ran:?}");
    assert!(
        api.writes()
            .iter()
            .all(|(line, _)| !line.starts_with("POST "))
    );
}

/// A user who can start a build in a namespace chooses the secret that it waits for.
#[test]
fn waiting_build_gives_a_tenant_no_credential() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    std::fs::write(
        &file,
        r#"{"auths":{"docker.io/acme":{"auth":"YWNtZTpjYW5hcnk="}}}"#,
    )
    .unwrap();
    let ways = [
        "--push-secret-from ops/source".to_owned(),
        format!("--auth-file {}", file.display()),
    ];
    let source = secret("ops", "source", HUB);
    let mut elsewhere = selecting(&[waiting("app-1"), source.clone()]);
    for object in &mut elsewhere {
        if object["kind"] == "Namespace" {
            object["metadata"]["labels"] = json!({"team": "tenant"});
        }
    }
    let cases = [
        (
            "a name of the tenant's choice",
            selecting(&[
                build("app-1", "Pending", "MissingPushSecret", "mine"),
                source.clone(),
            ]),
            "only under the policy's name",
        ),
        (
            "a policy for all namespaces",
            {
                let mut all = snow(&[waiting("app-1"), source]);
                for object in &mut all {
                    if object["kind"] == "RegistryPolicy" {
                        object["spec"]["push"] = json!({"secretName": "gone"});
                    }
                }
                all
            },
            "applies to all namespaces",
        ),
        (
            "a namespace that the policy does not select",
            elsewhere,
            "no policy",
        ),
    ];
    for (case, objects, words) in cases {
        for way in &ways {
            let api = fix_api::with(&objects);
            let ran = api.fix(&format!("{way} --yes"));
            assert_eq!(api.writes(), [], "{case}: {ran:?}");
            assert!(ran.out.contains(words), "{case}: {ran:?}");
        }
    }
    for way in &ways {
        let api = fix_api::with(&selecting(&[waiting("app-1")]));
        for words in [format!("-A {way} --yes"), format!("-A {way}")] {
            let ran = api.fix(&words);
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(ran.err.contains("specify the namespace with -n"), "{ran:?}");
        }
        // The namespace of the context was not named by the user.
        let output = extreg()
            .arg("fix")
            .args(way.split_whitespace())
            .args(["--yes", "--server", &api.url])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(api.writes(), []);
    }
}

#[test]
fn failed_namespace_does_not_stop_the_rest() {
    let mut objects = snow(&[]);
    for name in [
        "a-forbidden",
        "b-good",
        "c-ending",
        "d-gone",
        "e-broken",
        "f-good",
    ] {
        let phase = if name == "c-ending" {
            "Terminating"
        } else {
            "Active"
        };
        objects.push(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name},
            "status": {"phase": phase},
        }));
        let mut stream = stream("app");
        stream["metadata"]["namespace"] = json!(name);
        objects.push(stream);
    }
    let api = fix_api::start(&objects, |seen, _| {
        if !seen.line.starts_with("PATCH ") {
            return None;
        }
        let of = |name: &str| seen.line.contains(&format!("/namespaces/{name}/"));
        if of("a-forbidden") {
            return Some(status(403, "Forbidden", "no"));
        }
        if of("d-gone") {
            let why = "namespaces \"d-gone\" not found";
            return Some(status(404, "NotFound", why));
        }
        of("e-broken").then(|| status(500, "InternalError", "broken"))
    });
    let ran = api.fix("-A --yes --over-budget");
    assert_eq!(ran.code, 5, "{ran:?}");
    let patched = |name: &str| {
        let path = format!("/apis/image.openshift.io/v1/namespaces/{name}/imagestreams/app");
        api.object(&path)["spec"]["tags"][0]["importPolicy"]["scheduled"] == true
    };
    assert!(patched("b-good") && patched("f-good"), "{ran:?}");
    assert!(!patched("c-ending"), "{ran:?}");
    for expected in [
        "c-ending",
        "being deleted",
        "imagestream.image.openshift.io/app in a-forbidden: Error from server (Forbidden): no",
        "imagestream.image.openshift.io/app in e-broken: Error from server (InternalError): broken",
    ] {
        assert!(ran.err.contains(expected), "{expected}: {ran:?}");
    }
}
