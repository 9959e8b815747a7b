//! The schema of `spec`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

use super::rules;
use super::schema::{
    atomic_list, boolean, choice, defaulted, list, map, object, required, ruled, short_string,
    string,
};

/// Schema of `spec`.
pub(super) fn schema() -> JSONSchemaProps {
    let spec = object(
        "What the webhook does, for which images, in which namespaces.",
        [
            ("registry", registry()),
            ("repositories", repositories()),
            ("namespaceSelector", namespace_selector()),
            ("mode", mode()),
            ("push", push()),
            ("pull", pull()),
            ("import", import()),
        ],
    );
    ruled(required(spec, &["registry"]), rules::SPEC)
}

fn registry() -> JSONSchemaProps {
    let text = "Host of the registry, with its port if it has one. docker.io also includes \
                index.docker.io, registry-1.docker.io, and images without a host where OpenShift \
                uses Docker Hub for them.";
    ruled(short_string(text, 1, 259), rules::REGISTRY)
}

fn repositories() -> JSONSchemaProps {
    let text = "Repositories on the registry, without its host; if absent, all. '*' matches any \
                part of one segment, '**' any number of segments: team/*, team/**. If two policies \
                match an image, the more specific one applies.";
    let one = short_string("A glob over the whole repository.", 1, 255);
    JSONSchemaProps {
        min_items: Some(1),
        ..list(text, ruled(one, rules::REPOSITORY), 64, &[])
    }
}

fn namespace_selector() -> JSONSchemaProps {
    let requirement = object(
        "One requirement.",
        [
            ("key", short_string("Key of the label.", 1, 317)),
            (
                "operator",
                choice(
                    "How the values are compared.",
                    &["In", "NotIn", "Exists", "DoesNotExist"],
                ),
            ),
            (
                "values",
                atomic_list("Values of the label.", short_string("A value.", 0, 63), 256),
            ),
        ],
    );
    let requirement = ruled(
        required(requirement, &["key", "operator"]),
        rules::REQUIREMENT,
    );
    let value = short_string("Value of the label.", 0, 63);
    object(
        "Labels of the namespaces to which the policy applies; if absent, all for which the \
         webhook is called.",
        [
            (
                "matchLabels",
                map("Labels a namespace must have.", value, 64),
            ),
            (
                "matchExpressions",
                atomic_list("Requirements a namespace must meet.", requirement, 32),
            ),
        ],
    )
}

fn mode() -> JSONSchemaProps {
    let text = "Enforce changes objects. Warn shows in an admission warning what it would change. \
                Audit only counts changes and writes them to the audit log. Off does nothing, and \
                excludes images from less specific policies.";
    defaulted(
        choice(text, &["Enforce", "Warn", "Audit", "Off"]),
        "Enforce",
    )
}

fn push() -> JSONSchemaProps {
    let target = "Where the push secret is set: in the BuildConfig, in each Build, or in both.";
    let push = object(
        "Sets a push secret for builds that push to the registry and have none.",
        [
            ("secretName", secret_name("the push secret")),
            (
                "target",
                defaulted(choice(target, &["BuildConfig", "Build", "Both"]), "Both"),
            ),
        ],
    );
    required(push, &["secretName"])
}

fn pull() -> JSONSchemaProps {
    let pull = object(
        "Sets a pull secret for builds that start from an image of the registry and have none.",
        [("secretName", secret_name("the pull secret"))],
    );
    required(pull, &["secretName"])
}

fn import() -> JSONSchemaProps {
    let scheduled = "Whether tags that follow an image of the registry are imported periodically, \
                     by default every 15 minutes. Each import counts against the registry's rate \
                     limit.";
    let import = object(
        "Settings for image stream tags that follow an image of the registry.",
        [("scheduled", boolean(scheduled))],
    );
    required(import, &["scheduled"])
}

fn secret_name(what: &str) -> JSONSchemaProps {
    let text = format!(
        "Name of {what} in the namespace of the object. The webhook can check that the secret \
         exists only if its ClusterRole lists the name."
    );
    let schema = JSONSchemaProps {
        min_length: Some(1),
        max_length: Some(253),
        ..string(&text)
    };
    ruled(schema, rules::SECRET_NAME)
}
