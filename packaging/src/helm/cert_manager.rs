//! The objects by which cert-manager issues the serving certificate: those of the builders, with the values.

use extreg_manifests::{RenderError, Settings, names};
use serde_json::json;

use super::template::Template;
use super::tree::{Entry, Node};

/// The action around all of them.
const WITH: &str = "if eq $.Values.tls.mode \"cert-manager\"";
/// The action around those of the chart's own CA, which is used without an issuer.
const OWN_CA: &str = "if not $.Values.tls.issuerRef";
/// The field that the value replaces.
const ISSUER: &str = "issuerRef";

/// The issuer and the certificate; without an issuer in the values also those of a CA, so that a renewed certificate
/// is trusted before each API server has the next bundle.
///
/// # Errors
/// The builder returns something that the chart cannot express.
pub(super) fn templates(every: &Settings) -> Result<Vec<Template>, RenderError> {
    let mut all = Vec::new();
    for manifest in extreg_manifests::cert_manager(every)? {
        let mut template = Template::new(manifest);
        template.guards.push(WITH.to_owned());
        if template.kind == "Certificate" && template.name == names::WEBHOOK {
            serving(&mut template, every)?;
        } else {
            template.guards.push(OWN_CA.to_owned());
        }
        all.push(template);
    }
    Ok(all)
}

/// The serving certificate: of any issuer, and also for the name of the Service with the cluster's usual domain.
fn serving(template: &mut Template, every: &Settings) -> Result<(), RenderError> {
    let host = format!("{}.{}.svc.cluster.local", names::WEBHOOK, every.namespace);
    template.add(
        &["spec", "dnsNames"],
        [Entry::item(Node::from(&json!(host)))],
    )?;
    let spec = template.node.at(&["spec"]).and_then(Node::entries);
    let own = spec.and_then(|spec| {
        let at = spec
            .iter()
            .position(|entry| entry.key.as_deref() == Some(ISSUER))?;
        Some(spec.remove(at))
    });
    let own = own.ok_or_else(|| RenderError::new(&template.name, ISSUER))?;
    let given = Entry::member(ISSUER, Node::Block("toYaml .".to_owned()));
    template.add(
        &["spec"],
        [
            own.guarded(OWN_CA),
            given.guarded("with $.Values.tls.issuerRef"),
        ],
    )
}
