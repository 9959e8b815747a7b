//! The webhook at its most verbose, with credentials in its facts, in its requests, and in its arguments.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use extreg_tests::WebhookServer;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::cluster::{
    Cluster, NAMESPACE, WEAK_TOKEN, WRITTEN, WRONG_TOKEN, build_config, image_stream, run,
};

/// All messages of all crates, including those that are usually limited.
pub(crate) const VERBOSE: &str = "--log-level=trace,h2=trace,hyper=trace,kube_client=trace,kube_runtime=trace,rustls=trace,tower=trace";

/// Makes the webhook decide with secrets of each type.
pub(crate) async fn writes(cluster: &Cluster) {
    for (name, push, pull) in [
        ("good", "hub-good", "hub-old"),
        ("old", "hub-old", "hub-good"),
        ("broken", "hub-broken", "hub-broken"),
        ("elsewhere", "hub-elsewhere", "hub-opaque"),
        ("opaque", "hub-opaque", "hub-elsewhere"),
        ("missing", "hub-missing", "hub-missing"),
    ] {
        cluster.apply(&json!({
            "apiVersion": "extreg.io/v1alpha1", "kind": "RegistryPolicy",
            "metadata": {"name": name, "annotations": {"note": WRITTEN}},
            "spec": {
                "registry": "docker.io", "repositories": [format!("acme/{name}")],
                "push": {"secretName": push}, "pull": {"secretName": pull},
                "import": {"scheduled": true},
            },
        }));
    }
    // The policy and the secret have been read once it warns about the policy by name.
    for name in ["broken", "elsewhere", "opaque", "missing"] {
        until_warned(cluster, name).await;
    }
    for name in ["good", "old", "broken", "elsewhere", "opaque", "missing"] {
        cluster.apply(&build_config(name, &format!("docker.io/acme/{name}:v1")));
    }
    let good = cluster.get(&["buildconfig", "good"]);
    assert_eq!(
        good["spec"]["output"]["pushSecret"],
        json!({"name": "hub-good"})
    );
    cluster.apply(&image_stream("stream"));
    let stream = cluster.get(&["imagestream", "stream"]);
    assert_eq!(stream["spec"]["tags"][0]["importPolicy"]["scheduled"], true);
    // The objects that it writes into the cluster.
    for what in ["registrypolicies", "events", "leases"] {
        let mut list = cluster.get(&[what, "-A"]);
        for item in list["items"].as_array_mut().unwrap() {
            // The objects that the test wrote.
            item["metadata"] = Value::Null;
        }
        cluster.canaries.assert_none(what, &list.to_string());
    }
}

async fn until_warned(cluster: &Cluster, name: &str) {
    let object = build_config("try", &format!("docker.io/acme/{name}:v1")).to_string();
    for _ in 0..600 {
        let mut kubectl = cluster.plane.kubectl();
        kubectl.args(["create", "--dry-run=server", "-o", "name", "-f", "-"]);
        let output = run(&mut kubectl, &object);
        cluster.assert_none("a warning", &output);
        // The policy of the installation warns too, about another secret.
        let printed = String::from_utf8_lossy(&output.stderr);
        if printed.contains("Warning: ") && printed.contains(&format!("hub-{name}")) {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("never warned about {name}");
}

/// Sends invalid reviews, and ones that no API server would send.
pub(crate) async fn reviews(cluster: &Cluster, server: &WebhookServer) {
    let mut statuses = Vec::new();
    for body in bodies() {
        let mut client = server.client().await.unwrap();
        // It may close the connection if the body is too long.
        let Ok(answer) = client.post(body).await else {
            continue;
        };
        statuses.push(answer.status);
        cluster
            .canaries
            .assert_none("an answer", &String::from_utf8_lossy(&answer.body));
    }
    assert!(
        statuses.contains(&200) && statuses.contains(&400),
        "{statuses:?}"
    );
}

fn bodies() -> Vec<String> {
    let request = json!({
        "uid": "1", "operation": "CREATE", "namespace": NAMESPACE, "name": "x",
        "resource": {"group": "build.openshift.io", "version": "v1", "resource": "buildconfigs"},
        "userInfo": {"username": WRITTEN, "extra": {"scopes": [WRITTEN]}},
        "object": build_config("x", "docker.io/acme/missing:v1"),
    });
    let review = |request: &Value| {
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
            .to_string()
    };
    let whole = review(&request);
    let mut bodies = vec![
        whole.clone(),
        WRITTEN.to_owned(),
        format!("\"{WRITTEN}\""),
        format!("{{\"{WRITTEN}\": 1, \"{WRITTEN}\": "),
        whole[..whole.len() / 2].to_owned(),
        whole.replace("\"note\":", "\"note\" "),
        whole.replace("admission.k8s.io/v1", WRITTEN),
        whole.replace("AdmissionReview", WRITTEN),
        whole.replace("\"1\"", "\"\""),
        whole.replace("CREATE", WRITTEN),
        whole.replace("buildconfigs", WRITTEN),
        format!("{whole}{WRITTEN}"),
        review(&json!(WRITTEN)),
        format!("[\"{}\"]", WRITTEN.repeat((9 << 20) / WRITTEN.len())),
    ];
    for pointer in [
        "/uid",
        "/operation",
        "/resource",
        "/userInfo",
        "/object",
        "/object/metadata",
        "/object/metadata/annotations",
        "/object/spec",
        "/object/spec/output",
        "/object/spec/output/to",
        "/object/spec/strategy",
        "/object/spec/source",
    ] {
        for wrong in [json!([WRITTEN]), json!({ WRITTEN: [WRITTEN] })] {
            let mut request = request.clone();
            *request.pointer_mut(pointer).unwrap() = wrong;
            bodies.push(review(&request));
        }
    }
    bodies
}

/// Requests unknown paths from the plain port, with credentials.
pub(crate) fn probes(cluster: &Cluster, server: &WebhookServer) {
    for path in ["metrics", "readyz", "livez", WRITTEN] {
        let mut stream = TcpStream::connect(server.health_address()).unwrap();
        write!(
            stream,
            "GET /{path}?token={WRITTEN} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITTEN}\r\n\
             Connection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        cluster.canaries.assert_none("the plain port", &answer);
    }
}

/// One without permissions, one with an unknown user, and ones with invalid files.
pub(crate) async fn without_rights(cluster: &Cluster) {
    for token in [WEAK_TOKEN, WRONG_TOKEN] {
        match WebhookServer::start(&cluster.kubeconfig(token), &[VERBOSE]) {
            Ok(server) => {
                reviews(cluster, &server).await;
                assert_silent(cluster, "the webhook without rights", &server);
            }
            Err(error) => cluster
                .canaries
                .assert_none("the webhook without rights", &format!("{error:#}")),
        }
    }
    for text in [
        format!("{{kind: Secret, stringData: {{password: {WRITTEN}}}}}"),
        format!("password: [{WRITTEN}\n"),
        format!(
            "{{apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {{name: p}},\n\
             spec: {{registry: docker.io, password: {WRITTEN}}}}}"
        ),
        WRITTEN.to_owned(),
    ] {
        let file = cluster.file("wrong.yaml", &text);
        for flag in ["--policy", "--kubeconfig", "--tls-key"] {
            let flag = format!("{flag}={}", file.display());
            let kubeconfig = cluster.kubeconfig(WEAK_TOKEN);
            let error = WebhookServer::start(&kubeconfig, &[VERBOSE, &flag]).err();
            let printed = error.map(|error| format!("{error:#}")).unwrap_or_default();
            cluster
                .canaries
                .assert_none(&format!("extreg-webhook {flag}"), &printed);
        }
    }
}

/// Neither its log nor its metrics may contain one.
pub(crate) fn assert_silent(cluster: &Cluster, who: &str, server: &WebhookServer) {
    let log = server.log().unwrap();
    assert!(!log.is_empty(), "{who} logs nothing");
    cluster.canaries.assert_none(who, &log);
    cluster
        .canaries
        .assert_none(who, &server.metrics().unwrap());
}
