//! Existing tags: a removed schedule remains removed until the tag follows another image.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Scenario, Stage};
use crate::live::need::Need;
use crate::live::pair::Object;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "retag without --scheduled removes the schedule permanently",
        needs: &[Need::Import],
        run: retag,
    },
    Scenario {
        name: "retag to another image is scheduled again",
        needs: &[Need::Streams],
        run: another_image,
    },
    Scenario {
        name: "retag from a digest to a tag is scheduled",
        needs: &[Need::Streams],
        run: from_digest,
    },
    Scenario {
        name: "retag of an alias as an image is scheduled, and reverting removes it",
        needs: &[Need::Streams],
        run: from_alias,
    },
    Scenario {
        name: "retag after a removal is a new tag",
        needs: &[Need::Streams],
        run: removed,
    },
    Scenario {
        name: "retag by a patch of the tag follows the same rules",
        needs: &[Need::Import],
        run: patched,
    },
    Scenario {
        name: "retag of one tag does not change the rest",
        needs: &[Need::Streams],
        run: other_tags,
    },
    Scenario {
        name: "retag dry run stores nothing",
        needs: &[Need::Import],
        run: dry_run,
    },
];

fn retag(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE retag:latest")?;
    pair.scheduled("retag", &[0])?;
    pair.oc("tag --source=docker IMAGE retag:latest")?;
    pair.alike(Object::Stream("retag"))?;
    pair.imported("retag", "latest")?;
    pair.oc("annotate imagestreamtag/retag:latest note=one")?;
    pair.oc("tag --source=docker --reference-policy=local IMAGE retag:latest")?;
    pair.alike(Object::Stream("retag"))
}

fn another_image(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE retag-other:latest")?;
    pair.oc("tag --source=docker IMAGE retag-other:latest")?;
    pair.alike(Object::Stream("retag-other"))?;
    pair.oc("tag --source=docker REPOSITORY:another retag-other:latest")?;
    pair.scheduled("retag-other", &[0])?;
    pair.oc("tag --source=docker quay.io/ably77/python-lyapp:latest retag-other:latest")?;
    pair.alike(Object::Stream("retag-other"))
}

fn from_digest(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let digest = "sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    pair.oc(&format!(
        "tag --source=docker REPOSITORY@{digest} retag-digest:latest"
    ))?;
    pair.alike(Object::Stream("retag-digest"))?;
    pair.oc("tag --source=docker IMAGE retag-digest:latest")?;
    pair.scheduled("retag-digest", &[0])
}

fn from_alias(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker quay.io/ably77/app:latest retag-alias:base")?;
    pair.oc("tag --alias retag-alias:base retag-alias:moving")?;
    pair.alike(Object::Stream("retag-alias"))?;
    pair.oc("tag --source=docker IMAGE retag-alias:moving")?;
    pair.scheduled("retag-alias", &[1])?;
    pair.oc("tag --alias retag-alias:base retag-alias:moving")?;
    pair.alike(Object::Stream("retag-alias"))
}

fn removed(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE retag-removed:a retag-removed:b")?;
    pair.oc("tag -d retag-removed:a")?;
    pair.scheduled("retag-removed", &[0])?;
    pair.oc("tag --source=docker IMAGE retag-removed:a")?;
    pair.scheduled("retag-removed", &[0, 1])
}

fn patched(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE retag-patch:latest")?;
    pair.imported("retag-patch", "latest")?;
    let object = "imagestreamtag/retag-patch:latest";
    let off = json!({"tag": {"importPolicy": {"scheduled": null}}});
    pair.patch(object, "merge", &off)?;
    pair.alike(Object::Stream("retag-patch"))?;
    let insecure = json!({"tag": {"importPolicy": {"insecure": true}}});
    pair.patch(object, "merge", &insecure)?;
    pair.alike(Object::Stream("retag-patch"))?;
    let from = json!([{"op": "replace", "path": "/tag/from/name", "value": "SHORT"}]);
    pair.patch(object, "json", &from)?;
    pair.scheduled("retag-patch", &[0])
}

fn other_tags(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE retag-others:a retag-others:b")?;
    pair.oc("tag --source=docker IMAGE retag-others:a")?;
    pair.scheduled("retag-others", &[1])?;
    pair.oc("tag --source=docker SHORT retag-others:c")?;
    pair.scheduled("retag-others", &[1, 2])
}

fn dry_run(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE retag-dry:latest")?;
    // Only an imported tag can be patched.
    pair.imported("retag-dry", "latest")?;
    pair.oc("tag --source=docker IMAGE retag-dry:latest")?;
    pair.alike(Object::Stream("retag-dry"))?;
    let from = json!([{"op": "replace", "path": "/tag/from/name", "value": "SHORT"}]);
    let words = format!(
        "patch imagestreamtag/retag-dry:latest --type=json -p={from} --dry-run=server -o json"
    );
    let (with, without) = pair.both(&words, None)?;
    let (with, without) = (with.ok()?, without.ok()?);
    let scheduled = "\"scheduled\": true";
    ensure!(with.stdout.contains(scheduled), "{}", with.output());
    ensure!(!without.stdout.contains(scheduled), "{}", without.output());
    pair.alike(Object::Stream("retag-dry"))
}
