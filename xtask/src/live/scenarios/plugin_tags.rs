//! `tag`, `promote` and `import` of the plugin, and the state of the cluster after each. Mostly where the webhook is
//! not called, so that only the plugin changes the stored objects.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Scenario, Stage};
use crate::live::cluster::{Answer, Cluster, until};
use crate::live::need::Need;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "plugin tag stores what oc tag stores",
        needs: &[Need::Streams],
        run: like_oc,
    },
    Scenario {
        name: "plugin tag with a schedule and without one",
        needs: &[Need::Streams],
        run: schedule,
    },
    Scenario {
        name: "plugin tag keeps fields without a flag",
        needs: &[Need::Streams],
        run: kept,
    },
    Scenario {
        name: "plugin tag is governed like any other",
        needs: &[Need::Streams],
        run: governed,
    },
    Scenario {
        name: "plugin tag dry run stores nothing",
        needs: &[Need::Streams],
        run: dry_run,
    },
    Scenario {
        name: "plugin promote moves a tag and restores it",
        needs: &[Need::Import],
        run: promote,
    },
    Scenario {
        name: "plugin import imports now and changes no policy",
        needs: &[Need::Import],
        run: import,
    },
    Scenario {
        name: "plugin import reports what it does not import",
        needs: &[Need::Import],
        run: not_imported,
    },
];

/// A namespace, for the plugin and for `oc`.
struct Room<'a> {
    cluster: &'a Cluster,
    namespace: String,
}

impl Room<'_> {
    fn plugin(&self, words: &str) -> Result<Answer> {
        self.cluster
            .plugin(&format!("{words} -n {}", self.namespace), None)
    }

    fn oc(&self, words: &str) -> Result<Answer> {
        self.cluster
            .oc(&format!("-n {} {words}", self.namespace), None)?
            .ok()
    }

    fn stream(&self, name: &str) -> Result<Value> {
        let namespace = &self.namespace;
        self.cluster.get(&format!(
            "/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams/{name}"
        ))
    }

    /// A tag of `spec`, without the generation, which imports increment.
    fn tag(&self, stream: &str, tag: &str) -> Result<Value> {
        let stream = self.stream(stream)?;
        let mut tag = entry(&stream, "/spec/tags", "name", tag)?;
        if let Some(tag) = tag.as_object_mut() {
            tag.remove("generation");
        }
        Ok(tag)
    }

    /// The digest of a tag, as soon as `is` accepts it.
    fn digest(&self, stream: &str, tag: &str, is: impl Fn(&str) -> bool) -> Result<String> {
        until(&format!("{stream}:{tag} shows its image"), || {
            let stream = self.stream(stream)?;
            let shown = entry(&stream, "/status/tags", "tag", tag).ok();
            let digest = shown.and_then(|shown| {
                let digest = shown.pointer("/items/0/image")?.as_str()?;
                Some(digest.to_owned())
            });
            Ok(digest.filter(|digest| is(digest)))
        })
    }
}

fn entry(stream: &Value, list: &str, key: &str, name: &str) -> Result<Value> {
    let entries = stream.pointer(list).and_then(Value::as_array);
    let found = entries
        .into_iter()
        .flatten()
        .find(|entry| entry.get(key) == Some(&json!(name)));
    found
        .cloned()
        .with_context(|| format!("{list} has no {name}: {stream}"))
}

fn plain<'a>(stage: &Stage<'a>) -> Result<Room<'a>> {
    Ok(Room {
        cluster: stage.cluster,
        namespace: stage.main()?.plain,
    })
}

fn is_at(tag: &Value, at: &str, wanted: &Value) -> Result<()> {
    let found = tag.pointer(at).unwrap_or(&Value::Null);
    ensure!(found == wanted, "{at} is {found} and not {wanted}: {tag}");
    Ok(())
}

fn shows(answer: &Answer, words: &str) -> Result<()> {
    let output = answer.output();
    ensure!(
        output.contains(words),
        "does not contain \"{words}\": {output}"
    );
    Ok(())
}

fn like_oc(stage: &mut Stage<'_>) -> Result<()> {
    let room = plain(stage)?;
    for flags in [
        "",
        "--scheduled",
        "--reference",
        "--reference-policy=local",
        "--insecure",
    ] {
        for stream in ["like-oc", "like-ours"] {
            room.oc(&format!("delete imagestream {stream} --ignore-not-found"))?;
        }
        room.oc(&format!("tag --source=docker IMAGE like-oc:latest {flags}"))?;
        let answer = room
            .plugin(&format!("tag SHORT like-ours:latest {flags}"))?
            .ok()?;
        shows(&answer, "imagestream.image.openshift.io/like-ours created")?;
        let (theirs, ours) = (
            room.tag("like-oc", "latest")?,
            room.tag("like-ours", "latest")?,
        );
        ensure!(theirs == ours, "{flags}: {ours}\n  oc tag: {theirs}");
    }
    Ok(())
}

fn schedule(stage: &mut Stage<'_>) -> Result<()> {
    const SCHEDULED: &str = "/importPolicy/scheduled";
    let room = plain(stage)?;
    room.plugin("tag IMAGE scheduled:latest --scheduled")?
        .ok()?;
    is_at(&room.tag("scheduled", "latest")?, SCHEDULED, &json!(true))?;
    // Neither a second run nor another image changes that.
    let again = room.plugin("tag IMAGE scheduled:latest")?.ok()?;
    shows(&again, "scheduled:latest unchanged")?;
    room.plugin("tag REPOSITORY:another scheduled:latest")?
        .ok()?;
    is_at(&room.tag("scheduled", "latest")?, SCHEDULED, &json!(true))?;
    room.plugin("tag REPOSITORY:another scheduled:latest --no-schedule")?
        .ok()?;
    is_at(&room.tag("scheduled", "latest")?, SCHEDULED, &Value::Null)
}

fn kept(stage: &mut Stage<'_>) -> Result<()> {
    let room = plain(stage)?;
    room.plugin("tag IMAGE kept:latest --scheduled --insecure --reference-policy local")?
        .ok()?;
    let patch = json!({"spec": {"tags": [{
        "name": "latest",
        "annotations": {"note": "mine"},
        "from": {"kind": "DockerImage", "name": "IMAGE"},
        "importPolicy": {"scheduled": true, "insecure": true, "importMode": "PreserveOriginal"},
        "referencePolicy": {"type": "Local"},
    }]}});
    room.oc(&format!("patch imagestream/kept --type=merge -p={patch}"))?;
    let mut wanted = room.tag("kept", "latest")?;
    is_at(
        &wanted,
        "/importPolicy/importMode",
        &json!("PreserveOriginal"),
    )?;
    room.plugin("tag REPOSITORY:another kept:latest")?.ok()?;
    if let Some(name) = wanted.pointer_mut("/from/name") {
        *name = json!(format!("{}:another", stage.cluster.repository()));
    }
    let found = room.tag("kept", "latest")?;
    ensure!(found == wanted, "{found}\n  wanted {wanted}");
    Ok(())
}

fn governed(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room {
        cluster: stage.cluster,
        namespace: stage.main()?.governed,
    };
    let answer = room.plugin("tag IMAGE governed:latest")?.ok()?;
    shows(
        &answer,
        "a policy of the cluster has scheduled governed:latest",
    )?;
    is_at(
        &room.tag("governed", "latest")?,
        "/importPolicy/scheduled",
        &json!(true),
    )?;
    room.plugin("tag IMAGE governed:latest --no-schedule")?
        .ok()?;
    is_at(
        &room.tag("governed", "latest")?,
        "/importPolicy/scheduled",
        &Value::Null,
    )?;
    // An import does not restore the schedule.
    room.plugin("import governed:latest")?;
    is_at(
        &room.tag("governed", "latest")?,
        "/importPolicy/scheduled",
        &Value::Null,
    )
}

fn dry_run(stage: &mut Stage<'_>) -> Result<()> {
    let room = plain(stage)?;
    for side in ["client", "server"] {
        let answer = room
            .plugin(&format!("tag IMAGE dry:latest --dry-run={side}"))?
            .ok()?;
        shows(&answer, "dry:latest created (")?;
        let found = room.oc("get imagestream dry --ignore-not-found -o name")?;
        ensure!(
            found.stdout.trim().is_empty(),
            "--dry-run={side} made {}",
            found.stdout
        );
    }
    Ok(())
}

fn promote(stage: &mut Stage<'_>) -> Result<()> {
    let room = plain(stage)?;
    room.plugin("tag IMAGE moved:latest")?.ok()?;
    let digest = room.digest("moved", "latest", |_| true)?;
    for (flag, kind, name) in [
        ("", "ImageStreamImage", format!("moved@{digest}")),
        ("--alias", "ImageStreamTag", "moved:latest".to_owned()),
        (
            "--digest",
            "DockerImage",
            format!("{}@{digest}", stage.cluster.repository()),
        ),
    ] {
        room.plugin("tag IMAGE moved:prod --scheduled")?.ok()?;
        let before = room.tag("moved", "prod")?;
        let answer = room
            .plugin(&format!("promote moved:latest prod {flag}"))?
            .ok()?;
        shows(&answer, &format!("to {digest}"))?;
        let tag = room.tag("moved", "prod")?;
        is_at(&tag, "/from", &json!({"kind": kind, "name": name}))?;
        is_at(&tag, "/importPolicy/scheduled", &Value::Null)?;
        room.digest("moved", "prod", |shown| shown == digest)?;
        let again = room
            .plugin(&format!("promote moved:latest prod {flag}"))?
            .ok()?;
        shows(&again, "moved:prod unchanged")?;

        let back = answer
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("To move it back: oc extreg "))
            .with_context(|| format!("no way back: {}", answer.output()))?;
        stage.cluster.plugin(back, None)?.ok()?;
        let after = room.tag("moved", "prod")?;
        ensure!(after == before, "back is {after}\n  was {before}");
    }
    let new = room.plugin("promote moved:latest elsewhere:prod")?.ok()?;
    shows(&new, "imagestream.image.openshift.io/elsewhere created")?;
    room.digest("elsewhere", "prod", |shown| shown == digest)?;
    Ok(())
}

fn import(stage: &mut Stage<'_>) -> Result<()> {
    let room = plain(stage)?;
    let tag = |name: &str, policy: Value, reference: &str| {
        json!({"name": name, "from": {"kind": "DockerImage", "name": "IMAGE"},
            "annotations": {"note": name}, "importPolicy": policy, "referencePolicy": {"type": reference}})
    };
    let stream = json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "imported"},
        "spec": {"tags": [
            tag("a", json!({"scheduled": true, "importMode": "PreserveOriginal"}), "Local"),
            tag("b", json!({}), "Source"),
        ]},
    });
    let words = format!("-n {} create -f -", room.namespace);
    stage.cluster.oc(&words, Some(&stream.to_string()))?.ok()?;
    let before = [room.tag("imported", "a")?, room.tag("imported", "b")?];
    let answer = room.plugin("import imported --all")?.ok()?;
    let digest = room.digest("imported", "a", |_| true)?;
    shows(&answer, &digest)?;
    let after = [room.tag("imported", "a")?, room.tag("imported", "b")?];
    ensure!(before == after, "{after:?}\n  was {before:?}");
    let again = room.plugin("import imported:b")?.ok()?;
    shows(&again, &format!("imported:b unchanged: {digest}"))
}

fn not_imported(stage: &mut Stage<'_>) -> Result<()> {
    let room = plain(stage)?;
    room.plugin("tag IMAGE some:latest")?.ok()?;
    room.digest("some", "latest", |_| true)?;
    room.plugin("promote some:latest alias --alias")?.ok()?;
    let alias = room.tag("some", "alias")?;
    let answer = room.plugin("import some --all")?.ok()?;
    shows(&answer, "some:alias skipped: it is an alias of some:latest")?;
    ensure!(room.tag("some", "alias")? == alias, "the alias is another");

    room.plugin("tag REPOSITORY:no-such-tag-anywhere some:none")?
        .ok()?;
    let answer = room.plugin("import some:none some:latest")?.refused()?;
    shows(&answer, "some:none is not imported: ")?;
    // The suggested command depends on the reason.
    ensure!(
        ["import some:none -n", "correct the registry's name"]
            .iter()
            .any(|words| answer.output().contains(words)),
        "{}",
        answer.output()
    );
    shows(&answer, "some:latest unchanged")
}
