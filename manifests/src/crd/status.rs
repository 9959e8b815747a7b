//! The schema of `status`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

use super::schema::{choice, integer, list, object, required, short_string, string, time};

/// Schema of `status`.
pub(super) fn schema() -> JSONSchemaProps {
    object(
        "Status of the policy, as reported by the webhook.",
        [
            (
                "observedGeneration",
                integer("The generation of the policy that this status is about."),
            ),
            (
                "conditions",
                list(
                    "Ready means that the policy is in force, Conflicting that another policy ties with it.",
                    condition(),
                    16,
                    &["type"],
                ),
            ),
            (
                "conflictsWith",
                list(
                    "Names of the policies that are as specific as this one for the same images.",
                    short_string("Name of a policy.", 1, 253),
                    256,
                    &[],
                ),
            ),
            (
                "facts",
                list(
                    "Facts of the cluster that the webhook can read.",
                    fact(),
                    32,
                    &["source"],
                ),
            ),
        ],
    )
}

/// `metav1.Condition`.
fn condition() -> JSONSchemaProps {
    let condition = object(
        "One aspect of the policy's state.",
        [
            ("type", short_string("Type of the condition.", 1, 316)),
            (
                "status",
                choice("Status of the condition.", &["True", "False", "Unknown"]),
            ),
            (
                "observedGeneration",
                integer("The generation that this condition is about."),
            ),
            ("lastTransitionTime", time("When the status last changed.")),
            ("reason", short_string("Reason in one word.", 1, 1024)),
            ("message", short_string("Message for people.", 0, 32_768)),
        ],
    );
    required(
        condition,
        &["type", "status", "lastTransitionTime", "reason", "message"],
    )
}

fn fact() -> JSONSchemaProps {
    let fact = object(
        "One source of facts.",
        [
            ("source", short_string("Watched resource.", 1, 63)),
            (
                "state",
                short_string("Whether the resource is known.", 1, 63),
            ),
            (
                "message",
                string("Why the resource is unknown; empty if it is known."),
            ),
        ],
    );
    required(fact, &["source", "state"])
}
