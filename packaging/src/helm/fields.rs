//! The values of the chart.

use extreg_manifests::{RenderError, Settings, custom_resource_definition, registry_policy};
use serde_json::{Value, json};

use super::value::{Field, Shape};

/// Labels that the chart sets, by which its objects find each other.
const OWN_LABELS: [&str; 3] = [
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "helm.sh/chart",
];
/// A DNS-1123 subdomain.
const DNS_NAME: &str = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";
/// A DNS-1123 label.
const DNS_LABEL: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
/// A DNS-1123 subdomain, or nothing.
const OPTIONAL_DNS_NAME: &str =
    "^$|^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";
/// A registry and a repository, without tag and digest, or nothing.
const REPOSITORY: &str = "^$|^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$";
/// A tag, or nothing.
const TAG: &str = "^$|^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$";
/// A digest, or nothing.
const DIGEST: &str = "^$|^sha256:[0-9a-f]{64}$";
/// An amount of a resource (apimachinery `pkg/api/resource/quantity.go`).
const QUANTITY: &str = "^[0-9]+([.][0-9]+)?([numkMGTPE]|[KMGTPE]i)?$";

/// All values, in the order of `values.yaml`.
///
/// # Errors
/// The default policy, or the definition of policies, could not be written.
pub(super) fn fields(defaults: &Settings) -> Result<Vec<Field>, RenderError> {
    let mut fields = image();
    fields.extend(webhook(defaults));
    fields.extend(policies(defaults)?);
    fields.push(tls());
    fields.extend(features());
    fields.extend(pods());
    Ok(fields)
}

fn image() -> Vec<Field> {
    vec![
        Field::group(
            "image",
            "The image of the webhook and of the importer.",
            [
                Field::new(
                    "repository",
                    Shape::Text("", REPOSITORY),
                    "Registry and repository, without tag and digest. By default the image stream extreg-webhook in the \
                     release's namespace of OpenShift's integrated registry.",
                ),
                Field::new(
                    "digest",
                    Shape::Text("", DIGEST),
                    "Digest, sha256:…; preferred to the tag.",
                ),
                Field::new(
                    "tag",
                    Shape::Text("", TAG),
                    "Tag, used without a digest. By default the version of the chart's application.",
                ),
                Field::new(
                    "pullPolicy",
                    Shape::Choice(&["", "Always", "IfNotPresent", "Never"]),
                    "When nodes pull the image. By default Kubernetes decides by the tag.",
                ),
            ],
        ),
        Field::new(
            "imagePullSecrets",
            Shape::Other(
                list(&closed(
                    &json!({"name": {"type": "string", "pattern": DNS_NAME}}),
                    &["name"],
                )),
                json!([]),
            ),
            "Secrets of the release's namespace to pull the image with, each with its name.",
        ),
    ]
}

fn webhook(defaults: &Settings) -> Vec<Field> {
    let replicas = i64::from(defaults.replicas.get());
    let timeout = i64::from(defaults.timeout.get());
    vec![
        Field::new(
            "replicas",
            Shape::Integer(1, 99, replicas),
            "Pods of the webhook. Set 1 on a single-node cluster: a second pod on the same node adds nothing.",
        ),
        Field::new(
            "mode",
            Shape::Choice(&["Audit", "Warn", "Enforce"]),
            "The strongest mode of any policy, and the mode of a policy that names none: Audit only counts, Warn \
             shows what would change, Enforce changes objects.",
        ),
        Field::new(
            "failurePolicy",
            Shape::Choice(&["Ignore", "Fail"]),
            "What the API servers do if they cannot reach the webhook: Ignore admits the object unchanged, Fail \
             rejects it, so no build starts in the selected namespaces while the webhook is down.",
        ),
        Field::new(
            "timeoutSeconds",
            Shape::Integer(1, 30, timeout),
            "How long the API servers wait for the webhook.",
        ),
        Field::group(
            "namespaceSelector",
            "The namespaces for which the webhook is called, and whose builds the importer follows, in addition to \
             the fixed exclusions.",
            [Field::new(
                "matchExpressions",
                Shape::Other(list(&requirement()), json!([])),
                "Requirements for the labels of a namespace. By default every namespace except those of the \
                 platform.",
            )],
        ),
    ]
}

fn policies(defaults: &Settings) -> Result<Vec<Field>, RenderError> {
    let policy = registry_policy(defaults.mode)?;
    let mut spec = policy.value.get("spec").cloned().unwrap_or_default();
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("mode");
    }
    let item = closed(
        &json!({"name": {"type": "string", "pattern": DNS_NAME, "maxLength": 253}, "spec": policy_schema()?}),
        &["name", "spec"],
    );
    Ok(vec![
        Field::new(
            "policies",
            Shape::Other(
                list(&item),
                json!([{"name": policy.object.name, "spec": spec}]),
            ),
            "RegistryPolicies of the release, each with its name and spec.",
        ),
        Field::new(
            "keepPolicies",
            Shape::Flag(true),
            "Keep a policy in the cluster when the release is uninstalled, or when it is removed from the list.",
        ),
        Field::new(
            "secrets",
            Shape::Other(names(DNS_NAME), json!([])),
            "Names of secrets of policies that are not in the list above. The webhook can check only secrets whose \
             names are here or in the list.",
        ),
    ])
}

fn tls() -> Field {
    let mut issuer = closed(
        &json!({
            "name": {"type": "string", "pattern": DNS_NAME},
            "kind": {"type": "string", "minLength": 1},
            "group": {"type": "string"},
        }),
        &[],
    );
    if let Some(issuer) = issuer.as_object_mut() {
        let named = json!([{"maxProperties": 0}, {"required": ["name"]}]);
        issuer.insert("anyOf".to_owned(), named);
    }
    let bundle = json!({
        "type": "string",
        "pattern": "^$|-----BEGIN CERTIFICATE-----",
        "not": {"pattern": "PRIVATE KEY-----"},
    });
    Field::group(
        "tls",
        "The serving certificate, in secret extreg-webhook-tls.",
        [
            Field::new(
                "mode",
                Shape::Choice(&["service-ca", "cert-manager", "secret"]),
                "Who issues it: OpenShift's service-ca, cert-manager, or you, in an existing secret with tls.crt and \
                 tls.key for extreg-webhook.NAMESPACE.svc.",
            ),
            Field::new(
                "caBundle",
                Shape::Other(bundle, json!("")),
                "For mode secret: the CA certificates in PEM by which the API servers trust the webhook.",
            ),
            Field::new(
                "issuerRef",
                Shape::Other(issuer, json!({})),
                "For mode cert-manager: name, kind and group of an existing issuer. By default the chart creates a CA \
                 of its own.",
            ),
        ],
    )
}

fn features() -> Vec<Field> {
    vec![
        Field::group(
            "networkPolicy",
            "Network policies.",
            [Field::new(
                "enabled",
                Shape::Flag(true),
                "Create network policies for the pods. Turn it off where the API server is on a network that no policy can name.",
            )],
        ),
        Field::group(
            "monitoring",
            "Monitoring by the Prometheus operator.",
            [Field::new(
                "enabled",
                Shape::Flag(false),
                "Create monitors and alerts.",
            )],
        ),
        Field::group(
            "followBuilds",
            "Following of builds.",
            [
                Field::new(
                    "enabled",
                    Shape::Flag(false),
                    "Install the importer, which imports the tags of an image when its build completes.",
                ),
                Field::new(
                    "namespaces",
                    Shape::Other(names(DNS_LABEL), json!([])),
                    "Namespaces in which the importer has permissions. By default all; with a namespaceSelector, list the \
                     selected ones.",
                ),
                Field::new(
                    "resources",
                    resources(&json!({"cpu": "10m", "memory": "32Mi"}), "128Mi"),
                    "Resources of the importer's container.",
                ),
            ],
        ),
        Field::group(
            "audit",
            "The audit of the cluster on a schedule. The cluster must serve the definitions of OpenReports.",
            [
                Field::new(
                    "enabled",
                    Shape::Flag(false),
                    "Install a CronJob that audits all namespaces and publishes its findings as reports.",
                ),
                Field::new(
                    "schedule",
                    Shape::Other(
                        json!({"type": "string", "pattern": "^[^\\s=]+( [^\\s=]+){4}$"}),
                        json!("0 3 * * *"),
                    ),
                    "When it runs: the five fields of cron.",
                ),
                Field::new(
                    "timeZone",
                    Shape::Other(
                        json!({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$"}),
                        json!("Etc/UTC"),
                    ),
                    "Time zone of the schedule, for example Europe/Berlin.",
                ),
                Field::new(
                    "secrets",
                    Shape::Flag(false),
                    "Let it list secrets, for the checks of credentials. A user who can create pods in the namespace can then \
                     read all secrets of the cluster.",
                ),
                Field::new(
                    "resources",
                    resources(&json!({"cpu": "100m", "memory": "64Mi"}), "512Mi"),
                    "Resources of the audit's container.",
                ),
            ],
        ),
    ]
}

fn pods() -> Vec<Field> {
    let toleration = closed(
        &json!({
            "key": {"type": "string"},
            "operator": {"type": "string", "enum": ["Exists", "Equal"]},
            "value": {"type": "string"},
            "effect": {"type": "string", "enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
            "tolerationSeconds": {"type": "integer"},
        }),
        &[],
    );
    let affinity = closed(
        &json!({
            "nodeAffinity": {"type": "object"},
            "podAffinity": {"type": "object"},
            "podAntiAffinity": {"type": "object"},
        }),
        &[],
    );
    vec![
        Field::new(
            "resources",
            resources(&json!({"cpu": "20m", "memory": "32Mi"}), "512Mi"),
            "Resources of the webhook's container. A CPU limit would make it miss the API server's timeout.",
        ),
        Field::new(
            "priorityClassName",
            Shape::Text("system-cluster-critical", OPTIONAL_DNS_NAME),
            "Priority class of the webhook's pods; empty for none.",
        ),
        Field::new(
            "nodeSelector",
            Shape::Other(labels(&[]), json!({})),
            "Labels of the nodes for all pods.",
        ),
        Field::new(
            "tolerations",
            Shape::Other(list(&toleration), json!([])),
            "Tolerations of all pods.",
        ),
        Field::new(
            "affinity",
            Shape::Other(affinity, json!({})),
            "Affinity of all pods.",
        ),
        Field::new(
            "commonLabels",
            Shape::Other(labels(&OWN_LABELS), json!({})),
            "Labels of all objects and pods, besides those that the chart sets.",
        ),
        Field::new(
            "podLabels",
            Shape::Other(labels(&OWN_LABELS), json!({})),
            "Labels of all pods, besides those that the chart sets.",
        ),
        Field::new(
            "podAnnotations",
            Shape::Other(
                json!({"type": "object", "additionalProperties": {"type": "string"}}),
                json!({}),
            ),
            "Annotations of all pods.",
        ),
    ]
}

fn list(item: &Value) -> Value {
    json!({"type": "array", "items": item})
}

fn names(pattern: &str) -> Value {
    json!({"type": "array", "uniqueItems": true, "items": {"type": "string", "pattern": pattern}})
}

fn closed(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required})
}

/// A map of labels without these keys.
fn labels(without: &[&str]) -> Value {
    let without = without.iter().map(|&key| (key.to_owned(), json!(false)));
    json!({
        "type": "object",
        "properties": Value::Object(without.collect()),
        "additionalProperties": {
            "type": "string",
            "pattern": "^(([A-Za-z0-9][A-Za-z0-9._-]*)?[A-Za-z0-9])?$",
            "maxLength": 63,
        },
    })
}

fn requirement() -> Value {
    closed(
        &json!({
            "key": {"type": "string", "minLength": 1},
            "operator": {"type": "string", "enum": ["In", "NotIn", "Exists", "DoesNotExist"]},
            "values": {"type": "array", "items": {"type": "string"}},
        }),
        &["key", "operator"],
    )
}

fn resources(requests: &Value, memory: &str) -> Shape {
    let quantities = json!({
        "type": "object",
        "additionalProperties": {"type": ["string", "integer"], "pattern": QUANTITY},
    });
    Shape::Other(
        closed(&json!({"requests": quantities, "limits": quantities}), &[]),
        json!({"limits": {"memory": memory}, "requests": requests}),
    )
}

/// The schema of a policy's spec, as JSON schema.
fn policy_schema() -> Result<Value, RenderError> {
    let definition = custom_resource_definition();
    let definition = serde_json::to_value(definition)
        .map_err(|error| RenderError::new("the definition of policies", error))?;
    let spec = definition
        .pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec")
        .ok_or_else(|| RenderError::new("the definition of policies", "it has no spec"))?;
    Ok(json_schema(spec))
}

/// A structural schema as JSON schema: unknown fields are errors, a rule that only matches an expression is a pattern,
/// and the API server checks all other rules.
fn json_schema(structural: &Value) -> Value {
    let Value::Object(fields) = structural else {
        return structural.clone();
    };
    let mut schema = serde_json::Map::new();
    for (key, value) in fields {
        let converted = match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => properties
                .iter()
                .map(|(name, property)| (name.clone(), json_schema(property)))
                .collect(),
            ("items" | "additionalProperties", value) => json_schema(value),
            ("x-kubernetes-validations", Value::Array(rules)) => {
                schema.extend(pattern(rules).map(|pattern| ("pattern".to_owned(), pattern)));
                continue;
            }
            ("x-kubernetes-list-type" | "x-kubernetes-list-map-keys", _) => continue,
            (_, value) => value.clone(),
        };
        schema.insert(key.clone(), converted);
    }
    if schema.contains_key("properties") {
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    Value::Object(schema)
}

/// The last expression that the rules match a text with, if they are not negated. The alternatives in the same rule
/// only choose which rule reports an error.
fn pattern(rules: &[Value]) -> Option<Value> {
    let rules = rules.iter().filter_map(|rule| rule.get("rule")?.as_str());
    let mut patterns = rules.filter_map(|rule| {
        let (before, rest) = rule.rsplit_once("self.matches('")?;
        let is_positive = !before.ends_with('!');
        let pattern = rest.strip_suffix("')")?;
        (is_positive && pattern.starts_with('^') && pattern.ends_with('$')).then(|| json!(pattern))
    });
    patterns.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_has_the_fields_of_the_definition() {
        let schema = policy_schema().unwrap();
        let properties = &schema["properties"];
        assert_eq!(schema["required"], json!(["registry"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(properties["push"]["additionalProperties"], json!(false));
        for (pointer, has, has_not) in [
            ("/registry/pattern", "(:[0-9]{1,5})?$", "172"),
            ("/push/properties/secretName/pattern", "[a-z0-9]", "!"),
            ("/repositories/items/pattern", "*", "!"),
        ] {
            let pattern = properties.pointer(pointer).unwrap().as_str().unwrap();
            assert!(
                pattern.contains(has) && !pattern.contains(has_not),
                "{pattern}"
            );
        }
        assert!(!schema.to_string().contains("x-kubernetes"), "{schema}");
    }

    #[test]
    fn every_value_is_documented_in_sentences() {
        let mut all = fields(&Settings::default()).unwrap();
        while let Some(field) = all.pop() {
            assert!(field.text.ends_with('.'), "{}", field.name);
            if let Shape::Group(fields) = field.shape {
                all.extend(fields);
            }
        }
    }
}
