//! Tables of cases and results.

#![expect(clippy::unwrap_used, reason = "a test panics to fail")]

use std::collections::BTreeMap;

use extreg_core::follow::{NotFollowed, NotPushed, Pushed, TagOutcome, follow, may_follow};
use extreg_core::policy::{Selector, SelectorDocument};
use serde_json::{Value, json};

use crate::world::{Before, NEW, build, complete, decide, pushed, read, stream, tag};

fn set(object: &mut Value, at: &str, value: Value) {
    let (parent, key) = at.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[key] = value;
}

#[test]
fn only_a_complete_external_push_is_followed() {
    let table: [(&str, Value, NotPushed); 17] = [
        ("/status/phase", json!("Running"), NotPushed::Incomplete),
        ("/status/phase", json!("Failed"), NotPushed::Incomplete),
        ("/status/phase", Value::Null, NotPushed::Incomplete),
        (
            "/status/completionTimestamp",
            Value::Null,
            NotPushed::Incomplete,
        ),
        ("/status/output", json!({}), NotPushed::NoDigest),
        ("/status/output/to", Value::Null, NotPushed::NoDigest),
        (
            "/status/output/to/imageDigest",
            json!(""),
            NotPushed::NoDigest,
        ),
        (
            "/status/output/to/imageDigest",
            json!("latest"),
            NotPushed::NoDigest,
        ),
        (
            "/status/output/to/imageDigest",
            json!("sha256:12"),
            NotPushed::NoDigest,
        ),
        ("/spec/output", json!({}), NotPushed::Inside),
        (
            "/spec/output/to/kind",
            json!("ImageStreamTag"),
            NotPushed::Inside,
        ),
        ("/spec/output/to/name", json!(""), NotPushed::Inside),
        (
            "/spec/output/to/name",
            json!("docker.io"),
            NotPushed::Inside,
        ),
        (
            "/spec/output/to/name",
            json!("image-registry.openshift-image-registry.svc:5000/snow/app:latest"),
            NotPushed::Inside,
        ),
        (
            "/spec/output/to/name",
            json!(format!("docker.io/ann/app@{NEW}")),
            NotPushed::Inside,
        ),
        (
            "/metadata/labels",
            json!({"extreg.io/ignore": "true"}),
            NotPushed::OptedOut,
        ),
        (
            "/metadata/labels",
            json!({"extreg.io/follow-builds": "false"}),
            NotPushed::OptedOut,
        ),
    ];
    let good = complete("docker.io/ann/app:v1");
    let said = Pushed::of(&build(&good)).unwrap();
    assert_eq!(
        (said.digest.as_str(), said.name.as_str()),
        (NEW, "docker.io/ann/app:v1")
    );
    for (at, value, why) in table {
        let mut object = good.clone();
        set(&mut object, at, value.clone());
        assert_eq!(Pushed::of(&build(&object)), Err(why), "{at}={value}");
    }
}

#[test]
fn tags_come_from_the_same_image_in_any_spelling() {
    let same: &[(&str, &[&str])] = &[
        (
            "docker.io/ann/app:latest",
            &[
                "docker.io/ann/app",
                "docker.io/ann/app:latest",
                "index.docker.io/ann/app",
                "registry-1.docker.io/ann/app:latest",
                "ann/app",
                "ann/app:latest",
            ],
        ),
        ("ann/app", &["docker.io/ann/app:latest"]),
        (
            "docker.io/app",
            &["app", "library/app:latest", "index.docker.io/library/app"],
        ),
        ("docker.io/a/b/c:v1", &["a/b/c:v1"]),
        ("quay.io/org/app:v1", &["quay.io/org/app:v1"]),
        ("quay.io/app", &["quay.io/app:latest"]),
        ("localhost:5000/ann/app", &["localhost:5000/ann/app:latest"]),
    ];
    for (output, froms) in same {
        for from in *froms {
            let followed = decide(output, &stream(&json!([tag("t", from)])));
            assert_eq!(
                followed.tags["t"],
                Ok(TagOutcome::Import),
                "{output} {from}"
            );
        }
    }
    let other: &[(&str, &str)] = &[
        ("docker.io/ann/app", "docker.io/ann/app:v1"),
        ("docker.io/ann/app:v1", "docker.io/ann/app"),
        ("docker.io/ann/app", "docker.io/bob/app"),
        ("docker.io/ann/app", "quay.io/ann/app"),
        ("docker.io/ann/app", "docker.io:443/ann/app"),
        ("docker.io/ann/app", "DOCKER.IO/ann/app"),
        ("docker.io/ann/app", "registry.hub.docker.com/ann/app"),
        (
            "docker.io/ann/app:latest",
            &format!("docker.io/ann/app@{NEW}"),
        ),
        (
            "docker.io/ann/app:latest",
            &format!("docker.io/ann/app:latest@{NEW}"),
        ),
        ("quay.io/app", "quay.io/library/app"),
        ("docker.io/ann/app", "docker.io/ann/app/more"),
        ("docker.io/ann/app", "Ann/app"),
        ("docker.io/ann/app", "${IMAGE}"),
        ("docker.io/ann/app", ""),
    ];
    for (output, from) in other {
        let followed = decide(output, &stream(&json!([tag("t", from)])));
        assert!(followed.tags.is_empty(), "{output} {from}");
        assert_eq!(followed.import, None, "{output} {from}");
    }
}

#[test]
fn sources_other_than_an_image_by_tag_are_skipped() {
    let image = "docker.io/ann/app:latest";
    let mut alias = tag("alias", image);
    alias["from"] = json!({"kind": "ImageStreamTag", "name": "app:latest"});
    let mut pinned = tag("pinned", image);
    pinned["from"] = json!({"kind": "ImageStreamImage", "name": format!("app@{NEW}")});
    let mut foreign = tag("foreign", image);
    foreign["from"]["namespace"] = json!("elsewhere");
    let mut reference = tag("reference", image);
    reference["reference"] = json!(true);
    let mut opted_out = tag("opted-out", image);
    opted_out["annotations"] = json!({"extreg.io/follow-builds": "false"});
    let mut unscheduled = tag("unscheduled", image);
    unscheduled["annotations"] = json!({"extreg.io/scheduled": "false"});
    let pushed_to = json!({"name": "pushed", "annotations": {"a": "b"}});
    let tags = json!([
        alias,
        pinned,
        foreign,
        reference,
        opted_out,
        unscheduled,
        pushed_to
    ]);
    let followed = decide(image, &stream(&tags));
    let wanted = BTreeMap::from([
        ("opted-out".to_owned(), Err(NotFollowed::OptedOut)),
        ("reference".to_owned(), Err(NotFollowed::Reference)),
        // Excluded from the schedule, but not from following.
        ("unscheduled".to_owned(), Ok(TagOutcome::Import)),
    ]);
    assert_eq!(followed.tags, wanted);
    assert_eq!(followed.import.unwrap().tags, ["unscheduled"]);
}

#[test]
fn streams_opt_out_by_label() {
    let image = "docker.io/ann/app";
    for (key, value, why) in [
        ("extreg.io/ignore", "true", Some(NotFollowed::OptedOut)),
        ("extreg.io/ignore", "false", None),
        (
            "extreg.io/follow-builds",
            "false",
            Some(NotFollowed::OptedOut),
        ),
        ("extreg.io/follow-builds", "true", None),
        (
            "samples.operator.openshift.io/managed",
            "true",
            Some(NotFollowed::Managed),
        ),
    ] {
        let mut object = stream(&json!([tag("latest", image)]));
        object["metadata"]["labels"] = json!({key: value});
        let followed = decide(image, &object);
        assert_eq!(followed.exempt, why, "{key}={value}");
        assert_eq!(followed.import.is_some(), why.is_none(), "{key}={value}");
    }
    let mut going = stream(&json!([tag("latest", image)]));
    going["metadata"]["deletionTimestamp"] = json!("2026-11-24T12:00:00Z");
    assert_eq!(decide(image, &going).exempt, Some(NotFollowed::Going));
}

#[test]
fn namespaces_opt_out_and_those_of_the_platform_are_out() {
    let none = json!({});
    for (name, labels, wanted) in [
        ("snow", &none, true),
        ("default", &none, false),
        ("openshift", &none, false),
        ("openshift-x", &none, false),
        ("kube-system", &none, false),
        ("snow", &json!({"openshift.io/run-level": "1"}), false),
        ("snow", &json!({"openshift.io/run-level": "2"}), true),
        ("snow", &json!({"extreg.io/ignore": "true"}), false),
        ("snow", &json!({"extreg.io/follow-builds": "false"}), false),
        ("snow", &json!({"extreg.io/follow-builds": "true"}), true),
    ] {
        let map = serde_json::from_value(labels.clone()).unwrap();
        assert_eq!(may_follow(name, &map, None), wanted, "{name} {labels}");
    }
    let document: SelectorDocument =
        serde_json::from_value(json!({"matchLabels": {"team": "shop"}})).unwrap();
    let selector = Selector::compile(&document).unwrap();
    for (team, wanted) in [("shop", true), ("other", false)] {
        let labels = BTreeMap::from([("team".to_owned(), team.to_owned())]);
        assert_eq!(may_follow("snow", &labels, selector.as_ref()), wanted);
    }
}

#[test]
fn an_up_to_date_or_already_imported_tag_is_skipped() {
    let image = "docker.io/ann/app";
    let mut object = stream(&json!([tag("a", image), tag("b", image), tag("c", image)]));
    object["status"]["tags"][0]["items"] = json!([{"image": NEW}]);
    object["status"]["tags"][2] = json!({"tag": "other", "items": null});
    let mut before = Before::default();
    before
        .0
        .insert(("u-1".to_owned(), "b".to_owned(), NEW.to_owned()));
    let followed = follow(&pushed(image), &read(&object), &before);
    let outcomes: Vec<_> = followed.tags.values().collect();
    assert_eq!(
        outcomes,
        [
            &Ok(TagOutcome::UpToDate),
            &Ok(TagOutcome::ImportedBefore),
            &Ok(TagOutcome::Import)
        ]
    );
    assert_eq!(followed.import.unwrap().tags, ["c"]);
}

#[test]
fn one_import_with_each_tags_own_policy() {
    let image = "docker.io/ann/app";
    let mut plain = tag("plain", "ann/app:latest");
    plain["importPolicy"] = json!({"importMode": "PreserveOriginal", "insecure": true,
                                   "scheduled": true, "fromTheFuture": [1]});
    plain["referencePolicy"] = json!({"type": "Local"});
    let mut bare = tag("bare", image);
    for policy in ["importPolicy", "referencePolicy"] {
        bare.as_object_mut().unwrap().remove(policy);
    }
    let followed = decide(image, &stream(&json!([plain, bare])));
    let import = followed.import.unwrap();
    assert_eq!(
        (import.stream.as_str(), import.uid.as_str()),
        ("app", "u-1")
    );
    assert_eq!(import.tags, ["bare", "plain"]);
    assert_eq!(
        import.body,
        json!({
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStreamImport",
            "metadata": {"name": "app", "uid": "u-1", "resourceVersion": "7"},
            "spec": {
                "import": true,
                "images": [
                    {"from": {"kind": "DockerImage", "name": image}, "to": {"name": "bare"}},
                    {
                        "from": {"kind": "DockerImage", "name": "ann/app:latest"},
                        "to": {"name": "plain"},
                        "importPolicy": plain["importPolicy"],
                        "referencePolicy": plain["referencePolicy"],
                    },
                ],
            },
        })
    );
}

#[test]
fn the_last_of_two_tags_with_one_name_counts() {
    let image = "docker.io/ann/app";
    let twice = json!([tag("t", image), tag("t", "docker.io/ann/other")]);
    assert_eq!(decide(image, &stream(&twice)).import, None);
    let turned = json!([tag("t", "docker.io/ann/other"), tag("t", "ann/app")]);
    let import = decide(image, &stream(&turned)).import.unwrap();
    assert_eq!(import.body["spec"]["images"][0]["from"]["name"], "ann/app");
}

#[test]
fn an_empty_stream_is_read() {
    for object in [
        json!({}),
        json!({"metadata": null, "spec": null, "status": null}),
        json!({"spec": {"tags": null}, "status": {"tags": null}}),
        json!({"spec": {"tags": [{"name": null, "from": null}]}, "status": {"tags": [{"items": []}]}}),
    ] {
        assert_eq!(
            decide("docker.io/ann/app", &object).import,
            None,
            "{object}"
        );
    }
}
