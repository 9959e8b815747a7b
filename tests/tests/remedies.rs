//! Every command that `audit` and `status` suggest, run on a real API server against the state that it is suggested for: then the finding or
//! the broken link is gone, and nothing else in the namespace has changed.
//!
//! Not here, as only OpenShift's own servers or nodes do what they ask for: imports, builds, rollouts of a DeploymentConfig, restarts, and a
//! digest in place of a tag, which pods have to run first.
#![cfg(test)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use extreg_tests::{ControlPlane, PluginFolder};
use serde_json::{Value, json};

/// What is compared of a namespace.
const KINDS: &str = "buildconfigs.build.openshift.io,builds.build.openshift.io,imagestreams.image.openshift.io,\
    deployments.apps,statefulsets.apps,cronjobs.batch,deploymentconfigs.apps.openshift.io,secrets,serviceaccounts";
/// A credential of docker.io for the user `u`.
const HUB: &str = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"docker.io":{"auth":"dTpw"}}}"#;
const QUAY: &str = r#"{"auths":{"quay.io":{"auth":"dTpw"}}}"#;
const IMAGE: &str = "docker.io/u/a:v1";

/// Where a command is suggested.
#[derive(Clone, Copy)]
enum Told {
    /// A finding of the audit: check and rule.
    Finding(&'static str, &'static str),
    /// A link of `status`, and its reason.
    Link(&'static str, &'static str),
}

/// A state, what is suggested for it, and what that changes: `kind/name` and the field.
struct Case {
    told: Told,
    objects: Vec<Value>,
    changed: &'static [&'static str],
}

fn case(told: Told, objects: Vec<Value>, changed: &'static [&'static str]) -> Case {
    Case {
        told,
        objects,
        changed,
    }
}

fn stream(name: &str, tag: &Value) -> Value {
    json!({"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": name},
        "spec": {"tags": [{"name": "other", "from": {"kind": "DockerImage", "name": "docker.io/u/other:1"},
            "importPolicy": {"scheduled": true}}, tag]}})
}

fn tag(more: &Value) -> Value {
    let mut tag = json!({"name": "v1", "from": {"kind": "DockerImage", "name": IMAGE},
        "annotations": {"kept": "yes"}, "referencePolicy": {"type": "Local"}});
    let members = tag.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    tag
}

fn scheduled() -> Value {
    tag(&json!({"importPolicy": {"scheduled": true, "importMode": "PreserveOriginal"}}))
}

/// A Deployment of two containers.
fn web(triggers: Option<&str>, image: &str) -> Value {
    let annotations = match triggers {
        Some(text) => json!({"image.openshift.io/triggers": text, "kept": "yes"}),
        None => json!({"kept": "yes"}),
    };
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": annotations},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {
            "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [
                {"name": "web", "image": image}, {"name": "side", "image": format!("quay.io/x/side@sha256:{}", "a".repeat(64))}]}}}})
}

fn config(triggers: &Value) -> Value {
    json!({"apiVersion": "apps.openshift.io/v1", "kind": "DeploymentConfig", "metadata": {"name": "web"},
        "spec": {"replicas": 1, "selector": {"a": "b"}, "triggers": triggers, "template": {
            "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "web", "image": IMAGE}]}}}})
}

fn change(containers: &[&str], automatic: bool) -> Value {
    json!({"type": "ImageChange", "imageChangeParams": {"automatic": automatic, "containerNames": containers,
        "from": {"kind": "ImageStreamTag", "name": "app:v1"}}})
}

fn entry(field: &str, more: &str) -> String {
    let field = field.replace('"', "\\\"");
    format!(r#"{{"from":{{"kind":"ImageStreamTag","name":"app:v1"}},"fieldPath":"{field}"{more}}}"#)
}

fn build(push: Option<&str>, base: &str) -> Value {
    let mut object = json!({"apiVersion": "build.openshift.io/v1", "kind": "BuildConfig", "metadata": {"name": "app"},
        "spec": {"source": {"git": {"uri": "https://git.example/a.git"}},
            "strategy": {"type": "Docker", "dockerStrategy": {"from": {"kind": "DockerImage", "name": base}, "noCache": true}},
            "output": {"to": {"kind": "DockerImage", "name": IMAGE}, "imageLabels": [{"name": "kept", "value": "yes"}]}}});
    if let Some(secret) = push {
        object["spec"]["output"]["pushSecret"] = json!({"name": secret});
    }
    object
}

fn secret(name: &str, config: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": config}})
}

fn account(name: &str, lists: &Value) -> Value {
    let mut account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let members = account.as_object_mut().unwrap();
    members.extend(lists.as_object().unwrap().clone());
    account
}

fn cases() -> Vec<Case> {
    use Told::{Finding, Link};

    let quoted = entry("spec.template.spec.containers[?(@.name=='side')].image", "");
    let healthy = entry("spec.template.spec.containers[0].image", "");
    let paused = entry("spec.template.spec.containers[0].image", r#","paused":true"#);
    let list = |entries: &[&str]| format!("[{}]", entries.join(","));
    let none = json!({});
    let digest = format!("docker.io/u/a@sha256:{}", "b".repeat(64));
    let short = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {"serviceName": "db", "selector": {"matchLabels": {"a": "b"}}, "template": {
            "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "db", "image": "app:v1"}]}}}});
    vec![
        case(
            Finding("EXR005", "not-scheduled"),
            vec![stream("app", &tag(&none))],
            &["imagestream/app /spec/tags/1/importPolicy"],
        ),
        case(
            Finding("EXR005", "not-scheduled"),
            vec![stream("app", &tag(&json!({"importPolicy": {"importMode": "PreserveOriginal"}})))],
            &["imagestream/app /spec/tags/1/importPolicy/scheduled"],
        ),
        case(
            Finding("EXR005", "reference"),
            vec![stream("app", &tag(&json!({"reference": true, "importPolicy": {"scheduled": true}})))],
            &["imagestream/app /spec/tags/1/reference"],
        ),
        case(
            Finding("EXR004", "tag-insecure"),
            vec![stream("app", &tag(&json!({"importPolicy": {"scheduled": true, "insecure": true}})))],
            &["imagestream/app /spec/tags/1/importPolicy/insecure"],
        ),
        case(
            Finding("EXR006", "tag"),
            vec![web(Some(&list(&[&paused])), IMAGE), stream("app", &scheduled())],
            &["deployment/web /metadata/annotations/image.openshift.io~1triggers"],
        ),
        case(
            Finding("EXR006", "tag"),
            vec![config(&json!([{"type": "ConfigChange"}, change(&["web"], false)])), stream("app", &scheduled())],
            &["deploymentconfig/web /spec/triggers/1/imageChangeParams/automatic"],
        ),
        case(
            Finding("EXR012", "bypass"),
            vec![web(None, IMAGE), stream("app", &scheduled())],
            &["deployment/web /metadata/annotations/image.openshift.io~1triggers"],
        ),
        case(
            Finding("EXR012", "bypass"),
            vec![config(&json!([{"type": "ConfigChange"}])), stream("app", &scheduled())],
            &["deploymentconfig/web /spec/triggers/1"],
        ),
        case(
            Finding("EXR012", "broken-trigger"),
            vec![web(Some(&list(&[&healthy, &quoted])), IMAGE), stream("app", &scheduled())],
            &["deployment/web /metadata/annotations/image.openshift.io~1triggers"],
        ),
        case(
            Finding("EXR012", "broken-trigger"),
            vec![web(Some(&list(&[&entry("foo.bar", ""), &healthy])), IMAGE), stream("app", &scheduled())],
            &["deployment/web /metadata/annotations/image.openshift.io~1triggers"],
        ),
        case(
            Finding("EXR012", "broken-trigger"),
            vec![config(&json!([change(&["wob"], true)])), stream("app", &scheduled())],
            &["deploymentconfig/web /spec/triggers/0/imageChangeParams/containerNames/0"],
        ),
        case(
            Finding("EXR007", "anonymous-push"),
            vec![build(None, "quay.io/x/base:1"), secret("hub", HUB), account("builder", &none)],
            &["buildconfig/app /spec/output/pushSecret"],
        ),
        case(
            Finding("EXR007", "anonymous-push"),
            vec![build(Some("dockerhub"), "quay.io/x/base:1"), secret("dockerhub", QUAY), account("builder", &none)],
            &["secret/dockerhub /data/.dockerconfigjson"],
        ),
        case(
            Finding("EXR007", "anonymous-build-pull"),
            vec![build(Some("hub"), "docker.io/u/base:1"), secret("hub", HUB), account("builder", &none)],
            &["buildconfig/app /spec/strategy/dockerStrategy/pullSecret"],
        ),
        case(
            Finding("EXR007", "anonymous-pull"),
            vec![web(None, IMAGE), secret("hub", HUB)],
            &["serviceaccount/default /imagePullSecrets"],
        ),
        case(
            Finding("EXR009", "missing-secret"),
            vec![build(Some("dockerhub"), "quay.io/x/base:1"), account("builder", &none)],
            &["secret/dockerhub "],
        ),
        case(
            Finding("EXR009", "ambiguous"),
            vec![
                secret("hub", HUB),
                secret("other", r#"{"auths":{"https://index.docker.io/v1/":{"auth":"bzpw"}}}"#),
            ],
            &["secret/other /metadata/annotations"],
        ),
        case(
            Finding("EXR009", "mount-only-link"),
            vec![
                build(None, "quay.io/x/base:1"),
                secret("hub", HUB),
                account("builder", &json!({"secrets": [{"name": "hub"}]})),
            ],
            &["serviceaccount/builder /imagePullSecrets"],
        ),
        case(
            Finding("EXR010", "searched"),
            vec![short, {
                let mut app = stream("app", &scheduled());
                app["status"] = json!({"dockerImageRepository": "registry.example/ns/app"});
                app
            }],
            &["imagestream/app /spec/lookupPolicy"],
        ),
        case(
            Link("trigger", "ByName"),
            vec![web(None, IMAGE), stream("app", &scheduled())],
            &["deployment/web /metadata/annotations/image.openshift.io~1triggers"],
        ),
        case(
            Link("trigger", "WrongContainer"),
            vec![config(&json!([change(&["wob"], true)])), stream("app", &scheduled())],
            &["deploymentconfig/web /spec/triggers/0/imageChangeParams/containerNames/0"],
        ),
        case(
            Link("import", "Reference"),
            vec![
                web(Some(&list(&[&healthy])), IMAGE),
                stream("app", &tag(&json!({"reference": true, "importPolicy": {"scheduled": true}}))),
            ],
            &["imagestream/app /spec/tags/1/reference"],
        ),
        case(
            Link("build", "PushWillFail"),
            vec![build(Some("dockerhub"), "quay.io/x/base:1"), stream("app", &scheduled()), account("builder", &none)],
            &["secret/dockerhub "],
        ),
        case(
            Link("build", "PushWillFail"),
            vec![
                build(Some("dockerhub"), "quay.io/x/base:1"),
                secret("dockerhub", QUAY),
                secret("hub", HUB),
                stream("app", &scheduled()),
                account("builder", &none),
            ],
            &["buildconfig/app /spec/output/pushSecret/name"],
        ),
        case(
            Link("trigger", "Pinned"),
            vec![web(None, &digest), {
                let mut app = stream("app", &scheduled());
                app["status"] = json!({"tags": [{"tag": "v1", "items": [{"image": digest.split_once('@').unwrap().1,
                    "dockerImageReference": digest, "created": "2026-01-01T00:00:00Z", "generation": 1}]}]});
                app
            }],
            &["deployment/web /metadata/annotations/image.openshift.io~1triggers"],
        ),
    ]
}

struct Bench<'a> {
    plane: &'a ControlPlane,
    plugin: PluginFolder,
    namespace: String,
}

impl Bench<'_> {
    /// Runs a line of a shell with kubectl and the plugin, as a user pastes it.
    fn shell(&self, line: &str, stdin: &str) -> (bool, String, String) {
        let kubectl = self.plane.kubectl();
        let program = std::path::Path::new(kubectl.get_program());
        let path = format!("{}:{}:/usr/bin:/bin", program.parent().unwrap().display(), self.plugin.path().display());
        let mut child = Command::new("sh")
            .args(["-c", line])
            .env_clear()
            .env("PATH", path)
            .env("KUBECONFIG", self.plane.kubeconfig())
            .env("HOME", "/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read it closes it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, line: &str) -> Value {
        let (_, out, err) = self.shell(line, "");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{line}: {error}\n{err}\n{out}"))
    }

    /// What identifies each place that is told, and the command for it.
    fn told(&self, told: Told) -> Vec<(String, String)> {
        let namespace = &self.namespace;
        let command = |fix: &Value| fix["command"].as_str().unwrap_or_default().to_owned();
        let mut all = Vec::new();
        match told {
            Told::Finding(check, rule) => {
                let report = self.json(&format!("kubectl extreg audit -n {namespace} --check {check} -o json"));
                for finding in report["sections"][0]["findings"].as_array().unwrap() {
                    if finding["rule"] == rule && finding["outcome"] == "fail" {
                        let key = finding["fingerprint"].as_str().unwrap().to_owned();
                        all.push((key, command(&finding["fix"])));
                    }
                }
            }
            Told::Link(part, reason) => {
                let report = self.json(&format!("kubectl extreg status -n {namespace} --no-registry -o json"));
                for flow in report["flows"].as_array().unwrap() {
                    for link in flow["links"].as_array().unwrap() {
                        if link["link"] == part && link["reason"] == reason && link["state"] == "broken" {
                            all.push((flow["name"].to_string(), command(&link["fix"])));
                        }
                    }
                }
            }
        }
        all
    }

    /// Every field of the namespace, by object and JSON pointer.
    fn dump(&self) -> BTreeSet<(String, String, String)> {
        let list = self.json(&format!("kubectl get {KINDS} -n {} -o json", self.namespace));
        let mut all = BTreeSet::new();
        for item in list["items"].as_array().unwrap() {
            let mut item = item.clone();
            let metadata = item["metadata"].as_object_mut().unwrap();
            for field in ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"] {
                metadata.remove(field);
            }
            let kind = item["kind"].as_str().unwrap().to_lowercase();
            let object = format!("{kind}/{}", item["metadata"]["name"].as_str().unwrap());
            flatten(&object, "", &item, &mut all);
        }
        all
    }
}

fn flatten(object: &str, at: &str, value: &Value, all: &mut BTreeSet<(String, String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                flatten(object, &format!("{at}/{key}"), value, all);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                flatten(object, &format!("{at}/{index}"), value, all);
            }
        }
        leaf => {
            all.insert((object.to_owned(), at.to_owned(), leaf.to_string()));
        }
    }
}

#[tokio::test]
async fn each_command_ends_its_finding_and_changes_nothing_else() {
    let plane = ControlPlane::shared().await.unwrap();
    for (number, case) in cases().into_iter().enumerate() {
        let bench = Bench {
            plane,
            plugin: PluginFolder::new().unwrap(),
            namespace: plane.namespace("remedy").await.unwrap(),
        };
        let namespace = &bench.namespace;
        let name = match case.told {
            Told::Finding(check, rule) => format!("{number}: {check} {rule}"),
            Told::Link(part, reason) => format!("{number}: {part} {reason}"),
        };
        // Pods of the namespace run as it, and the API server makes none of itself here.
        let own = account("default", &json!({"secrets": [{"name": "kept"}]}));
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [&[own][..], &case.objects].concat()});
        let apply = format!("kubectl apply --server-side --force-conflicts -n {namespace} -f -");
        let (done, _, err) = bench.shell(&apply, &list.to_string());
        assert!(done, "{name}: {err}");

        let told = bench.told(case.told);
        let [(key, command)] = told.as_slice() else {
            panic!("{name}: {told:?}");
        };
        assert!(command.starts_with("kubectl "), "{name}: {command:?}");
        let before = bench.dump();
        // What it asks for at a terminal is given by flags here.
        let line = if command.contains(" secret set ") {
            command.replace(" -n ", " --username u --password-stdin --no-verify -n ")
        } else {
            command.clone()
        };
        let (done, out, err) = bench.shell(&line, "token");
        assert!(done, "{name}: {line}\n{out}\n{err}");
        assert!(!out.contains("token") && !err.contains("token"), "{name}");
        let after = bench.dump();
        for (object, at, value) in before.symmetric_difference(&after) {
            let place = format!("{object} {at}");
            let is_meant = case.changed.iter().any(|prefix| place.starts_with(prefix));
            assert!(is_meant, "{name}: {line}\nchanges {place}: {value}");
        }
        assert_ne!(before, after, "{name}: {line}");
        let left = bench.told(case.told);
        assert!(left.iter().all(|(of, _)| of != key), "{name}: {line}\nleaves {left:?}");
    }
}
