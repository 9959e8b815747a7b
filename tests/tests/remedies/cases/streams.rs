//! What the audit suggests for tags of ImageStreams.

use extreg_remedy::{Action, SpecTag};
use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use super::Case;
use crate::bench::Source::Finding;
use crate::objects::{
    DIGEST, HUB, IMAGE, arc, failing, id, secret, showing, stream, tag, tag_of, v1, workload,
};

pub(super) fn cases() -> Vec<Case> {
    let shown = |tag: Value| showing(stream(&[tag]), &[DIGEST]);
    let by_mirror_name = "registry-1.docker.io/u/a:v1";
    let scheduled = json!({"importPolicy": {"scheduled": true}});
    let follow = |has_import_policy| Action::FollowImage {
        tag: SpecTag {
            from: by_mirror_name.into(),
            ..v1(has_import_policy)
        },
        image: IMAGE.into(),
    };
    let credential = || Action::SetCredential {
        secret: id(Kind::Secret, "dockerhub"),
        registry: arc("docker.io"),
    };
    let excluded = {
        let mut secret = secret("hub", HUB);
        secret["metadata"]["annotations"] =
            json!({"kept": "yes", "openshift.io/image.excludeSecret": "true"});
        secret
    };
    vec![
        Case::new(
            "tag without a policy",
            Finding("EXR005", "not-scheduled"),
            vec![shown(tag(&json!({}))), secret("hub", HUB)],
            vec![Action::SetSchedule {
                tag: v1(true),
                scheduled: true,
            }],
            &["imagestream/app /spec/tags/1/importPolicy/scheduled"],
        ),
        Case::new(
            "tag with a policy",
            Finding("EXR005", "not-scheduled"),
            vec![
                shown(tag(
                    &json!({"importPolicy": {"importMode": "PreserveOriginal"}}),
                )),
                secret("hub", HUB),
            ],
            vec![Action::SetSchedule {
                tag: v1(true),
                scheduled: true,
            }],
            &["imagestream/app /spec/tags/1/importPolicy/scheduled"],
        ),
        Case::new(
            "scheduled reference",
            Finding("EXR005", "reference"),
            vec![
                stream(&[tag(
                    &json!({"reference": true, "importPolicy": {"scheduled": true}}),
                )]),
                secret("hub", HUB),
            ],
            vec![Action::Unreference { tag: v1(true) }],
            &["imagestream/app /spec/tags/1/reference"],
        )
        .brings(&["EXR005 never-imported"]),
        Case::new(
            "failed import without a credential",
            Finding("EXR005", "import-failed"),
            vec![failing(
                stream(&[tag(&scheduled)]),
                "Unauthorized",
                "access denied",
            )],
            vec![credential()],
            &["secret/dockerhub "],
        )
        .later("it is imported again"),
        Case::new(
            "failed import by another name of the hub",
            Finding("EXR005", "import-failed"),
            vec![
                failing(
                    stream(&[tag_of(by_mirror_name, &scheduled)]),
                    "Unauthorized",
                    "access denied",
                ),
                secret("hub", HUB),
            ],
            vec![follow(true)],
            &["imagestream/app /spec/tags/1/from/name"],
        )
        .later("it is imported again"),
        Case::new(
            "insecure tag",
            Finding("EXR004", "tag-insecure"),
            vec![
                shown(tag(
                    &json!({"importPolicy": {"scheduled": true, "insecure": true}}),
                )),
                secret("hub", HUB),
            ],
            vec![Action::Secure { tag: v1(true) }],
            &["imagestream/app /spec/tags/1/importPolicy/insecure"],
        ),
        Case::new(
            "anonymous import",
            Finding("EXR007", "anonymous-import"),
            vec![shown(tag(&scheduled))],
            vec![credential()],
            &["secret/dockerhub "],
        ),
        Case::new(
            "anonymous import beside an excluded secret",
            Finding("EXR007", "anonymous-import"),
            vec![shown(tag(&scheduled)), excluded],
            vec![Action::SetExcluded {
                secret: id(Kind::Secret, "hub"),
                excluded: false,
            }],
            &["secret/hub /metadata/annotations/openshift.io~1image.excludeSecret"],
        ),
        Case::new(
            "import by another name of the hub",
            Finding("EXR007", "anonymous-import"),
            vec![
                shown(tag_of(by_mirror_name, &scheduled)),
                secret("hub", HUB),
            ],
            vec![follow(true)],
            &["imagestream/app /spec/tags/1/from/name"],
        ),
        Case::new(
            "anonymous import by another name of the hub",
            Finding("EXR007", "anonymous-import"),
            vec![shown(tag_of(by_mirror_name, &scheduled))],
            vec![follow(true), credential()],
            &[
                "imagestream/app /spec/tags/1/from/name",
                "secret/dockerhub ",
            ],
        ),
        Case::new(
            "short name of a stream",
            Finding("EXR010", "searched"),
            vec![
                workload(Kind::StatefulSet, None, &[("web", "app:v1")]),
                shown(tag(&scheduled)),
                secret("hub", HUB),
            ],
            vec![Action::SetLookup {
                stream: id(Kind::ImageStream, "app"),
            }],
            &["imagestream/app /spec/lookupPolicy"],
        ),
        budget(
            "anonymous schedules",
            5,
            "anonymous",
            None,
            vec![credential()],
            &["secret/dockerhub "],
        ),
        budget(
            "schedules of one account",
            9,
            "account",
            Some(HUB),
            vec![Action::SetSchedule {
                tag: SpecTag {
                    name: arc("t8"),
                    index: 9,
                    from: arc("docker.io/u/a:t8"),
                    ..v1(true)
                },
                scheduled: false,
            }],
            &[
                "imagestream/app /spec/tags/9/importPolicy/scheduled",
                "imagestream/app /spec/tags/9/annotations/extreg.io~1scheduled",
            ],
        ),
    ]
}

/// More scheduled tags than the registry allows.
fn budget(
    name: &str,
    count: usize,
    rule: &'static str,
    config: Option<&str>,
    actions: Vec<Action>,
    changed: &'static [&'static str],
) -> Case {
    let tags: Vec<Value> = (0..count)
        .map(|index| {
            let more = json!({"name": format!("t{index}"), "importPolicy": {"scheduled": true}});
            tag_of(&format!("docker.io/u/a:t{index}"), &more)
        })
        .collect();
    let mut objects = vec![stream(&tags)];
    objects.extend(config.map(|config| secret("hub", config)));
    Case::new(name, Finding("EXR008", rule), objects, actions, changed)
}
