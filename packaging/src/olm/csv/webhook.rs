//! The webhook definition.

use extreg_manifests::{Settings, mutating_webhook_configuration, names};

use super::model::WebhookDefinition;

/// The entry of our own configuration, without what OLM writes itself (the client, from a Service of its own) and
/// what it has no field for.
pub(super) fn definitions(settings: &Settings) -> Vec<WebhookDefinition> {
    let configuration = mutating_webhook_configuration(settings);
    let entries = configuration.webhooks.into_iter().flatten();
    entries
        .map(|entry| WebhookDefinition {
            kind: "MutatingAdmissionWebhook",
            generate_name: entry.name,
            deployment_name: names::WEBHOOK,
            container_port: names::SERVICE_PORT,
            target_port: names::TLS_PORT,
            webhook_path: names::WEBHOOK_PATH,
            admission_review_versions: entry.admission_review_versions,
            failure_policy: entry.failure_policy,
            match_policy: entry.match_policy,
            object_selector: entry.object_selector,
            reinvocation_policy: entry.reinvocation_policy,
            rules: entry.rules.unwrap_or_default(),
            side_effects: entry.side_effects,
            timeout_seconds: entry.timeout_seconds,
        })
        .collect()
}
