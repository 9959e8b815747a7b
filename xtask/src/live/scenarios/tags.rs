//! New tags by `oc tag`: one PUT of an ImageStreamTag, which also creates the stream.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Scenario, Stage, docker_image};
use crate::live::need::Need;
use crate::live::pair::Object;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "tag of a new stream is scheduled",
        needs: &[Need::Streams],
        run: new,
    },
    Scenario {
        name: "tag read back as an ImageStreamTag is scheduled",
        needs: &[Need::Import],
        run: read_back,
    },
    Scenario {
        name: "tag in every spelling of docker.io is scheduled",
        needs: &[Need::Streams],
        run: spellings,
    },
    Scenario {
        name: "tag of another registry is unchanged",
        needs: &[Need::Streams],
        run: elsewhere,
    },
    Scenario {
        name: "tag by digest is unchanged",
        needs: &[Need::Streams],
        run: digest,
    },
    Scenario {
        name: "tag by reference only is unchanged",
        needs: &[Need::Streams],
        run: reference,
    },
    Scenario {
        name: "tag of another tag is unchanged",
        needs: &[Need::Import],
        run: alias,
    },
    Scenario {
        name: "tag keeps its other policies",
        needs: &[Need::Streams],
        run: policies,
    },
    Scenario {
        name: "tag of several streams in one command is scheduled in each",
        needs: &[Need::Streams],
        run: several,
    },
    Scenario {
        name: "tag scheduled by its user is unchanged",
        needs: &[Need::Streams],
        run: by_user,
    },
    Scenario {
        name: "tag created by the raw imagestreamtags API is scheduled",
        needs: &[Need::Streams],
        run: raw_stream_tag,
    },
    Scenario {
        name: "tag created by the raw imagetags API is scheduled",
        needs: &[Need::Streams, Need::ImageTags],
        run: raw_image_tag,
    },
    Scenario {
        name: "tag with an upper-case user is unchanged with a warning",
        needs: &[Need::Streams],
        run: upper_case,
    },
    Scenario {
        name: "tag that OpenShift refuses is refused with its message",
        needs: &[Need::Streams],
        run: refused,
    },
];

const DIGEST: &str = "sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";

fn new(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let answer = pair.oc("tag --source=docker IMAGE tag-new:latest")?;
    ensure!(answer.warnings().is_empty(), "warned: {}", answer.output());
    pair.scheduled("tag-new", &[0])?;
    // A second tag of an existing stream, without the flags that an ordinary user omits.
    pair.oc("tag IMAGE tag-new:v1.0_x-y")?;
    pair.scheduled("tag-new", &[0, 1])
}

fn read_back(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE tag-read:latest")?;
    // It does not exist before the import.
    pair.imported("tag-read", "latest")?;
    let injected = ("/tag/importPolicy/scheduled", json!(true));
    pair.differs(Object::StreamTag("tag-read:latest"), &[injected])
}

fn spellings(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    for (stream, image) in [
        ("tag-short", "SHORT"),
        ("tag-untagged", "REPOSITORY"),
        ("tag-index", "index.docker.io/SHORT"),
        ("tag-registry-1", "registry-1.docker.io/SHORT"),
        ("tag-official", "docker.io/busybox:latest"),
        ("tag-one-word", "busybox:latest"),
        ("tag-deep", "docker.io/ably77/team/app:v1"),
    ] {
        pair.oc(&format!("tag --source=docker {image} {stream}:latest"))?;
        pair.scheduled(stream, &[0])?;
    }
    Ok(())
}

fn elsewhere(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    for (stream, image) in [
        ("tag-quay", "quay.io/ably77/python-lyapp:latest"),
        (
            "tag-internal",
            "image-registry.openshift-image-registry.svc:5000/NAMESPACE/app:latest",
        ),
        ("tag-hub", "registry.hub.docker.com/SHORT"),
        ("tag-port", "docker.io:443/SHORT"),
        ("tag-case", "DOCKER.IO/SHORT"),
        ("tag-suffix", "docker.io.example.com/SHORT"),
    ] {
        pair.oc(&format!("tag --source=docker {image} {stream}:latest"))?;
        pair.alike(Object::Stream(stream))?;
    }
    Ok(())
}

fn digest(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc(&format!(
        "tag --source=docker REPOSITORY@{DIGEST} tag-digest:v1"
    ))?;
    pair.oc(&format!("tag --source=docker IMAGE@{DIGEST} tag-digest:v2"))?;
    pair.alike(Object::Stream("tag-digest"))
}

fn reference(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker --reference IMAGE tag-reference:latest")?;
    pair.alike(Object::Stream("tag-reference"))
}

fn alias(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE tag-alias:latest")?;
    pair.imported("tag-alias", "latest")?;
    pair.oc("tag --alias tag-alias:latest tag-alias:prod")?;
    pair.oc("tag --source=istag NAMESPACE/tag-alias:latest tag-alias-2:prod")?;
    // oc reads a tag that resembles a user's image as an ImageStreamTag.
    pair.scheduled("tag-alias", &[0])?;
    pair.alike(Object::Stream("tag-alias-2"))
}

fn policies(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker --reference-policy=local --insecure \
         --import-mode=PreserveOriginal IMAGE tag-policies:latest")?;
    pair.scheduled("tag-policies", &[0])
}

fn several(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker IMAGE tag-many-a:1 tag-many-a:2 tag-many-b:1")?;
    pair.scheduled("tag-many-a", &[0, 1])?;
    pair.scheduled("tag-many-b", &[0])
}

fn by_user(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    pair.oc("tag --source=docker --scheduled IMAGE tag-by-user:latest")?;
    pair.alike(Object::Stream("tag-by-user"))
}

fn raw_stream_tag(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let object = json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamTag",
        "metadata": {"name": "tag-raw:latest", "annotations": {"a": "b"}},
        "tag": {"name": "", "annotations": {"a": "b"}, "from": docker_image("IMAGE")},
    });
    pair.dry_run(
        "create -f -",
        &object,
        &[("/tag/importPolicy/scheduled", json!(true))],
    )?;
    pair.absent(Object::Stream("tag-raw"))?;
    pair.send("create -f -", &object)?;
    pair.scheduled("tag-raw", &[0])?;
    // Without a tag nothing is changed.
    let empty = json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamTag",
        "metadata": {"name": "tag-raw:empty"},
    });
    pair.send("create -f -", &empty)?;
    pair.scheduled("tag-raw", &[0])
}

fn raw_image_tag(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let object = json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageTag",
        "metadata": {"name": "tag-imagetag:latest"},
        "spec": {"name": "latest", "from": docker_image("IMAGE")},
    });
    let path = "/apis/image.openshift.io/v1/namespaces/NAMESPACE/imagetags";
    pair.send(&format!("create --raw {path} -f -"), &object)?;
    pair.scheduled("tag-imagetag", &[0])?;
    // A schedule that the user removed remains removed; another image adds it again.
    let unscheduled =
        json!({"spec": {"importPolicy": {"scheduled": false}, "annotations": {"x": "y"}}});
    pair.patch("imagetag/tag-imagetag:latest", "merge", &unscheduled)?;
    pair.alike(Object::Stream("tag-imagetag"))?;
    let other = json!({"spec": {"from": {"name": "SHORT"}}});
    pair.patch("imagetag/tag-imagetag:latest", "merge", &other)?;
    pair.scheduled("tag-imagetag", &[0])
}

fn upper_case(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    let answer = pair.oc("tag --source=docker Ably77/python-lyapp:latest tag-upper:latest")?;
    ensure!(
        answer.warnings().len() == 1,
        "one warning was expected: {}",
        answer.output()
    );
    pair.alike(Object::Stream("tag-upper"))
}

fn refused(stage: &mut Stage<'_>) -> Result<()> {
    let pair = stage.main()?;
    for (name, from) in [
        ("s:latest", docker_image("docker.io/Ably77/App")),
        ("s:latest", docker_image("")),
        ("s:latest", json!({"kind": "Nonsense", "name": "IMAGE"})),
        (
            "s:latest",
            json!({"kind": "DockerImage", "name": "IMAGE", "namespace": "elsewhere"}),
        ),
    ] {
        let object = json!({
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStreamTag",
            "metadata": {"name": name},
            "tag": {"name": "", "from": from},
        });
        pair.refused("create -f -", &object)?;
    }
    Ok(())
}
