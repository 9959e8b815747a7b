//! Opted-out objects are unchanged.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{
    PUSH_SECRET, Scenario, Stage, build_config, docker_image, dockerhub, image_stream, tag,
};
use crate::live::namespaces::Ground;
use crate::live::need::Need;
use crate::live::pair::{Object, Pair};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "opt-out by the namespace's label",
        needs: &[Need::Builds, Need::Streams],
        run: namespace,
    },
    Scenario {
        name: "opt-out by a BuildConfig's label, for its Builds too",
        needs: &[Need::Builds],
        run: build,
    },
    Scenario {
        name: "opt-out by an ImageStream's label, for oc tag too",
        needs: &[Need::Streams],
        run: stream,
    },
    Scenario {
        name: "opt-out by a tag's annotation",
        needs: &[Need::Import],
        run: annotation,
    },
    Scenario {
        name: "opt-out of the platform's namespaces by their names",
        needs: &[Need::Builds, Need::Streams],
        run: system,
    },
    Scenario {
        name: "opt-out of the platform's namespaces by their run level",
        needs: &[Need::Builds, Need::Streams],
        run: run_level,
    },
];

fn untouched(pair: &Pair<'_>) -> Result<()> {
    let answer = pair.send("create -f -", &build_config("x", &docker_image("IMAGE")))?;
    ensure!(answer.warnings().is_empty(), "{}", answer.output());
    pair.alike(Object::BuildConfig("x"))?;
    pair.send(
        "create -f -",
        &image_stream("x", &json!([tag("a", "IMAGE")])),
    )?;
    pair.oc("tag --source=docker IMAGE x:b y:a")?;
    pair.alike(Object::Stream("x"))?;
    pair.alike(Object::Stream("y"))
}

fn namespace(stage: &mut Stage<'_>) -> Result<()> {
    untouched(&stage.namespaces.pair(Ground::Ignored)?)
}

fn system(stage: &mut Stage<'_>) -> Result<()> {
    untouched(&stage.namespaces.pair(Ground::System)?)
}

fn run_level(stage: &mut Stage<'_>) -> Result<()> {
    untouched(&stage.namespaces.pair(Ground::RunLevel)?)
}

fn build(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let config = labeled(build_config("opt-out", &docker_image("IMAGE")));
    pair.send("create -f -", &config)?;
    pair.alike(Object::BuildConfig("opt-out"))?;
    pair.oc("start-build opt-out")?;
    pair.alike(Object::Build("opt-out-1"))?;
    // Only `true` opts out.
    let config = build_config("opt-out-not", &docker_image("IMAGE"));
    pair.send("create -f -", &config)?;
    pair.oc("label buildconfig/opt-out-not extreg.io/ignore=false")?;
    pair.oc("start-build opt-out-not")?;
    pair.differs(
        Object::Build("opt-out-not-1"),
        &[(PUSH_SECRET, dockerhub())],
    )?;
    // An opted-out BuildConfig that loses the label, with a new output.
    pair.oc("label buildconfig/opt-out extreg.io/ignore-")?;
    pair.alike(Object::BuildConfig("opt-out"))
}

fn stream(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let stream = labeled(image_stream("opt-out", &json!([tag("a", "IMAGE")])));
    pair.send("create -f -", &stream)?;
    pair.alike(Object::Stream("opt-out"))?;
    pair.oc("tag --source=docker IMAGE opt-out:b")?;
    pair.oc("tag --source=docker SHORT opt-out:a")?;
    pair.alike(Object::Stream("opt-out"))?;
    pair.both("import-image opt-out:c --from=IMAGE --confirm", None)?;
    pair.alike(Object::Stream("opt-out"))
}

fn annotation(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let tags = json!([
        {"name": "a", "from": docker_image("IMAGE"), "annotations": {"extreg.io/scheduled": "false"}},
        tag("b", "IMAGE"),
    ]);
    pair.send("create -f -", &image_stream("opt-out-tag", &tags))?;
    pair.scheduled("opt-out-tag", &[1])?;
    pair.oc("tag --source=docker REPOSITORY:v2 opt-out-tag:a")?;
    pair.scheduled("opt-out-tag", &[1])?;
    pair.imported("opt-out-tag", "b")?;
    pair.oc("annotate imagestreamtag/opt-out-tag:b extreg.io/scheduled=false")?;
    pair.oc("tag --source=docker REPOSITORY:v2 opt-out-tag:b")?;
    pair.alike(Object::Stream("opt-out-tag"))
}

fn labeled(mut object: Value) -> Value {
    if let Some(metadata) = object
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut)
    {
        metadata.insert("labels".to_owned(), json!({"extreg.io/ignore": "true"}));
    }
    object
}
