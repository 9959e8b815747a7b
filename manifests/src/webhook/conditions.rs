//! Conditions in CEL that spare the call where the API server itself can tell that nothing would change.
//!
//! An expression that fails to evaluate skips the webhook under `failurePolicy: Ignore` and rejects the
//! request under `Fail`; so each one reads only what it has asked for with `has` and compared with null:
//! an ImageStreamTag without a tag arrives with `tag: null`. Where in doubt the webhook is called; it
//! decides the same without these conditions, on clusters that do not know them.

use k8s_openapi::api::admissionregistration::v1::MatchCondition;

/// Account of the controller that imports tags, new ones at once and scheduled ones periodically.
const IMPORT_CONTROLLER: &str = "system:serviceaccount:openshift-infra:image-import-controller";

/// The conditions, all of which must hold for the webhook to be called.
pub fn match_conditions() -> Vec<MatchCondition> {
    vec![
        condition(
            "no-system-namespace",
            "!has(request.namespace) || !(request.namespace.startsWith('openshift-') || request.namespace.startsWith('kube-'))".to_owned(),
        ),
        // Starting a build counts up the BuildConfig's lastVersion; the Build is made already.
        condition(
            "no-build-count",
            format!(
                "!(request.resource.resource == 'buildconfigs' && request.operation == 'UPDATE' && {})",
                by("system:apiserver")
            ),
        ),
        // It repeats the policy that the tag already has.
        condition(
            "no-import-controller",
            format!(
                "!(request.resource.resource == 'imagestreamimports' && {})",
                by(IMPORT_CONTROLLER)
            ),
        ),
        // A look-up, such as `oc new-app` makes: nothing is written.
        condition(
            "import-is-meant",
            "request.resource.resource != 'imagestreamimports' || !has(object.spec) || object.spec == null || !has(object.spec.import) || object.spec.import != false".to_owned(),
        ),
        condition(
            "stream-has-unscheduled-tag",
            format!(
                "request.resource.resource != 'imagestreams' || (has(object.spec) && object.spec != null && has(object.spec.tags) && object.spec.tags != null && object.spec.tags.exists(t, {}))",
                unscheduled("t")
            ),
        ),
        condition(
            "streamtag-is-unscheduled",
            format!(
                "request.resource.resource != 'imagestreamtags' || (has(object.tag) && object.tag != null && {})",
                unscheduled("object.tag")
            ),
        ),
        condition(
            "imagetag-is-unscheduled",
            format!(
                "request.resource.resource != 'imagetags' || (has(object.spec) && object.spec != null && {})",
                unscheduled("object.spec")
            ),
        ),
    ]
}

fn condition(name: &str, expression: String) -> MatchCondition {
    MatchCondition {
        name: name.to_owned(),
        expression,
    }
}

fn by(user: &str) -> String {
    format!("has(request.userInfo.username) && request.userInfo.username == '{user}'")
}

/// The tag comes from an image by name and is not imported periodically yet.
fn unscheduled(tag: &str) -> String {
    format!(
        "has({tag}.from) && {tag}.from != null && has({tag}.from.kind) && {tag}.from.kind == 'DockerImage' && !(has({tag}.importPolicy) && {tag}.importPolicy != null && has({tag}.importPolicy.scheduled) && {tag}.importPolicy.scheduled == true)"
    )
}
