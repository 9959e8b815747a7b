//! The rules of OpenShift that a careless injection breaks, one test each.
//!
//! The numbers are those of `docs/openshift-semantics.md`, where `trap_28_…` has the anchor `#os-28`. Rules about the
//! configuration, the certificates or the command line are tested in those crates, by the same numbers.

use extreg_core::edit::Field;
use extreg_core::facts::StreamRead;
use extreg_core::object::Resource::{
    BuildConfigs, Builds, ImageStreamImports, ImageStreamTags, ImageStreams, ImageTags,
};
use extreg_core::object::{Resource, Subject};

use crate::world::{World, Write};

const DIGEST: &str = "sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
const PUSH: &str = "set /spec/output/pushSecret";

fn create(resource: Resource, object: &str) -> String {
    World::default().outcome(&Write::create(resource, object))
}

fn tag(from: &str) -> String {
    format!(
        r#"{{"tag":{{"name":"v1","from":{from},"generation":0,"importPolicy":{{"importMode":"Legacy"}}}}}}"#
    )
}

fn docker(image: &str) -> String {
    format!(r#"{{"kind":"DockerImage","name":"{image}"}}"#)
}

fn output(image: &str) -> String {
    format!(r#"{{"spec":{{"output":{{"to":{}}}}}}}"#, docker(image))
}

#[test]
fn trap_01_an_alias_is_never_scheduled() {
    for kind in ["ImageStreamTag", "ImageStreamImage"] {
        let object = tag(&format!(r#"{{"kind":"{kind}","name":"app:latest"}}"#));
        assert_eq!(create(ImageStreamTags, &object), "nothing");
    }
}

#[test]
fn trap_02_a_tag_without_from_is_skipped() {
    for object in [
        r#"{"tag":null}"#,
        r#"{"tag":{"name":"v1","from":null}}"#,
        "{}",
    ] {
        assert_eq!(create(ImageStreamTags, object), "nothing");
        assert_eq!(
            create(ImageTags, &object.replace("tag\"", "spec\"")),
            "nothing"
        );
    }
}

#[test]
fn trap_03_a_digest_is_never_scheduled() {
    for image in [
        format!("docker.io/u/a@{DIGEST}"),
        format!("docker.io/u/a:v1@{DIGEST}"),
    ] {
        assert_eq!(create(ImageStreamTags, &tag(&docker(&image))), "Digest");
    }
}

#[test]
fn trap_04_a_reference_is_never_scheduled() {
    let object = r#"{"tag":{"reference":true,"from":{"kind":"DockerImage","name":"docker.io/u/a:1"},"importPolicy":{}}}"#;
    assert_eq!(create(ImageStreamTags, object), "Reference");
}

const IMPORT: &str = r#"{"metadata":{"name":"app"},"spec":{"import":true,"images":[
    {"from":{"kind":"DockerImage","name":"docker.io/u/a:v1"},"to":{"name":"latest"},"importPolicy":{}}]}}"#;

#[test]
fn trap_05_an_import_onto_an_alias_is_skipped() {
    let world = World::default().stream(
        r#"{"spec":{"tags":[{"name":"latest","from":{"kind":"ImageStreamTag","name":"app:v1"}}]}}"#,
    );
    assert_eq!(
        world.outcome(&Write::create(ImageStreamImports, IMPORT)),
        "ExistingAlias"
    );
}

#[test]
fn trap_07_oc_tag_is_an_update_even_of_a_missing_tag() {
    let new = tag(&docker("docker.io/u/a:v1"));
    let write = Write::update(
        ImageStreamTags,
        r#"{"metadata":{"uid":"x"},"tag":null}"#,
        &new,
    );
    assert_eq!(
        World::default().outcome(&write),
        "set /tag/importPolicy/scheduled"
    );
}

#[test]
fn trap_08_an_import_over_an_existing_tag_keeps_its_source() {
    let world = World::default().stream(
        r#"{"spec":{"tags":[{"name":"latest","from":{"kind":"DockerImage","name":"docker.io/u/a:v1"},
        "importPolicy":{"scheduled":true}}]}}"#,
    );
    assert_eq!(
        world.outcome(&Write::create(ImageStreamImports, IMPORT)),
        "ExistingTag"
    );
}

#[test]
fn trap_09_a_repository_import_does_not_unschedule_what_is_scheduled() {
    let object = r#"{"metadata":{"name":"app"},"spec":{"import":true,"repository":
        {"from":{"kind":"DockerImage","name":"docker.io/u/a"},"importPolicy":{"importMode":"Legacy"}}}}"#;
    let world = World::default().stream(
        r#"{"spec":{"tags":[{"name":"v1","from":{"kind":"DockerImage","name":"docker.io/u/a:v1"},
        "importPolicy":{"scheduled":true}}]}}"#,
    );
    let outcome = world.outcome(&Write::create(ImageStreamImports, object));
    assert!(
        outcome.starts_with("set /spec/repository/importPolicy/scheduled; "),
        "{outcome}"
    );
}

#[test]
fn trap_10_a_read_only_import_is_skipped() {
    let object = IMPORT.replace("true", "false");
    let world = World {
        stream: StreamRead::NotRead,
        ..World::default()
    };
    assert_eq!(
        world.outcome(&Write::create(ImageStreamImports, &object)),
        "NotImporting"
    );
}

#[test]
fn trap_11_an_import_that_tags_nothing_is_skipped() {
    let object = r#"{"spec":{"import":true,"images":[{"from":{"kind":"DockerImage","name":"docker.io/u/a"}}]}}"#;
    assert_eq!(create(ImageStreamImports, object), "NothingTagged");
}

#[test]
fn trap_12_an_opt_out_is_an_annotation_because_false_is_not_sent() {
    let with = |annotations: &str| {
        format!(
            r#"{{"tag":{{"annotations":{annotations},"from":{},"importPolicy":{{}}}}}}"#,
            docker("docker.io/u/a:1")
        )
    };
    assert_eq!(
        create(ImageStreamTags, &with(r#"{"extreg.io/scheduled":"false"}"#)),
        "OptedOut"
    );
    assert_eq!(
        create(ImageStreamTags, &with("null")),
        "set /tag/importPolicy/scheduled"
    );
}

#[test]
fn trap_13_annotating_a_stream_schedules_none_of_its_old_tags() {
    let tags: Vec<_> = (0..10)
        .map(|n| {
            format!(
                r#"{{"name":"t{n}","from":{},"importPolicy":{{}}}}"#,
                docker("u/a:1")
            )
        })
        .collect();
    let old = format!(r#"{{"spec":{{"tags":[{}]}}}}"#, tags.join(","));
    let new = format!(
        r#"{{"metadata":{{"annotations":{{"note":"1"}}}},"spec":{{"tags":[{}]}}}}"#,
        tags.join(",")
    );
    let outcome = World::default().outcome(&Write::update(ImageStreams, &old, &new));
    assert_eq!(outcome, ["Unchanged"; 10].join("; "));
}

#[test]
fn trap_14_a_removed_push_secret_is_not_set_again() {
    let old = r#"{"spec":{"output":{"to":{"kind":"DockerImage","name":"docker.io/u/a"},"pushSecret":{"name":"hub"}}}}"#;
    let outcome =
        World::default().outcome(&Write::update(BuildConfigs, old, &output("docker.io/u/a")));
    assert!(outcome.starts_with("Unchanged; extreg: this update removes"));
}

#[test]
fn trap_15_a_build_is_injected_and_the_update_that_starts_it_is_not() {
    let object = output("docker.io/u/a");
    let old = output("quay.io/u/a");
    let started = Write::update(BuildConfigs, &old, &object).by("system:apiserver");
    assert_eq!(World::default().outcome(&started), "SystemUpdate");
    let build = Write::create(Builds, &object).by("system:apiserver");
    assert_eq!(World::default().outcome(&build), PUSH);
}

#[test]
fn trap_16_the_spec_of_a_build_that_exists_is_never_touched() {
    let (old, new) = (output("docker.io/u/a"), output("docker.io/u/b"));
    let write = Write::update(Builds, &old, &new);
    assert_eq!(World::default().outcome(&write), "Unchanged");
}

#[test]
fn trap_17_a_secret_that_is_missing_is_not_injected_over_one_that_is_linked() {
    let world = World::default().secret(None).builder(&["hub2"]);
    let object = output("docker.io/u/a");
    let outcome = world.outcome(&Write::create(Builds, &object));
    assert!(
        outcome.starts_with("LinkedSecret; extreg: push secret dockerhub not set"),
        "{outcome}"
    );
}

#[test]
fn trap_18_an_empty_push_secret_is_the_users_error() {
    for secret in ["{}", r#"{"name":""}"#] {
        let object = format!(
            r#"{{"spec":{{"output":{{"to":{},"pushSecret":{secret}}}}}}}"#,
            docker("u/a")
        );
        assert_eq!(create(BuildConfigs, &object), "AlreadySet");
    }
}

#[test]
fn trap_19_a_push_secret_is_never_replaced() {
    let object = format!(
        r#"{{"spec":{{"output":{{"to":{},"pushSecret":{{"name":"mine"}}}}}}}}"#,
        docker("u/a")
    );
    assert_eq!(create(Builds, &object), "AlreadySet");
}

#[test]
fn trap_20_an_output_with_a_namespace_is_not_repaired() {
    let object = r#"{"spec":{"output":{"to":{"kind":"DockerImage","namespace":"x","name":"docker.io/u/a"}}}}"#;
    assert_eq!(create(BuildConfigs, object), "Invalid");
}

#[test]
fn trap_21_a_missing_output_or_an_odd_name_does_not_panic() {
    for object in [
        "{}",
        r#"{"spec":{}}"#,
        r#"{"spec":{"output":{}}}"#,
        r#"{"spec":{"output":{"to":null}}}"#,
        r#"{"spec":{"output":{"to":{}}}}"#,
    ] {
        assert_eq!(create(Builds, object), "nothing");
    }
    let no_colon = r#"{"spec":{"output":{"to":{"kind":"ImageStreamTag","name":"app"}}}}"#;
    assert_eq!(create(Builds, no_colon), "Invalid");
}

#[test]
fn trap_22_stream_with_an_external_repository_pushes_to_the_integrated_registry_if_it_exists() {
    let object = r#"{"spec":{"output":{"to":{"kind":"ImageStreamTag","name":"app:v1"}}}}"#;
    let world = World::default().stream(
        r#"{"spec":{"dockerImageRepository":"docker.io/u/a"},
        "status":{"dockerImageRepository":"image-registry.openshift-image-registry.svc:5000/snow/app"}}"#,
    );
    assert_eq!(
        world.outcome(&Write::create(BuildConfigs, object)),
        "Internal"
    );
}

#[test]
fn trap_23_the_internal_registry_is_known_by_all_its_names() {
    for host in [
        "image-registry.openshift-image-registry.svc:5000",
        "image-registry.openshift-image-registry.svc.cluster.local:5000",
        "docker-registry.default.svc:5000",
        "172.30.12.34:5000",
    ] {
        assert_eq!(
            create(Builds, &output(&format!("{host}/ns/app"))),
            "Internal",
            "{host}"
        );
    }
    let mut world = World::default();
    let hosts = ["registry.apps.example.com"];
    world.cluster.internal =
        extreg_core::registry::InternalRegistry::default().with_hostnames(hosts);
    let object = output("registry.apps.example.com/ns/app");
    assert_eq!(world.outcome(&Write::create(Builds, &object)), "Internal");
}

#[test]
fn trap_24_and_25_a_key_that_the_builder_does_not_match_is_reported() {
    for (keys, image) in [
        (["docker.io"], "u/a:v1"),
        (["https://index.docker.io/v1"], "docker.io/u/a:v1"),
    ] {
        let world = World::default().secret(Some(&keys));
        let outcome = world.outcome(&Write::create(Builds, &output(image)));
        assert!(outcome.contains("has no key for the image"), "{outcome}");
    }
}

#[test]
fn trap_27_other_spellings_of_docker_hub_are_other_registries() {
    for image in [
        "docker.io:443/u/a",
        "DOCKER.IO/u/a",
        "registry.hub.docker.com/u/a",
    ] {
        assert_eq!(create(Builds, &output(image)), "OtherRegistry", "{image}");
    }
    // Docker Hub itself, but no key of a usual secret matches it: reported, not hidden.
    let keys: &[&str] = &["https://index.docker.io/v1/", "docker.io"];
    let outcome = World::default()
        .secret(Some(keys))
        .outcome(&Write::create(Builds, &output("registry-1.docker.io/u/a")));
    assert!(
        outcome.starts_with(PUSH) && outcome.contains("has no key"),
        "{outcome}"
    );
}

#[test]
fn trap_31_bare_names_are_read_as_openshift_reads_them() {
    for (image, want) in [
        ("node.js:18", "Invalid"),
        ("localhostapp:v1", "Invalid"),
        ("myhost:5000", "set /tag/importPolicy/scheduled"),
        ("myhost:5000/app", "OtherRegistry"),
    ] {
        assert_eq!(
            create(ImageStreamTags, &tag(&docker(image))),
            want,
            "{image}"
        );
    }
}

#[test]
fn trap_32_an_upper_case_user_is_not_scheduled() {
    let outcome = create(ImageStreamTags, &tag(&docker("User/app")));
    assert!(
        outcome.starts_with("Invalid; extreg: User/app unchanged"),
        "{outcome}"
    );
}

#[test]
fn trap_33_an_unresolved_parameter_is_not_an_error() {
    for image in ["${IMAGE}", "docker.io/${ORG}/a:v1", "${{REGISTRY}}/app"] {
        assert_eq!(create(Builds, &output(image)), "Parameter", "{image}");
    }
    // The registry and the repository are known for any tag.
    let outcome = create(Builds, &output("docker.io/u/a:${TAG}"));
    assert_eq!(outcome, "set /spec/output/pushSecret");
}

#[test]
fn trap_34_an_output_without_kind_is_an_image_stream_tag() {
    let mut world = World {
        stream: StreamRead::NotRead,
        ..World::default()
    };
    let object = r#"{"metadata":{"name":"b","namespace":"snow"},"spec":{"output":{"to":{"name":"foo:bar"}}}}"#;
    let subject = Subject::of_object(BuildConfigs, object).unwrap();
    assert_eq!(world.of(&subject), "needs foo");
    world.stream = StreamRead::Absent;
    assert_eq!(world.of(&subject), "OtherRegistry");
}

#[test]
fn trap_35_and_36_builds_of_shipwright_are_not_ours() {
    assert_eq!(Resource::of_request("shipwright.io", "builds"), None);
    assert_eq!(Resource::of_request("shipwright.io", "buildruns"), None);
    assert_eq!(Resource::of_kind("shipwright.io/v1beta1", "Build"), None);
}

#[test]
fn trap_37_and_38_only_the_import_policy_of_a_tag_is_touched() {
    for (resource, object, pointer) in [
        (
            ImageStreamTags,
            tag(&docker("u/a:1")),
            "/tag/importPolicy/scheduled",
        ),
        (
            ImageTags,
            tag(&docker("u/a:1")).replace("\"tag\"", "\"spec\""),
            "/spec/importPolicy/scheduled",
        ),
    ] {
        World::default().with(&Write::create(resource, &object), |verdict| {
            let patch = verdict.patch().unwrap();
            assert_eq!(
                patch.as_json(),
                format!(r#"[{{"op":"add","path":"{pointer}","value":true}}]"#)
            );
        });
    }
}

#[test]
fn trap_39_indices_are_those_of_the_object_that_was_sent() {
    let object = format!(
        r#"{{"spec":{{"tags":[{{"name":"a"}},{{"name":"b","from":{},"importPolicy":{{}}}}]}}}}"#,
        docker("u/a:1")
    );
    assert_eq!(
        create(ImageStreams, &object),
        "set /spec/tags/1/importPolicy/scheduled"
    );
}

#[test]
fn trap_40_a_patch_always_applies() {
    // `World::outcome` applies every patch; here are the cases that other tools fail on.
    for policy in ["", r#","importPolicy":null"#, r#","importPolicy":{}"#] {
        let object = format!(r#"{{"tag":{{"from":{}{policy}}}}}"#, docker("u/a:1"));
        assert_eq!(
            create(ImageStreamTags, &object),
            "set /tag/importPolicy/scheduled"
        );
    }
}

#[test]
fn trap_41_the_import_policy_is_never_replaced_and_the_generation_never_set() {
    let object = r#"{"tag":{"from":{"kind":"DockerImage","name":"u/a:1"},"generation":3,
        "importPolicy":{"importMode":"PreserveOriginal","insecure":true}}}"#;
    World::default().with(&Write::create(ImageStreamTags, object), |verdict| {
        let fields: Vec<_> = verdict
            .edits()
            .map(|edit| (edit.field, edit.parent_missing))
            .collect();
        assert_eq!(fields, [(Field::TagSchedule, false)]);
    });
}

#[test]
fn trap_43_the_namespace_openshift_is_skipped() {
    let object = tag(&docker("docker.io/u/a:1"));
    for namespace in ["openshift", "openshift-config", "kube-system", "default"] {
        let write = Write::create(ImageStreamTags, &object).within(namespace);
        assert_eq!(World::default().outcome(&write), "SystemNamespace");
    }
}
