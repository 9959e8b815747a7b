//! The webhook down and the webhook uninstalled.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{
    PUSH_SECRET, Scenario, Stage, build_config, docker_image, dockerhub, image_stream, tag,
};
use crate::live::installation::{grant, uninstall};
use crate::live::need::Need;
use crate::live::pair::Object;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "outage: a second install changes nothing, and check proves it",
        needs: &[],
        run: installed_again,
    },
    Scenario {
        name: "outage: with the webhook killed all requests succeed unchanged",
        needs: &[Need::Builds, Need::Streams],
        run: killed,
    },
    Scenario {
        name: "outage: uninstall keeps only injected fields, install restores the webhook",
        needs: &[Need::Builds],
        run: uninstalled,
    },
];

fn installed_again(stage: &mut Stage<'_>) -> Result<()> {
    let answer = stage
        .installation
        .install(stage.cluster, stage.namespaces)?;
    ensure!(
        answer
            .stdout
            .lines()
            .all(|line| !line.ends_with("created") && !line.ends_with("configured")),
        "{}",
        answer.output()
    );
    stage.cluster.plugin("webhook check", None)?.ok()?;
    stage.cluster.plugin("webhook status", None)?.ok()?;
    Ok(())
}

fn killed(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    stage.installation.webhook().kill();
    let config = |name: &str| build_config(name, &docker_image("IMAGE"));
    pair.send("create -f -", &config("outage"))?;
    pair.oc("start-build outage")?;
    pair.oc("tag --source=docker IMAGE outage:latest")?;
    let stream = image_stream("outage-stream", &json!([tag("a", "IMAGE")]));
    pair.send("create -f -", &stream)?;
    let done = (|| {
        pair.alike(Object::BuildConfig("outage"))?;
        pair.alike(Object::Build("outage-1"))?;
        pair.alike(Object::Stream("outage"))?;
        pair.alike(Object::Stream("outage-stream"))?;
        stage.cluster.plugin("webhook check", None)?.refused()
    })();
    stage.installation.webhook().restart()?;
    done?;
    pair.send("create -f -", &config("outage-over"))?;
    pair.differs(
        Object::BuildConfig("outage-over"),
        &[(PUSH_SECRET, dockerhub())],
    )
}

fn uninstalled(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let injected = [(PUSH_SECRET, dockerhub())];
    let config = |name: &str| build_config(name, &docker_image("IMAGE"));
    pair.send("create -f -", &config("installed"))?;
    stage.installation.webhook().kill();
    uninstall(stage.cluster)?;
    pair.send("create -f -", &config("uninstalled"))?;
    pair.alike(Object::BuildConfig("uninstalled"))?;
    pair.differs(Object::BuildConfig("installed"), &injected)?;
    grant(stage.cluster, stage.namespaces)?;
    stage.installation.webhook().restart()?;
    stage
        .installation
        .install(stage.cluster, stage.namespaces)?;
    pair.oc("annotate buildconfig/uninstalled note=one")?;
    pair.alike(Object::BuildConfig("uninstalled"))?;
    pair.send("create -f -", &config("reinstalled"))?;
    pair.differs(Object::BuildConfig("reinstalled"), &injected)
}
