//! The certificate that the API servers expect of the webhook: the `caBundle` of its configuration.

use std::time::Duration;

use extreg_certs::host::Host;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use kube::{Api, Client};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::server::{Expectation, Trust};

/// The name of the configuration, and of the Service that it calls.
const NAME: &str = "extreg-webhook";
const EVERY: Duration = Duration::from_secs(20);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Reads the configuration periodically. A configuration that cannot be read, or that calls anything else than
/// the Service in `namespace`, expects nothing.
pub async fn follow_trust(client: Client, namespace: String, trust: Trust) {
    let api: Api<MutatingWebhookConfiguration> = Api::all(client);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let found = timeout(ANSWER_WITHIN, api.get_opt(NAME)).await;
        let configuration = found.ok().and_then(Result::ok).flatten();
        trust.expect(configuration.and_then(|found| expectation(&found, &namespace)));
    }
}

fn expectation(
    configuration: &MutatingWebhookConfiguration,
    namespace: &str,
) -> Option<Expectation> {
    let called = configuration.webhooks.iter().flatten().find(|webhook| {
        let service = webhook.client_config.service.as_ref();
        service.is_some_and(|service| service.name == NAME && service.namespace == namespace)
    })?;
    let bundle = called.client_config.ca_bundle.clone()?.0;
    // service-ca has not set it yet.
    if bundle.is_empty() {
        return None;
    }
    // The name that API servers verify (`k8s.io/apiserver/pkg/util/webhook/client.go`).
    let host = Host::parse(&format!("{NAME}.{namespace}.svc")).ok()?;
    Some(Expectation { bundle, host })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;

    fn expected(client_config: &Value) -> Option<Expectation> {
        let configuration = json!({
            "metadata": {"name": NAME},
            "webhooks": [{
                "name": "mutate.extreg.io", "admissionReviewVersions": ["v1"], "sideEffects": "None",
                "clientConfig": client_config,
            }],
        });
        expectation(&serde_json::from_value(configuration).unwrap(), "hooks")
    }

    #[test]
    fn only_a_service_with_a_ca_bundle_has_an_expected_certificate() {
        let service = |namespace: &str, name: &str| json!({"namespace": namespace, "name": name});
        let bundle = STANDARD.encode("a bundle");
        let found = expected(&json!({"service": service("hooks", NAME), "caBundle": bundle}));
        let found = found.unwrap();
        assert_eq!(found.bundle, b"a bundle");
        assert_eq!(found.host.to_string(), "extreg-webhook.hooks.svc");
        for other in [
            json!({"service": service("hooks", NAME)}),
            json!({"service": service("hooks", NAME), "caBundle": ""}),
            json!({"service": service("other", NAME), "caBundle": bundle}),
            json!({"service": service("hooks", "other"), "caBundle": bundle}),
            // The server behind a URL can end TLS in place of the webhook.
            json!({"url": "https://extreg-webhook.hooks.svc/mutate", "caBundle": bundle}),
        ] {
            assert_eq!(expected(&other), None, "{other}");
        }
    }
}
