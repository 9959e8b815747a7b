//! Red Hat Advanced Cluster Management. Its controller and its definitions are in no package registry: what is tested
//! is its documented comparison, not the program.

use serde_json::Value;

use crate::application::Cluster;
use crate::recipe;
use crate::recorded::pairs;

/// Whether an object has everything of a template: `complianceType: musthave`. Each item of a list must be in a list of
/// the object, in any order.
fn has(object: &Value, template: &Value) -> bool {
    match (object, template) {
        (Value::Object(object), Value::Object(template)) => template
            .iter()
            .all(|(key, wanted)| object.get(key).is_some_and(|value| has(value, wanted))),
        (Value::Array(items), Value::Array(template)) => template
            .iter()
            .all(|wanted| items.iter().any(|item| has(item, wanted))),
        (object, template) => object == template,
    }
}

/// The templates of a configuration policy.
fn templates(policy: &Value) -> Vec<Value> {
    let templates = policy["spec"]["object-templates"].as_array().unwrap();
    templates
        .iter()
        .map(|template| {
            assert_eq!(template["complianceType"], "musthave");
            template["objectDefinition"].clone()
        })
        .collect()
}

#[tokio::test]
async fn musthave_ignores_what_the_webhook_adds() {
    for pair in pairs().await {
        assert!(has(&pair.after, &pair.before), "{}", pair.name);
    }
    let cluster = Cluster::start(&["shop"]).await;
    let policy = recipe::object("acm/application.yaml", "ConfigurationPolicy");
    for template in templates(&policy) {
        let live = cluster.create(&template);
        assert!(has(&live, &template), "{live}");
        // The webhook did add something, and another image is a difference.
        assert!(!has(&template["spec"], &live["spec"]), "{live}");
        let other = template.to_string().replace(":v1", ":v9");
        let other: Value = serde_json::from_str(&other).unwrap();
        assert!(!has(&live, &other), "{other}");
    }
}

#[tokio::test]
async fn an_installation_complies_with_the_policy() {
    let policy = recipe::object("acm/policy.yaml", "Policy");
    let installed: Vec<Value> = extreg_manifests::install(&extreg_manifests::Settings::default())
        .unwrap()
        .into_iter()
        .map(|manifest| manifest.value)
        .collect();
    let mut found = Vec::new();
    for entry in policy["spec"]["policy-templates"].as_array().unwrap() {
        for mut template in templates(&entry["objectDefinition"]) {
            // The cluster writes the status.
            template.as_object_mut().unwrap().remove("status");
            let complies = installed.iter().any(|object| has(object, &template));
            assert!(complies, "{template}");
            found.push(template["kind"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(
        found,
        [
            "RegistryPolicy",
            "MutatingWebhookConfiguration",
            "Deployment"
        ]
    );
}
