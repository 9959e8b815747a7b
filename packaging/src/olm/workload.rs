//! The webhook's Deployment as OLM runs it.

use extreg_manifests::{Manifest, Phase, RenderError, Settings, deployment};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, PodSpec};

/// Where OLM mounts `tls.crt` and `tls.key` in every container of a Deployment with a webhook, as controller-runtime
/// expects them (operator-lifecycle-manager `pkg/controller/install/certresources.go`, `AddDefaultCertVolumeAndVolumeMounts`).
const CERTIFICATES: &str = "/tmp/k8s-webhook-server/serving-certs";
/// OLM writes no namespace selector.
const REQUIRE_LABELS: &str = "--require-namespace-labels";

/// The Deployment, with the certificate that OLM mounts instead of a volume.
pub(super) fn olm_deployment(settings: &Settings) -> Result<Manifest, RenderError> {
    let mut deployment: Deployment = deployment(settings);
    let pod = deployment.spec.as_mut();
    if let Some(pod) = pod.and_then(|spec| spec.template.spec.as_mut()) {
        take_certificates(pod);
    }
    Ok(Manifest::of(Phase::Workload, &deployment)?.without_manager())
}

fn take_certificates(pod: &mut PodSpec) {
    pod.volumes = None;
    for container in &mut pod.containers {
        take_certificate(container);
    }
}

fn take_certificate(container: &mut Container) {
    let mounts = container.volume_mounts.take().unwrap_or_default();
    let args = container.args.get_or_insert_default();
    for mount in mounts {
        for arg in args.iter_mut() {
            *arg = arg.replace(&mount.mount_path, CERTIFICATES);
        }
    }
    args.push(REQUIRE_LABELS.to_owned());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_certificate_is_that_of_olm_and_everything_else_is_unchanged() {
        let settings = Settings::default();
        let ours = olm_deployment(&settings).unwrap().value;
        let mut theirs = Manifest::of(Phase::Workload, &deployment(&settings))
            .unwrap()
            .without_manager()
            .value;
        let args = "/spec/template/spec/containers/0/args";
        assert_eq!(
            ours.pointer(args).unwrap(),
            &json!([
                "--listen=0.0.0.0:8443",
                "--health-listen=0.0.0.0:8080",
                "--tls-cert=/tmp/k8s-webhook-server/serving-certs/tls.crt",
                "--tls-key=/tmp/k8s-webhook-server/serving-certs/tls.key",
                "--mode-cap=enforce",
                "--deadline=1500ms",
                "--require-namespace-labels",
            ])
        );
        *theirs.pointer_mut(args).unwrap() = ours.pointer(args).unwrap().clone();
        let pod = theirs.pointer_mut("/spec/template/spec").unwrap();
        assert!(pod.as_object_mut().unwrap().remove("volumes").is_some());
        let container = pod.pointer_mut("/containers/0").unwrap();
        let mounts = container.as_object_mut().unwrap().remove("volumeMounts");
        assert!(mounts.is_some());
        assert_eq!(ours, theirs);
    }
}
