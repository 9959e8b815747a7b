//! `status`: its requests, and its output for people and for programs.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::common::{extreg, has_facts, rows};
use extreg_fakes::{Answer, Api, Seen, ok, status};

pub(crate) const NEW: &str =
    "sha256:1111111111111111111111111111111111111111111111111111111111111111";
pub(crate) const OLD: &str =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The lists of a cluster, by the last part of their path.
#[derive(Clone, Default)]
pub(crate) struct Lists(Arc<Mutex<BTreeMap<String, Vec<Value>>>>);

impl Lists {
    /// An application whose image was built, imported and rolled out.
    pub(crate) fn through() -> Self {
        let lists = Self::default();
        let spec = json!({"output": {"to": {"kind": "DockerImage", "name": "docker.io/u/a:latest"},
            "pushSecret": {"name": "dockerhub"}}});
        let own = |name: &str, seconds: i64| json!({"name": name, "namespace": "snow", "creationTimestamp": ago(seconds)});
        let mut build = own("app-3", 1900);
        build["annotations"] = json!({"openshift.io/build-config.name": "app",
            "openshift.io/build.number": "3"});
        let mut workload = own("app", 9000);
        workload["generation"] = json!(4);
        workload["annotations"] = json!({"image.openshift.io/triggers":
            r#"[{"from":{"kind":"ImageStreamTag","name":"app:latest"},"fieldPath":"spec.template.spec.containers[?(@.name==\"app\")].image"}]"#});
        let mut pod = own("app-5d4f-x", 1700);
        pod["labels"] = json!({"pod-template-hash": "5d4f"});
        pod["ownerReferences"] =
            json!([{"kind": "ReplicaSet", "name": "app-5d4f", "controller": true}]);
        lists.set(
            "buildconfigs",
            &[json!({"metadata": own("app", 90000), "spec": spec,
            "status": {"lastVersion": 3}})],
        );
        lists.set(
            "builds",
            &[
                json!({"metadata": build, "spec": spec, "status": {"phase": "Complete",
            "completionTimestamp": ago(1830), "output": {"to": {"imageDigest": NEW}}}}),
            ],
        );
        lists.set("imagestreams", &[json!({"metadata": own("app", 90000),
            "spec": {"tags": [{"name": "latest", "generation": 2, "importPolicy": {"scheduled": true},
                "from": {"kind": "DockerImage", "name": "docker.io/u/a:latest"}}]},
            "status": {"tags": [{"tag": "latest", "items": [
                {"image": NEW, "created": ago(1770), "generation": 2, "dockerImageReference": format!("docker.io/u/a@{NEW}")},
                {"image": OLD, "created": ago(90000), "generation": 1, "dockerImageReference": format!("docker.io/u/a@{OLD}")}]}]}})]);
        lists.set("deployments", &[json!({"metadata": workload,
            "spec": {"replicas": 1, "template": {"spec": {"containers": [
                {"name": "app", "image": format!("docker.io/u/a@{NEW}")}]}}},
            "status": {"observedGeneration": 4, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}})]);
        lists.set("pods", &[json!({"metadata": pod, "status": {"phase": "Running", "containerStatuses": [
            {"name": "app", "imageID": format!("docker.io/u/a@{NEW}"), "state": {"running": {"startedAt": ago(1650)}}}]}})]);
        lists
    }

    /// The application, whose last push was not imported.
    pub(crate) fn behind() -> Self {
        let lists = Self::through();
        lists.change("imagestreams", |stream| {
            let items = stream["status"]["tags"][0]["items"].as_array_mut().unwrap();
            items.remove(0);
            stream["spec"]["tags"][0]["importPolicy"] = json!({});
            stream["spec"]["tags"][0]["generation"] = json!(1);
        });
        lists.change("deployments", |workload| {
            workload["spec"]["template"]["spec"]["containers"][0]["image"] =
                json!(format!("docker.io/u/a@{OLD}"));
        });
        lists.change("pods", |pod| {
            pod["status"]["containerStatuses"][0]["imageID"] =
                json!(format!("docker.io/u/a@{OLD}"));
        });
        lists
    }

    pub(crate) fn set(&self, list: &str, items: &[Value]) {
        self.0
            .lock()
            .unwrap()
            .insert(list.to_owned(), items.to_vec());
    }

    pub(crate) fn add(&self, list: &str, item: Value) {
        let mut lists = self.0.lock().unwrap();
        lists.entry(list.to_owned()).or_default().push(item);
    }

    pub(crate) fn change(&self, list: &str, change: impl Fn(&mut Value)) {
        let mut lists = self.0.lock().unwrap();
        lists.get_mut(list).unwrap().iter_mut().for_each(change);
    }

    /// Serves the lists unchanged.
    pub(crate) fn become_like(&self, other: &Self) {
        *self.0.lock().unwrap() = other.0.lock().unwrap().clone();
    }

    /// Serves the lists, unless `special` answers.
    pub(crate) fn serve(
        &self,
        special: impl Fn(&str, &Seen) -> Option<Answer> + Send + Sync + 'static,
    ) -> Api {
        let lists = self.clone();
        Api::answering(move |seen| {
            special(&seen.path, seen).unwrap_or_else(|| {
                let list = seen.path.rsplit('/').next().unwrap_or_default();
                let lists = lists.0.lock().unwrap();
                let items = lists.get(list).cloned().unwrap_or_default();
                ok(&json!({"items": items}))
            })
        })
    }
}

pub(crate) fn ago(seconds: i64) -> String {
    let time = Timestamp::now() - SignedDuration::from_secs(seconds);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(crate) fn forbidden() -> Answer {
    status(403, "Forbidden", "not yours")
}

/// Exit code, stdout and stderr of `oc-extreg status WORDS`.
pub(crate) fn run(api: &Api, words: &str) -> (i32, String, String) {
    let output = extreg()
        .arg("status")
        .args(words.split_whitespace())
        .args(["-n", "snow"])
        .env("KUBECONFIG", api.kubeconfig())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

pub(crate) fn stdout(lists: &Lists, words: &str) -> String {
    let api = lists.serve(|_, _| None);
    let (code, out, err) = run(&api, &format!("{words} --no-registry"));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    out
}

#[test]
fn one_flow_fits_a_screen() {
    let links = |printed: &str| -> Vec<String> {
        let links = printed.lines().filter(|line| line.starts_with("  "));
        links
            .map(|line| {
                line.split_whitespace()
                    .take(2)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    };
    let through = stdout(&Lists::through(), "");
    let states = [
        "build ok",
        "registry unknown",
        "import ok",
        "trigger ok",
        "rollout ok",
        "pods ok",
    ];
    assert_eq!(links(&through), states);
    let new = "sha256:111111111111";
    has_facts(
        &through,
        &[
            "app:latest in snow, from docker.io/u/a:latest\n",
            "30m",
            "app-3",
            new,
            "docker.io/u/a:latest",
            "29m",
            new,
            "15 minutes",
            "deployment/app",
            "1 of 1",
            "27m",
            new,
        ],
    );
    assert!(
        !through.contains("Fix:") && !through.contains("<- broken"),
        "{through}"
    );
    let behind = stdout(&Lists::behind(), "app");
    let states = [
        "build ok",
        "registry unknown",
        "import broken",
        "trigger ok",
        "rollout ok",
        "pods ok",
    ];
    assert_eq!(links(&behind), states);
    has_facts(
        &behind,
        &[
            "25h",
            "sha256:000000000000",
            "app-3",
            new,
            "<- broken\n",
            "sha256:000000000000\nFix: oc extreg import app:latest -n snow\n",
        ],
    );
}

#[test]
fn prints_several_flows_as_a_table() {
    let lists = Lists::behind();
    let other = json!({"metadata": {"name": "web", "namespace": "snow"},
        "spec": {"tags": [{"name": "v1", "from": {"kind": "DockerImage", "name": "quay.io/o/web:v1"}}]},
        "status": {"tags": [{"tag": "v1", "items": [], "conditions": [{"type": "ImportSuccess",
            "status": "False", "reason": "InternalError", "lastTransitionTime": ago(7300),
            "message": "toomanyrequests: You have reached\nyour pull \u{1b}[31mlimit"}]}]}});
    lists.add("imagestreams", other);
    let [narrow, wide, all] = ["", "-o wide", "-A"].map(|words| stdout(&lists, words));
    let app = ["app:latest", "broken", "import", "25h"];
    let web = ["web:v1", "broken", "import", "2h"];
    for (table, at) in [(&narrow, 0), (&wide, 0), (&all, 1)] {
        let rows = rows(table);
        assert_eq!(rows.len(), 2, "{table}");
        assert_eq!(
            (&rows[0][at..at + 4], &rows[1][at..at + 4]),
            (&app[..], &web[..])
        );
    }
    // The table cuts the reason; `-o wide` shows all of it, with the image and the fix.
    assert!(
        narrow.lines().skip(1).all(|line| line.ends_with('…')),
        "{narrow}"
    );
    has_facts(
        &wide,
        &[
            "docker.io/u/a:latest",
            "sha256:000000000000",
            "oc extreg import app:latest -n snow\n",
        ],
    );
    has_facts(
        &wide,
        &[
            "quay.io/o/web:v1",
            "oc extreg secret set quay-io --registry quay.io -n snow\n",
        ],
    );
    assert!(
        all.lines().skip(1).all(|line| line.starts_with("snow ")),
        "{all}"
    );
    assert_eq!(
        stdout(&lists, "-o name"),
        "imagestreamtag.image.openshift.io/app:latest\nimagestreamtag.image.openshift.io/web:v1\n"
    );
}

#[test]
fn tree_contains_every_object() {
    let tree = stdout(&Lists::behind(), "--tree");
    let drawn: Vec<&str> = tree
        .lines()
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    assert_eq!(
        drawn[..6],
        [
            "imagestreamtag/app:latest in snow",
            "|- buildconfig/app",
            "|",
            "|- docker.io/u/a:latest",
            "|- imagestream/app",
            "`- deployment/app",
        ]
    );
    has_facts(
        &tree,
        &[
            "in snow  broken\n",
            "|  `- build/app-3  ok  ",
            "30m\n",
            "|- docker.io/u/a:latest  unknown  ",
            "|- imagestream/app  broken  ",
            "25h  <- broken\n",
            "   |- trigger  ok  ",
            "   |- rollout  ok  ",
            "   `- pods  ok  ",
            "27m\n",
            "      `- pod/app-5d4f-x  sha256:000000000000  28m\n",
            "Fix: oc extreg import app:latest -n snow\n",
        ],
    );
}

#[test]
fn json_and_yaml_contain_everything() {
    let report: Value = serde_json::from_str(&stdout(&Lists::behind(), "-o json")).unwrap();
    let told = (&report["apiVersion"], &report["kind"], &report["gaps"]);
    assert_eq!(
        told,
        (&json!("extreg.io/v1"), &json!("StatusReport"), &json!([]))
    );
    let flow = &report["flows"][0];
    assert_eq!(flow["broken"], "import");
    assert_eq!(
        flow["fix"]["command"],
        "oc extreg import app:latest -n snow"
    );
    let links = flow["links"].as_array().unwrap();
    let told: Vec<_> = links.iter().map(|link| &link["link"]).collect();
    assert_eq!(
        told,
        ["build", "registry", "import", "trigger", "rollout", "pods"]
    );
    assert_eq!(links[2]["reason"], "Unscheduled");
    assert_eq!(flow.get("objects"), None);
    let printed = stdout(&Lists::behind(), "-o json --tree");
    let report: Value = serde_json::from_str(&printed).unwrap();
    let objects = &report["flows"][0]["objects"];
    assert_eq!(objects["object"], "imagestreamtag/app:latest");
}

#[test]
fn suggested_command_uses_the_cluster_and_user_of_the_run() {
    let api = Lists::behind().serve(|_, _| None);
    let path = api.kubeconfig().display().to_string();
    for flags in [
        format!("--kubeconfig={path} --context=x"),
        "--context=x --as=jane --as-group=dev".to_owned(),
        format!("--server={} --insecure-skip-tls-verify=true", api.url),
    ] {
        let line = format!("app --no-registry -o json --token=canary {flags}");
        let (_, out, err) = run(&api, &line);
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}"));
        let links = report["flows"][0]["links"].as_array().unwrap();
        let commands: Vec<&str> = links
            .iter()
            .flat_map(|link| [&link["fix"]["command"], &link["fix"]["inspect"]])
            .filter_map(Value::as_str)
            .collect();
        assert!(!commands.is_empty(), "{out}");
        for command in commands {
            for part in command.split(" && ") {
                assert!(part.ends_with(&flags), "{flags}: {part}");
            }
        }
        assert!(!out.contains("canary"), "{out}");
    }
}

#[test]
fn suggests_kubectl_commands_to_kubectl_users() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("kubectl-extreg");
    std::os::unix::fs::symlink(assert_cmd::cargo::cargo_bin("oc-extreg"), &link).unwrap();
    let api = Lists::behind().serve(|_, _| None);
    let run = Command::new(&link)
        .args(["status", "-n", "snow", "--no-registry"])
        .env_clear()
        .env("KUBECONFIG", api.kubeconfig())
        .env("HOME", "/nonexistent")
        .output()
        .unwrap();
    let out = String::from_utf8(run.stdout).unwrap();
    assert!(
        out.contains("Fix: kubectl extreg import app:latest -n snow\n"),
        "{out}"
    );
}

#[test]
fn missing_flow_is_reported() {
    let api = Lists::through().serve(|_, _| None);
    let (code, out, err) = run(&api, "none --no-registry");
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (1, "", "error: no flow of none found in snow namespace\n")
    );
    let api = Lists::default().serve(|_, _| None);
    let (code, out, err) = run(&api, "--no-registry");
    let nothing = "No flows found in snow namespace.\n";
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", nothing));
    for words in ["pod/app", "--tree -o wide", "--tree -o name", "a/b/c"] {
        assert_eq!(run(&api, words).0, 2, "{words}");
    }
}

#[test]
fn unreadable_resources_are_reported_and_never_ok() {
    let api = Lists::through().serve(|path, _| path.ends_with("/pods").then(forbidden));
    let (code, out, err) = run(&api, "--no-registry");
    assert_eq!(
        (code, err.as_str()),
        (0, "not read: pods: permission denied in snow\n")
    );
    assert!(
        out.contains("  pods      unknown        permission denied: list pods\n"),
        "{out}"
    );
    let api = Lists::default().serve(|_, _| Some(forbidden()));
    let (code, out, err) = run(&api, "--no-registry");
    let printed = "Error from server (Forbidden): not yours\n";
    assert_eq!((code, out.as_str(), err.as_str()), (6, "", printed));
    let api = Lists::through().serve(|path, _| {
        let is_openshift = path.contains(".openshift.io/");
        is_openshift.then(|| status(404, "NotFound", "not found"))
    });
    let (code, _, err) = run(&api, "--no-registry");
    assert_eq!(code, 0);
    assert!(
        err.contains("not read: imagestreams.image.openshift.io: not served"),
        "{err}"
    );
}

#[test]
fn works_with_rights_in_one_namespace() {
    let lists = Lists::through();
    let api = lists.serve(|path, _| match path {
        "/apis/project.openshift.io/v1/projects" => {
            let items = json!([{"metadata": {"name": "snow"}}, {"metadata": {"name": "theirs"}}]);
            Some(ok(&json!({"items": items})))
        }
        path if path.contains("/namespaces/theirs/") => Some(forbidden()),
        path if !path.contains("/namespaces/") => Some(forbidden()),
        _ => None,
    });
    let (code, out, err) = run(&api, "-A --no-registry");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("snow       app:latest  ok"), "{out}");
    assert!(
        err.contains("not read: pods: permission denied in theirs\n"),
        "{err}"
    );
}

#[test]
fn reads_the_context_namespace_without_the_right_to_list_namespaces() {
    let api = Lists::through().serve(|path, _| {
        let is_everywhere = !path.contains("/namespaces/");
        is_everywhere.then(forbidden)
    });
    let (code, out, err) = run(&api, "-A --no-registry");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("snow       app:latest  ok"), "{out}");
    let unseen = "not read: namespaces that you cannot see: permission denied\n";
    assert_eq!(err, unseen);
}

#[test]
fn lists_are_paged_and_restarted_once() {
    let lists = Lists::through();
    let asked = Mutex::new(0);
    let api = lists.serve(move |path, seen| {
        if !path.ends_with("/builds") {
            return None;
        }
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let build = |n: u32| json!({"metadata": {"name": format!("app-{n}"), "namespace": "snow",
            "annotations": {"openshift.io/build-config.name": "app", "openshift.io/build.number": n.to_string()}},
            "spec": {}, "status": {"phase": "Running"}});
        let page = |n, token: &str| json!({"metadata": {"continue": token}, "items": [build(n)]}).to_string();
        Some(match (*asked, seen.line.contains("continue=next")) {
            (1 | 3, false) => ok(&page(7, "next")),
            (2, true) => status(410, "Expired", "gone"),
            (4, true) => ok(&page(9, "")),
            other => panic!("{other:?}: {}", seen.line),
        })
    });
    let (code, out, err) = run(&api, "--no-registry");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("app-9 is running"), "{out}");
    let seen = api.seen();
    let limits = seen.iter().filter(|seen| seen.path.ends_with("/pods"));
    assert!(
        limits
            .map(|seen| &seen.line)
            .all(|line| line.contains("limit=500"))
    );
    assert!(seen.iter().all(|seen| seen.line.starts_with("GET ")));
}

#[test]
fn server_evaluates_the_selector() {
    let lists = Lists::through();
    let api = lists.serve(|path, seen| {
        let is_picked = path.ends_with("/deployments") || !seen.line.contains("labelSelector");
        (!is_picked).then(|| ok(r#"{"items":[]}"#))
    });
    let (_, out, _) = run(&api, "-l app=a --no-registry");
    assert!(out.contains("app:latest"), "{out}");
    let api = lists.serve(|_, seen| {
        let empty = ok(r#"{"items":[]}"#);
        seen.line.contains("labelSelector=app%3Da").then_some(empty)
    });
    let (code, out, err) = run(&api, "-l app=a --no-registry");
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "", "No flows found in snow namespace.\n")
    );
}

#[test]
fn fetches_a_stream_of_another_namespace_by_name() {
    let lists = Lists::through();
    lists.change("deployments", |workload| {
        let text = workload["metadata"]["annotations"]["image.openshift.io/triggers"]
            .as_str()
            .unwrap();
        let text = text.replace("app:latest\"", "theirs:v1\",\"namespace\":\"images\"");
        workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(text);
    });
    let stream = json!({"metadata": {"name": "theirs", "namespace": "images"},
        "spec": {"tags": [{"name": "v1", "from": {"kind": "DockerImage", "name": "docker.io/u/a:v1"}}]},
        "status": {"tags": [{"tag": "v1", "items": [{"image": NEW, "created": ago(60)}]}]}});
    let api = lists.serve(move |path, _| {
        let is_it = path == "/apis/image.openshift.io/v1/namespaces/images/imagestreams/theirs";
        is_it.then(|| ok(&stream))
    });
    let (code, out, err) = run(&api, "deployment/app --no-registry");
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.starts_with("theirs:v1 in images, from docker.io/u/a:v1\n"),
        "{out}"
    );
    assert!(
        out.contains("buildconfigs of another namespace were not read"),
        "{out}"
    );
    assert!(
        out.contains("deployment/app follows images/theirs:v1"),
        "{out}"
    );
}
