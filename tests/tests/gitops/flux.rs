//! Flux.

use extreg_tests::{ControlPlane, GoModule, Options, with_input};
use serde_json::Value;

use crate::application::{Cluster, files};
use crate::recipe;

/// The field manager of Flux (kustomize-controller `main.go`, `controllerName`).
const MANAGER: &str = "--field-manager=kustomize-controller";

#[tokio::test]
async fn the_recipes_are_valid() {
    let plane = ControlPlane::start(Options::default().without_openshift())
        .await
        .unwrap();
    for module in [
        GoModule::FluxHelm,
        GoModule::FluxKustomize,
        GoModule::FluxSource,
    ] {
        module.install(&plane).unwrap();
    }
    let mut kubectl = plane.kubectl();
    kubectl.args(["create", "namespace", "flux-system"]);
    assert!(kubectl.status().unwrap().success());
    for name in recipe::names("flux") {
        recipe::assert_accepted(&plane, &name);
    }
}

/// What Flux compares: everything but the status and what the API server itself writes (fluxcd/pkg `ssa/manager_diff.go`).
fn compared(object: &Value) -> Value {
    let mut object = object.clone();
    let map = object.as_object_mut().unwrap();
    map.remove("status");
    let metadata = map["metadata"].as_object_mut().unwrap();
    for field in [
        "creationTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "uid",
    ] {
        metadata.remove(field);
    }
    object
}

#[tokio::test]
async fn the_dry_run_of_flux_shows_no_drift() {
    let cluster = Cluster::start(&["shop"]).await;
    let flags = ["--server-side", MANAGER, "--force-conflicts"];
    cluster.apply("shop", &flags);
    let live = cluster.live("shop");
    // The webhook has added something.
    let scheduled = &live[0]["spec"]["tags"][0]["importPolicy"]["scheduled"];
    assert_eq!(scheduled, true, "{}", live[0]);

    let mut kubectl = cluster.plane.kubectl();
    kubectl.arg("apply").args(flags);
    kubectl.args(["--dry-run=server", "-o", "json", "-f", "-"]);
    let output = with_input(&mut kubectl, &files("shop").to_string()).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let dry_run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let dry_run = dry_run["items"].as_array().unwrap();
    assert_eq!(dry_run.len(), live.len());
    for (wanted, live) in dry_run.iter().zip(&live) {
        assert_eq!(compared(wanted), compared(live));
    }
}
