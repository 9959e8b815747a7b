//! `except add`, `list` and `prune` on objects of a cluster.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    common::has_facts,
    except::{add, folder, run_in},
};
use extreg_fakes::{Api, ok};

const CART: &str = "/apis/apps/v1/namespaces/shop/deployments/cart";

fn cluster(objects: Vec<(&str, Value)>) -> Api {
    Api::at(objects).start()
}

fn cart(annotations: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "cart", "namespace": "shop", "resourceVersion": "7", "annotations": annotations},
        "spec": {"template": {"metadata": {"annotations": {"extreg.io/ignore-checks": "EXR001 until 2020-01-01: old"}}}},
    })
}

fn annotations(api: &Api) -> Value {
    api.object(CART)["metadata"]["annotations"].clone()
}

#[test]
fn annotates_an_object() {
    let api = cluster(vec![(CART, cart(&Value::Null))]);
    let run = |args: &[&str]| {
        let server = ["--server", &api.url, "--annotate"];
        run_in(
            Path::new("/"),
            &[&add("EXR007", "deploy/cart")[..], &server, args].concat(),
        )
    };
    assert_eq!(
        run(&["--dry-run", "client"]).1,
        "deployment.apps/cart configured (dry run)\n"
    );
    assert_eq!(annotations(&api), Value::Null);
    assert_eq!(
        run(&[]),
        (
            0,
            "deployment.apps/cart configured\n".to_owned(),
            String::new()
        )
    );
    let want = "EXR007 until 2099-01-31: the mirror comes";
    assert_eq!(annotations(&api), json!({"extreg.io/ignore-checks": want}));
    assert_eq!(run(&[]).1, "deployment.apps/cart unchanged\n");
    assert_eq!(
        run(&["--part", "web"]).1,
        "deployment.apps/cart configured\n"
    );
    assert_eq!(annotations(&api)["extreg.io/ignore-checks.web"], want);
    let patches: Vec<_> = api
        .seen()
        .into_iter()
        .filter(|seen| seen.line.starts_with("PATCH"))
        .collect();
    assert_eq!(patches.len(), 2);
    assert!(patches[0].line.contains("fieldManager=oc-extreg"));
    assert!(
        patches[0]
            .body
            .starts_with("[{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\"")
    );
}

#[test]
fn rereads_an_object_after_a_conflict() {
    // The first read returns an older version.
    let api = Api::at([(CART, cart(&json!({"a": "b"})))])
        .unless(|seen, objects| {
            let mut shown = objects[CART].clone();
            shown["metadata"]["resourceVersion"] = json!("6");
            (seen.number == 1).then(|| ok(&shown))
        })
        .start();
    let server = ["--server", api.url.as_str(), "--annotate"];
    let (code, out, err) = run_in(
        Path::new("/"),
        &[&add("EXR007", "deploy/cart")[..], &server].concat(),
    );
    assert_eq!(
        (code, out.as_str()),
        (0, "deployment.apps/cart configured\n"),
        "{err}"
    );
    assert_eq!(annotations(&api)["a"], "b");
    assert!(annotations(&api)["extreg.io/ignore-checks"].is_string());
}

#[test]
fn missing_object_is_reported() {
    let api = cluster(vec![(CART, cart(&Value::Null))]);
    let folder = folder(&[]);
    let with = |extra: &[&str]| {
        let args: Vec<&str> = add("EXR007", "deployment/gone")
            .into_iter()
            .filter(|arg| *arg != "-q")
            .collect();
        run_in(
            folder.path(),
            &[&args[..], &["--server", &api.url], extra].concat(),
        )
    };
    let (code, out, err) = with(&["--annotate"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.contains("deployment/gone in shop does not exist on"),
        "{err}"
    );
    let (code, out, err) = with(&[]);
    assert_eq!(
        (code, out.as_str()),
        (0, "exceptions.yaml:6: exception for EXR007 created\n")
    );
    assert!(
        err.contains("Warning: deployment/gone in shop does not exist on"),
        "{err}"
    );
    assert!(
        err.contains("read by: oc extreg audit --exceptions exceptions.yaml"),
        "{err}"
    );
    let (_, _, err) = with(&["--offline"]);
    assert!(
        !err.contains("deployment/gone in shop does not exist"),
        "{err}"
    );
}

#[test]
fn lists_and_prunes_annotations_of_the_cluster() {
    let said = "EXR007 until 2020-01-31: old; EXR001 until 2099-01-31: ours";
    let one = cart(
        &json!({"extreg.io/ignore-checks": said, "extreg.io/ignore-checks.web": "EXR005 until 2020-01-31: x"}),
    );
    let list = json!({"items": [one]});
    let pod = json!({"metadata": {"name": "p", "namespace": "shop", "annotations": {"extreg.io/ignore-checks": "EXR007"}}});
    let api = cluster(vec![
        ("/apis/apps/v1/deployments", list.clone()),
        ("/apis/apps/v1/namespaces/shop/deployments", list),
        ("/api/v1/pods", json!({"items": [pod]})),
        ("/api/v1/secrets", json!(403)),
        (CART, one),
    ]);
    let run = |args: &[&str]| {
        run_in(
            Path::new("/"),
            &[&["except"], args, &["--server", &api.url]].concat(),
        )
    };
    let (code, out, err) = run(&["list", "-A"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(out.lines().count(), 6, "{out}");
    has_facts(
        &err,
        &[
            "secrets",
            "Forbidden",
            "3 of 5",
            "1 of 5",
            "oc extreg except prune\n",
        ],
    );
    let (_, out, _) = run(&["list", "-A", "-o", "json"]);
    let list: Value = serde_json::from_str(&out).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let listed: Vec<String> = list["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let keys = [
                "place",
                "checks",
                "kind",
                "namespace",
                "name",
                "part",
                "expires",
                "state",
                "reason",
            ];
            keys.map(|key| match key {
                "checks" => row[key].to_string(),
                _ => text(row, key),
            })
            .join("|")
        })
        .collect();
    insta::assert_snapshot!("except-list-cluster", listed.join("\n"));
    let secrets = api
        .seen()
        .into_iter()
        .find(|seen| seen.line.contains("/secrets"))
        .unwrap();
    assert!(secrets.header("accept")[0].contains("as=PartialObjectMetadataList"));

    let (code, out, err) = run(&["prune", "-n", "shop"]);
    assert_eq!(code, 0);
    has_facts(
        &format!("{out}{err}"),
        &[
            "deployment.apps/cart in shop: annotation for EXR007 deleted (dry run)",
            "2020-01-31",
            "deployment.apps/cart in shop: annotation for EXR005 deleted (dry run)",
            "2020-01-31",
            "deployment.apps/cart in shop: annotation for EXR001",
            "2020-01-01",
            "spec.template.metadata.annotations",
            "--yes",
        ],
    );
    assert_eq!(annotations(&api)["extreg.io/ignore-checks"], said);
    let (code, _, err) = run(&["prune", "-n", "shop", "--yes"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        annotations(&api),
        json!({"extreg.io/ignore-checks": "EXR001 until 2099-01-31: ours"})
    );
}
