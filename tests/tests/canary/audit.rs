//! `audit` and `inventory` of objects with a secret in every place where a user may have put one: of a cluster, of
//! files and of an inspect tree, in every format, in saved and in published output.

use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::workspace_binary;
use serde_json::{Value, json};

use crate::cluster::{Cluster, NAMESPACE, PLANTED, TOKEN, WEAK_TOKEN, WRONG_TOKEN, run};

const FORMATS: [&str; 12] = [
    "table",
    "wide",
    "name",
    "html",
    "json",
    "yaml",
    "csv",
    "sarif",
    "junit",
    "openreports",
    "markdown",
    "cyclonedx",
];

/// Of a cluster, as an administrator, an unprivileged and an unknown user; also published.
pub(crate) fn cluster(cluster: &Cluster) {
    for object in objects() {
        cluster.apply(&object);
    }
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/report/tests/data/schema");
    for file in [
        "openreports.io_reports.yaml",
        "openreports.io_clusterreports.yaml",
    ] {
        let definition = std::fs::read_to_string(schema.join(file)).unwrap();
        cluster.apply(&serde_saphyr::from_str(&definition).unwrap());
    }
    for format in FORMATS {
        let output = cluster_run(cluster, TOKEN, &["audit", "-A", "-o", format]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    for token in [WEAK_TOKEN, WRONG_TOKEN] {
        cluster_run(cluster, token, &["audit", "-A", "-o", "json"]);
        cluster_run(cluster, token, &["audit", "-n", NAMESPACE]);
        cluster_run(cluster, token, &["audit", "rbac", "--export"]);
        cluster_run(cluster, token, &["audit", "-A", "--publish"]);
    }
    for by in ["image", "registry", "workload", "namespace"] {
        cluster_run(cluster, TOKEN, &["inventory", "-A", "--by", by]);
    }
    let mut published = false;
    for _ in 0..50 {
        // The definitions are served shortly after they are accepted.
        let output = cluster_run(cluster, TOKEN, &["audit", "-A", "--publish", "-o", "name"]);
        published = output.status.success();
        if published {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(published, "no report was published");
    for kind in ["reports.openreports.io", "clusterreports.openreports.io"] {
        let reports = cluster.get(&[kind, "-A"]);
        assert!(
            !reports["items"].as_array().unwrap().is_empty(),
            "no {kind}"
        );
        cluster.canaries.assert_none(kind, &reports.to_string());
    }
}

/// Of files, valid and invalid ones, and the saved output.
pub(crate) fn files(cluster: &Cluster) {
    let folder = tempfile::tempdir().unwrap();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects()}).to_string();
    let mut texts = vec![list.clone(), list.replace("\"spec\":{", "\"spec\":{\"x\":")];
    for object in objects() {
        let text = object.to_string();
        texts.push(text.replace(
            "\"metadata\":{",
            &format!("\"metadata\":{{\"labels\":[\"{PLANTED}\"],"),
        ));
        texts.push(text.replace("\"name\":", &format!("\"name\":[\"{PLANTED}\"],\"n\":")));
        texts.push(text[..text.len() - 2].to_owned());
    }
    for (index, text) in texts.iter().enumerate() {
        // Valid files in every format, invalid ones in the most verbose.
        let formats = if index == 0 {
            &FORMATS[..]
        } else {
            &["wide", "json"]
        };
        let file = folder.path().join("objects.json");
        std::fs::write(&file, text).unwrap();
        for format in formats {
            offline(
                cluster,
                folder.path(),
                &["audit", "-f", "objects.json", "-o", format],
            );
        }
    }
    std::fs::write(folder.path().join("objects.json"), &list).unwrap();
    let save = [
        "audit",
        "-f",
        "objects.json",
        "--save",
        "kept",
        "--write-baseline",
        "kept/baseline.json",
        "-o",
        "html=kept/page.html",
        "-o",
        "sarif=kept/x.sarif",
    ];
    std::fs::create_dir(folder.path().join("kept")).unwrap();
    let output = offline(cluster, folder.path(), &save);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut kept = 0;
    for entry in std::fs::read_dir(folder.path().join("kept")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        cluster
            .canaries
            .assert_none(&path.display().to_string(), &text);
        kept += 1;
    }
    assert_eq!(kept, 4);
    for by in ["image", "registry", "workload", "namespace"] {
        let args = ["inventory", "-f", "objects.json", "--by", by, "-o", "json"];
        offline(cluster, folder.path(), &args);
    }
    // Flags with the wrong file.
    std::fs::write(folder.path().join("wrong.yaml"), format!("a: [{PLANTED}\n")).unwrap();
    std::fs::write(
        folder.path().join("odd.yaml"),
        format!("apiVersion: {PLANTED}\nkind: [{PLANTED}]\n"),
    )
    .unwrap();
    for file in ["objects.json", "wrong.yaml", "odd.yaml"] {
        for flag in ["--exceptions", "--baseline", "--policy"] {
            offline(
                cluster,
                folder.path(),
                &["audit", "-f", "objects.json", flag, file, "-o", "name"],
            );
        }
        offline(cluster, folder.path(), &["audit", "diff", file, file]);
    }
    tree(cluster, folder.path());
}

/// Of a manually created tree that contains the values of secrets.
fn tree(cluster: &Cluster, folder: &Path) {
    let here = folder.join("inspect/namespaces").join(NAMESPACE);
    for object in objects() {
        let (group, version) = object["apiVersion"]
            .as_str()
            .unwrap()
            .split_once('/')
            .unwrap_or(("core", ""));
        assert!(group == "core" || !version.is_empty());
        let kind = object["kind"].as_str().unwrap().to_lowercase();
        let to = here.join(group);
        std::fs::create_dir_all(&to).unwrap();
        let file = to.join(format!("{kind}s.yaml"));
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        std::fs::write(&file, format!("{before}---\n{object}\n")).unwrap();
    }
    for format in FORMATS {
        let args = ["audit", "--must-gather", "inspect", "-o", format];
        let output = offline(cluster, folder, &args);
        assert!(
            output.status.code().is_some_and(|code| code < 2),
            "{output:?}"
        );
    }
}

fn cluster_run(cluster: &Cluster, token: &str, args: &[&str]) -> Output {
    let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
    plugin
        .args(args)
        .args(["-v", "10", "--kubeconfig"])
        .arg(cluster.kubeconfig(token))
        .env_clear()
        .env("RUST_LOG", "trace")
        .current_dir("/");
    let output = run(&mut plugin, "");
    cluster.assert_none(&format!("oc-extreg {args:?}"), &output);
    output
}

fn offline(cluster: &Cluster, folder: &Path, args: &[&str]) -> Output {
    let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
    plugin
        .args(args)
        .args(["-v", "10"])
        .env_clear()
        .env("RUST_LOG", "trace")
        .current_dir(folder);
    let output = run(&mut plugin, "");
    cluster.assert_none(&format!("oc-extreg {args:?}"), &output);
    output
}

/// Objects with a secret in every possible place. Their owner sees them complete; the output of an audit goes to other
/// people.
fn objects() -> Vec<Value> {
    let url = format!("https://u:{PLANTED}@registry.example.com");
    let proxy = format!("http://u:{PLANTED}@proxy.example.com:3128");
    let metadata = |name: &str| {
        json!({
            "name": name, "namespace": NAMESPACE,
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": format!("{{\"data\":\"{PLANTED}\"}}"),
                "note": PLANTED,
            },
        })
    };
    let config = |key: &str| {
        let auth = STANDARD.encode(format!("u:{PLANTED}"));
        json!({"auths": {key: {"username": "u", "password": PLANTED, "auth": auth, "identitytoken": PLANTED}}})
            .to_string()
    };
    let docker = "kubernetes.io/dockerconfigjson";
    let secret = |name: &str, kind: &str, key: &str, text: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name), "type": kind,
            "data": {key: STANDARD.encode(text)}})
    };
    let environment = json!([
        {"name": "TOKEN", "value": PLANTED}, {"name": "HTTPS_PROXY", "value": proxy},
    ]);
    let build = |name: &str, strategy: Value, dockerfile: &str, to: &str| {
        json!({"apiVersion": "build.openshift.io/v1", "kind": "BuildConfig", "metadata": metadata(name), "spec": {
            "source": {"dockerfile": dockerfile, "git": {
                "uri": format!("https://u:{PLANTED}@git.example.com/x.git"), "httpProxy": proxy, "httpsProxy": proxy,
            }},
            "strategy": strategy,
            "output": {"to": {"kind": "DockerImage", "name": to},
                "imageLabels": [{"name": "token", "value": PLANTED}]},
            "triggers": [
                {"type": "GitHub", "github": {"secret": PLANTED}},
                {"type": "Generic", "generic": {"secret": PLANTED}},
            ],
        }})
    };
    let docker_strategy = json!({"dockerStrategy": {
        "env": environment, "buildArgs": [{"name": "TOKEN", "value": PLANTED}],
    }});
    let source_strategy = json!({"sourceStrategy": {
        "from": {"kind": "DockerImage", "name": format!("{url}/acme/base:1")}, "env": environment,
    }});
    let dockerfile = format!(
        "ARG TOKEN={PLANTED}\nARG BASE=u:{PLANTED}@registry.example.com/base\nFROM docker.io/library/python:3.12 AS x\n\
         ENV PASSWORD={PLANTED}\nFROM $BASE\nFROM --platform={PLANTED} {url}/base:1\nCOPY --from={url}/tools:1 a b\nRUN login {PLANTED}\n"
    );
    vec![
        secret("planted-key", docker, ".dockerconfigjson", &config(&url)),
        secret(
            "planted-slash",
            docker,
            ".dockerconfigjson",
            &config("https://index.docker.io/v1"),
        ),
        secret(
            "planted-odd",
            docker,
            ".dockerconfigjson",
            &config(&format!("{PLANTED}:{PLANTED}@/")),
        ),
        secret("planted-opaque", "Opaque", "password", PLANTED),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata("planted-string"), "type": docker,
            "stringData": {".dockerconfigjson": config("docker.io")}}),
        build(
            "planted-docker",
            docker_strategy,
            &dockerfile,
            &format!("{url}/acme/app:v1"),
        ),
        build(
            "planted-source",
            source_strategy,
            "",
            &format!("u:{PLANTED}@registry.example.com/acme/app:v1"),
        ),
        json!({"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": metadata("planted"), "spec": {
            "dockerImageRepository": format!("{url}/acme/follow"),
            "tags": [
                {"name": "a", "annotations": {"note": PLANTED}, "from": {"kind": "DockerImage", "name": format!("{url}/acme/app:1")}},
                {"name": "b", "from": {"kind": "DockerImage", "name": format!("u:{PLANTED}@registry.example.com/acme/app")}},
                {"name": "c", "from": {"kind": "DockerImage", "name": "registry.example.com/acme/app:1"}},
            ],
        }, "status": {"tags": [{"tag": "c", "items": null, "conditions": [{
            "type": "ImportSuccess", "status": "False", "reason": "InternalError",
            "lastTransitionTime": "2026-11-23T06:35:58Z", "message": format!("Get \"{url}/v2/\": no such host"),
        }]}]}}),
        json!({"apiVersion": "build.openshift.io/v1", "kind": "Build", "metadata": metadata("planted-1"),
            "spec": {"strategy": {"dockerStrategy": {"env": environment}},
                "output": {"to": {"kind": "DockerImage", "name": "registry.example.com/acme/app:v1"}}},
            "status": {"phase": "Failed", "reason": "PushImageToRegistryFailed",
                "message": format!("pushing to {url}/acme/app:v1: unauthorized")}}),
        json!({"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": {"name": "cluster"}, "spec": {
            "allowedRegistriesForImport": [{"domainName": format!("u:{PLANTED}@registry.example.com")}],
            "registrySources": {"insecureRegistries": [format!("u:{PLANTED}@registry.example.com:5000")]},
        }}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("planted"), "spec": {
            "selector": {"matchLabels": {"app": "planted"}},
            "template": {"metadata": {"labels": {"app": "planted"}, "annotations": {"note": PLANTED}}, "spec": {
                "containers": [
                    {"name": "a", "image": format!("u:{PLANTED}@registry.example.com/acme/app:1"), "env": environment,
                        "args": [format!("--token={PLANTED}")]},
                    {"name": "b", "image": format!("{url}/acme/app:1")},
                ],
            }},
        }}),
    ]
}
