//! A real API server accepts the objects of the packages: OLM's by its definition, those of OpenShift's console by theirs.

mod console;
mod olm;

use std::process::Output;

use extreg_manifests::{Manifest, Phase, custom_resource_definition};
use extreg_tests::{ControlPlane, GoModule, Options, with_input};
use tokio::sync::OnceCell;

/// A control plane with OpenShift's resources, policies, and the definitions of OLM and the console.
async fn plane() -> &'static ControlPlane {
    static PLANE: OnceCell<ControlPlane> = OnceCell::const_new();
    PLANE
        .get_or_init(|| async {
            let plane = ControlPlane::start(Options::default()).await.unwrap();
            for module in [GoModule::OpenShiftConsole, GoModule::OperatorFramework] {
                module.install(&plane).unwrap();
            }
            let policies = Manifest::of(Phase::Definition, &custom_resource_definition()).unwrap();
            let output = kubectl(&plane, &["create", "-f", "-"], &policies.yaml().unwrap());
            assert!(output.status.success());
            let established = ["wait", "--for=condition=Established", "crd", "--all"];
            assert!(kubectl(&plane, &established, "").status.success());
            plane
        })
        .await
}

fn kubectl(plane: &ControlPlane, args: &[&str], stdin: &str) -> Output {
    with_input(plane.kubectl().args(args), stdin).unwrap()
}

/// The answer to an object that is applied without storing it, with strict validation of fields: nothing, or an error or
/// a warning.
fn complaint(plane: &ControlPlane, object: &str) -> String {
    let args = [
        "apply",
        "--server-side",
        "--validate=strict",
        "--dry-run=server",
        "-n",
        "default",
        "-f",
        "-",
    ];
    let output = kubectl(plane, &args, object);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.success(), complaint.is_empty(), "{complaint}");
    complaint
}
