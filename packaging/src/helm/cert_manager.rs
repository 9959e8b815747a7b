//! The objects by which cert-manager issues the serving certificate.

use extreg_manifests::names;
use serde_json::{Value, json};

use super::template::Template;
use super::tree::{Entry, NAMESPACE, Node};

const API_VERSION: &str = "cert-manager.io/v1";
/// The action around all of them.
const WITH: &str = "if eq $.Values.tls.mode \"cert-manager\"";
/// The action around those of the chart's own CA, which is used without an issuer.
const OWN_CA: &str = "if not $.Values.tls.issuerRef";
/// Name of the certificate of the CA, and of its secret.
const CA: &str = "extreg-webhook-ca";
/// Name of the issuer of the CA.
const SELF_SIGNED: &str = "extreg-webhook-self-signed";
/// How long the CA is valid: ten years. Its successor is trusted as soon as cert-manager has replaced the bundle.
const CA_DURATION: &str = "87600h";

/// The issuer and the certificate; without an issuer in the values also those of a CA, so that a renewed certificate
/// is trusted before each API server has the next bundle.
pub(super) fn templates() -> Vec<Template> {
    let own = |kind: &str, name: &str, spec: &Value| template(kind, name, spec, &[WITH, OWN_CA]);
    let mut leaf = template(
        "Certificate",
        names::WEBHOOK,
        &json!({
            "secretName": names::SERVING_SECRET,
            "dnsNames": [
                format!("{}.{NAMESPACE}.svc", names::WEBHOOK),
                format!("{}.{NAMESPACE}.svc.cluster.local", names::WEBHOOK),
            ],
            "privateKey": private_key(),
            "usages": ["digital signature", "server auth"],
        }),
        &[WITH],
    );
    let issuer = Entry::member(
        "issuerRef",
        Node::from(&json!({"kind": "Issuer", "name": names::WEBHOOK})),
    );
    let given = Entry::member("issuerRef", Node::Block("toYaml .".to_owned()));
    if let Some(spec) = leaf.node.at(&["spec"]).and_then(Node::entries) {
        spec.push(issuer.guarded(OWN_CA));
        spec.push(given.guarded("with $.Values.tls.issuerRef"));
    }
    vec![
        own("Issuer", SELF_SIGNED, &json!({"selfSigned": {}})),
        own(
            "Certificate",
            CA,
            &json!({
                "commonName": CA,
                "duration": CA_DURATION,
                "isCA": true,
                "issuerRef": {"kind": "Issuer", "name": SELF_SIGNED},
                "privateKey": private_key(),
                "secretName": CA,
            }),
        ),
        own("Issuer", names::WEBHOOK, &json!({"ca": {"secretName": CA}})),
        leaf,
    ]
}

fn private_key() -> Value {
    json!({"algorithm": "ECDSA", "rotationPolicy": "Always", "size": 256})
}

fn template(kind: &str, name: &str, spec: &Value, guards: &[&str]) -> Template {
    let object = json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {
            "labels": {
                names::MANAGED_BY_LABEL: names::MANAGER,
                names::NAME_LABEL: names::WEBHOOK,
            },
            "name": name,
            "namespace": NAMESPACE,
        },
        "spec": spec,
    });
    Template {
        kind: kind.to_owned(),
        name: name.to_owned(),
        guards: guards.iter().map(|&guard| guard.to_owned()).collect(),
        is_alternative: false,
        node: Node::from(&object),
    }
}
