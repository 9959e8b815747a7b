//! Complete ImageStreams: tags are handled separately, and existing tags are unchanged.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{PUSH_SECRET, Scenario, Stage, build_config, dockerhub, image_stream, tag};
use crate::live::need::Need;
use crate::live::pair::Object;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "stream with every kind of tag",
        needs: &[Need::Streams],
        run: every_kind,
    },
    Scenario {
        name: "stream that is older than the webhook keeps its tags unchanged",
        needs: &[Need::Import],
        run: from_before,
    },
    Scenario {
        name: "stream applied again and again",
        needs: &[Need::Streams],
        run: applied,
    },
    Scenario {
        name: "stream applied by the server",
        needs: &[Need::Streams],
        run: applied_by_server,
    },
    Scenario {
        name: "stream replaced, its tags in another order",
        needs: &[Need::Streams],
        run: replaced,
    },
    Scenario {
        name: "stream by a server-side dry run",
        needs: &[Need::Streams],
        run: dry_run,
    },
    Scenario {
        name: "output stream of builds is resolved as OpenShift does",
        needs: &[Need::Builds, Need::Streams],
        run: build_output,
    },
    Scenario {
        name: "stream that OpenShift refuses is refused with its message",
        needs: &[Need::Streams],
        run: refused,
    },
];

fn every_kind(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let digest = format!("REPOSITORY@sha256:{}", "0123456789abcdef".repeat(4));
    let with = |name: &str, more: Value| {
        let mut tag = tag(name, "IMAGE");
        if let (Some(tag), Value::Object(more)) = (tag.as_object_mut(), more) {
            tag.extend(more);
        }
        tag
    };
    let tags = json!([
        tag("z-hub", "IMAGE"),
        tag("a-short", "SHORT"),
        tag("b-digest", &digest),
        {"name": "c-alias", "from": {"kind": "ImageStreamTag", "name": "z-hub"}},
        {"name": "d-nothing"},
        with("e-reference", json!({"reference": true})),
        with("f-opted-out", json!({"annotations": {"extreg.io/scheduled": "false"}})),
        tag("g-quay", "quay.io/ably77/app:latest"),
        with("h-by-user", json!({"importPolicy": {"scheduled": true}})),
        with("i-unscheduled", json!({"importPolicy": {"scheduled": false, "insecure": true}})),
        with("j-annotated", json!({"annotations": {"extreg.io/scheduled": "true"}})),
        with("k-mode", json!({"importPolicy": {"importMode": "PreserveOriginal"}, "referencePolicy": {"type": "Local"}})),
    ]);
    pair.send("create -f -", &image_stream("stream-kinds", &tags))?;
    // By name: a-short, i-unscheduled, j-annotated, k-mode, z-hub.
    pair.scheduled("stream-kinds", &[0, 8, 9, 10, 11])
}

fn from_before(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.imported("before", "a")?;
    pair.alike(Object::Stream("before"))?;
    for words in [
        "annotate imagestream/before note=one",
        "label imagestream/before team=one",
        "set image-lookup before",
        "annotate imagestreamtag/before:a note=two",
    ] {
        pair.oc(words)?;
        pair.alike(Object::Stream("before"))?;
    }
    let more = json!([{"op": "add", "path": "/spec/tags/-", "value": tag("c", "IMAGE")}]);
    pair.patch("imagestream/before", "json", &more)?;
    pair.scheduled("before", &[2])?;
    let changed =
        json!([{"op": "replace", "path": "/spec/tags/0/from/name", "value": "REPOSITORY:v2"}]);
    pair.patch("imagestream/before", "json", &changed)?;
    pair.scheduled("before", &[0, 2])?;
    let off = json!([{"op": "replace", "path": "/spec/tags/0/importPolicy", "value": {}}]);
    pair.patch("imagestream/before", "json", &off)?;
    pair.scheduled("before", &[2])
}

fn applied(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let stream = |tags: Value| image_stream("stream-applied", &tags);
    let both = stream(json!([tag("a", "IMAGE"), tag("b", "SHORT")]));
    pair.send("apply -f -", &both)?;
    pair.scheduled("stream-applied", &[0, 1])?;
    let again = pair.send("apply -f -", &both)?;
    ensure!(again.warnings().is_empty(), "{}", again.output());
    pair.scheduled("stream-applied", &[0, 1])?;
    pair.send(
        "apply -f -",
        &stream(json!([tag("b", "SHORT"), tag("c", "IMAGE")])),
    )?;
    pair.scheduled("stream-applied", &[0, 1])?;
    let chosen = json!([
        {"name": "b", "from": {"kind": "DockerImage", "name": "SHORT"}, "importPolicy": {"scheduled": false}},
        tag("c", "IMAGE"),
    ]);
    pair.send("apply -f -", &stream(chosen))?;
    pair.send("apply -f -", &stream(json!([tag("b", "quay.io/a/b:v1")])))?;
    pair.alike(Object::Stream("stream-applied"))
}

fn applied_by_server(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let stream = |tags: Value| image_stream("stream-ssa", &tags);
    pair.send(
        "apply --server-side -f -",
        &stream(json!([tag("a", "IMAGE")])),
    )?;
    pair.scheduled("stream-ssa", &[0])?;
    pair.send(
        "apply --server-side -f -",
        &stream(json!([tag("a", "IMAGE")])),
    )?;
    let more = stream(json!([tag("a", "IMAGE"), tag("b", "IMAGE")]));
    let (with, without) = pair.both("apply --server-side -f -", Some(&more.to_string()))?;
    ensure!(with.success == without.success, "{}", with.output());
    Ok(())
}

fn replaced(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let tags = json!([tag("b", "IMAGE"), tag("a", "quay.io/a/b:v1")]);
    pair.send("create -f -", &image_stream("stream-replaced", &tags))?;
    pair.scheduled("stream-replaced", &[1])?;
    let tags = json!([
        tag("c", "SHORT"),
        tag("b", "IMAGE"),
        tag("a", "REPOSITORY:a")
    ]);
    pair.send("replace -f -", &image_stream("stream-replaced", &tags))?;
    // Fields of `b` that `replace` omits are removed.
    pair.scheduled("stream-replaced", &[0, 2])
}

fn dry_run(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let stream = image_stream("stream-dry", &json!([tag("a", "IMAGE")]));
    let injected = ("/spec/tags/0/importPolicy/scheduled", json!(true));
    pair.dry_run("create -f -", &stream, std::slice::from_ref(&injected))?;
    pair.dry_run("apply -f -", &stream, &[injected])?;
    pair.absent(Object::Stream("stream-dry"))
}

/// With an integrated registry builds push there, whatever repository the stream names; without one
/// they push to that repository.
fn build_output(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    for (name, repository) in [
        ("stream-outside", "REPOSITORY"),
        ("stream-elsewhere", "quay.io/ably77/app"),
        ("stream-nowhere", ""),
    ] {
        let mut stream = image_stream(name, &json!([]));
        if let Some(spec) = stream.pointer_mut("/spec") {
            *spec = json!({"dockerImageRepository": repository});
        }
        pair.send("create -f -", &stream)?;
        let stored = pair.stored(Object::Stream(name))?;
        let to = stored.pointer("/status/dockerImageRepository");
        let governed = to == Some(&json!(stage.cluster.repository()));
        let to = json!({"kind": "ImageStreamTag", "name": format!("{name}:latest")});
        pair.send("create -f -", &build_config(name, &to))?;
        let secret = (PUSH_SECRET, dockerhub());
        let wanted: Vec<_> = governed.then_some(secret).into_iter().collect();
        pair.differs(Object::BuildConfig(name), &wanted)?;
    }
    Ok(())
}

fn refused(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    for tags in [
        json!([tag("a", "IMAGE"), tag("b", "docker.io/Ably77/App")]),
        json!([tag("a", "IMAGE"), {"name": "b", "from": {"kind": "ImageStreamTag", "name": "a"}, "importPolicy": {"scheduled": true}}]),
        json!([tag("a", "IMAGE"), tag("b", "docker://docker.io/a/b")]),
        json!([{"name": "a", "from": {"kind": "DockerImage", "name": "IMAGE"}, "importPolicy": {"importMode": "No"}}]),
    ] {
        pair.refused("create -f -", &image_stream("stream-refused", &tags))?;
    }
    pair.absent(Object::Stream("stream-refused"))
}
