//! The webhook's own MutatingWebhookConfiguration; those of other webhooks are ignored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_core::facts::Reach;
use x509_parser::pem::Pem;

use super::item::{Body, Item, Site};
use super::view::Webhooks;
use crate::snapshot::WebhookRecord;

/// Its name in every installation.
const NAME: &str = "extreg-webhook";

/// Reads a MutatingWebhookConfiguration.
pub(super) fn read(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: Webhooks<'_> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    if &*item.id.name != NAME {
        return Ok(item);
    }
    let mut resources = Vec::new();
    let mut ends = Vec::new();
    let mut has_ca = !view.webhooks.is_empty();
    for webhook in view.webhooks.iter() {
        let dates = certificates(&webhook.client_config.ca_bundle);
        has_ca &= !dates.is_empty();
        ends.extend(dates);
        for rule in webhook.rules.iter() {
            for group in rule.api_groups.iter() {
                let dot = if group.is_empty() { "" } else { "." };
                let named = rule.resources.iter();
                resources.extend(named.map(|plural| format!("{plural}{dot}{group}")));
            }
        }
    }
    let first = view.webhooks.iter().next();
    let namespace = first.map_or("", |webhook| &*webhook.client_config.service.namespace);
    // A selector that the API server would reject selects nothing in particular.
    let reach = first.and_then(|webhook| {
        let (namespaces, objects) = (&webhook.namespace_selector, &webhook.object_selector);
        Reach::compile(namespaces.as_ref(), objects.as_ref()).ok()
    });
    let reach = reach.unwrap_or_default();
    resources.sort_unstable();
    resources.dedup();
    // RFC 3339 in UTC sorts as time does.
    let end = ends.into_iter().min().unwrap_or_default();
    item.body = Body::Webhook(WebhookRecord {
        name: item.id.name.clone(),
        origin: item.origin.clone(),
        namespace: site.names.get(namespace),
        reach,
        // The default is `Fail` (`admissionregistration/v1/defaults.go`).
        fails_closed: view
            .webhooks
            .iter()
            .any(|webhook| &*webhook.failure_policy != "Ignore"),
        has_ca,
        resources: resources.iter().map(|name| site.names.get(name)).collect(),
        ca_not_after: site.names.get(&end),
    });
    Ok(item)
}

/// The expiry of each certificate of a `caBundle`, RFC 3339; other content is skipped.
fn certificates(bundle: &str) -> Vec<String> {
    let Ok(pem) = STANDARD.decode(bundle) else {
        return Vec::new();
    };
    Pem::iter_from_buffer(&pem)
        .filter_map(Result::ok)
        .filter_map(|pem| {
            let certificate = pem.parse_x509().ok()?;
            let end = certificate.validity().not_after.to_datetime();
            let (date, time) = (end.date(), end.time());
            Some(format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
                date.year(),
                u8::from(date.month()),
                date.day(),
                time.hour(),
                time.minute(),
                time.second()
            ))
        })
        .collect()
}
