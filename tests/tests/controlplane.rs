//! The control plane behaves as the other tests assume.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, ensure};
use extreg_tests::{ControlPlane, Options};
use kube::api::{Api, DynamicObject, GroupVersionKind, PostParams};
use kube::discovery::ApiResource;
use serde_json::{Value, json};

fn resource(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap();
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// Creates `object` in a separate namespace and returns the stored object.
async fn create(object: Value) -> kube::Result<Value> {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("cp").await.unwrap();
    let of = resource(
        object["apiVersion"].as_str().unwrap(),
        object["kind"].as_str().unwrap(),
    );
    let api: Api<DynamicObject> =
        Api::namespaced_with(plane.client().await.unwrap(), &namespace, &of);
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    let stored = api.create(&PostParams::default(), &object).await?;
    Ok(serde_json::to_value(stored).unwrap())
}

fn build_config(spec: Value) -> Value {
    let mut object = json!({
        "apiVersion": "build.openshift.io/v1",
        "kind": "BuildConfig",
        "metadata": {"name": "python-lyapp"},
    });
    object["spec"] = spec;
    object
}

fn kubectl(plane: &ControlPlane, args: &[&str], stdin: &str) -> Result<String> {
    let mut child = plane
        .kubectl()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().unwrap().write_all(stdin.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

#[tokio::test]
async fn openshifts_resources_are_served() {
    let plane = ControlPlane::shared().await.unwrap();
    let resources = kubectl(plane, &["api-resources", "-o", "name"], "").unwrap();
    for name in [
        "buildconfigs.build.openshift.io",
        "builds.build.openshift.io",
        "builds.config.openshift.io",
        "deploymentconfigs.apps.openshift.io",
        "imagecontentsourcepolicies.operator.openshift.io",
        "imagedigestmirrorsets.config.openshift.io",
        "images.config.openshift.io",
        "imagestreams.image.openshift.io",
        "imagetagmirrorsets.config.openshift.io",
        "infrastructures.config.openshift.io",
        "projects.config.openshift.io",
        "proxies.config.openshift.io",
    ] {
        assert!(
            resources.lines().any(|line| line == name),
            "{name} in\n{resources}"
        );
    }
}

#[tokio::test]
async fn kubectl_and_server_have_the_same_version() {
    let plane = ControlPlane::shared().await.unwrap();
    let version = kubectl(plane, &["version", "-o", "json"], "").unwrap();
    let version: Value = serde_json::from_str(&version).unwrap();
    let of = |side: &str| version[side]["gitVersion"].as_str().unwrap().to_owned();
    assert_eq!(of("clientVersion"), of("serverVersion"));
    assert!(of("serverVersion").starts_with("v1."), "{version}");
}

/// The objects are those of recorded admission reviews: as OpenShift sends them to a webhook after decoding and
/// defaulting.
#[tokio::test]
async fn stored_object_matches_openshifts_admission_object() {
    let stored = create(build_config(json!({
        "source": {"type": "Git", "git": {"uri": "https://github.com/example/python-lyapp"}},
        "strategy": {"type": "Docker", "dockerStrategy": {}},
        "output": {"to": {"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"}},
        "nodeSelector": null,
    })))
    .await
    .unwrap();
    let wanted = json!({
        "runPolicy": "Serial",
        "source": {"type": "Git", "git": {"uri": "https://github.com/example/python-lyapp"}},
        "strategy": {"type": "Docker", "dockerStrategy": {}},
        "output": {"to": {"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"}},
        "resources": {},
        "postCommit": {},
        "nodeSelector": null,
    });
    assert_eq!(stored["spec"], wanted);
    assert_eq!(stored["status"], json!({"lastVersion": 0}));

    let stored = create(json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "python-lyapp"},
        "spec": {"tags": [{
            "name": "latest",
            "annotations": null,
            "from": {"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"},
            "generation": null,
        }]},
    }))
    .await
    .unwrap();
    let wanted = json!({
        "lookupPolicy": {"local": false},
        "tags": [{
            "name": "latest",
            "annotations": null,
            "from": {"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"},
            "generation": null,
            "importPolicy": {"importMode": "Legacy"},
            "referencePolicy": {"type": "Source"},
        }],
    });
    assert_eq!(stored["spec"], wanted);
}

#[tokio::test]
async fn unknown_field_is_pruned() {
    let mut object = build_config(json!({
        "strategy": {"dockerStrategy": {"no": 1}},
        "output": {"pushSecret": {}, "pushsecret": {"name": "x"}},
        "unknown": true,
    }));
    object["metadata"]["labels"] = json!({"kept": "yes"});
    let stored = create(object).await.unwrap();
    assert_eq!(stored["spec"]["output"], json!({"pushSecret": {}}));
    assert_eq!(stored["spec"]["strategy"], json!({"dockerStrategy": {}}));
    assert_eq!(stored["spec"].get("unknown"), None);
    assert_eq!(stored["metadata"]["labels"]["kept"], "yes");
}

#[tokio::test]
async fn value_of_a_wrong_type_is_rejected_with_its_field() {
    let table = [
        (
            json!({"output": {"pushSecret": "dockerhub"}}),
            "spec.output.pushSecret",
        ),
        (
            json!({"output": {"to": {"kind": "DockerImage", "name": 5}}}),
            "spec.output.to.name",
        ),
        (
            json!({"triggers": {"type": "ConfigChange"}}),
            "spec.triggers",
        ),
        (
            json!({"completionDeadlineSeconds": "soon"}),
            "spec.completionDeadlineSeconds",
        ),
    ];
    for (spec, field) in table {
        match create(build_config(spec)).await {
            Err(kube::Error::Api(status)) => {
                assert_eq!(status.code, 422, "{status:?}");
                assert!(
                    status.message.contains(field),
                    "{field}: {}",
                    status.message
                );
            }
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn stream_status_is_a_separate_subresource() {
    let stored = create(json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "python-lyapp"},
        "status": {"dockerImageRepository": "docker.io/ably77/python-lyapp"},
    }))
    .await
    .unwrap();
    assert_eq!(stored["status"], json!({"dockerImageRepository": ""}));
}

#[tokio::test]
async fn objects_of_a_cluster_are_accepted() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("cp").await.unwrap();
    let objects = include_str!("data/openshift.yaml");
    let answer = kubectl(plane, &["create", "-n", &namespace, "-f", "-"], objects).unwrap();
    assert_eq!(
        answer
            .lines()
            .filter(|line| line.ends_with(" created"))
            .count(),
        10,
        "{answer}"
    );
}

#[tokio::test]
async fn a_user_is_known_by_name_and_groups_and_has_no_rights() {
    let plane = ControlPlane::shared().await.unwrap();
    let user = plane.user("ann", &["team-a", "team-b"]).unwrap();
    let user = user.to_str().unwrap();
    let who = kubectl(
        plane,
        &["--kubeconfig", user, "auth", "whoami", "-o", "json"],
        "",
    )
    .unwrap();
    let who: Value = serde_json::from_str(&who).unwrap();
    let info = &who["status"]["userInfo"];
    assert_eq!(info["username"], "ann");
    assert_eq!(
        info["groups"],
        json!(["team-a", "team-b", "system:authenticated"])
    );
    let error = kubectl(plane, &["--kubeconfig", user, "get", "secrets"], "").unwrap_err();
    assert!(error.to_string().contains("Forbidden"), "{error}");
}

#[tokio::test]
async fn options_reach_the_server() {
    let options = Options::default()
        .without_openshift()
        .mutating_admission_policies();
    let plane = ControlPlane::start(options).await.unwrap();
    let resources = kubectl(&plane, &["api-resources", "-o", "name"], "").unwrap();
    assert!(resources.contains("mutatingadmissionpolicies.admissionregistration.k8s.io"));
    assert!(!resources.contains("openshift"));
    let (pids, folder) = (plane.pids(), plane.folder().to_owned());
    assert_eq!(pids.len(), 2);
    plane.stop();
    assert!(!pids.into_iter().any(alive));
    assert!(!folder.exists());
}

fn alive(pid: u32) -> bool {
    let kill = Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    kill.unwrap().success()
}

/// Set in the process that is killed.
const ENDLESS: &str = "EXTREG_TEST_NEVER_ENDS";

/// Starts a control plane, reports this and waits to be killed.
async fn never_end() {
    let plane = ControlPlane::start(Options::default().without_openshift())
        .await
        .unwrap();
    println!(
        "\n{}",
        json!({"pids": plane.pids(), "folder": plane.folder()})
    );
    std::thread::sleep(Duration::from_hours(1));
}

#[tokio::test]
async fn killed_run_leaves_no_process_and_no_folder() {
    if std::env::var_os(ENDLESS).is_some() {
        return never_end().await;
    }
    let mut run = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "killed_run_leaves_no_process_and_no_folder",
            "--nocapture",
        ])
        .env(ENDLESS, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(run.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let answer = lines.find(|line| line.starts_with('{')).unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let pids: Vec<u32> = serde_json::from_value(answer["pids"].clone()).unwrap();
    let folder = Path::new(answer["folder"].as_str().unwrap());
    assert_eq!(pids.len(), 2);
    assert!(pids.iter().all(|&pid| alive(pid)) && folder.exists());
    run.kill().unwrap();
    run.wait().unwrap();
    for _ in 0..600 {
        if !folder.exists() && !pids.iter().any(|&pid| alive(pid)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("left after 30 s: {pids:?} in {}", folder.display());
}
