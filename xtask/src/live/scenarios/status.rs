//! `status` of the plugin over the whole flow of an image: set up, built, pushed, imported, rolled out. The image is
//! pushed to a registry of this run; the test completes the Build as the build controller does, because a test cluster
//! cannot push. If no node runs pods, the test sets their status.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Scenario, Stage, follow::Hub};
use crate::live::cluster::{Answer, Cluster, until};
use crate::live::need::Need;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "status follows an image from its build to its pod",
    needs: &[Need::Builds, Need::Streams],
    run: way,
}];

const APP: &str = "status-app";

struct Room<'a> {
    cluster: &'a Cluster,
    namespace: String,
    hub: Hub,
}

fn way(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room {
        cluster: stage.cluster,
        namespace: stage.main()?.plain,
        hub: Hub::start("status/app")?,
    };
    let first = room.hub.push()?;
    let image = format!("{}:latest", room.hub.image());
    room.plugin(&format!(
        "setup {APP} --image {image} --source https://example.com/status.git --no-secret --no-project"
    ))?
    .ok()?;
    // The registry speaks plain HTTP, which the tag does not allow yet.
    room.becomes("import", "broken", "")?;
    ensure!(
        room.link("build")?.pointer("/state") != Some(&json!("ok")),
        "a build that cannot be complete"
    );
    room.plugin(&format!(
        "tag {image} {APP}:latest --insecure --no-schedule"
    ))?
    .ok()?;
    room.becomes("import", "ok", "")?;
    shows(&room.link("import")?, &short(&first)?)?;
    room.becomes("trigger", "ok", "")?;

    // A build pushes another image that is not imported.
    let second = room.hub.push()?;
    let mut build = room.hub.build(&format!("{APP}-9"), &second);
    let is_of_config =
        json!({"openshift.io/build-config.name": APP, "openshift.io/build.number": "9"});
    set(&mut build, "/metadata", "annotations", is_of_config)?;
    set(&mut build, "/spec/output/to", "name", json!(image))?;
    room.oc("create -f -", Some(&build.to_string()))?;
    room.becomes("build", "ok", "")?;
    shows(&room.link("build")?, &short(&second)?)?;
    room.becomes("registry", "ok", "")?;
    shows(&room.link("registry")?, &short(&second)?)?;
    room.becomes("import", "broken", "Unscheduled")?;
    let flow = room.flow()?;
    let fix = flow
        .pointer("/fix/command")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let words = fix
        .strip_prefix("oc extreg ")
        .with_context(|| format!("no command: {flow}"))?;
    ensure!(words.starts_with("import "), "{fix}");
    room.cluster.plugin(words, None)?.ok()?;
    room.becomes("import", "ok", "")?;
    room.becomes("trigger", "ok", "")?;

    // A paused deployment does not roll out.
    room.oc(&format!("rollout pause deployment/{APP}"), None)?;
    room.becomes("rollout", "broken", "Paused")?;
    room.oc(&format!("rollout resume deployment/{APP}"), None)?;
    if room.runs_itself()? {
        return Ok(());
    }
    until("the new pod exists", || {
        room.run_pods(&second)?;
        let flow = room.flow()?;
        Ok((flow.pointer("/state") == Some(&json!("ok"))).then_some(()))
    })
    .with_context(|| format!("{:?}", room.flow()))
}

impl Room<'_> {
    fn plugin(&self, words: &str) -> Result<Answer> {
        self.cluster
            .plugin(&format!("{words} -n {}", self.namespace), None)
    }

    fn oc(&self, words: &str, input: Option<&str>) -> Result<Answer> {
        self.cluster
            .oc(&format!("-n {} {words}", self.namespace), input)?
            .ok()
    }

    fn flow(&self) -> Result<Value> {
        let image = self.hub.image();
        let (host, _) = image.split_once('/').context("an image has a registry")?;
        let words = format!("status {APP}:latest -o json --registry-endpoint {host}=http://{host}");
        let answer = self.plugin(&words)?.ok()?;
        let report: Value = serde_json::from_str(&answer.stdout)?;
        let flow = report.pointer("/flows/0").cloned();
        flow.with_context(|| format!("no flow: {report}"))
    }

    fn link(&self, link: &str) -> Result<Value> {
        let flow = self.flow()?;
        let links = flow.pointer("/links").and_then(Value::as_array);
        let mut links = links.into_iter().flatten();
        let found = links.find(|found| found.pointer("/link") == Some(&json!(link)));
        found
            .cloned()
            .with_context(|| format!("no link {link}: {flow}"))
    }

    /// Waits until a link is in a state, for a reason if one is given.
    fn becomes(&self, link: &str, state: &str, reason: &str) -> Result<()> {
        until(&format!("{link} is {state} {reason}"), || {
            let found = self.link(link)?;
            let text = |at: &str| {
                found
                    .pointer(at)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            let is = text("/state") == state && (reason.is_empty() || text("/reason") == reason);
            Ok(is.then_some(()))
        })
        .with_context(|| format!("{:?}", self.link(link)))
    }

    fn pods(&self) -> Result<Vec<Value>> {
        let answer = self.oc(
            &format!("get pods -l app.kubernetes.io/name={APP} -o json"),
            None,
        )?;
        let list: Value = serde_json::from_str(&answer.stdout)?;
        let pods = list.pointer("/items").and_then(Value::as_array);
        Ok(pods.cloned().unwrap_or_default())
    }

    /// Whether a node runs the pods.
    fn runs_itself(&self) -> Result<bool> {
        let pods = self.pods()?;
        Ok(pods
            .iter()
            .any(|pod| pod.pointer("/spec/nodeName").is_some()))
    }

    /// Acts as a node: every pod runs the image of its spec.
    fn run_pods(&self, digest: &Value) -> Result<()> {
        for pod in self.pods()? {
            let text = |at: &str| pod.pointer(at).and_then(Value::as_str).unwrap_or_default();
            let (name, image) = (text("/metadata/name"), text("/spec/containers/0/image"));
            if !image.ends_with(digest.as_str().unwrap_or_default()) {
                continue;
            }
            let now = text("/metadata/creationTimestamp");
            let status = json!({"status": {"phase": "Running",
                "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}],
                "containerStatuses": [{"name": APP, "image": image, "imageID": image, "ready": true,
                    "restartCount": 0, "state": {"running": {"startedAt": now}}}]}});
            let words = format!("patch pod {name} --subresource=status --type=merge -p={status}");
            self.oc(&words, None)?;
        }
        Ok(())
    }
}

fn set(object: &mut Value, at: &str, name: &str, value: Value) -> Result<()> {
    let parent = object.pointer_mut(at).and_then(Value::as_object_mut);
    let parent = parent.with_context(|| format!("no object at {at}"))?;
    parent.insert(name.to_owned(), value);
    Ok(())
}

fn shows(link: &Value, words: &str) -> Result<()> {
    let message = link
        .pointer("/message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    ensure!(
        message.contains(words),
        "does not contain \"{words}\": {link}"
    );
    Ok(())
}

/// The displayed start of a digest.
fn short(digest: &Value) -> Result<String> {
    let digest = digest.as_str().context("a digest is a text")?;
    Ok(digest.chars().take("sha256:".len() + 12).collect())
}
