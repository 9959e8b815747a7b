//! The content of the folder is accepted unchanged, without a warning.

use serde_json::Value;

use crate::cluster::{folder, installed, kubectl};

#[tokio::test]
async fn the_whole_folder_is_accepted_and_changes_nothing_that_is_installed() {
    let plane = installed().await;
    let folder = folder();
    let args = [
        "apply",
        "--server-side",
        "--field-manager=oc-extreg",
        "--dry-run=server",
        "-k",
    ];
    let args = [&args[..], &[folder.to_str().unwrap()]].concat();
    let output = kubectl(plane, &args, "");
    let answer = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && answer.is_empty(), "{answer}");
    let applied = String::from_utf8(output.stdout).unwrap();
    assert_eq!(applied.lines().count(), 14, "{applied}");
    let last = applied.lines().last().unwrap();
    assert!(last.starts_with("mutatingwebhookconfiguration"), "{last}");

    for (object, namespace) in [
        ("deployment/extreg-webhook", "extreg-system"),
        ("rp/dockerhub", ""),
    ] {
        let args = [
            "get",
            object,
            "-n",
            namespace,
            "-o",
            "jsonpath={.metadata.generation}",
        ];
        let output = kubectl(plane, &args, "");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "1", "{object}");
    }
}

/// The pod of the Deployment, with `change` applied, as the API server sees it in the webhook's namespace.
async fn pod(change: impl FnOnce(&mut Value)) -> (bool, String) {
    let plane = installed().await;
    let args = [
        "get",
        "deployment",
        "extreg-webhook",
        "-n",
        "extreg-system",
        "-o",
        "json",
    ];
    let output = kubectl(plane, &args, "");
    let deployment: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["generateName"] = "extreg-webhook-".into();
    pod["metadata"]["namespace"] = "extreg-system".into();
    change(&mut pod["spec"]);
    let output = kubectl(
        plane,
        &["create", "--dry-run=server", "-f", "-"],
        &pod.to_string(),
    );
    let answer = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), answer)
}

#[tokio::test]
async fn pod_security_restricted_admits_the_pod() {
    let (admitted, answer) = pod(|_| {}).await;
    assert!(admitted && answer.is_empty(), "{answer}");
}

#[tokio::test]
async fn pod_security_restricted_is_in_force() {
    let (admitted, answer) = pod(|spec| {
        spec["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = true.into();
    })
    .await;
    assert!(
        !admitted && answer.contains("violates PodSecurity"),
        "{answer}"
    );
}
