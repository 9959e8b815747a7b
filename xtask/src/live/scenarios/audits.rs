//! `audit` and `inventory` of the plugin: their findings, that their advice fixes these, and that they change nothing.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Scenario, Stage, build_config, docker_image, image_stream, tag};
use crate::live::cluster::{Cluster, until};
use crate::live::namespaces::Ground;
use crate::live::need::Need;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "audit finds missing fields and its advice fixes them",
        needs: &[Need::Builds, Need::Import],
        run: advice,
    },
    Scenario {
        name: "audit has no finding about injected fields",
        needs: &[Need::Builds, Need::Streams],
        run: governed,
    },
    Scenario {
        name: "audit with permissions in one namespace reports what it could not read",
        needs: &[Need::Streams],
        run: one_namespace,
    },
];

fn advice(stage: &mut Stage<'_>) -> Result<()> {
    let cluster = stage.cluster;
    let namespace = stage.namespaces.pair(Ground::Bare)?.plain;
    for object in [
        build_config("audited", &docker_image("IMAGE")),
        image_stream("audited", &json!([tag("latest", "SHORT")])),
    ] {
        let words = format!("-n {namespace} create -f -");
        cluster.oc(&words, Some(&object.to_string()))?.ok()?;
    }
    let stream = format!("/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams/audited");
    // Until the import more findings exist, and the object changes.
    until("audited:latest is imported", || {
        let items = cluster
            .get(&stream)?
            .pointer("/status/tags/0/items")
            .cloned();
        Ok(items.filter(|items| items.get(0).is_some()).map(|_| ()))
    })?;
    let before = cluster.get(&stream)?;
    let found = findings(cluster, &namespace, "audited")?;
    let rules: Vec<&str> = found.iter().filter_map(rule).collect();
    // OpenShift would push with the secret of the integrated registry, which its account links.
    for wanted in ["wrong-secret-fallback", "not-scheduled"] {
        ensure!(rules.contains(&wanted), "no {wanted} among {rules:?}");
    }
    ensure!(
        cluster.get(&stream)? == before,
        "audit changed the ImageStream"
    );
    let listed = cluster
        .plugin(&format!("inventory -n {namespace}"), None)?
        .ok()?;
    ensure!(
        listed.stdout.contains(cluster.image()),
        "missing in the inventory: {}",
        listed.output()
    );

    let unscheduled = found.iter().find(|one| rule(one) == Some("not-scheduled"));
    let fix = unscheduled.and_then(|one| one.pointer("/fix/command")?.as_str());
    let words = fix
        .and_then(|fix| fix.strip_prefix("oc "))
        .with_context(|| format!("no command of oc: {fix:?}"))?;
    // No part of the patch needs shell quoting.
    let words = &words.replace('\'', "");
    cluster.oc(words, None)?.ok()?;
    let left = findings(cluster, &namespace, "audited")?;
    ensure!(
        !left.iter().any(|one| rule(one) == Some("not-scheduled")),
        "still found after `{words}`: {left:?}"
    );
    Ok(())
}

fn governed(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.send(
        "create -f -",
        &build_config("seen-to", &docker_image("IMAGE")),
    )?;
    pair.send(
        "create -f -",
        &image_stream("seen-to", &json!([tag("latest", "IMAGE")])),
    )?;
    for (namespace, is_governed) in [(&pair.governed, true), (&pair.plain, false)] {
        let found = findings(stage.cluster, namespace, "seen-to")?;
        let is_found = found.iter().any(|one| rule(one) == Some("not-scheduled"));
        ensure!(
            is_found != is_governed,
            "in {namespace}: not scheduled is {is_found}: {found:?}"
        );
    }
    Ok(())
}

fn one_namespace(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let (cluster, namespace) = (stage.cluster, &pair.plain);
    let binding = format!(
        "-n {namespace} create rolebinding audited --clusterrole=view --user=extreg-live-auditor"
    );
    cluster.oc(&binding, None)?.ok()?;
    let words = format!("audit -n {namespace} --as extreg-live-auditor -o json");
    let answer = cluster.plugin(&words, None)?.ok()?;
    let report: Value = serde_json::from_str(&answer.stdout).context("read the report")?;
    let gaps = report.pointer("/sections/0/coverage/gaps");
    let gaps = gaps.and_then(Value::as_array).context("no gaps")?;
    ensure!(
        gaps.iter()
            .any(|gap| gap.to_string().contains("images.config.openshift.io")),
        "no gap for the image configuration: {gaps:?}"
    );
    let strict = format!("{words} --require-coverage 100");
    cluster.plugin(&strict, None)?.refused()?;
    Ok(())
}

/// The findings about an object of this scenario.
fn findings(cluster: &Cluster, namespace: &str, name: &str) -> Result<Vec<Value>> {
    let words = format!("audit -n {namespace} -o json");
    let answer = cluster.plugin(&words, None)?.ok()?;
    let report: Value = serde_json::from_str(&answer.stdout).context("read the report")?;
    let all = report
        .pointer("/sections/0/findings")
        .and_then(Value::as_array)
        .with_context(|| format!("no findings: {}", answer.output()))?;
    Ok(all
        .iter()
        .filter(|one| one.pointer("/place/name") == Some(&json!(name)))
        .cloned()
        .collect())
}

fn rule(finding: &Value) -> Option<&str> {
    finding.pointer("/rule")?.as_str()
}
