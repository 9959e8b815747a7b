//! `fix` of the plugin: what was there before the webhook is brought to the policy, builds that wait are mended, and a
//! second run finds nothing. Objects are made opted out and are opted in again, so that what is stored is its work alone.

use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{Scenario, Stage, build_config, docker_image, image_stream, tag};
use crate::live::cluster::{Answer, Cluster, until};
use crate::live::namespaces::Ground;
use crate::live::need::Need;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "fix plans, writes once and then finds nothing",
        needs: &[Need::Builds, Need::Import],
        run: planned,
    },
    Scenario {
        name: "fix makes the secret that a build waits for",
        needs: &[Need::Builds],
        run: waiting,
    },
    Scenario {
        name: "fix gives a new build another secret and starts others anew",
        needs: &[Need::Builds],
        run: restarted,
    },
    Scenario {
        name: "fix of files is what the cluster then takes",
        needs: &[Need::Builds],
        run: files,
    },
];

const POLICY: &str = "{apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {name: live},\n\
    spec: {registry: docker.io, push: {secretName: dockerhub}, import: {scheduled: true}}}\n";

/// Objects of one label in one namespace, and the policy that they are brought to.
struct Room<'a> {
    cluster: &'a Cluster,
    namespace: String,
    label: &'static str,
    policy: NamedTempFile,
}

impl<'a> Room<'a> {
    fn of(stage: &Stage<'a>, label: &'static str) -> Result<Self> {
        let mut policy = NamedTempFile::new().context("make a policy")?;
        policy.write_all(POLICY.as_bytes())?;
        Ok(Self {
            cluster: stage.cluster,
            namespace: stage.namespaces.pair(Ground::Main)?.governed,
            label,
            policy,
        })
    }

    fn fix(&self, words: &str) -> Result<Answer> {
        let Self {
            namespace,
            label,
            policy,
            ..
        } = self;
        let policy = policy.path().display();
        let words = format!("fix -n {namespace} -l fixed={label} --policy {policy} {words}");
        self.cluster.plugin(&words, None)
    }

    fn oc(&self, words: &str, input: Option<&Value>) -> Result<Answer> {
        let words = format!("-n {} {words}", self.namespace);
        let input = input.map(Value::to_string);
        self.cluster.oc(&words, input.as_deref())?.ok()
    }

    /// Makes an object, with the label.
    fn make(&self, mut object: Value) -> Result<()> {
        put(
            &mut object,
            "/metadata/labels",
            json!({"fixed": self.label, "extreg.io/ignore": "true"}),
        );
        self.oc("create -f -", Some(&object))?;
        let words = "label -f - extreg.io/ignore-";
        self.oc(words, Some(&object)).map(drop)
    }

    fn get(&self, group: &str, resource: &str, name: &str) -> Result<Value> {
        let namespace = &self.namespace;
        self.cluster.get(&format!(
            "/apis/{group}.openshift.io/v1/namespaces/{namespace}/{resource}/{name}"
        ))
    }

    fn build(&self, name: &str) -> Result<Value> {
        self.get("build", "builds", name)
    }

    /// Waits until a build has got there.
    fn until(&self, build: &str, phase: &str, reason: &str) -> Result<()> {
        until(&format!("{build} is {phase} {reason}"), || {
            let build = self.build(build)?;
            let is =
                text(&build, "/status/phase") == phase && text(&build, "/status/reason") == reason;
            Ok(is.then_some(()))
        })
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Puts a value at a place of an object.
fn put(object: &mut Value, at: &str, value: Value) {
    let Some((parent, key)) = at.rsplit_once('/') else {
        return;
    };
    if let Some(parent) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.insert(key.to_owned(), value);
    }
}

fn says(answer: &Answer, words: &str) -> Result<()> {
    let said = answer.said();
    ensure!(said.contains(words), "does not say \"{words}\": {said}");
    Ok(())
}

/// A BuildConfig that pushes with a secret.
fn config(name: &str, secret: &str) -> Value {
    let mut config = build_config(name, &docker_image("IMAGE"));
    put(
        &mut config,
        "/spec/output/pushSecret",
        json!({"name": secret}),
    );
    config
}

fn planned(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room::of(stage, "planned")?;
    room.make(build_config("fixed", &docker_image("IMAGE")))?;
    let mut original = tag("a", "SHORT");
    let policy = json!({"importMode": "PreserveOriginal"});
    put(&mut original, "/importPolicy", policy);
    let mut opted_out = tag("b", "IMAGE");
    let annotations = json!({"extreg.io/scheduled": "false"});
    put(&mut opted_out, "/annotations", annotations);
    room.make(image_stream("fixed", &json!([original, opted_out])))?;
    // Until then the stream changes by itself.
    until("fixed:a is imported", || {
        let stream = room.get("image", "imagestreams", "fixed")?;
        let tags = stream.pointer("/status/tags").and_then(Value::as_array);
        Ok((tags.map(Vec::len) == Some(2)).then_some(()))
    })?;
    let stored = || -> Result<(Value, Value)> {
        let stream = room.get("image", "imagestreams", "fixed")?;
        let config = room.get("build", "buildconfigs", "fixed")?;
        let part = |value: &Value, at| value.pointer(at).cloned().unwrap_or_default();
        Ok((part(&stream, "/spec/tags"), part(&config, "/spec/output")))
    };
    let before = stored()?;

    let plan = room.fix("")?.refused()?;
    says(&plan, "spec.output.pushSecret: none → {name: dockerhub}")?;
    says(&plan, "spec.tags[0].importPolicy.scheduled: none → true")?;
    says(
        &plan,
        "spec.tags[1].importPolicy.scheduled: left alone: it is opted out",
    )?;
    room.fix("--yes --dry-run=server")?.ok()?;
    ensure!(stored()? == before, "a plan has changed something");

    room.fix("--yes")?.ok()?;
    let (mut tags, mut output) = before;
    put(&mut tags, "/0/importPolicy/scheduled", json!(true));
    put(&mut output, "/pushSecret", json!({"name": "dockerhub"}));
    let after = stored()?;
    ensure!(
        after == (tags, output),
        "more or less than that was changed, or it was imported at once: {after:?}"
    );
    says(&room.fix("--yes")?.ok()?, "nothing to do")
}

/// The policy that gives a build's secret its name, and selects the namespace of the scenario.
fn selecting(secret: &str, namespace: &str) -> String {
    POLICY.replace("dockerhub", secret).replace(
        "registry: docker.io",
        &format!(
            "registry: docker.io, namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}"
        ),
    )
}

fn waiting(stage: &mut Stage<'_>) -> Result<()> {
    let mut room = Room::of(stage, "waiting")?;
    room.make(config("waits", "not-there"))?;
    room.oc("start-build waits", None)?;
    room.until("waits-1", "Pending", "MissingPushSecret")?;
    says(&room.fix("")?.ok()?, "waiting for missing secret not-there")?;

    // A name that only the build gives is no reason to write a credential.
    let from = format!("--push-secret-from {}/dockerhub", room.namespace);
    says(
        &room.fix(&format!("{from} --yes"))?.ok()?,
        "only under the policy's name",
    )?;
    room.policy = NamedTempFile::new().context("make a policy")?;
    let policy = selecting("not-there", &room.namespace);
    room.policy.write_all(policy.as_bytes())?;
    room.fix(&from)?.refused()?;
    room.fix(&format!("{from} --yes"))?.ok()?;
    let made = room.oc("get secret not-there -o json", None)?;
    let source = room.oc("get secret dockerhub -o json", None)?;
    let data = |answer: &Answer| -> Result<Value> {
        let secret: Value = serde_json::from_str(&answer.stdout)?;
        Ok(json!([secret.pointer("/type"), secret.pointer("/data")]))
    };
    ensure!(data(&made)? == data(&source)?, "the secret is no copy");
    let again = room.fix(&format!("{from} --yes"))?.ok()?;
    says(&again, "nothing to do")?;
    room.oc("cancel-build waits-1", None).map(drop)
}

fn restarted(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room::of(stage, "restarted")?;
    room.make(config("again", "nowhere"))?;
    room.oc("start-build again", None)?;
    room.until("again-1", "Pending", "MissingPushSecret")?;
    // One after the other: it is New until the first one is over.
    room.oc("start-build again", None)?;
    let refused = room.fix("--restart-builds --check EXR009")?.refused()?;
    says(
        &refused,
        "another build would wait for the secret nowhere too",
    )?;
    says(
        &refused,
        "spec.output.pushSecret: {name: nowhere} → {name: dockerhub}",
    )?;
    room.fix("--yes")?.ok()?;
    let second = room.build("again-2")?;
    ensure!(
        text(&second, "/spec/output/pushSecret/name") == "dockerhub",
        "the new build kept its secret: {second}"
    );

    room.oc("set build-secret --push buildconfig/again dockerhub", None)?;
    let done = room.fix("--restart-builds --yes")?.ok()?;
    says(&done, "cancelled, again-3 started")?;
    room.until("again-1", "Cancelled", "CancelledBuild")?;
    let third = room.build("again-3")?;
    ensure!(
        text(&third, "/spec/output/pushSecret/name") == "dockerhub",
        "the next build has another secret: {third}"
    );

    let mut alone = config("alone", "nowhere");
    put(&mut alone, "/kind", json!("Build"));
    put(&mut alone, "/spec/serviceAccount", json!("builder"));
    room.make(alone)?;
    room.until("alone", "Pending", "MissingPushSecret")?;
    let done = room.fix("--restart-builds --yes")?.ok()?;
    says(&done, "started with push secret dockerhub")?;
    room.until("alone", "Cancelled", "CancelledBuild")?;
    room.oc("delete builds -l fixed=restarted", None).map(drop)
}

fn files(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room::of(stage, "files")?;
    let text = "\
# As it is kept in git
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: kept, labels: {fixed: files}}
spec:
  source: {type: Dockerfile, dockerfile: \"FROM scratch\\nLABEL a=b\\n\"}
  strategy: {dockerStrategy: {}}
  output:
    to: {kind: DockerImage, name: IMAGE} # pushed there
";
    let words = format!(
        "fix -n {} --policy {} -f - --write",
        room.namespace,
        room.policy.path().display()
    );
    let written = room.cluster.plugin(&words, Some(text))?.ok()?.stdout;
    let wanted =
        text.replace("IMAGE", room.cluster.image()) + "    pushSecret:\n      name: dockerhub\n";
    ensure!(written == wanted, "it was written otherwise: {written}");
    let apply = format!("-n {} apply -f -", room.namespace);
    room.cluster.oc(&apply, Some(&written))?.ok()?;
    says(&room.fix("")?.ok()?, "nothing to do")
}
