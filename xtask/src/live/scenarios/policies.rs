//! Policies: they take effect without a restart, and their status is correct.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{
    PUSH_SECRET, Scenario, Stage, build_config, docker_image, dockerhub, image_stream, tag,
};
use crate::live::cluster::until;
use crate::live::namespaces::Ground;
use crate::live::need::Need;
use crate::live::pair::{Object, Pair};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "policy for another registry takes effect in its namespaces",
        needs: &[Need::Builds, Need::Streams],
        run: another_registry,
    },
    Scenario {
        name: "policy for some repositories and for Builds only",
        needs: &[Need::Builds],
        run: repositories,
    },
    Scenario {
        name: "policy in mode Warn warns, Audit is silent, Off does nothing",
        needs: &[Need::Builds, Need::Streams],
        run: modes,
    },
    Scenario {
        name: "policy with a pull secret",
        needs: &[Need::Builds],
        run: pull_secret,
    },
    Scenario {
        name: "policy status shows whether it is in force and its ties",
        needs: &[],
        run: status,
    },
    Scenario {
        name: "invalid policy is refused",
        needs: &[],
        run: refused,
    },
];

/// A policy of this run, for one namespace.
pub(super) fn policy(stage: &Stage<'_>, name: &str, pair: &Pair<'_>, spec: &Value) -> Value {
    let mut spec = spec.clone();
    if let Some(spec) = spec.as_object_mut() {
        let labels = json!({"kubernetes.io/metadata.name": pair.governed});
        spec.insert(
            "namespaceSelector".to_owned(),
            json!({"matchLabels": labels}),
        );
    }
    json!({
        "apiVersion": "extreg.io/v1alpha1",
        "kind": "RegistryPolicy",
        "metadata": {"name": format!("live-{}-{name}", stage.namespaces.run())},
        "spec": spec,
    })
}

/// Creates or updates it.
pub(super) fn apply(stage: &Stage<'_>, policy: &Value) -> Result<()> {
    stage
        .cluster
        .oc("apply -f -", Some(&policy.to_string()))?
        .ok()?;
    Ok(())
}

fn delete(stage: &Stage<'_>, policy: &Value) -> Result<()> {
    stage
        .cluster
        .oc("delete -f -", Some(&policy.to_string()))?
        .ok()?;
    Ok(())
}

/// Waits until `wanted` accepts the result of a dry run of a BuildConfig that pushes there: its push secret, and the
/// output.
fn becomes(
    pair: &Pair<'_>,
    image: &str,
    wanted: impl Fn(Option<&str>, &str) -> bool,
) -> Result<()> {
    let config = build_config("probe", &docker_image(image)).to_string();
    until("the policy is in force", || {
        let words = "create -f - --dry-run=server -o json";
        let answer = pair.both(words, Some(&config))?.0.ok()?;
        let answered: Value = serde_json::from_str(&answer.stdout)?;
        let secret = answered
            .pointer("/spec/output/pushSecret/name")
            .and_then(Value::as_str);
        Ok(wanted(secret, &answer.stderr).then_some(()))
    })
}

fn another_registry(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.namespaces.pair(Ground::Policies)?;
    let spec = json!({
        "registry": "quay.example.com:5000",
        "push": {"secretName": "quay"},
        "import": {"scheduled": true},
    });
    let policy = policy(stage, "quay", &pair, &spec);
    apply(stage, &policy)?;
    let image = "quay.example.com:5000/team/app:latest";
    becomes(&pair, image, |secret, _| secret == Some("quay"))?;
    let config = build_config("policy-quay", &docker_image(image));
    pair.send("create -f -", &config)?;
    pair.differs(
        Object::BuildConfig("policy-quay"),
        &[(PUSH_SECRET, json!({"name": "quay"}))],
    )?;
    let tags = json!([
        tag("a", image),
        tag("b", "quay.example.com/team/app:latest")
    ]);
    pair.send("create -f -", &image_stream("policy-quay", &tags))?;
    pair.scheduled("policy-quay", &[0])?;
    let main = stage.main()?;
    main.send("create -f -", &config)?;
    main.alike(Object::BuildConfig("policy-quay"))?;
    delete(stage, &policy)?;
    becomes(&pair, image, |secret, _| secret.is_none())
}

fn repositories(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.namespaces.pair(Ground::Policies)?;
    let spec = json!({
        "registry": "quay.example.com",
        "repositories": ["team/*"],
        "push": {"secretName": "team", "target": "Build"},
    });
    let policy = policy(stage, "team", &pair, &spec);
    apply(stage, &policy)?;
    // No object shows immediately that it is in force; its status does.
    in_force(stage, &policy)?;
    let image = |repository: &str| docker_image(&format!("quay.example.com/{repository}:latest"));
    for (name, repository, injected) in [
        ("policy-team", "team/app", true),
        ("policy-deep", "team/app/x", false),
        ("policy-else", "teams/app", false),
    ] {
        let config = build_config(name, &image(repository));
        pair.send("create -f -", &config)?;
        pair.alike(Object::BuildConfig(name))?;
        pair.oc(&format!("start-build {name}"))?;
        let secret = (PUSH_SECRET, json!({"name": "team"}));
        let wanted: Vec<_> = injected.then_some(secret).into_iter().collect();
        pair.differs(Object::Build(&format!("{name}-1")), &wanted)?;
    }
    delete(stage, &policy)
}

fn modes(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.namespaces.pair(Ground::Policies)?;
    let spec = |mode: &str| {
        json!({
            "registry": "docker.io",
            "mode": mode,
            "push": {"secretName": "dockerhub"},
            "import": {"scheduled": true},
        })
    };
    let with_mode = |mode: &str| policy(stage, "mode", &pair, &spec(mode));
    becomes(&pair, "IMAGE", |secret, _| secret == Some("dockerhub"))?;
    apply(stage, &with_mode("Warn"))?;
    becomes(&pair, "IMAGE", |secret, answer| {
        secret.is_none() && answer.contains("(Warn) would set")
    })?;
    pair.send(
        "create -f -",
        &build_config("mode-warn", &docker_image("IMAGE")),
    )?;
    pair.alike(Object::BuildConfig("mode-warn"))?;
    let answer = pair.oc("tag --source=docker IMAGE mode-warn:latest")?;
    ensure!(
        answer.stderr.contains("(Warn) would set"),
        "{}",
        answer.output()
    );
    pair.alike(Object::Stream("mode-warn"))?;
    for mode in ["Audit", "Off"] {
        apply(stage, &with_mode(mode))?;
        becomes(&pair, "IMAGE", |secret, answer| {
            secret.is_none() && !answer.contains("extreg:")
        })?;
        let stream = format!("mode-{}", mode.to_lowercase());
        let answer = pair.oc(&format!("tag --source=docker IMAGE {stream}:latest"))?;
        ensure!(answer.warnings().is_empty(), "{}", answer.output());
        pair.alike(Object::Stream(&stream))?;
    }
    delete(stage, &with_mode("Off"))?;
    becomes(&pair, "IMAGE", |secret, _| secret == Some("dockerhub"))
}

fn pull_secret(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.namespaces.pair(Ground::Policies)?;
    let spec = json!({"registry": "docker.io", "pull": {"secretName": "dockerhub"}});
    let policy = policy(stage, "pull", &pair, &spec);
    apply(stage, &policy)?;
    // It has no push secret, so the general policy's secret is no longer injected.
    becomes(&pair, "IMAGE", |secret, _| secret.is_none())?;
    let injected = ("/spec/strategy/dockerStrategy/pullSecret", dockerhub());
    // Builders resolve a short name through other registries first.
    for (name, base, wanted) in [
        ("policy-pull", "IMAGE", &[injected][..]),
        ("policy-pull-short", "SHORT", &[]),
    ] {
        let mut config = build_config(name, &docker_image("IMAGE"));
        if let Some(strategy) = config.pointer_mut("/spec/strategy/dockerStrategy") {
            *strategy = json!({"from": docker_image(base)});
        }
        pair.send("create -f -", &config)?;
        pair.differs(Object::BuildConfig(name), wanted)?;
    }
    pair.oc("start-build policy-pull")?;
    delete(stage, &policy)?;
    becomes(&pair, "IMAGE", |secret, _| secret == Some("dockerhub"))
}

fn status(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.namespaces.pair(Ground::Policies)?;
    let spec = json!({"registry": "tie.example.com", "push": {"secretName": "a"}});
    let (first, second) = (
        policy(stage, "tie-a", &pair, &spec),
        policy(stage, "tie-b", &pair, &spec),
    );
    apply(stage, &first)?;
    in_force(stage, &first)?;
    apply(stage, &second)?;
    for (policy, other) in [(&first, "tie-b"), (&second, "tie-a")] {
        let other = format!("live-{}-{other}", stage.namespaces.run());
        until("the tie is in the status", || {
            let status = status_of(stage, policy)?;
            Ok(
                (condition(&status, "Conflicting").as_deref() == Some("True")
                    && status.pointer("/conflictsWith") == Some(&json!([other])))
                .then_some(()),
            )
        })?;
    }
    delete(stage, &second)?;
    until("the tie is gone from the status", || {
        let status = status_of(stage, &first)?;
        Ok((condition(&status, "Conflicting").as_deref() == Some("False")).then_some(()))
    })?;
    delete(stage, &first)
}

fn refused(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.namespaces.pair(Ground::Policies)?;
    for spec in [
        json!({}),
        json!({"registry": "https://docker.io"}),
        json!({"registry": "docker.io/ably77"}),
        json!({"registry": "docker.io", "mode": "Maybe"}),
        json!({"registry": "docker.io", "push": {}}),
        json!({"registry": "docker.io", "push": {"secretName": "No_Such"}}),
        json!({"registry": "docker.io", "repositories": ["a//b"]}),
    ] {
        let policy = policy(stage, "refused", &pair, &spec).to_string();
        stage
            .cluster
            .oc("create -f - --dry-run=server", Some(&policy))?
            .refused()?;
    }
    Ok(())
}

/// Waits until the policy is in force.
pub(super) fn in_force(stage: &Stage<'_>, policy: &Value) -> Result<()> {
    until("the status reports that the policy is in force", || {
        let status = status_of(stage, policy)?;
        Ok((condition(&status, "Ready").as_deref() == Some("True")).then_some(()))
    })
}

fn status_of(stage: &Stage<'_>, policy: &Value) -> Result<Value> {
    let name = policy
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let stored = stage
        .cluster
        .get(&format!("/apis/extreg.io/v1alpha1/registrypolicies/{name}"))?;
    Ok(stored.pointer("/status").cloned().unwrap_or_default())
}

fn condition(status: &Value, kind: &str) -> Option<String> {
    let conditions = status.pointer("/conditions")?.as_array()?;
    let condition = conditions
        .iter()
        .find(|condition| condition.pointer("/type") == Some(&json!(kind)))?;
    Some(condition.pointer("/status")?.as_str()?.to_owned())
}
