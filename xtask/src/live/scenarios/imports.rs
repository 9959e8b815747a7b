//! Imports: an ImageStreamImport writes the tags that it finds, with its policy.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Scenario, Stage, docker_image, image_stream, policies, tag};
use crate::live::cluster::{Answer, until};
use crate::live::need::Need;
use crate::live::pair::{Object, Pair};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "import to a new stream is scheduled",
        needs: &[Need::Import],
        run: new,
    },
    Scenario {
        name: "import of an existing tag keeps its settings",
        needs: &[Need::Import],
        run: again,
    },
    Scenario {
        name: "import of another image to a tag is scheduled",
        needs: &[Need::Import],
        run: another,
    },
    Scenario {
        name: "import to an alias does not fail",
        needs: &[Need::Import],
        run: alias,
    },
    Scenario {
        name: "import of a whole repository is scheduled with a warning",
        needs: &[Need::Listing],
        run: repository,
    },
    Scenario {
        name: "import of a whole repository does not change a stream with other tags",
        needs: &[Need::Listing],
        run: repository_again,
    },
    Scenario {
        name: "import dry run stores nothing",
        needs: &[Need::Import],
        run: dry_run,
    },
    Scenario {
        name: "import that fails creates the same tag",
        needs: &[Need::Import],
        run: failing,
    },
    Scenario {
        name: "import without a tag to write is unchanged",
        needs: &[Need::Import],
        run: untagged,
    },
    Scenario {
        name: "import by OpenShift's controller keeps the schedule",
        needs: &[Need::Import],
        run: controller,
    },
    Scenario {
        name: "import of a stream's own repository is unchanged",
        needs: &[Need::Listing],
        run: own_repository,
    },
];

fn new(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("import-image import-new --from=IMAGE --confirm")?;
    pair.scheduled("import-new", &[0])?;
    pair.oc("import-image import-new:other --from=SHORT --confirm")?;
    pair.scheduled("import-new", &[0, 1])?;
    pair.oc("import-image import-by-user --from=IMAGE --confirm --scheduled")?;
    pair.alike(Object::Stream("import-by-user"))
}

fn again(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("import-image import-again:latest --from=IMAGE --confirm")?;
    pair.oc("import-image import-again:latest")?;
    pair.scheduled("import-again", &[0])?;
    pair.oc("tag --source=docker IMAGE import-again:latest")?;
    pair.alike(Object::Stream("import-again"))?;
    pair.oc("import-image import-again:latest")?;
    pair.oc("import-image import-again:latest --from=IMAGE --confirm")?;
    pair.alike(Object::Stream("import-again"))
}

fn another(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.send(
        "create -f -",
        &image_stream("import-another", &json!([tag("latest", "quay.io/a/b:v1")])),
    )?;
    let images = json!([{"from": docker_image("IMAGE"), "to": {"name": "latest"}}]);
    import(&pair, "import-another", &images)?;
    pair.scheduled("import-another", &[0])
}

fn alias(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("import-image import-alias:latest --from=IMAGE --confirm")?;
    pair.oc("tag --alias import-alias:latest import-alias:prod")?;
    pair.imported("import-alias", "prod")?;
    let images = json!([{"from": docker_image("IMAGE"), "to": {"name": "prod"}}]);
    let output = import(&pair, "import-alias", &images)?;
    ensure!(output.contains("\"status\":\"Success\""), "{output}");
    pair.oc("import-image import-alias:prod")?;
    pair.scheduled("import-alias", &[0])
}

fn repository(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    govern_listed(stage)?;
    let output = pair.oc("import-image import-all --from=LISTED --all --confirm")?;
    let positions = positions(&pair, "import-all")?;
    pair.scheduled("import-all", &positions)?;
    warned(&output)
}

fn repository_again(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    govern_listed(stage)?;
    let tags = json!([
        tag("zz-live", "IMAGE"),
        {"name": "zz-alias", "from": {"kind": "ImageStreamTag", "name": "zz-live"}},
    ]);
    pair.send("create -f -", &image_stream("import-all-again", &tags))?;
    pair.imported("import-all-again", "zz-live")?;
    for _ in 0..2 {
        pair.oc("import-image import-all-again --from=LISTED --all --confirm")?;
        let positions = positions(&pair, "import-all-again")?;
        pair.scheduled("import-all-again", positions.last().copied().as_slice())?;
    }
    Ok(())
}

/// Creates a policy for the registry of the repository whose tags can be listed, if none exists.
fn govern_listed(stage: &Stage<'_>) -> Result<()> {
    let registry = stage.cluster.listed().split_once('/');
    let registry = registry.context("--repository names no registry")?.0;
    if registry == "docker.io" {
        return Ok(());
    }
    let pair = stage.main()?;
    let spec = json!({"registry": registry, "import": {"scheduled": true}});
    let policy = policies::policy(stage, "listed", &pair, &spec);
    policies::apply(stage, &policy)?;
    policies::in_force(stage, &policy)
}

fn dry_run(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("import-image import-dry --from=IMAGE --confirm --dry-run")?;
    pair.absent(Object::Stream("import-dry"))
}

fn failing(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.both(
        "import-image import-failing:x --from=REPOSITORY-not-there:x --confirm",
        None,
    )?;
    pair.scheduled("import-failing", &[0])
}

fn untagged(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    import(
        &pair,
        "import-untagged",
        &json!([{"from": docker_image("REPOSITORY")}]),
    )?;
    let (with, without) = pair.both("get imagestream import-untagged", None)?;
    ensure!(with.success == without.success, "{}", with.output());
    if with.success {
        pair.alike(Object::Stream("import-untagged"))?;
    }
    Ok(())
}

fn controller(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let tags = json!([tag("a", "IMAGE"), tag("b", "SHORT")]);
    pair.send("create -f -", &image_stream("import-controller", &tags))?;
    pair.imported("import-controller", "a")?;
    pair.imported("import-controller", "b")?;
    pair.scheduled("import-controller", &[0, 1])
}

fn own_repository(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    govern_listed(stage)?;
    let mut stream = image_stream("import-repository", &json!([]));
    if let Some(spec) = stream.pointer_mut("/spec") {
        *spec = json!({"dockerImageRepository": "LISTED"});
    }
    pair.send("create -f -", &stream)?;
    let object = Object::Stream("import-repository");
    until("OpenShift has imported the stream in both", || {
        let has_tags = positions(&pair, "import-repository").is_ok();
        Ok((has_tags && pair.alike(object).is_ok()).then_some(()))
    })
}

fn warned(output: &Answer) -> Result<()> {
    ensure!(
        output
            .warnings()
            .iter()
            .any(|line| line.contains("each tag of")),
        "no warning: {}",
        output.output()
    );
    Ok(())
}

fn positions(pair: &Pair<'_>, stream: &str) -> Result<Vec<usize>> {
    let stored = pair.stored(Object::Stream(stream))?;
    let tags = stored.pointer("/spec/tags").and_then(Value::as_array);
    let count = tags.context("the stream has no tags")?.len();
    Ok((0..count).collect())
}

/// Sends an import request directly, without the fields that oc would add.
fn import(pair: &Pair<'_>, stream: &str, images: &Value) -> Result<String> {
    let request = json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamImport",
        "metadata": {"name": stream, "namespace": "NAMESPACE"},
        "spec": {"import": true, "images": images},
    });
    let path = "/apis/image.openshift.io/v1/namespaces/NAMESPACE/imagestreamimports";
    let answer = pair.send(&format!("create --raw {path} -f -"), &request)?;
    Ok(answer.stdout)
}
