//! `fix` of the plugin: existing objects become compliant, waiting builds are fixed, and a second run finds nothing.
//! Objects are created opted out and are then opted in, so that the webhook changes nothing.

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
        name: "fix creates the secret that a build waits for",
        needs: &[Need::Builds],
        run: waiting,
    },
    Scenario {
        name: "fix gives a new build another secret and restarts the rest",
        needs: &[Need::Builds],
        run: restarted,
    },
    Scenario {
        name: "fix of files gives objects that the cluster accepts unchanged",
        needs: &[Need::Builds],
        run: files,
    },
];

const POLICY: &str = "{apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {name: live},\n\
    spec: {registry: docker.io, push: {secretName: dockerhub}, import: {scheduled: true}}}\n";

/// Objects with one label in one namespace, and their policy.
struct Room<'a> {
    cluster: &'a Cluster,
    namespace: String,
    label: &'static str,
    policy: NamedTempFile,
}

impl<'a> Room<'a> {
    fn new(stage: &Stage<'a>, label: &'static str) -> Result<Self> {
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

    /// Creates an object, with the label.
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

    /// Waits until a build has this phase.
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

/// Sets a value at a path of an object.
fn put(object: &mut Value, at: &str, value: Value) {
    let Some((parent, key)) = at.rsplit_once('/') else {
        return;
    };
    if let Some(parent) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.insert(key.to_owned(), value);
    }
}

fn shows(answer: &Answer, words: &str) -> Result<()> {
    let printed = answer.output();
    ensure!(
        printed.contains(words),
        "does not contain \"{words}\": {printed}"
    );
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
    let room = Room::new(stage, "planned")?;
    room.make(build_config("fixed", &docker_image("IMAGE")))?;
    let mut original = tag("a", "SHORT");
    let policy = json!({"importMode": "PreserveOriginal"});
    put(&mut original, "/importPolicy", policy);
    let mut opted_out = tag("b", "IMAGE");
    let annotations = json!({"extreg.io/scheduled": "false"});
    put(&mut opted_out, "/annotations", annotations);
    room.make(image_stream("fixed", &json!([original, opted_out])))?;
    // Until then the stream changes.
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
    shows(&plan, "spec.output.pushSecret: none → {name: dockerhub}")?;
    shows(&plan, "spec.tags[0].importPolicy.scheduled: none → true")?;
    shows(
        &plan,
        "spec.tags[1].importPolicy.scheduled: unchanged: opted out",
    )?;
    room.fix("--yes --dry-run=server")?.ok()?;
    ensure!(stored()? == before, "the plan changed an object");

    room.fix("--yes")?.ok()?;
    let (mut tags, mut output) = before;
    put(&mut tags, "/0/importPolicy/scheduled", json!(true));
    put(&mut output, "/pushSecret", json!({"name": "dockerhub"}));
    let after = stored()?;
    ensure!(
        after == (tags, output),
        "other fields were changed, or it was imported immediately: {after:?}"
    );
    shows(&room.fix("--yes")?.ok()?, "nothing to do")
}

/// A policy that sets the secret's name, and selects the namespace of the scenario.
fn selecting(secret: &str, namespace: &str) -> String {
    POLICY.replace("dockerhub", secret).replace(
        "registry: docker.io",
        &format!(
            "registry: docker.io, namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}"
        ),
    )
}

fn waiting(stage: &mut Stage<'_>) -> Result<()> {
    let mut room = Room::new(stage, "waiting")?;
    room.make(config("waits", "not-there"))?;
    room.oc("start-build waits", None)?;
    room.until("waits-1", "Pending", "MissingPushSecret")?;
    shows(&room.fix("")?.ok()?, "waiting for missing secret not-there")?;

    // A name that only the build sets is not sufficient to write a credential.
    let from = format!("--push-secret-from {}/dockerhub", room.namespace);
    shows(
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
    ensure!(data(&made)? == data(&source)?, "the secret is not a copy");
    let again = room.fix(&format!("{from} --yes"))?.ok()?;
    shows(&again, "nothing to do")?;
    room.oc("cancel-build waits-1", None).map(drop)
}

fn restarted(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room::new(stage, "restarted")?;
    room.make(config("again", "nowhere"))?;
    room.oc("start-build again", None)?;
    room.until("again-1", "Pending", "MissingPushSecret")?;
    // Builds run in sequence: it is New until the first one is complete.
    room.oc("start-build again", None)?;
    let refused = room.fix("--restart-builds --check EXR009")?.refused()?;
    shows(
        &refused,
        "another build would also wait for the secret nowhere",
    )?;
    shows(
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
    shows(&done, "canceled, again-3 started")?;
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
    shows(&done, "started with push secret dockerhub")?;
    room.until("alone", "Cancelled", "CancelledBuild")?;
    room.oc("delete builds -l fixed=restarted", None).map(drop)
}

fn files(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room::new(stage, "files")?;
    let text = "\
# As it is stored in git
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
    ensure!(written == wanted, "unexpected text: {written}");
    let apply = format!("-n {} apply -f -", room.namespace);
    room.cluster.oc(&apply, Some(&written))?.ok()?;
    shows(&room.fix("")?.ok()?, "nothing to do")
}
