//! The configuration that makes the API servers call the webhook.

mod conditions;

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, RuleWithOperations, ServiceReference,
    WebhookClientConfig,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

pub use conditions::match_conditions;

use crate::names;
use crate::namespace::cluster_meta;
use crate::network::NAMESPACE_NAME;
use crate::settings::{Settings, Tls};

/// Annotation that makes service-ca set `caBundle`, in every entry of the configuration: entries with
/// another CA need a separate configuration.
const INJECT_CA: &str = "service.beta.openshift.io/inject-cabundle";

/// Namespaces that are excluded from admission. Those with a prefix are in the match
/// conditions, since a selector has no prefixes.
const SYSTEM_NAMESPACES: &[&str] = &[
    "default",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "openshift",
];

/// The configuration, with one entry.
pub fn mutating_webhook_configuration(settings: &Settings) -> MutatingWebhookConfiguration {
    let mut metadata = cluster_meta(names::WEBHOOK);
    if settings.tls == Tls::ServiceCa {
        metadata.annotations = Some(BTreeMap::from([(INJECT_CA.to_owned(), "true".to_owned())]));
    }
    MutatingWebhookConfiguration {
        metadata,
        webhooks: Some(vec![MutatingWebhook {
            name: names::WEBHOOK_ENTRY.to_owned(),
            admission_review_versions: vec!["v1".to_owned()],
            client_config: client_config(settings),
            failure_policy: Some(settings.failure_policy.as_str().to_owned()),
            match_conditions: Some(match_conditions()),
            match_policy: Some("Equivalent".to_owned()),
            namespace_selector: Some(namespace_selector(settings)),
            object_selector: Some(LabelSelector {
                match_expressions: Some(vec![not_ignored()]),
                ..LabelSelector::default()
            }),
            reinvocation_policy: Some("IfNeeded".to_owned()),
            rules: Some(rules()),
            side_effects: "None".to_owned(),
            timeout_seconds: Some(settings.timeout.get()),
        }]),
    }
}

/// The resources that create a build or an image stream tag.
///
/// A rule on imagestreams alone misses `oc tag` and `oc import-image`, whose stream write runs no
/// admission (openshift-apiserver `pkg/image/apiserver/registry/imagestream/registry.go`). Never `builds`
/// UPDATE: a Build's spec is immutable, and its controller updates it for each phase.
fn rules() -> Vec<RuleWithOperations> {
    vec![
        rule(
            "build.openshift.io",
            &["buildconfigs"],
            &["CREATE", "UPDATE"],
        ),
        rule("build.openshift.io", &["builds"], &["CREATE"]),
        rule(
            "image.openshift.io",
            &["imagestreams", "imagestreamtags", "imagetags"],
            &["CREATE", "UPDATE"],
        ),
        rule("image.openshift.io", &["imagestreamimports"], &["CREATE"]),
    ]
}

fn rule(group: &str, resources: &[&str], operations: &[&str]) -> RuleWithOperations {
    let owned = |list: &[&str]| Some(list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>());
    RuleWithOperations {
        api_groups: owned(&[group]),
        api_versions: owned(&["v1"]),
        resources: owned(resources),
        operations: owned(operations),
        scope: Some("Namespaced".to_owned()),
    }
}

fn client_config(settings: &Settings) -> WebhookClientConfig {
    let bundle = |pem: &str| Some(ByteString(pem.as_bytes().to_vec()));
    let service = ServiceReference {
        name: names::WEBHOOK.to_owned(),
        namespace: settings.namespace.as_str().to_owned(),
        path: Some(names::WEBHOOK_PATH.to_owned()),
        port: Some(names::SERVICE_PORT),
    };
    match &settings.tls {
        Tls::ServiceCa => WebhookClientConfig {
            service: Some(service),
            ..WebhookClientConfig::default()
        },
        Tls::OwnCa(ca) => WebhookClientConfig {
            service: Some(service),
            ca_bundle: bundle(ca.as_pem()),
            url: None,
        },
        Tls::External { url, ca } => WebhookClientConfig {
            service: None,
            ca_bundle: bundle(ca.as_pem()),
            url: Some(url.as_str().to_owned()),
        },
    }
}

/// The webhook's own namespace is excluded by its label, so that an overlay can rename it.
/// The namespace of an external webhook is not created by the installation, and is excluded by name.
fn namespace_selector(settings: &Settings) -> LabelSelector {
    let mut excluded: Vec<&str> = SYSTEM_NAMESPACES.to_vec();
    if let Tls::External { .. } = settings.tls {
        excluded.push(settings.namespace.as_str());
        excluded.sort_unstable();
        excluded.dedup();
    }
    let mut expressions = vec![
        not_in(NAMESPACE_NAME, &excluded),
        not_in("openshift.io/run-level", &["0", "1"]),
        not_ignored(),
    ];
    expressions.extend(settings.namespace_selector.iter().cloned());
    LabelSelector {
        match_expressions: Some(expressions),
        ..LabelSelector::default()
    }
}

fn not_ignored() -> LabelSelectorRequirement {
    not_in(names::IGNORE_LABEL, &[names::IGNORE_VALUE])
}

fn not_in(key: &str, values: &[&str]) -> LabelSelectorRequirement {
    LabelSelectorRequirement {
        key: key.to_owned(),
        operator: "NotIn".to_owned(),
        values: Some(values.iter().map(|&value| value.to_owned()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(settings: &Settings) -> Value {
        let configuration = mutating_webhook_configuration(settings);
        serde_json::to_value(configuration).unwrap()["webhooks"][0].clone()
    }

    #[test]
    fn trap_06_07_and_16_the_rules_are_exactly_these() {
        let entry = entry(&Settings::default());
        let lines: Vec<String> = entry["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| {
                assert_eq!(rule["scope"], "Namespaced");
                assert_eq!(rule["apiVersions"], json!(["v1"]));
                format!(
                    "{} {} {}",
                    rule["apiGroups"], rule["resources"], rule["operations"]
                )
            })
            .collect();
        assert_eq!(
            lines,
            [
                r#"["build.openshift.io"] ["buildconfigs"] ["CREATE","UPDATE"]"#,
                r#"["build.openshift.io"] ["builds"] ["CREATE"]"#,
                r#"["image.openshift.io"] ["imagestreams","imagestreamtags","imagetags"] ["CREATE","UPDATE"]"#,
                r#"["image.openshift.io"] ["imagestreamimports"] ["CREATE"]"#,
            ]
        );
    }

    #[test]
    fn trap_44_and_47_it_fails_open_and_has_no_side_effects() {
        let entry = entry(&Settings::default());
        assert_eq!(entry["sideEffects"], "None");
        assert_eq!(entry["failurePolicy"], "Ignore");
        assert_eq!(entry["timeoutSeconds"], 2);
        assert_eq!(entry["matchPolicy"], "Equivalent");
        assert_eq!(entry["reinvocationPolicy"], "IfNeeded");
    }

    #[test]
    fn trap_43_and_59_the_selectors_spare_the_system_and_ourselves() {
        let settings = Settings {
            namespace: "elsewhere".parse().unwrap(),
            namespace_selector: crate::parse_selector("team=a").unwrap(),
            ..Settings::default()
        };
        let entry = entry(&settings);
        assert_eq!(
            entry["namespaceSelector"]["matchExpressions"],
            json!([
                {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["default", "kube-node-lease", "kube-public", "kube-system", "openshift"]},
                {"key": "openshift.io/run-level", "operator": "NotIn", "values": ["0", "1"]},
                {"key": "extreg.io/ignore", "operator": "NotIn", "values": ["true"]},
                {"key": "team", "operator": "In", "values": ["a"]},
            ])
        );
        assert_eq!(
            entry["objectSelector"]["matchExpressions"],
            json!([{"key": "extreg.io/ignore", "operator": "NotIn", "values": ["true"]}])
        );
        let own = crate::namespace::namespace(&settings).metadata.labels;
        assert_eq!(own.unwrap()["extreg.io/ignore"], "true");
        let external = Settings {
            tls: Tls::External {
                url: "https://h".parse().unwrap(),
                ca: "-----BEGIN CERTIFICATE-----".parse().unwrap(),
            },
            ..settings
        };
        assert_eq!(
            self::entry(&external)["namespaceSelector"]["matchExpressions"][0]["values"],
            json!([
                "default",
                "elsewhere",
                "kube-node-lease",
                "kube-public",
                "kube-system",
                "openshift"
            ])
        );
    }

    #[test]
    fn trap_58_each_kind_of_tls_has_its_client() {
        let ca: crate::CaBundle = "-----BEGIN CERTIFICATE-----".parse().unwrap();
        let with = |tls| Settings {
            tls,
            ..Settings::default()
        };
        let own = entry(&with(Tls::OwnCa(ca.clone())));
        assert_eq!(
            own["clientConfig"]["caBundle"],
            "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"
        );
        assert_eq!(own["clientConfig"]["service"]["namespace"], "extreg-system");
        let url = "https://h".parse().unwrap();
        let external = entry(&with(Tls::External { url, ca }));
        assert_eq!(external["clientConfig"]["url"], "https://h/mutate");
        assert!(external["clientConfig"].get("service").is_none());
        assert!(
            entry(&Settings::default())["clientConfig"]
                .get("caBundle")
                .is_none()
        );
        let annotated = mutating_webhook_configuration(&Settings::default())
            .metadata
            .annotations;
        assert_eq!(annotated.unwrap()[INJECT_CA], "true");
        assert!(
            mutating_webhook_configuration(&with(Tls::OwnCa(
                "-----BEGIN CERTIFICATE-----".parse().unwrap()
            )))
            .metadata
            .annotations
            .is_none()
        );
    }
}
