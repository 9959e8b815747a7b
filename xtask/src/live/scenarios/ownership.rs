//! `setup` with existing objects, and by a user with limited permissions.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::flow::{every_line_ends, holds, nothing_left};
use super::{Scenario, Stage, build_config, docker_image, image_stream, tag};
use crate::live::cluster::Answer;
use crate::live::need::Need;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "setup adopts manually created objects with --adopt",
        needs: &[Need::Builds, Need::Streams],
        run: taken_over,
    },
    Scenario {
        name: "setup keeps what users add to its objects",
        needs: &[Need::Builds, Need::Streams],
        run: added_to,
    },
    Scenario {
        name: "setup by a user with permissions in one namespace only",
        needs: &[Need::Builds, Need::Streams, Need::Projects],
        run: few_rights,
    },
];

/// A namespace of the run, and commands in it.
struct Place<'a> {
    stage: &'a Stage<'a>,
    namespace: String,
}

impl<'a> Place<'a> {
    fn new(stage: &'a Stage<'a>, suffix: &str) -> Result<Self> {
        let namespace = format!("extreg-live-{}-{suffix}", stage.namespaces.run());
        let cluster = stage.cluster;
        cluster
            .oc(&format!("create namespace {namespace}"), None)?
            .ok()?;
        let label = stage.namespaces.label();
        cluster
            .oc(&format!("label namespace {namespace} {label}"), None)?
            .ok()?;
        Ok(Self { stage, namespace })
    }

    fn oc(&self, words: &str, input: Option<&Value>) -> Result<Answer> {
        let words = format!("-n {} {words}", self.namespace);
        let input = input.map(Value::to_string);
        self.stage.cluster.oc(&words, input.as_deref())?.ok()
    }

    fn setup(&self, more: &str) -> Result<Answer> {
        let words = format!(
            "setup app -n {} --image IMAGE --source https://example.com/app.git --workload none \
             --username live --password-stdin {more}",
            self.namespace
        );
        self.stage.cluster.plugin(&words, Some("no-password"))
    }

    fn get(&self, object: &str) -> Result<Value> {
        let answer = self.oc(&format!("get {object} -o json"), None)?;
        serde_json::from_str(&answer.stdout).context("read JSON")
    }
}

fn taken_over(stage: &mut Stage<'_>) -> Result<()> {
    let place = Place::new(stage, "adopt")?;
    let elsewhere =
        json!({"kind": "ImageStreamTag", "name": "other:latest", "namespace": place.namespace});
    let mut build = build_config("app", &elsewhere);
    let webhook = json!({"type": "Generic", "generic": {"secret": "live"}});
    if let Some(spec) = build.pointer_mut("/spec").and_then(Value::as_object_mut) {
        spec.insert("triggers".to_owned(), json!([webhook]));
    }
    let tags = json!([tag("keep", "quay.io/a/b:v1")]);
    place.oc("create -f -", Some(&build))?;
    place.oc("create -f -", Some(&image_stream("app", &tags)))?;

    let printed = place.setup("")?.refused()?;
    ensure!(printed.stderr.contains("--adopt"), "{}", printed.output());
    let untouched = place.get("buildconfig/app")?;
    ensure!(untouched.pointer("/spec/source/git").is_none(), "changed");
    place.setup("--adopt --dry-run=server")?.ok()?;
    place.setup("--adopt")?.ok()?;
    let taken = place.get("buildconfig/app")?;
    let image = docker_image(stage.cluster.image());
    holds(
        &taken,
        &[
            ("/spec/output/to", image),
            ("/spec/triggers/0", webhook),
            ("/spec/triggers/1/type", json!("ConfigChange")),
            ("/spec/source/git/uri", json!("https://example.com/app.git")),
        ],
    )?;
    let dockerfile = taken.pointer("/spec/source/dockerfile");
    ensure!(dockerfile.is_none(), "still builds {dockerfile:?}");
    let stream = place.get("imagestream/app")?;
    let tags = stream.pointer("/spec/tags").and_then(Value::as_array);
    ensure!(tags.is_some_and(|tags| tags.len() == 2), "{stream}");
    every_line_ends(&place.setup("")?.ok()?, "unchanged")?;

    // A build of another type cannot be adopted, and this is checked before the first write.
    place.oc("delete buildconfig/app secret/dockerhub", None)?;
    place.oc(
        "new-build --binary --strategy=docker --name=app --to=other",
        None,
    )?;
    let printed = place.setup("--adopt")?.refused()?;
    ensure!(
        printed.stderr.contains("spec.source.binary"),
        "{}",
        printed.output()
    );
    let words = "get secret dockerhub --ignore-not-found -o name";
    let secret = place.oc(words, None)?;
    ensure!(secret.stdout.is_empty(), "{}", secret.output());
    Ok(())
}

fn added_to(stage: &mut Stage<'_>) -> Result<()> {
    let place = Place::new(stage, "added")?;
    place.setup("")?.ok()?;
    for words in [
        "set triggers buildconfig/app --from-github",
        "set env buildconfig/app A=b",
        "label buildconfig/app team=one",
        "tag --source=docker REPOSITORY:another app:another",
        "tag --alias app:another app:moving",
    ] {
        place.oc(words, None)?;
    }
    every_line_ends(&place.setup("")?.ok()?, "unchanged")?;
    let build = place.get("buildconfig/app")?;
    let triggers = build.pointer("/spec/triggers").and_then(Value::as_array);
    ensure!(triggers.is_some_and(|all| all.len() == 2), "{build}");
    Ok(())
}

fn few_rights(stage: &mut Stage<'_>) -> Result<()> {
    let place = Place::new(stage, "user")?;
    let rule = |group: &str, resources: &[&str]| {
        let verbs = ["get", "list", "create", "update", "patch", "delete"];
        json!({"apiGroups": [group], "resources": resources, "verbs": verbs})
    };
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "live"},
        "rules": [
            rule("", &["secrets", "serviceaccounts"]),
            rule("apps", &["deployments"]),
            rule("apps.openshift.io", &["deploymentconfigs"]),
            rule("build.openshift.io", &["buildconfigs"]),
            rule("image.openshift.io", &["imagestreams"]),
        ],
    });
    place.oc("create -f -", Some(&role))?;
    place.oc("create rolebinding live --role=live --user=live", None)?;
    let printed = place.setup("--as live")?.refused()?;
    ensure!(
        printed.stderr.contains("--no-project") && !printed.stderr.contains("in progress"),
        "{}",
        printed.output()
    );
    place.setup("--as live --no-project")?.ok()?;
    every_line_ends(&place.setup("--as live --no-project")?.ok()?, "unchanged")?;
    let words = format!("teardown app -n {} --as live --yes", place.namespace);
    stage.cluster.plugin(&words, None)?.ok()?;
    nothing_left(stage, &place.namespace)
}
