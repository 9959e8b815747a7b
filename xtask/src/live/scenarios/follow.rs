//! Following builds. The images are pushed to a registry of this run; the test completes the Builds as the build
//! controller does, because a test cluster cannot push.

use anyhow::{Context as _, Result, bail, ensure};
use extreg_tests::registry::{Archive, Registry, push};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Scenario, Stage, docker_image, image_stream};
use crate::image;
use crate::live::cluster::until;
use crate::live::need::Need;
use crate::live::pair::{Object, Pair};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "follow a build: its tags get the new image immediately, with their policies",
        needs: &[Need::Builds, Need::Streams],
        run: completed,
    },
    Scenario {
        name: "follow a build: opted-out tags, references and aliases are unchanged",
        needs: &[Need::Builds, Need::Streams],
        run: opted_out,
    },
    Scenario {
        name: "follow a build that completed while the importer was down",
        needs: &[Need::Builds, Need::Streams],
        run: missed,
    },
];

fn completed(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let hub = Hub::start("follow/app")?;
    let first = hub.push()?;
    let mut other = hub.tag("other");
    set(
        &mut other,
        "importPolicy",
        json!({"insecure": true, "importMode": "Legacy"}),
    );
    let stream = image_stream("follow", &json!([hub.tag("latest"), other]));
    pair.send("create -f -", &stream)?;
    for tag in ["latest", "other"] {
        pair.imported("follow", tag)?;
        ensure!(shown(&pair.stored(Object::Stream("follow"))?, tag) == Some(&first));
    }
    let before = policies(&pair)?;
    let second = hub.push()?;
    pair.send("create -f -", &hub.build("follow-1", &second))?;
    shows(&pair, "follow", "latest", &second)?;
    ensure!(shown(&pair.stored(Object::Stream("follow"))?, "other") == Some(&second));
    ensure!(policies(&pair)? == before, "the policies changed");
    // Where builds are not followed the next schedule would import it.
    let plain = pair.cluster.get(&stream_path(&pair.plain, "follow"))?;
    ensure!(
        shown(&plain, "latest") == Some(&first),
        "{} is followed too",
        pair.plain
    );
    until("an event reports it", || {
        let answer = pair.cluster.oc(
            &format!(
                "-n {} get events -o json --field-selector involvedObject.name=follow,reason=FollowedBuild",
                pair.governed
            ),
            None,
        )?;
        let answer: Value = serde_json::from_str(&answer.ok()?.stdout)?;
        let items = answer.get("items").and_then(Value::as_array);
        Ok((items.map(Vec::len) == Some(1)).then_some(()))
    })
}

fn opted_out(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let hub = Hub::start("follow/choosy")?;
    let first = hub.push()?;
    let mut labeled = image_stream("follow-labeled", &json!([hub.tag("latest")]));
    let labels = json!({"extreg.io/follow-builds": "false"});
    if let Some(metadata) = labeled.pointer_mut("/metadata") {
        set(metadata, "labels", labels.clone());
    }
    let mut annotated = hub.tag("annotated");
    set(&mut annotated, "annotations", labels);
    let mut reference = hub.tag("reference");
    set(&mut reference, "reference", json!(true));
    let tags = json!([annotated, reference, hub.tag("latest")]);
    pair.send("create -f -", &labeled)?;
    pair.send("create -f -", &image_stream("follow-choosy", &tags))?;
    pair.imported("follow-labeled", "latest")?;
    pair.imported("follow-choosy", "annotated")?;
    pair.imported("follow-choosy", "latest")?;
    let second = hub.push()?;
    pair.send("create -f -", &hub.build("follow-choosy-1", &second))?;
    shows(&pair, "follow-choosy", "latest", &second)?;
    let choosy = pair.stored(Object::Stream("follow-choosy"))?;
    ensure!(shown(&choosy, "annotated") == Some(&first));
    ensure!(shown(&choosy, "reference").is_none_or(|image| image != &second));
    let labeled = pair.stored(Object::Stream("follow-labeled"))?;
    ensure!(shown(&labeled, "latest") == Some(&first));
    Ok(())
}

fn missed(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let hub = Hub::start("follow/missed")?;
    hub.push()?;
    pair.send(
        "create -f -",
        &image_stream("follow-missed", &json!([hub.tag("latest")])),
    )?;
    pair.imported("follow-missed", "latest")?;
    let second = hub.push()?;
    stage.installation.importer().kill();
    let sent = pair.send("create -f -", &hub.build("follow-missed-1", &second));
    stage.installation.importer().restart()?;
    sent?;
    // It waits for the Lease of the killed replica.
    shows(&pair, "follow-missed", "latest", &second)
}

/// A registry on loopback with one repository; dropping it ends the registry.
pub(super) struct Hub {
    registry: Registry,
    repository: &'static str,
    runtime: Runtime,
}

impl Hub {
    pub(super) fn start(repository: &'static str) -> Result<Self> {
        let runtime = Runtime::new().context("start a runtime")?;
        let registry = Registry::open();
        Ok(Self {
            registry,
            repository,
            runtime,
        })
    }

    /// Pushes a unique image. Returns its digest.
    pub(super) fn push(&self) -> Result<Value> {
        let now = jiff::Timestamp::now().to_string();
        let (archive, digest) = image::of_bytes(now.as_bytes())?;
        let archive = Archive::read(&archive)?;
        let host = self.registry.host();
        let pushing = push(&host, self.repository, "latest", &archive);
        self.runtime.block_on(pushing)?;
        Ok(json!(digest))
    }

    pub(super) fn image(&self) -> String {
        format!("{}/{}", self.registry.host(), self.repository)
    }

    /// A tag that follows the image and is never scheduled.
    fn tag(&self, name: &str) -> Value {
        json!({
            "name": name,
            "from": docker_image(&format!("{}:latest", self.image())),
            "importPolicy": {"insecure": true, "importMode": "PreserveOriginal"},
            "referencePolicy": {"type": "Local"},
        })
    }

    /// A Build that has just pushed the image.
    pub(super) fn build(&self, name: &str, digest: &Value) -> Value {
        json!({
            "apiVersion": "build.openshift.io/v1",
            "kind": "Build",
            "metadata": {"name": name},
            "spec": {
                "serviceAccount": "builder",
                "source": {"type": "Dockerfile", "dockerfile": "FROM scratch\n"},
                "strategy": {"type": "Docker", "dockerStrategy": {}},
                "output": {"to": docker_image(&self.image())},
            },
            "status": {
                "phase": "Complete",
                "completionTimestamp": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "output": {"to": {"imageDigest": digest}},
            },
        })
    }
}

/// Waits until a tag of the followed namespace has an image.
fn shows(pair: &Pair<'_>, stream: &str, tag: &str, digest: &Value) -> Result<()> {
    until(&format!("{stream}:{tag} shows {digest}"), || {
        let stored = pair.stored(Object::Stream(stream))?;
        Ok((shown(&stored, tag) == Some(digest)).then_some(()))
    })
}

/// The image of a tag.
fn shown<'a>(stream: &'a Value, tag: &str) -> Option<&'a Value> {
    let tags = stream.pointer("/status/tags")?.as_array()?;
    let found = tags
        .iter()
        .find(|found| found.pointer("/tag") == Some(&json!(tag)))?;
    found.pointer("/items/0/image")
}

fn policies(pair: &Pair<'_>) -> Result<Vec<Value>> {
    let stored = pair.stored(Object::Stream("follow"))?;
    let Some(tags) = stored.pointer("/spec/tags").and_then(Value::as_array) else {
        bail!("the stream has no tags");
    };
    let policy = |tag: &Value| json!([tag.get("importPolicy"), tag.get("referencePolicy")]);
    Ok(tags.iter().map(policy).collect())
}

fn stream_path(namespace: &str, name: &str) -> String {
    format!("/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams/{name}")
}

fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(field.to_owned(), value);
    }
}
