//! What the webhook says of a policy.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

use super::schema::{choice, integer, list, object, required, short_string, string, time};

/// Schema of `status`.
pub(super) fn schema() -> JSONSchemaProps {
    object(
        "What the webhook says of the policy.",
        [
            (
                "observedGeneration",
                integer("The generation of the policy that this status is about."),
            ),
            (
                "conditions",
                list(
                    "Ready says that the policy is in force, Conflicting that another one ties with it.",
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
                    "What the webhook can know of the cluster.",
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
            ("type", short_string("What is said.", 1, 316)),
            (
                "status",
                choice("Whether it is so.", &["True", "False", "Unknown"]),
            ),
            (
                "observedGeneration",
                integer("The generation that this condition is about."),
            ),
            ("lastTransitionTime", time("When the status last changed.")),
            ("reason", short_string("Why, in one word.", 1, 1024)),
            ("message", short_string("Why, in a sentence.", 0, 32_768)),
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
            ("source", short_string("What is watched.", 1, 63)),
            ("state", short_string("Whether that is known.", 1, 63)),
            ("message", string("Why it is not, where it is not.")),
        ],
    );
    required(fact, &["source", "state"])
}
