//! `secret link` and `secret rotate` against a real API server.
#![cfg(test)]

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_fakes::registry::{Auth, IMAGE, Registry, Rules};
use extreg_tests::{ControlPlane, with_input, workspace_binary};
use serde_json::{Value, json};

const HUB: &str = "https://index.docker.io/v1/";
const OLD: &str = "geheim-alt";
const NEW: &str = "geheim-neu";

/// The result of a run.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}\n{}", self.out, self.err))
    }

    /// `namespace outcome` of each secret.
    fn outcomes(&self) -> Vec<(String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let answer = self.json();
        let rows = answer["secrets"].as_array().unwrap().iter();
        rows.map(|row| (text(row, "namespace"), text(row, "outcome")))
            .collect()
    }
}

fn run(command: &mut Command, stdin: &str) -> Run {
    let output = with_input(command, stdin).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// Runs `oc-extreg secret ARGS` as the user of the kubeconfig.
fn secret(kubeconfig: &Path, args: &[&str], stdin: &str) -> Run {
    let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
    plugin
        .arg("secret")
        .args(args)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .env_clear()
        .current_dir("/");
    run(&mut plugin, stdin)
}

fn apply(plane: &ControlPlane, object: &Value) {
    let applied = run(
        plane.kubectl().args(["apply", "--server-side", "-f", "-"]),
        &object.to_string(),
    );
    assert_eq!(applied.code, 0, "{}", applied.err);
}

fn get(plane: &ControlPlane, namespace: &str, what: &str) -> Value {
    let args = ["get", what, "-n", namespace, "-o", "json"];
    let got = run(plane.kubectl().args(args), "");
    assert_eq!(got.code, 0, "{}", got.err);
    serde_json::from_str(&got.out).unwrap()
}

/// A secret with the old credential and a credential of another registry.
fn hub(namespace: &str) -> Value {
    let entry = |pair: String| json!({"auth": STANDARD.encode(pair)});
    let config = json!({"auths": {
        "quay.io": entry("q:q".to_owned()),
        HUB: entry(format!("ably77:{OLD}")),
    }});
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "hub", "namespace": namespace},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": STANDARD.encode(config.to_string())},
    })
}

/// The passwords of a secret for Docker Hub and for quay.io.
fn held(secret: &Value) -> (String, String) {
    let encoded = secret["data"][".dockerconfigjson"].as_str().unwrap();
    let config: Value = serde_json::from_slice(&STANDARD.decode(encoded).unwrap()).unwrap();
    let pair = |key: &str| {
        let auth = config["auths"][key]["auth"].as_str().unwrap();
        String::from_utf8(STANDARD.decode(auth).unwrap()).unwrap()
    };
    let (_, password) = pair(HUB)
        .split_once(':')
        .map(|(u, p)| (u.to_owned(), p.to_owned()))
        .unwrap();
    (password, pair("quay.io"))
}

/// A registry without authentication, which calls `first` before it answers the first request for an
/// image.
fn registry(first: impl FnOnce() + Send + 'static) -> Registry {
    let first = Mutex::new(Some(first));
    let rules = Rules {
        auth: Auth::Open,
        images: [("ably77/app:latest".to_owned(), IMAGE)].into(),
        ..Rules::default()
    };
    Registry::start_with(rules, move |seen| {
        if seen.line.starts_with("HEAD ")
            && let Some(first) = first.lock().unwrap().take()
        {
            first();
        }
    })
}

/// Records every later state of a secret.
struct Watch {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Watch {
    fn start(plane: &ControlPlane, namespace: &str) -> Self {
        let args = ["get", "secret", "hub", "-n", namespace, "-o", "json"];
        let mut child = plane
            .kubectl()
            .args(args)
            .args(["--watch", "--output-watch-events"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut chunk) {
                let text = String::from_utf8_lossy(&chunk[..count]).into_owned();
                heard.lock().unwrap().push_str(&text);
            }
        });
        let watch = Self { child, said };
        watch.until(1);
        watch
    }

    /// Waits for `count` events and returns them.
    fn until(&self, count: usize) -> Vec<Value> {
        for _ in 0..300 {
            let events: Vec<Value> = serde_json::Deserializer::from_str(&self.said.lock().unwrap())
                .into_iter()
                .map_while(Result::ok)
                .collect();
            if events.len() >= count {
                return events;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("no {count} events: {}", self.said.lock().unwrap());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn linking_twice_adds_one_link() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("link").await.unwrap();
    apply(plane, &hub(&namespace));
    for (name, entries) in [
        ("builder", "builder-dockercfg-x"),
        ("web", "web-dockercfg-x"),
    ] {
        apply(
            plane,
            &json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": name, "namespace": namespace},
                "imagePullSecrets": [{"name": entries}],
                "secrets": [{"name": entries}],
            }),
        );
    }
    let args = ["link", "hub", "--account", "web", "-n", &namespace];
    let first = secret(plane.kubeconfig(), &args, "");
    assert_eq!(
        (first.code, first.out.as_str()),
        (
            0,
            "serviceaccount/builder linked\nserviceaccount/web linked\n"
        ),
        "{}",
        first.err
    );
    let names = |account: &Value, list: &str| -> Vec<String> {
        let entries = account[list].as_array().unwrap().iter();
        entries
            .map(|entry| entry["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let builder = get(plane, &namespace, "serviceaccount/builder");
    assert_eq!(
        names(&builder, "imagePullSecrets"),
        ["builder-dockercfg-x", "hub"]
    );
    assert_eq!(names(&builder, "secrets"), ["builder-dockercfg-x", "hub"]);
    let web = get(plane, &namespace, "serviceaccount/web");
    assert_eq!(names(&web, "imagePullSecrets"), ["web-dockercfg-x", "hub"]);
    assert_eq!(names(&web, "secrets"), ["web-dockercfg-x"]);
    let again = secret(plane.kubeconfig(), &args, "");
    assert_eq!(
        again.out,
        "serviceaccount/builder unchanged\nserviceaccount/web unchanged\n"
    );
    assert_eq!(get(plane, &namespace, "serviceaccount/builder"), builder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_keeps_a_valid_credential_and_concurrent_changes() {
    let plane = ControlPlane::shared().await.unwrap();
    let mut namespaces = Vec::new();
    for prefix in ["rotate-a", "rotate-b", "rotate-c"] {
        let namespace = plane.namespace(prefix).await.unwrap();
        apply(plane, &hub(&namespace));
        namespaces.push(namespace);
    }
    let watches: Vec<Watch> = namespaces
        .iter()
        .map(|namespace| Watch::start(plane, namespace))
        .collect();

    // Another client annotates one of them during the query of the registry.
    let mut annotate = plane.kubectl();
    annotate.args(["annotate", "secret/hub", "by=another", "-n", &namespaces[1]]);
    let conflicting = registry(move || {
        assert_eq!(run(&mut annotate, "").code, 0);
    });
    let list = namespaces.join(",");
    let rotate = |registry: &Registry| {
        let endpoint = format!("docker.io={}", registry.url);
        let args = [
            "rotate",
            "hub",
            "-n",
            &list,
            "--password-stdin",
            "--yes",
            "-o",
            "json",
            "--image",
            "docker.io/ably77/app",
            "--registry-endpoint",
            &endpoint,
        ];
        secret(plane.kubeconfig(), &args, NEW)
    };
    let outcomes = |of: [&str; 3]| -> Vec<(String, String)> {
        let of = of.map(str::to_owned);
        namespaces.iter().cloned().zip(of).collect()
    };
    let first = rotate(&conflicting);
    assert_eq!(first.code, 5, "{}{}", first.out, first.err);
    assert_eq!(
        first.outcomes(),
        outcomes(["rotated", "conflict", "rotated"])
    );
    assert!(
        first.err.contains("run the same command again"),
        "{}",
        first.err
    );
    let second = rotate(&registry(|| ()));
    assert_eq!(second.code, 0, "{}{}", second.out, second.err);
    assert_eq!(
        second.outcomes(),
        outcomes(["unchanged", "rotated", "unchanged"])
    );
    let third = rotate(&registry(|| ()));
    assert_eq!(third.outcomes(), outcomes(["unchanged"; 3]));

    for (namespace, (watch, writes)) in namespaces.iter().zip(watches.iter().zip([1, 2, 1])) {
        let secret = get(plane, namespace, "secret/hub");
        let events = watch.until(1 + writes);
        assert_eq!(
            events.len(),
            1 + writes,
            "{namespace} was written more often"
        );
        for event in &events {
            assert_ne!(event["type"], "DELETED");
            let (password, quay) = held(&event["object"]);
            assert!([OLD, NEW].contains(&password.as_str()), "{password}");
            assert_eq!(quay, "q:q");
        }
        assert_eq!(held(&secret), (NEW.to_owned(), "q:q".to_owned()));
    }
    let annotated = get(plane, &namespaces[1], "secret/hub");
    assert_eq!(annotated["metadata"]["annotations"]["by"], "another");
}

/// A user with rights in one namespace.
fn member(plane: &ControlPlane, name: &str, namespace: &str, may_patch: bool) -> PathBuf {
    let verbs: &[&str] = if may_patch {
        &["get", "list", "patch"]
    } else {
        &["get", "list"]
    };
    apply(
        plane,
        &json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": name, "namespace": namespace},
            "rules": [{"apiGroups": [""], "resources": ["secrets", "serviceaccounts"], "verbs": verbs}],
        }),
    );
    apply(
        plane,
        &json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}],
        }),
    );
    plane.user(name, &[]).unwrap()
}

#[tokio::test]
async fn namespace_member_rotates_in_one_namespace_and_sees_what_remains() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("member").await.unwrap();
    let other = plane.namespace("foreign").await.unwrap();
    for namespace in [&namespace, &other] {
        apply(plane, &hub(namespace));
    }
    let ann = member(plane, "secret-ann", &namespace, true);
    let bob = member(plane, "secret-bob", &namespace, false);
    let args = |namespace: &str| -> Vec<String> {
        let words = format!("rotate hub -n {namespace} --password-stdin --no-verify --yes -o json");
        words.split(' ').map(str::to_owned).collect()
    };
    let rotate = |who: &Path, namespace: &str| {
        let args = args(namespace);
        secret(
            who,
            &args.iter().map(String::as_str).collect::<Vec<_>>(),
            NEW,
        )
    };
    let refused = rotate(&bob, &namespace);
    assert_eq!(
        refused.outcomes(),
        [(namespace.clone(), "failed".to_owned())]
    );
    assert_eq!(held(&get(plane, &namespace, "secret/hub")).0, OLD);
    let done = rotate(&ann, &namespace);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(held(&get(plane, &namespace, "secret/hub")).0, NEW);
    // She has no rights in other namespaces.
    let elsewhere = rotate(&ann, &other);
    assert_eq!(elsewhere.code, 6, "{}{}", elsewhere.out, elsewhere.err);
    assert_eq!(held(&get(plane, &other, "secret/hub")).0, OLD);

    let check = secret(
        &ann,
        &[
            "check",
            "hub",
            "-n",
            &namespace,
            "--no-registry",
            "-o",
            "json",
        ],
        "",
    );
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    assert!(!check.json()["gaps"].as_array().unwrap().is_empty());
    let image = "docker.io/ably77/app";
    let check = ["check", "--image", image, "--no-registry", "-n", &other];
    let check = secret(&ann, &check, "");
    assert_eq!(check.code, 6, "{}{}", check.out, check.err);
}
