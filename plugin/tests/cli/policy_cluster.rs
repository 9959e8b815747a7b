//! `policy show` and `policy test` with the policies of a cluster.

use serde_json::{Value, json};

use super::{
    common::{has_facts, rows},
    policy::policy,
};
use extreg_fakes::Api;

/// A cluster with only these objects, by path.
fn cluster(objects: &[(&str, Value)]) -> Api {
    Api::at(objects.to_vec()).start()
}

const POLICIES: &str = "/apis/extreg.io/v1alpha1/registrypolicies";

fn item(name: &str, spec: &Value, status: &Value) -> Value {
    let created = "2026-01-01T00:00:00Z";
    json!({
        "metadata": {"name": name, "creationTimestamp": created, "generation": 1},
        "spec": spec, "status": status,
    })
}

fn ready(is: &str, reason: &str, message: &str) -> Value {
    json!({"observedGeneration": 1, "conditions": [
        {"type": "Ready", "status": is, "reason": reason, "message": message},
    ], "facts": [{"source": "secrets", "state": "Forbidden", "message": "no"}]})
}

#[test]
fn shows_policies_of_the_cluster_with_their_conditions() {
    let hub = json!({"registry": "docker.io", "mode": "Warn", "push": {"secretName": "hub", "target": "Build"}});
    let acme = json!({"registry": "docker.io", "repositories": ["acme/*"], "pull": {"secretName": "p"},
        "namespaceSelector": {"matchLabels": {"env": "dev"}}});
    let items = json!({"items": [
        item("twin", &hub, &json!({})),
        item("hub", &hub, &ready("True", "InForce", "in mode Warn")),
        item("bad", &json!({"registry": "docker"}), &ready("False", "Invalid", "x")),
        item("acme", &acme, &ready("True", "InForce", "in mode Enforce")),
    ]});
    let snow = "/api/v1/namespaces/snow";
    let labels = json!({"metadata": {"labels": {"env": "test"}}});
    let api = cluster(&[(POLICIES, items), (snow, labels)]);
    let run = |args: &[&str]| policy(&[&["show", "--server", &api.url], args].concat(), "");
    let (code, out, err) = run(&[]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        rows(&out)[..4],
        [
            [
                "acme",
                "docker.io",
                "acme/*",
                "env=dev",
                "Enforce",
                "-",
                "p",
                "-",
                "True"
            ],
            [
                "hub",
                "docker.io",
                "all",
                "all",
                "Warn",
                "hub (Build)",
                "-",
                "-",
                "True"
            ],
            [
                "twin",
                "docker.io",
                "all",
                "all",
                "Warn",
                "hub (Build)",
                "-",
                "-",
                "Unknown (NoStatus)"
            ],
            [
                "bad",
                "docker",
                "all",
                "all",
                "Enforce",
                "-",
                "-",
                "-",
                "False (Invalid)"
            ],
        ]
    );

    has_facts(
        &err,
        &[
            "Warning: ",
            "oc extreg webhook install",
            "Warning: ",
            "hub",
            "twin",
            "hub",
        ],
    );
    let one = run(&["hub"]).1;
    has_facts(
        &one,
        &[
            "hub\n",
            "docker.io\n",
            "all\n",
            "Warn\n",
            "hub (Build)\n",
            "True\n",
            "in mode Warn\n",
            "secrets Forbidden no\n",
        ],
    );

    let (_, out, _) = run(&["-o", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["source"], "cluster");
    assert_eq!(report["policies"][0]["name"], "acme");
    assert_eq!(report["policies"][1]["conflictsWith"], json!(["twin"]));

    let (_, out, _) = run(&["--effective", "snow", "-o", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let names: Vec<&Value> = report["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, ["hub", "twin"]);

    assert_eq!(run(&["missing"]).0, 1);
    assert_eq!(run(&["--effective", "nowhere"]).0, 1);
}

#[test]
fn shows_the_built_in_policy_without_policies() {
    for objects in [vec![], vec![(POLICIES, json!({"items": []}))]] {
        let api = cluster(&objects);
        let (code, out, err) = policy(&["show", "--server", &api.url], "");
        assert_eq!(code, 0, "{err}");
        let knows_the_kind = !objects.is_empty();
        assert_eq!(out.contains("builtin-dockerhub"), !knows_the_kind, "{out}");
        let words = if knows_the_kind {
            "the cluster has no policy: nothing is injected"
        } else {
            "the cluster does not know the kind RegistryPolicy"
        };
        assert!(err.contains(words), "{err}");
    }
    let api = cluster(&[(POLICIES, json!(403))]);
    let (code, out, err) = policy(&["show", "--server", &api.url], "");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("builtin-dockerhub"), "{out}");
    assert!(err.contains("permission denied"), "{err}");
}

#[test]
fn tests_an_image_with_the_policies_of_the_cluster() {
    let dev = json!({"registry": "quay.io", "push": {"secretName": "q"}, "namespaceSelector": {"matchLabels": {"env": "dev"}}});
    let policies = (POLICIES, json!({"items": [item("dev", &dev, &json!({}))]}));
    let images = "/apis/config.openshift.io/v1/images/cluster";
    let config = json!({"metadata": {"name": "cluster"}, "spec": {"registrySources": {
        "allowedRegistries": ["quay.io"], "blockedRegistries": ["quay.io/evil"]}}});
    let snow = "/api/v1/namespaces/snow";
    for (labels, config, image, code, injects) in [
        (
            json!({"env": "dev"}),
            config.clone(),
            "quay.io/a/b",
            0,
            true,
        ),
        (json!({}), config.clone(), "quay.io/a/b", 0, false),
        (
            json!({"env": "dev", "extreg.io/ignore": "true"}),
            config.clone(),
            "quay.io/a/b",
            0,
            false,
        ),
        (
            json!({"env": "dev"}),
            config.clone(),
            "quay.io/evil/b",
            3,
            true,
        ),
        (json!({"env": "dev"}), config, "docker.io/a/b", 3, false),
        (json!({"env": "dev"}), json!(403), "docker.io/a/b", 0, false),
    ] {
        let namespace = json!({"metadata": {"labels": labels}});
        let api = cluster(&[policies.clone(), (snow, namespace), (images, config)]);
        let args = [
            "test", image, "--role", "push", "-n", "snow", "-o", "json", "--server", &api.url,
        ];
        let (got, out, err) = policy(&args, "");
        assert_eq!(got, code, "{image} {labels}: {out}{err}");
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            report["images"][0]["injects"], injects,
            "{image} {labels}: {out}"
        );
    }
}
