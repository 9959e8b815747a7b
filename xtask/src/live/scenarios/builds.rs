//! BuildConfigs and Builds that push.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{PUSH_SECRET, Scenario, Stage, build_config, docker_image, dockerhub};
use crate::live::need::Need;
use crate::live::pair::Object;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "build config gets the push secret",
        needs: &[Need::Builds],
        run: created,
    },
    Scenario {
        name: "build config of every strategy gets it",
        needs: &[Need::Builds],
        run: strategies,
    },
    Scenario {
        name: "build config that pushes to another registry is unchanged",
        needs: &[Need::Builds],
        run: elsewhere,
    },
    Scenario {
        name: "build config with another push secret keeps it",
        needs: &[Need::Builds],
        run: kept,
    },
    Scenario {
        name: "build config whose secret was removed gets none",
        needs: &[Need::Builds],
        run: removed,
    },
    Scenario {
        name: "build config with a new output gets it",
        needs: &[Need::Builds],
        run: new_output,
    },
    Scenario {
        name: "build config applied and replaced",
        needs: &[Need::Builds],
        run: applied,
    },
    Scenario {
        name: "build config that OpenShift refuses is refused with its message",
        needs: &[Need::Builds],
        run: refused,
    },
    Scenario {
        name: "build config by oc new-build",
        needs: &[Need::Builds, Need::Streams],
        run: new_build,
    },
    Scenario {
        name: "build of a config that is older than the webhook gets it",
        needs: &[Need::Builds],
        run: from_before,
    },
    Scenario {
        name: "build started, cloned and created manually",
        needs: &[Need::Builds],
        run: started,
    },
];

fn created(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    for (name, image) in [
        ("build-hub", "IMAGE"),
        ("build-short", "SHORT"),
        ("build-index", "index.docker.io/SHORT"),
        ("build-untagged", "REPOSITORY"),
    ] {
        let config = build_config(name, &docker_image(image));
        pair.dry_run("create -f -", &config, &[(PUSH_SECRET, dockerhub())])?;
        let answer = pair.send("create -f -", &config)?;
        ensure!(answer.warnings().is_empty(), "{}", answer.output());
        pair.differs(Object::BuildConfig(name), &[(PUSH_SECRET, dockerhub())])?;
    }
    Ok(())
}

fn strategies(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let base = docker_image("quay.io/a/builder:latest");
    for (name, strategy, injected) in [
        (
            "build-source",
            json!({"type": "Source", "sourceStrategy": {"from": base}}),
            true,
        ),
        (
            "build-custom",
            json!({"type": "Custom", "customStrategy": {"from": base}}),
            true,
        ),
        (
            "build-hub-base",
            json!({"dockerStrategy": {"from": docker_image("SHORT")}}),
            true,
        ),
    ] {
        let mut config = build_config(name, &docker_image("IMAGE"));
        set(&mut config, "/spec/strategy", strategy);
        set(
            &mut config,
            "/spec/source",
            json!({"git": {"uri": "https://example.com/a.git"}}),
        );
        pair.send("create -f -", &config)?;
        let secret = (PUSH_SECRET, dockerhub());
        let wanted: Vec<_> = injected.then_some(secret).into_iter().collect();
        pair.differs(Object::BuildConfig(name), &wanted)?;
    }
    Ok(())
}

fn elsewhere(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    for (name, to) in [
        ("build-none", Value::Null),
        ("build-quay", docker_image("quay.io/ably77/app:latest")),
        ("build-port", docker_image("docker.io:443/SHORT")),
        (
            "build-internal",
            docker_image("image-registry.openshift-image-registry.svc:5000/NAMESPACE/app:latest"),
        ),
        (
            "build-stream",
            json!({"kind": "ImageStreamTag", "name": "app:latest"}),
        ),
        ("build-no-kind", json!({"name": "app"})),
        (
            "build-old-kind",
            json!({"kind": "ImageStream", "name": "app"}),
        ),
    ] {
        pair.send("create -f -", &build_config(name, &to))?;
        pair.alike(Object::BuildConfig(name))?;
    }
    Ok(())
}

fn kept(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let mut config = build_config("build-kept", &docker_image("IMAGE"));
    set(
        &mut config,
        "/spec/output/pushSecret",
        json!({"name": "mine"}),
    );
    pair.send("create -f -", &config)?;
    pair.alike(Object::BuildConfig("build-kept"))?;
    pair.send(
        "create -f -",
        &build_config("build-set", &docker_image("IMAGE")),
    )?;
    pair.oc("set build-secret --push buildconfig/build-set another")?;
    pair.alike(Object::BuildConfig("build-set"))
}

fn removed(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let name = "build-removed";
    pair.send("create -f -", &build_config(name, &docker_image("IMAGE")))?;
    pair.oc("set build-secret --push buildconfig/build-removed another")?;
    pair.oc("set build-secret --push --remove buildconfig/build-removed")?;
    pair.alike(Object::BuildConfig(name))?;
    pair.oc("label buildconfig/build-removed team=one")?;
    pair.oc("start-build build-removed")?;
    pair.alike(Object::BuildConfig(name))?;
    // A Build does not record why it has none.
    pair.differs(
        Object::Build("build-removed-1"),
        &[(PUSH_SECRET, dockerhub())],
    )
}

fn new_output(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let name = "build-output";
    let object = "buildconfig/build-output";
    pair.send(
        "create -f -",
        &build_config(name, &docker_image("quay.io/a/b:v1")),
    )?;
    let to = |name: &str| json!({"spec": {"output": {"to": docker_image(name)}}});
    pair.patch(object, "merge", &to("IMAGE"))?;
    pair.differs(Object::BuildConfig(name), &[(PUSH_SECRET, dockerhub())])?;
    // The secret remains after the change, as the user left it: a user who changes the registry removes it.
    pair.patch(
        object,
        "merge",
        &json!({"spec": {"output": {"pushSecret": null}}}),
    )?;
    pair.alike(Object::BuildConfig(name))?;
    pair.patch(object, "strategic", &to("SHORT"))?;
    pair.differs(Object::BuildConfig(name), &[(PUSH_SECRET, dockerhub())])?;
    pair.oc("set triggers buildconfig/build-output --from-config")?;
    pair.differs(Object::BuildConfig(name), &[(PUSH_SECRET, dockerhub())])
}

fn applied(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let name = "build-applied";
    let config = build_config(name, &docker_image("IMAGE"));
    let injected = [(PUSH_SECRET, dockerhub())];
    pair.send("apply -f -", &config)?;
    pair.send("apply -f -", &config)?;
    pair.differs(Object::BuildConfig(name), &injected)?;
    pair.send("apply --server-side --force-conflicts -f -", &config)?;
    pair.differs(Object::BuildConfig(name), &injected)?;
    // `replace` sends the whole object without the field, which removes it.
    pair.send("replace -f -", &config)?;
    pair.alike(Object::BuildConfig(name))
}

fn refused(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let with_secret = |secret: Value| {
        let mut config = build_config("build-refused", &docker_image("IMAGE"));
        set(&mut config, "/spec/output/pushSecret", secret);
        config
    };
    for config in [
        with_secret(json!({})),
        with_secret(json!({"name": ""})),
        build_config("build-refused", &docker_image("docker.io/Ably77/App")),
        build_config("build-refused", &docker_image("")),
        build_config("build-refused", &docker_image("docker://IMAGE")),
        build_config(
            "build-refused",
            &json!({"kind": "DockerImage", "name": "IMAGE", "namespace": "x"}),
        ),
        build_config(
            "build-refused",
            &json!({"kind": "ImageStreamImage", "name": "a@sha256:b"}),
        ),
        build_config(
            "build-refused",
            &json!({"kind": "ImageStreamTag", "name": "nocolon"}),
        ),
    ] {
        pair.refused("create -f -", &config)?;
    }
    pair.absent(Object::BuildConfig("build-refused"))
}

fn new_build(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    for (name, words) in [
        ("new-build-docker", "--to-docker --to=IMAGE"),
        ("new-build-short", "--to-docker --to=SHORT"),
    ] {
        pair.oc(&format!(
            "new-build --binary --strategy=docker --name={name} {words}"
        ))?;
        pair.differs(Object::BuildConfig(name), &[(PUSH_SECRET, dockerhub())])?;
    }
    pair.oc("new-build --binary --strategy=docker --name=new-build-own --to-docker --to=IMAGE --push-secret=mine")?;
    pair.alike(Object::BuildConfig("new-build-own"))?;
    pair.oc("new-build --binary --strategy=docker --name=new-build-stream")?;
    pair.alike(Object::BuildConfig("new-build-stream"))
}

fn from_before(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("start-build before")?;
    pair.differs(Object::Build("before-1"), &[(PUSH_SECRET, dockerhub())])?;
    pair.alike(Object::BuildConfig("before"))?;
    pair.oc("annotate buildconfig/before note=one")?;
    pair.alike(Object::BuildConfig("before"))
}

fn started(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let injected = [(PUSH_SECRET, dockerhub())];
    pair.send(
        "create -f -",
        &build_config("build-started", &docker_image("IMAGE")),
    )?;
    pair.oc("start-build build-started")?;
    pair.differs(Object::Build("build-started-1"), &injected)?;
    pair.oc("start-build --from-build=build-started-1")?;
    pair.differs(Object::Build("build-started-2"), &injected)?;
    let mut config = build_config("build-by-hand", &docker_image("IMAGE"));
    set(&mut config, "/kind", json!("Build"));
    set(&mut config, "/spec/serviceAccount", json!("builder"));
    pair.send("create -f -", &config)?;
    pair.differs(Object::Build("build-by-hand"), &injected)
}

/// Sets a value at a path of an object.
fn set(object: &mut Value, at: &str, value: Value) {
    let Some((parent, key)) = at.rsplit_once('/') else {
        return;
    };
    if let Some(parent) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.insert(key.to_owned(), value);
    }
}
