//! `setup` and `teardown`, and the state of the cluster after each.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Scenario, Stage};
use crate::live::cluster::{Answer, until};
use crate::live::need::Need;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "setup and teardown of an application in a separate project",
    needs: &[Need::Builds, Need::Streams, Need::Projects],
    run: application,
}];

fn application(stage: &mut Stage<'_>) -> Result<()> {
    let namespace = format!("extreg-live-{}-flow", stage.namespaces.run());
    let setup = format!(
        "setup flow -n {namespace} --image IMAGE --source https://example.com/flow.git \
         --username live --password-stdin"
    );
    let run = |words: &str| stage.cluster.plugin(words, Some("no-password"));
    let first = run(&setup)?;
    // Labeled, so that this run removes it in any case.
    let label = format!("label namespace {namespace} {}", stage.namespaces.label());
    stage.cluster.oc(&label, None)?.ok()?;
    let first = first.ok()?;
    ensure!(
        first
            .stdout
            .contains("buildconfig.build.openshift.io/flow created"),
        "{}",
        first.output()
    );
    let get = |kind: &str, name: &str| {
        let words = format!("get -n {namespace} {kind}/{name} -o json");
        let answer = stage.cluster.oc(&words, None)?.ok()?;
        serde_json::from_str::<Value>(&answer.stdout).context("read JSON")
    };
    let image = json!({"kind": "DockerImage", "name": stage.cluster.image()});
    holds(
        &get("buildconfig", "flow")?,
        &[
            ("/spec/output/to", image.clone()),
            ("/spec/output/pushSecret", json!({"name": "dockerhub"})),
        ],
    )?;
    holds(
        &get("imagestream", "flow")?,
        &[
            ("/spec/tags/0/from", image),
            ("/spec/tags/0/importPolicy/scheduled", json!(true)),
        ],
    )?;
    holds(
        &get("secret", "dockerhub")?,
        &[("/type", json!("kubernetes.io/dockerconfigjson"))],
    )?;
    let links = |at: &str| {
        let account = get("serviceaccount", "builder")?;
        let links = account.pointer(at).and_then(Value::as_array).cloned();
        Ok::<_, anyhow::Error>(links.unwrap_or_default())
    };
    let link = json!({"name": "dockerhub"});
    for at in ["/secrets", "/imagePullSecrets"] {
        ensure!(links(at)?.contains(&link), "builder lacks {at}");
    }
    until(
        "the first build has started automatically with the secret",
        || {
            let words = format!("get -n {namespace} builds -o json");
            let builds: Value =
                serde_json::from_str(&stage.cluster.oc(&words, None)?.ok()?.stdout)?;
            let found = builds.pointer("/items/0/spec/output/pushSecret/name");
            Ok((found == Some(&json!("dockerhub"))).then_some(()))
        },
    )?;

    every_line_ends(&run(&setup)?.ok()?, "unchanged")?;
    let teardown = format!("teardown flow -n {namespace} --yes");
    run(&teardown)?.ok()?;
    nothing_left(stage, &namespace)?;
    for at in ["/secrets", "/imagePullSecrets"] {
        let links = links(at)?;
        ensure!(!links.contains(&link), "builder still has {at}");
        ensure!(!links.is_empty(), "builder lost all of {at}");
    }
    let again = run(&teardown)?.refused()?;
    ensure!(
        again.output().contains("setup created nothing named flow"),
        "{}",
        again.output()
    );
    Ok(())
}

/// Only the links of accounts remain of the objects that setup created.
pub(super) fn nothing_left(stage: &Stage<'_>, namespace: &str) -> Result<()> {
    let kinds = "buildconfigs,imagestreams,deployments,deploymentconfigs";
    for what in [kinds, "secret dockerhub"] {
        let words = format!("get -n {namespace} {what} -o name --ignore-not-found");
        let left = stage.cluster.oc(&words, None)?.ok()?;
        ensure!(
            left.stdout.trim().is_empty(),
            "remaining: {}",
            left.output()
        );
    }
    Ok(())
}

/// The object must have these fields.
pub(super) fn holds(object: &Value, fields: &[(&str, Value)]) -> Result<()> {
    for (at, wanted) in fields {
        let found = object.pointer(at);
        ensure!(found == Some(wanted), "{at} is {found:?} and not {wanted}");
    }
    Ok(())
}

/// Every line of the result must end with this verb.
pub(super) fn every_line_ends(answer: &Answer, verb: &str) -> Result<()> {
    ensure!(
        !answer.stdout.is_empty() && answer.stdout.lines().all(|line| line.ends_with(verb)),
        "not {verb}: {}",
        answer.output()
    );
    Ok(())
}
