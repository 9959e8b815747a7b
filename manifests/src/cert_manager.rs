//! The serving certificate from cert-manager.

use serde_json::{Value, json};

use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::names;
use crate::namespace::own_meta;
use crate::settings::Settings;

const API_VERSION: &str = "cert-manager.io/v1";
/// The certificate of the CA, and its secret.
const CA: &str = "extreg-webhook-ca";
/// The issuer of the CA.
const SELF_SIGNED: &str = "extreg-webhook-self-signed";
/// Annotation that makes cert-manager set `caBundle`: the CA of a certificate.
const INJECT_CA: &str = "cert-manager.io/inject-ca-from";

/// A CA of its own, whose certificate remains when the serving certificate is renewed: the API servers never trust
/// another CA than that of the certificate that a pod still serves.
///
/// # Errors
/// If an object cannot be written as JSON.
pub fn cert_manager(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let service = format!("{}.{}.svc", names::WEBHOOK, settings.namespace);
    let key = &json!({ "algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always" });
    let issuer = |name: &str| json!({ "kind": "Issuer", "name": name });
    Ok(vec![
        object(
            settings,
            "Issuer",
            SELF_SIGNED,
            &json!({ "selfSigned": {} }),
        )?,
        object(
            settings,
            "Certificate",
            CA,
            &json!({
                "commonName": CA,
                "duration": "87600h",
                "isCA": true,
                "issuerRef": issuer(SELF_SIGNED),
                "privateKey": key.clone(),
                "secretName": CA,
            }),
        )?,
        object(
            settings,
            "Issuer",
            names::WEBHOOK,
            &json!({ "ca": { "secretName": CA } }),
        )?,
        object(
            settings,
            "Certificate",
            names::WEBHOOK,
            &json!({
                "dnsNames": [service],
                "issuerRef": issuer(names::WEBHOOK),
                "privateKey": key,
                "secretName": names::SERVING_SECRET,
                "usages": ["digital signature", "server auth"],
            }),
        )?,
    ])
}

/// The annotation of the webhook configuration: its key and value.
pub fn inject_ca(settings: &Settings) -> (&'static str, String) {
    (
        INJECT_CA,
        format!("{}/{}", settings.namespace, names::WEBHOOK),
    )
}

fn object(
    settings: &Settings,
    kind: &str,
    name: &str,
    spec: &Value,
) -> Result<Manifest, RenderError> {
    let object = ObjectName {
        api_version: API_VERSION.to_owned(),
        kind: kind.to_owned(),
        namespace: Some(settings.namespace.as_str().to_owned()),
        name: name.to_owned(),
    };
    let content = json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": own_meta(name, settings),
        "spec": spec,
    });
    Manifest::named(Phase::Base, object, &content)
}
