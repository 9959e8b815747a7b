//! Conditions in CEL that avoid calls for requests in which nothing would change.
//!
//! An expression that fails to evaluate skips the webhook under `failurePolicy: Ignore` and rejects the
//! request under `Fail`; so each one reads only fields that it has checked with `has` and compared with null:
//! an ImageStreamTag without a tag arrives with `tag: null`. In doubt the webhook is called; without
//! these conditions, on clusters that do not support them, it decides the same.

use k8s_openapi::api::admissionregistration::v1::MatchCondition;

/// Account of the controller that imports tags, new ones immediately and scheduled ones periodically.
const IMPORT_CONTROLLER: &str = "system:serviceaccount:openshift-infra:image-import-controller";

/// The conditions, all of which must hold for the webhook to be called.
pub fn match_conditions() -> Vec<MatchCondition> {
    vec![
        condition(
            "no-system-namespace",
            "!has(request.namespace) || !(request.namespace.startsWith('openshift-') || request.namespace.startsWith('kube-'))".to_owned(),
        ),
        // Starting a build increments the BuildConfig's lastVersion; the Build exists already.
        condition(
            "no-build-count",
            format!(
                "!(request.resource.resource == 'buildconfigs' && request.operation == 'UPDATE' && {})",
                by("system:apiserver")
            ),
        ),
        // The engine acts on an update only if something is new or has changed.
        condition(
            "spec-changes",
            "!(request.operation == 'UPDATE' && request.resource.resource in ['buildconfigs', 'imagestreams'] && has(object.spec) && has(oldObject.spec) && object.spec == oldObject.spec)".to_owned(),
        ),
        condition(
            "build-lacks-a-secret",
            format!(
                "!(request.resource.resource in ['buildconfigs', 'builds']) || ({} && ({} || {}))",
                present("object", "spec"),
                pushes_without_secret("object.spec"),
                pulls_without_secret("object.spec"),
            ),
        ),
        // It uses the tag's existing policy.
        condition(
            "no-import-controller",
            format!(
                "!(request.resource.resource == 'imagestreamimports' && {})",
                by(IMPORT_CONTROLLER)
            ),
        ),
        // A query, such as from `oc new-app`: nothing is written.
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

/// The field exists and is not null.
fn present(owner: &str, field: &str) -> String {
    format!("has({owner}.{field}) && {owner}.{field} != null")
}

/// The build has an output, and no secret to push it with.
fn pushes_without_secret(spec: &str) -> String {
    format!(
        "({} && {} && !({}))",
        present(spec, "output"),
        present(&format!("{spec}.output"), "to"),
        present(&format!("{spec}.output"), "pushSecret"),
    )
}

/// The build pulls an image without a secret: as the base of a strategy, or to copy files from.
fn pulls_without_secret(spec: &str) -> String {
    let site = |owner: &str| {
        format!(
            "{} && has({owner}.from.kind) && {owner}.from.kind == 'DockerImage' && !({})",
            present(owner, "from"),
            present(owner, "pullSecret"),
        )
    };
    let strategies = ["customStrategy", "dockerStrategy", "sourceStrategy"].map(|strategy| {
        let strategies = format!("{spec}.strategy");
        format!(
            "({} && {} && {})",
            present(spec, "strategy"),
            present(&strategies, strategy),
            site(&format!("{strategies}.{strategy}")),
        )
    });
    format!(
        "{} || ({} && {} && {spec}.source.images.exists(i, {}))",
        strategies.join(" || "),
        present(spec, "source"),
        present(&format!("{spec}.source"), "images"),
        site("i"),
    )
}

/// The tag comes from an image by name and is not imported periodically yet.
fn unscheduled(tag: &str) -> String {
    format!(
        "has({tag}.from) && {tag}.from != null && has({tag}.from.kind) && {tag}.from.kind == 'DockerImage' && !(has({tag}.importPolicy) && {tag}.importPolicy != null && has({tag}.importPolicy.scheduled) && {tag}.importPolicy.scheduled == true)"
    )
}
