//! What a policy asks for.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

use super::rules;
use super::schema::{
    atomic_list, boolean, choice, defaulted, list, map, object, required, ruled, short_string,
    string,
};

/// Schema of `spec`.
pub(super) fn schema() -> JSONSchemaProps {
    let spec = object(
        "What is done, to which images, in which namespaces.",
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
    let text = "Host of the registry, with its port if it has one. docker.io stands for \
                index.docker.io and registry-1.docker.io too, and for images without a host where \
                OpenShift means Docker Hub by that.";
    ruled(short_string(text, 1, 259), rules::REGISTRY)
}

fn repositories() -> JSONSchemaProps {
    let text = "Repositories on the registry, without its host; all of them where this is absent. \
                '*' stands for any part of one segment, '**' for any number of segments: team/*, \
                team/**. Of two policies that match an image the more specific one counts.";
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
        "Labels of the namespaces in which the policy holds; all that the webhook is called for \
         where this is absent.",
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
    let text = "Enforce changes objects. Warn says in an admission warning what it would change. \
                Audit only counts it and notes it in the audit log. Off does nothing, and takes \
                images away from less specific policies.";
    defaulted(
        choice(text, &["Enforce", "Warn", "Audit", "Off"]),
        "Enforce",
    )
}

fn push() -> JSONSchemaProps {
    let target = "Where the push secret is written: on the BuildConfig, on each Build, or on both.";
    let push = object(
        "Gives builds that push to the registry a push secret where they have none.",
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
        "Gives builds that start from an image of the registry a pull secret where they have none.",
        [("secretName", secret_name("the pull secret"))],
    );
    required(pull, &["secretName"])
}

fn import() -> JSONSchemaProps {
    let scheduled = "Whether tags that come from the registry are imported periodically, every 15 \
                     minutes unless the cluster says otherwise. Each look counts against the \
                     registry's rate limit.";
    let import = object(
        "What is done to image stream tags that come from the registry.",
        [("scheduled", boolean(scheduled))],
    );
    required(import, &["scheduled"])
}

fn secret_name(what: &str) -> JSONSchemaProps {
    let text = format!(
        "Name of {what} in the namespace of the object. The webhook can tell whether it is there \
         only if its ClusterRole lists the name."
    );
    let schema = JSONSchemaProps {
        min_length: Some(1),
        max_length: Some(253),
        ..string(&text)
    };
    ruled(schema, rules::SECRET_NAME)
}
