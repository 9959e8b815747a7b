//! What the audit and `status` suggest for builds and the secrets that they use.

use extreg_remedy::{Action, LinkUse};
use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use super::Case;
use crate::bench::Source::{Finding, Link};
use crate::objects::{
    AUTH, BASE, DIGEST, HUB, IMAGE, OTHER_HUB, QUAY, TOKEN, account, arc, build, builder, followed,
    id, run_of, secret, showing, stream, tag,
};

const PUSH_SECRET: &[&str] = &["buildconfig/app /spec/output/pushSecret"];

pub(super) fn push(secret: &str) -> Action {
    Action::SetPushSecret {
        build: id(Kind::BuildConfig, "app"),
        secret: arc(secret),
    }
}

pub(super) fn credential(secret: &str) -> Action {
    Action::SetCredential {
        secret: id(Kind::Secret, secret),
        registry: arc("docker.io"),
    }
}

fn pull(holder: &str, secret: &str) -> Action {
    Action::SetPullSecret {
        build: id(Kind::BuildConfig, "app"),
        holder: arc(holder),
        secret: arc(secret),
    }
}

fn linking(list: &Value) -> Value {
    account("builder", list)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_pushes();
    cases.extend(of_pulls());
    cases.extend(of_secrets());
    cases.extend(of_status());
    cases
}

fn of_pushes() -> Vec<Case> {
    let pushes = |of: Vec<Value>| [of, vec![builder()]].concat();
    vec![
        Case::new(
            "push without a secret",
            Finding("EXR007", "anonymous-push"),
            pushes(vec![build(None, BASE), secret("hub", HUB)]),
            vec![push("hub")],
            PUSH_SECRET,
        ),
        Case::new(
            "push where none exists",
            Finding("EXR007", "anonymous-push"),
            pushes(vec![build(None, BASE)]),
            vec![credential("dockerhub"), push("dockerhub")],
            &[
                "secret/dockerhub ",
                "buildconfig/app /spec/output/pushSecret",
            ],
        ),
        Case::new(
            "push secret without a key",
            Finding("EXR007", "anonymous-push"),
            pushes(vec![build(Some("regcred"), BASE), secret("regcred", QUAY)]),
            vec![credential("regcred")],
            &["secret/regcred /data/.dockerconfigjson"],
        ),
        Case::new(
            "push secret beside a better one",
            Finding("EXR007", "anonymous-push"),
            pushes(vec![
                build(Some("regcred"), BASE),
                secret("regcred", QUAY),
                secret("hub", HUB),
            ]),
            vec![push("hub")],
            &["buildconfig/app /spec/output/pushSecret/name"],
        ),
        Case::new(
            "push secret that does not exist",
            Finding("EXR009", "missing-secret"),
            pushes(vec![build(Some("regcred"), BASE)]),
            vec![credential("regcred")],
            &["secret/regcred "],
        ),
        Case::new(
            "linked secret of another registry",
            Finding("EXR009", "wrong-secret-fallback"),
            vec![
                build(None, BASE),
                secret("quay", QUAY),
                linking(&json!({"imagePullSecrets": [{"name": "quay"}]})),
            ],
            vec![credential("dockerhub"), push("dockerhub")],
            &[
                "secret/dockerhub ",
                "buildconfig/app /spec/output/pushSecret",
            ],
        ),
        Case::new(
            "linked secret beside a better one",
            Finding("EXR009", "wrong-secret-fallback"),
            vec![
                build(None, BASE),
                secret("quay", QUAY),
                secret("hub", HUB),
                linking(&json!({"imagePullSecrets": [{"name": "quay"}]})),
            ],
            vec![push("hub")],
            PUSH_SECRET,
        ),
        Case::new(
            "secret linked for mounts",
            Finding("EXR009", "mount-only-link"),
            vec![
                build(None, BASE),
                secret("hub", HUB),
                linking(&json!({"secrets": [{"name": "hub"}, {"name": "kept"}]})),
            ],
            vec![Action::LinkSecret {
                account: id(Kind::ServiceAccount, "builder"),
                secret: arc("hub"),
                uses: LinkUse::Push,
            }],
            &["serviceaccount/builder /imagePullSecrets"],
        ),
    ]
}

fn of_pulls() -> Vec<Case> {
    let base = "docker.io/u/base:1";
    let mut source = build(Some("hub"), BASE);
    source["spec"]["source"]["images"] = json!([{"from": {"kind": "DockerImage", "name": base},
        "paths": [{"sourcePath": "/a", "destinationDir": "b"}]}]);
    let none = json!({});
    vec![
        Case::new(
            "anonymous base",
            Finding("EXR007", "anonymous-build-pull"),
            vec![build(Some("hub"), base), secret("hub", HUB), builder()],
            vec![pull("spec.strategy.dockerStrategy", "hub")],
            &["buildconfig/app /spec/strategy/dockerStrategy/pullSecret"],
        ),
        Case::new(
            "anonymous source image",
            Finding("EXR007", "anonymous-build-pull"),
            vec![source, secret("hub", HUB), builder()],
            vec![pull("spec.source.images[0]", "hub")],
            &["buildconfig/app /spec/source/images/0/pullSecret"],
        ),
        Case::new(
            "pull secret without a key",
            Finding("EXR007", "anonymous-build-pull"),
            vec![
                {
                    let mut naming = build(None, base);
                    naming["spec"]["output"] = none.clone();
                    naming["spec"]["strategy"]["dockerStrategy"]["pullSecret"] =
                        json!({"name": "quay"});
                    naming
                },
                secret("quay", QUAY),
                builder(),
            ],
            vec![credential("quay")],
            &["secret/quay /data/.dockerconfigjson"],
        ),
        Case::new(
            "anonymous base where none exists",
            Finding("EXR007", "anonymous-build-pull"),
            vec![
                {
                    let mut alone = build(None, base);
                    alone["spec"]["output"] = none.clone();
                    alone
                },
                builder(),
            ],
            vec![
                credential("dockerhub"),
                pull("spec.strategy.dockerStrategy", "dockerhub"),
            ],
            &[
                "secret/dockerhub ",
                "buildconfig/app /spec/strategy/dockerStrategy/pullSecret",
            ],
        ),
    ]
}

fn of_secrets() -> Vec<Case> {
    vec![
        Case::new(
            "two secrets of one registry",
            Finding("EXR009", "ambiguous"),
            vec![secret("hub", HUB), secret("other", OTHER_HUB)],
            vec![Action::SetExcluded {
                secret: id(Kind::Secret, "other"),
                excluded: true,
            }],
            &["secret/other /metadata/annotations"],
        ),
        Case::new(
            "key without a credential",
            Finding("EXR009", "useless-key"),
            vec![secret(
                "hub",
                r#"{"auths":{"https://index.docker.io/v1/":{},"quay.io":{"auth":"dTpw"}}}"#,
            )],
            vec![credential("hub")],
            &["secret/hub /data/.dockerconfigjson"],
        ),
        Case::new(
            "key without the auth that podman reads",
            Finding("EXR009", "useless-key"),
            vec![secret(
                "hub",
                &format!(
                    r#"{{"auths":{{"https://index.docker.io/v1/":{{"username":"u","password":"{TOKEN}"}}}}}}"#
                ),
            )],
            vec![credential("hub")],
            &["secret/hub /data/.dockerconfigjson"],
        ),
        Case::new(
            "key that pushes do not find",
            Finding("EXR009", "consumers-differ"),
            vec![
                {
                    // As a push reads it, only the other key of docker.io is for it.
                    let mut short = build(Some("hub"), BASE);
                    short["spec"]["output"]["to"]["name"] = json!("u/a:v1");
                    short
                },
                secret(
                    "hub",
                    &format!(r#"{{"auths":{{"docker.io":{{"auth":"{AUTH}"}}}}}}"#),
                ),
                builder(),
                showing(
                    stream(&[tag(&json!({"importPolicy": {"scheduled": true}}))]),
                    &[DIGEST],
                ),
            ],
            vec![credential("hub")],
            &["secret/hub /data/.dockerconfigjson"],
        ),
    ]
}

fn of_status() -> Vec<Case> {
    let flow = |of: Vec<Value>| [of, vec![builder(), followed()]].concat();
    let waiting = |push| run_of(&build(push, BASE), "Pending", "MissingPushSecret");
    let denied = |push| run_of(&build(push, BASE), "Failed", "PushImageToRegistryFailed");
    let mut to_stream = build(Some("hub"), BASE);
    to_stream["spec"]["output"]["to"] = json!({"kind": "ImageStreamTag", "name": "app:v1"});
    vec![
        Case::new(
            "next push without a secret",
            Link("build", "PushWillFail"),
            flow(vec![build(None, BASE), secret("hub", HUB)]),
            vec![push("hub")],
            PUSH_SECRET,
        ),
        Case::new(
            "next push where none exists",
            Link("build", "PushWillFail"),
            flow(vec![build(None, BASE)]),
            vec![credential("dockerhub"), push("dockerhub")],
            &[
                "secret/dockerhub ",
                "buildconfig/app /spec/output/pushSecret",
            ],
        ),
        Case::new(
            "next push with a missing secret",
            Link("build", "PushWillFail"),
            flow(vec![build(Some("regcred"), BASE)]),
            vec![credential("regcred")],
            &["secret/regcred "],
        ),
        Case::new(
            "next push without a key",
            Link("build", "PushWillFail"),
            flow(vec![build(Some("regcred"), BASE), secret("regcred", QUAY)]),
            vec![credential("regcred")],
            &["secret/regcred /data/.dockerconfigjson"],
        ),
        Case::new(
            "next push beside a better secret",
            Link("build", "PushWillFail"),
            flow(vec![
                build(Some("regcred"), BASE),
                secret("regcred", QUAY),
                secret("hub", HUB),
            ]),
            vec![push("hub")],
            &["buildconfig/app /spec/output/pushSecret/name"],
        ),
        Case::new(
            "build that waits for its secret",
            Link("build", "MissingPushSecret"),
            flow(vec![build(Some("regcred"), BASE), waiting(Some("regcred"))]),
            vec![credential("regcred")],
            &["secret/regcred "],
        ),
        Case::new(
            "denied push without a key",
            Link("build", "PushImageToRegistryFailed"),
            flow(vec![
                build(Some("regcred"), BASE),
                denied(Some("regcred")),
                secret("regcred", QUAY),
            ]),
            vec![credential("regcred")],
            &["secret/regcred /data/.dockerconfigjson"],
        )
        .later("another build has pushed"),
        Case::new(
            "denied push without a secret",
            Link("build", "PushImageToRegistryFailed"),
            flow(vec![build(None, BASE), denied(None), secret("hub", HUB)]),
            vec![push("hub")],
            PUSH_SECRET,
        )
        .later("another build has pushed"),
        Case::new(
            "output without a registry",
            Link("build", "InvalidOutputReference"),
            flow(vec![
                to_stream.clone(),
                run_of(&to_stream, "New", "InvalidOutputReference"),
                secret("hub", HUB),
            ]),
            vec![Action::SetOutput {
                build: id(Kind::BuildConfig, "app"),
                was: arc("app:v1"),
                image: arc(IMAGE),
            }],
            &["buildconfig/app /spec/output/to"],
        )
        .later("another build has pushed"),
    ]
}
