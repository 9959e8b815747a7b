//! `ratelimit`: the pulls of the scheduled tags of a namespace, and `setup`, which respects the limit.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Scenario, Stage, image_stream, tag};
use crate::live::cluster::Answer;
use crate::live::need::Need;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "ratelimit counts the scheduled tags of a namespace, and no other tags",
    needs: &[Need::Streams],
    run: budget,
}];

/// On Docker Hub, whatever registry the other scenarios use: nothing of it needs to exist.
const IMAGE: &str = "docker.io/ably77/python-lyapp";

fn budget(stage: &mut Stage<'_>) -> Result<()> {
    // Not governed, so that an unscheduled tag is not scheduled.
    let namespace = stage.main()?.plain;
    let scheduled = |name: &str, scheduled: bool| {
        let mut tag = tag(name, &format!("{IMAGE}:{name}"));
        if scheduled && let Some(tag) = tag.as_object_mut() {
            tag.insert("importPolicy".to_owned(), json!({"scheduled": true}));
        }
        tag
    };
    let tags = json!([
        scheduled("latest", true),
        scheduled("v1", false),
        scheduled("v2", true)
    ]);
    let stream = image_stream("budget", &tags).to_string();
    let create = format!("create -n {namespace} -f -");
    stage.cluster.oc(&create, Some(&stream))?.ok()?;

    let words = format!("ratelimit --budget --no-measure -n {namespace} -o json");
    let answer = stage.cluster.plugin(&words, None)?.ok()?;
    counts(&answer, &["latest", "v2"])?;

    // The suggested command removes one from the schedule.
    let words = format!("tag {IMAGE}:v2 budget:v2 --no-schedule -n {namespace}");
    stage.cluster.plugin(&words, None)?.ok()?;
    let words = format!("ratelimit --budget --no-measure -n {namespace} -o json");
    counts(&stage.cluster.plugin(&words, None)?.ok()?, &["latest"])?;

    let delete = format!("delete imagestream budget -n {namespace}");
    stage.cluster.oc(&delete, None)?.ok()?;
    Ok(())
}

/// The counted tags of the stream; each needs at most the pulls of one import of one image.
fn counts(answer: &Answer, wanted: &[&str]) -> Result<()> {
    let document: Value = serde_json::from_str(&answer.stdout).context("read JSON")?;
    let loads = document.pointer("/budget/loads").and_then(Value::as_array);
    let tags = loads
        .into_iter()
        .flatten()
        .filter_map(|load| load.get("tags")?.as_array())
        .flatten()
        .filter(|tag| tag.get("stream") == Some(&json!("budget")));
    let mut names = Vec::new();
    for tag in tags {
        let max = tag.pointer("/pulls/max").and_then(Value::as_u64);
        ensure!(
            max == Some(48),
            "takes {max:?} and not 24 imports of 2: {tag}"
        );
        names.extend(tag.get("tag").and_then(Value::as_str));
    }
    ensure!(
        names == wanted,
        "counts {names:?} and not {wanted:?}: {document}"
    );
    Ok(())
}
