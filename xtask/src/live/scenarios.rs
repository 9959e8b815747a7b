//! The scenarios. Names start with the area: `--only tag` runs all about tags.

mod audits;
mod builds;
mod credentials;
mod fix;
mod flow;
mod follow;
mod imports;
mod opt_outs;
mod outage;
mod ownership;
mod plugin_tags;
mod policies;
mod ratelimit;
mod secrets;
mod status;
mod streams;
mod tag_changes;
mod tags;

use anyhow::Result;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::installation::Installation;
use super::namespaces::{Ground, Namespaces};
use super::need::Need;
use super::pair::Pair;

/// A scenario.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    /// Area and behavior.
    pub(super) name: &'static str,
    /// Skipped if one of these is missing.
    pub(super) needs: &'static [Need],
    /// Runs it: an error describes the wrong behavior.
    pub(super) run: fn(&mut Stage<'_>) -> Result<()>,
}

/// The environment of a scenario.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) namespaces: &'a Namespaces<'a>,
    pub(super) installation: &'a mut Installation,
}

impl<'a> Stage<'a> {
    /// The namespaces with the policy's secret.
    fn main(&self) -> Result<Pair<'a>> {
        self.namespaces.pair(Ground::Main)
    }
}

/// All scenarios, in order: those that stop the webhook come last.
pub(super) fn all() -> Vec<Scenario> {
    [
        tags::SCENARIOS,
        tag_changes::SCENARIOS,
        imports::SCENARIOS,
        streams::SCENARIOS,
        builds::SCENARIOS,
        secrets::SCENARIOS,
        credentials::SCENARIOS,
        opt_outs::SCENARIOS,
        policies::SCENARIOS,
        flow::SCENARIOS,
        ownership::SCENARIOS,
        plugin_tags::SCENARIOS,
        ratelimit::SCENARIOS,
        fix::SCENARIOS,
        audits::SCENARIOS,
        status::SCENARIOS,
        follow::SCENARIOS,
        outage::SCENARIOS,
    ]
    .concat()
}

/// Creates the objects that must exist before the webhook.
pub(super) fn before(namespaces: &Namespaces<'_>, builds: bool, streams: bool) -> Result<()> {
    let pair = namespaces.pair(Ground::Main)?;
    if builds {
        pair.send(
            "create -f -",
            &build_config("before", &docker_image("IMAGE")),
        )?;
    }
    if streams {
        let tags = json!([tag("a", "IMAGE"), tag("b", "SHORT")]);
        pair.send("create -f -", &image_stream("before", &tags))?;
    }
    Ok(())
}

const PUSH_SECRET: &str = "/spec/output/pushSecret";

/// The policy's secret, as named in a BuildConfig.
fn dockerhub() -> Value {
    json!({"name": "dockerhub"})
}

fn docker_image(name: &str) -> Value {
    json!({"kind": "DockerImage", "name": name})
}

/// A BuildConfig that needs no network and does not build automatically.
pub(super) fn build_config(name: &str, to: &Value) -> Value {
    json!({
        "apiVersion": "build.openshift.io/v1",
        "kind": "BuildConfig",
        "metadata": {"name": name},
        "spec": {
            "source": {"type": "Dockerfile", "dockerfile": "FROM scratch\nLABEL a=b\n"},
            "strategy": {"type": "Docker", "dockerStrategy": {}},
            "output": {"to": to},
        },
    })
}

fn image_stream(name: &str, tags: &Value) -> Value {
    json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": name},
        "spec": {"tags": tags},
    })
}

/// A tag that follows an image.
fn tag(name: &str, image: &str) -> Value {
    json!({"name": name, "from": docker_image(image)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenario_names_are_unique() {
        let mut names: Vec<_> = all().iter().map(|scenario| scenario.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| name.contains(' ')));
    }
}
