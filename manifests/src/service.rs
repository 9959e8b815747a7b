//! The Service that the API servers call, and the certificate behind it.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Secret, Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::manifest::{Manifest, Phase, RenderError};
use crate::names;
use crate::namespace::{own_meta, pod_labels};
use crate::settings::{Settings, Tls};

/// Annotation that makes service-ca create the serving secret
/// (`service-ca-operator/pkg/controller/api/api.go`).
const SERVING_CERT: &str = "service.beta.openshift.io/serving-cert-secret-name";

/// The Service, with service-ca's annotation where service-ca issues the certificate.
pub(crate) fn service(settings: &Settings) -> Service {
    let mut metadata = own_meta(names::WEBHOOK, settings);
    if settings.tls == Tls::ServiceCa {
        metadata.annotations = Some(BTreeMap::from([(
            SERVING_CERT.to_owned(),
            names::SERVING_SECRET.to_owned(),
        )]));
    }
    let port = |name: &str, number: i32, target: &str| ServicePort {
        name: Some(name.to_owned()),
        port: number,
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::String(target.to_owned())),
        ..ServicePort::default()
    };
    Service {
        metadata,
        spec: Some(ServiceSpec {
            selector: Some(pod_labels()),
            ports: Some(vec![
                port("https", names::SERVICE_PORT, "https"),
                port("metrics", names::HEALTH_PORT, "health"),
            ]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// The serving secret, for [`Tls::OwnCa`] only. It contains the private key: apply it, never print it.
pub fn serving_secret(
    settings: &Settings,
    certificate_pem: &str,
    key_pem: &str,
) -> Result<Manifest, RenderError> {
    let bytes = |pem: &str| ByteString(pem.as_bytes().to_vec());
    Manifest::of(
        Phase::Base,
        &Secret {
            metadata: own_meta(names::SERVING_SECRET, settings),
            type_: Some("kubernetes.io/tls".to_owned()),
            data: Some(BTreeMap::from([
                ("tls.crt".to_owned(), bytes(certificate_pem)),
                ("tls.key".to_owned(), bytes(key_pem)),
            ])),
            ..Secret::default()
        },
    )
}
