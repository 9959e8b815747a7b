//! Scheduled imports, rule by rule: an accept, a reject and an already satisfied case of each.

use crate::world::{World, Write};
use extreg_core::facts::StreamRead;
use extreg_core::object::Resource::{ImageStreamImports, ImageStreamTags, ImageStreams, ImageTags};

const CONTROLLER: &str = "system:serviceaccount:openshift-infra:image-import-controller";
const DIGEST: &str = "sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";

/// A tag as the API server sends it, with more fields in front of it.
fn tag(name: &str, image: &str, more: &str) -> String {
    format!(
        r#"{{"name":"{name}",{more}"from":{{"kind":"DockerImage","name":"{image}"}},
        "importPolicy":{{"importMode":"PreserveOriginal"}},"referencePolicy":{{"type":"Source"}}}}"#
    )
}

fn alias(name: &str, to: &str) -> String {
    format!(
        r#"{{"name":"{name}","from":{{"kind":"ImageStreamTag","name":"{to}"}},"importPolicy":{{}}}}"#
    )
}

fn stream(tags: &[String]) -> String {
    format!(
        r#"{{"metadata":{{"name":"app"}},"spec":{{"tags":[{}]}}}}"#,
        tags.join(",")
    )
}

fn stream_tag(tag: &str) -> String {
    format!(r#"{{"metadata":{{"name":"app:v1"}},"tag":{tag}}}"#)
}

fn image_tag(tag: &str) -> String {
    format!(r#"{{"metadata":{{"name":"app:v1"}},"spec":{tag}}}"#)
}

fn import(images: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"python-lyapp"}},"spec":{{"import":true,"images":[{images}]}}}}"#
    )
}

fn import_of(image: &str, to: &str) -> String {
    import(&format!(
        r#"{{"from":{{"kind":"DockerImage","name":"{image}"}},"to":{to},"importPolicy":{{"importMode":"Legacy"}}}}"#
    ))
}

/// The API server keeps the last of two tags of one name, so the first is ignored.
#[test]
fn the_last_of_two_tags_with_one_name_counts() {
    let twice = stream(&[tag("v1", "u/a:1", ""), tag("v1", "u/b:1", "")]);
    let world = World::default();
    assert_eq!(
        world.outcome(&Write::create(ImageStreams, &twice)),
        "set /spec/tags/1/importPolicy/scheduled"
    );
    assert_eq!(
        world.outcome(&Write::update(ImageStreams, &twice, &twice)),
        "Unchanged"
    );
    let aliased = stream(&[tag("v1", "u/a:1", ""), alias("v1", "app:latest")]);
    assert_eq!(
        world.outcome(&Write::create(ImageStreams, &aliased)),
        "nothing"
    );
}

#[test]
fn the_tag_decides_wherever_it_is_written() {
    let cases = [
        (tag("v1", "docker.io/u/app:v1", ""), "set"),
        (tag("v1", "docker.io/u/app", ""), "set"),
        (tag("v1", "u/app:v1", ""), "set"),
        (tag("v1", "nginx", ""), "set"),
        (tag("v1", "index.docker.io/u/app:v1", ""), "set"),
        (tag("v1", "registry-1.docker.io/u/app:v1", ""), "set"),
        (tag("v1", "quay.io/u/app:v1", ""), "OtherRegistry"),
        (tag("v1", "docker.io.evil.com/u/app:v1", ""), "OtherRegistry"),
        (tag("v1", "image-registry.openshift-image-registry.svc:5000/n/a:v1", ""), "Internal"),
        (tag("v1", &format!("docker.io/u/app@{DIGEST}"), ""), "Digest"),
        (tag("v1", &format!("docker.io/u/app:v1@{DIGEST}"), ""), "Digest"),
        (tag("v1", "docker.io/u/app:v1", r#""reference":true,"#), "Reference"),
        (
            tag("v1", "docker.io/u/app:v1", r#""annotations":{"extreg.io/scheduled":"false"},"#),
            "OptedOut",
        ),
        (tag("v1", "docker.io/u/app:v1", r#""annotations":{"extreg.io/scheduled":"true"},"#), "set"),
        (tag("v1", "node.js:18", ""), "Invalid"),
        (tag("v1", "docker.io/u/${TAG}", ""), "Parameter"),
        (tag("v1", "", ""), "Invalid"),
        (alias("v1", "app:latest"), "nothing"),
        (r#"{"name":"v1","annotations":null}"#.to_owned(), "nothing"),
        (r#"{"name":"v1","from":null}"#.to_owned(), "nothing"),
        (
            r#"{"name":"v1","from":{"kind":"DockerImage","name":"u/a:1"},"importPolicy":{"scheduled":true}}"#
                .to_owned(),
            "AlreadySet",
        ),
        (
            r#"{"name":"v1","from":{"kind":"DockerImage","name":"u/a:1"},"importPolicy":{"scheduled":false}}"#
                .to_owned(),
            "set",
        ),
        (r#"{"name":"v1","from":{"kind":"DockerImage","name":"u/a:1"}}"#.to_owned(), "set"),
        (
            r#"{"name":"v1","from":{"kind":"DockerImage","name":"u/a:1"},"importPolicy":null}"#
                .to_owned(),
            "set",
        ),
        (
            r#"{"name":"v1","from":{"kind":"DockerImage","namespace":"else","name":"u/a:1"}}"#
                .to_owned(),
            "Invalid",
        ),
        ("null".to_owned(), "nothing"),
    ];
    for (tag, want) in cases {
        for (resource, object, pointer) in [
            (
                ImageStreams,
                stream(std::slice::from_ref(&tag)),
                "/spec/tags/0/importPolicy/scheduled",
            ),
            (
                ImageStreamTags,
                stream_tag(&tag),
                "/tag/importPolicy/scheduled",
            ),
            (ImageTags, image_tag(&tag), "/spec/importPolicy/scheduled"),
        ] {
            let want = if want == "set" {
                format!("set {pointer}")
            } else {
                want.to_owned()
            };
            assert_eq!(
                World::default().outcome(&Write::create(resource, &object)),
                want,
                "{tag}"
            );
        }
    }
}

#[test]
fn an_upper_case_user_is_reported_and_left() {
    let object = stream_tag(&tag("v1", "User/app:v1", ""));
    let outcome = World::default().outcome(&Write::create(ImageStreamTags, &object));
    assert!(
        outcome.starts_with("Invalid; extreg: User/app:v1 unchanged"),
        "{outcome}"
    );
}

#[test]
fn an_update_of_a_stream_schedules_only_what_is_new() {
    let (a, b) = (
        tag("a", "docker.io/u/app:a", ""),
        tag("b", "docker.io/u/app:b", ""),
    );
    let b2 = tag("b", "docker.io/u/app:b2", "");
    let referenced = tag("b", "docker.io/u/app:b", r#""reference":true,"#);
    let pushed = r#"{"name":"b","annotations":{"x":"y"}}"#.to_owned();
    for (old, new, want) in [
        (
            vec![a.clone(), b.clone()],
            vec![a.clone(), b.clone()],
            "Unchanged; Unchanged",
        ),
        (
            vec![a.clone()],
            vec![a.clone(), b.clone()],
            "Unchanged; set /spec/tags/1/importPolicy/scheduled",
        ),
        (
            vec![b.clone()],
            vec![a.clone(), b.clone()],
            "set /spec/tags/0/importPolicy/scheduled; Unchanged",
        ),
        (
            vec![b.clone()],
            vec![b2.clone()],
            "set /spec/tags/0/importPolicy/scheduled",
        ),
        (
            vec![alias("b", "app:a")],
            vec![b.clone()],
            "set /spec/tags/0/importPolicy/scheduled",
        ),
        (
            vec![pushed],
            vec![b.clone()],
            "set /spec/tags/0/importPolicy/scheduled",
        ),
        (vec![referenced], vec![b.clone()], "Unchanged"),
        (vec![a, b], vec![], "nothing"),
    ] {
        let (old, new) = (stream(&old), stream(&new));
        let outcome = World::default().outcome(&Write::update(ImageStreams, &old, &new));
        assert_eq!(outcome, want, "{old} -> {new}");
    }
}

#[test]
fn oc_tag_without_scheduled_removes_the_schedule() {
    let scheduled = stream_tag(
        r#"{"name":"v1","from":{"kind":"DockerImage","name":"docker.io/u/app:v1"},"importPolicy":{"scheduled":true}}"#,
    );
    let same = stream_tag(&tag("v1", "docker.io/u/app:v1", ""));
    let other = stream_tag(&tag("v1", "docker.io/u/app:v2", ""));
    let nothing = stream_tag("null");
    for (old, new, want) in [
        (&scheduled, &same, "Unchanged"),
        (&scheduled, &other, "set /tag/importPolicy/scheduled"),
        (&nothing, &same, "set /tag/importPolicy/scheduled"),
    ] {
        let outcome = World::default().outcome(&Write::update(ImageStreamTags, old, new));
        assert_eq!(outcome.split(';').next(), Some(want));
    }
}

#[test]
fn a_tag_opt_out_survives_another_oc_tag() {
    let new = stream_tag(&tag("v1", "docker.io/u/app:v2", ""));
    for old in [
        stream_tag(&tag(
            "v1",
            "docker.io/u/app:v1",
            r#""annotations":{"extreg.io/scheduled":"false"},"#,
        )),
        r#"{"metadata":{"annotations":{"extreg.io/scheduled":"false"}},"tag":null}"#.to_owned(),
        r#"{"metadata":{"labels":{"extreg.io/ignore":"true"}},"tag":null}"#.to_owned(),
    ] {
        let outcome = World::default().outcome(&Write::update(ImageStreamTags, &old, &new));
        assert_eq!(outcome, "OptedOut", "{old}");
    }
    let annotated = r#"{"metadata":{"annotations":{"extreg.io/scheduled":"false"}},
        "tag":{"from":{"kind":"DockerImage","name":"u/a:1"},"importPolicy":{}}}"#;
    assert_eq!(
        World::default().outcome(&Write::create(ImageStreamTags, annotated)),
        "OptedOut"
    );
}

#[test]
fn a_tag_without_its_streams_label_needs_the_stream() {
    let object = tag("v1", "docker.io/u/app:v1", "");
    let (alone, image) = (stream_tag(&object), image_tag(&object));
    let opted_out =
        || World::default().stream(r#"{"metadata":{"labels":{"extreg.io/ignore":"true"}}}"#);
    let not_read = || World {
        stream: StreamRead::NotRead,
        ..World::default()
    };
    for write in [
        Write::create(ImageStreamTags, &alone),
        Write::create(ImageTags, &image),
        Write::update(ImageTags, r#"{"spec":null}"#, &image),
    ] {
        assert_eq!(opted_out().outcome(&write), "OptedOut");
        assert_eq!(not_read().outcome(&write), "needs app");
        let unread = World::default().unread().outcome(&write);
        assert_eq!(
            unread,
            "StreamUnread; extreg: unchanged: ImageStream app could not be read in time"
        );
    }
    // An update of an ImageStreamTag shows the label on the old object.
    let update = Write::update(ImageStreamTags, r#"{"tag":null}"#, &alone);
    assert_eq!(
        not_read().outcome(&update),
        "set /tag/importPolicy/scheduled"
    );
    // What the stream cannot change needs no read.
    let quay = stream_tag(&tag("v1", "quay.io/u/app:v1", ""));
    assert_eq!(
        not_read().outcome(&Write::create(ImageStreamTags, &quay)),
        "OtherRegistry"
    );
}

#[test]
fn an_import_that_writes_no_tag_is_skipped() {
    let item = r#"{"from":{"kind":"DockerImage","name":"docker.io/u/app:v1"},"to":{"name":"v1"},"importPolicy":{}}"#;
    let lookup = format!(
        r#"{{"metadata":{{"name":"newapp"}},"spec":{{"import":false,"images":[{item}]}}}}"#
    );
    for (object, user, want) in [
        (lookup, "admin", "NotImporting"),
        (import(item), CONTROLLER, "ControllerImport"),
        (
            import(item),
            "admin",
            "set /spec/images/0/importPolicy/scheduled",
        ),
        (
            import_of("docker.io/u/app", "null"),
            "admin",
            "NothingTagged",
        ),
        (
            import_of("docker.io/u/app:v1", r#"{"name":""}"#),
            "admin",
            "NothingTagged",
        ),
        // The API server takes the tag from the image.
        (
            import_of("docker.io/u/app:v1", "null"),
            "admin",
            "set /spec/images/0/importPolicy/scheduled",
        ),
        (
            import_of(&format!("docker.io/u/app@{DIGEST}"), r#"{"name":"v1"}"#),
            "admin",
            "Digest",
        ),
        (
            import_of("quay.io/u/app:v1", r#"{"name":"v1"}"#),
            "admin",
            "OtherRegistry",
        ),
        (import_of("*", r#"{"name":"v1"}"#), "admin", "Invalid"),
    ] {
        let write = Write::create(ImageStreamImports, &object).by(user);
        assert_eq!(World::default().outcome(&write), want, "{object}");
    }
}

#[test]
fn an_import_to_an_existing_stream_needs_the_stream() {
    let object = import_of("docker.io/u/app:v1", r#"{"name":"v1"}"#);
    let write = Write::create(ImageStreamImports, &object);
    let set = "set /spec/images/0/importPolicy/scheduled";
    for (tags, want) in [
        (vec![], set),
        (vec![tag("v2", "docker.io/u/app:v2", "")], set),
        (vec![tag("v1", "docker.io/u/app:v1", "")], "ExistingTag"),
        (vec![tag("v1", "docker.io/u/app:v0", "")], set),
        (
            vec![tag("v1", "docker.io/u/app:v0", r#""reference":true,"#)],
            "ExistingAlias",
        ),
        (
            vec![tag(
                "v1",
                "docker.io/u/app:v0",
                r#""annotations":{"extreg.io/scheduled":"false"},"#,
            )],
            "OptedOut",
        ),
        (vec![alias("v1", "app:prod")], "ExistingAlias"),
        (vec![r#"{"name":"v1","annotations":{}}"#.to_owned()], set),
    ] {
        let world = World::default().stream(&stream(&tags));
        assert_eq!(world.outcome(&write), want, "{tags:?}");
    }
    let opted_out = r#"{"metadata":{"labels":{"extreg.io/ignore":"true"}}}"#;
    assert_eq!(
        World::default().stream(opted_out).outcome(&write),
        "OptedOut"
    );
    assert_eq!(
        World::default().unread().outcome(&write),
        "StreamUnread; extreg: unchanged: ImageStream python-lyapp could not be read in time"
    );
    let not_read = World {
        stream: StreamRead::NotRead,
        ..World::default()
    };
    assert_eq!(not_read.outcome(&write), "needs python-lyapp");
    // What the stream cannot change needs no read.
    let quay = import_of("quay.io/u/app:v1", r#"{"name":"v1"}"#);
    assert_eq!(
        not_read.outcome(&Write::create(ImageStreamImports, &quay)),
        "OtherRegistry"
    );
}

#[test]
fn import_of_a_repository_includes_every_tag() {
    let object = r#"{"metadata":{"name":"python-lyapp"},"spec":{"import":true,"repository":
        {"from":{"kind":"DockerImage","name":"docker.io/u/app"},"importPolicy":{"importMode":"Legacy"}}}}"#;
    let write = Write::create(ImageStreamImports, object);
    let set = "set /spec/repository/importPolicy/scheduled; \
        extreg: each tag of docker.io/u/app (50 at most) will be imported every 15 minutes";
    let scheduled = r#"{"name":"a","from":{"kind":"DockerImage","name":"u/app:a"},"importPolicy":{"scheduled":true}}"#;
    assert_eq!(World::default().outcome(&write), set);
    for (tags, want) in [
        (vec![], set),
        (vec![scheduled.to_owned()], set),
        (
            vec![scheduled.to_owned(), alias("prod", "app:a")],
            "ExistingTag",
        ),
        (vec![tag("a", "docker.io/u/app:a", "")], "ExistingTag"),
    ] {
        assert_eq!(
            World::default().stream(&stream(&tags)).outcome(&write),
            want,
            "{tags:?}"
        );
    }
    assert!(
        World::default()
            .unread()
            .outcome(&write)
            .starts_with("StreamUnread; ")
    );
    let tagged = object.replace("u/app\"", "u/app:v1\"");
    assert_eq!(
        World::default().outcome(&Write::create(ImageStreamImports, &tagged)),
        "Invalid"
    );
}

#[test]
fn a_policy_without_import_schedules_nothing() {
    let object = stream_tag(&tag("v1", "docker.io/u/app:v1", ""));
    let write = Write::create(ImageStreamTags, &object);
    for spec in [
        r#"{"registry":"docker.io","push":{"secretName":"dockerhub"}}"#,
        r#"{"registry":"docker.io","import":{}}"#,
        r#"{"registry":"docker.io","import":{"scheduled":false}}"#,
    ] {
        assert_eq!(
            World::policy(spec).outcome(&write),
            "PolicySilent",
            "{spec}"
        );
    }
    let quay = World::policy(r#"{"registry":"quay.io","import":{"scheduled":true}}"#);
    assert_eq!(quay.outcome(&write), "OtherRegistry");
}

#[test]
fn tags_without_a_source_are_cheap() {
    let object = format!(r#"{{"spec":{{"tags":[{}{{}}]}}}}"#, "{},".repeat(1_000_000));
    let write = Write::update(ImageStreams, &object, &object);
    assert_eq!(World::default().outcome(&write), "nothing");
}
