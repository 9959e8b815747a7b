//! Warnings and changes for the secret itself.

use anyhow::{Result, ensure};

use super::{PUSH_SECRET, Scenario, Stage, build_config, docker_image, dockerhub};
use crate::live::cluster::until;
use crate::live::namespaces::{Ground, docker_secret};
use crate::live::need::Need;
use crate::live::pair::Object;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "missing secret gives a warning, with the command that creates it",
        needs: &[Need::Builds],
        run: missing,
    },
    Scenario {
        name: "secret linked manually is selected by OpenShift",
        needs: &[Need::Builds],
        run: linked,
    },
];

fn missing(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.namespaces.pair(Ground::Bare)?;
    let injected = [(PUSH_SECRET, dockerhub())];
    let config = |name: &str| build_config(name, &docker_image("IMAGE"));
    let answer = pair.send("create -f -", &config("missing"))?;
    ensure!(
        answer
            .stderr
            .contains("extreg: secret dockerhub does not exist")
            && answer
                .stderr
                .contains("oc create secret docker-registry dockerhub"),
        "no warning: {}",
        answer.output()
    );
    ensure!(
        answer
            .warnings()
            .iter()
            .all(|line| line.chars().count() <= 120),
        "a line is too long: {}",
        answer.output()
    );
    pair.differs(Object::BuildConfig("missing"), &injected)?;
    // After its creation the warning is gone.
    pair.send("create -f -", &docker_secret("dockerhub"))?;
    until("the webhook has read the secret", || {
        let words = "create -f - --dry-run=server";
        let answer = pair.send(words, &config("found"))?;
        Ok(answer.warnings().is_empty().then_some(()))
    })?;
    // A secret without a key for the image gives another warning.
    pair.oc("delete secret dockerhub")?;
    pair.oc(
        "create secret docker-registry dockerhub --docker-server=quay.io --docker-username=a \
         --docker-password=b",
    )?;
    until("the webhook has seen the other secret", || {
        let answer = pair.send("create -f - --dry-run=server", &config("wrong"))?;
        Ok(answer
            .stderr
            .contains("has no key for the image")
            .then_some(()))
    })
}

fn linked(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.namespaces.pair(Ground::Linked)?;
    let config = |name: &str| build_config(name, &docker_image("IMAGE"));
    until("the webhook has seen the link", || {
        let answer = pair.send("create -f - --dry-run=server", &config("linked"))?;
        Ok(answer
            .stderr
            .contains("selects a push secret of service account builder")
            .then_some(()))
    })?;
    pair.send("create -f -", &config("linked"))?;
    pair.alike(Object::BuildConfig("linked"))?;
    pair.oc("start-build linked")?;
    // OpenShift finds it in both.
    let found = until("the build has a push secret", || {
        let build = pair.stored(Object::Build("linked-1"))?;
        Ok(build.pointer("/spec/output/pushSecret/name").cloned())
    })?;
    ensure!(found == "another", "OpenShift took {found}");
    until("its twin has the same", || {
        let alike = pair.alike(Object::Build("linked-1"));
        Ok(alike.is_ok().then_some(()))
    })?;
    pair.send("create -f -", &docker_secret("dockerhub"))?;
    until("the webhook has seen the policy's secret", || {
        let answer = pair.send("create -f - --dry-run=server", &config("both"))?;
        Ok(answer.warnings().is_empty().then_some(()))
    })?;
    pair.send("create -f -", &config("both"))?;
    pair.differs(Object::BuildConfig("both"), &[(PUSH_SECRET, dockerhub())])
}
