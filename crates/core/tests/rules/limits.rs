//! However large an object is, and however many policies and keys there are, the steps of a decision are bounded.

#![expect(clippy::unwrap_used, reason = "a test panics to fail")]

use std::fmt::Write as _;

use extreg_core::object::Resource::{self, Builds, ImageStreamImports, ImageStreams};
use extreg_core::policy::{Policy, PolicySet};
use extreg_core::verdict::{Decision, Reason};
use extreg_core::work::MAX_STEPS;

use crate::world::{World, Write};

/// More places than can be decided; the server takes more than twice as much.
const BODY: usize = 3 << 20;

/// Policies whose globs match late or never, start with nothing and backtrack often.
fn policies(count: usize, globs: usize, glob: impl Fn(usize, usize) -> String) -> PolicySet {
    let policy = |n: usize| {
        let globs: Vec<_> = (0..globs).map(|g| glob(n, g)).collect();
        let spec = serde_json::json!({
            "registry": "docker.io", "repositories": globs, "import": {"scheduled": true},
            "push": {"secretName": "dockerhub"}, "pull": {"secretName": "dockerhub"},
            "namespaceSelector": {"matchLabels": {"team": "a"}},
        });
        Policy::compile(&format!("p{n}"), "", &serde_json::from_value(spec).unwrap()).unwrap()
    };
    PolicySet::new((0..count).map(policy).collect())
}

/// An object of the resource with as many places as fit, each with an image of its own.
fn object(resource: Resource, image: impl Fn(usize) -> String) -> String {
    sized(resource, BODY, image)
}

fn sized(resource: Resource, bytes: usize, image: impl Fn(usize) -> String) -> String {
    let (before, after) = match resource {
        ImageStreams => (r#"{"spec":{"tags":["#, "]}}"),
        ImageStreamImports => (r#"{"spec":{"import":true,"images":["#, "]}}"),
        _ => (r#"{"spec":{"source":{"images":["#, "]}}}"),
    };
    let mut json = String::from(before);
    let mut index = 0;
    while json.len() < bytes {
        if index > 0 {
            json.push(',');
        }
        let from = format!(r#"{{"kind":"DockerImage","name":"{}"}}"#, image(index));
        match resource {
            ImageStreams => write!(json, r#"{{"name":"{index}","from":{from}}}"#),
            ImageStreamImports => write!(json, r#"{{"to":{{"name":"{index}"}},"from":{from}}}"#),
            _ => write!(json, r#"{{"from":{from}}}"#),
        }
        .unwrap();
        index += 1;
    }
    json + after
}

/// The result for an object that is too large: some places, one note, and a second run that changes nothing.
fn assert_bounded(world: &World, write: &Write<'_>, what: &str) {
    world.with(write, |verdict| {
        assert!(verdict.steps > MAX_STEPS, "{what}: {} steps", verdict.steps);
        // The rule stops with the step that is one too many, or the one glob.
        assert!(
            verdict.steps < MAX_STEPS + 1_000,
            "{what}: {} steps",
            verdict.steps
        );
        let last = verdict.sites.last().unwrap();
        assert_eq!(last.decision, Decision::Keep(Reason::WorkLimit), "{what}");
        let limits = verdict.sites.iter().filter(|site| site.is_work_limit());
        assert_eq!(limits.count(), 1, "{what}");
        let notes = verdict.warnings();
        assert!(
            notes.iter().any(|note| note.contains("too large")),
            "{what}: {notes:?}"
        );
        assert!(
            verdict
                .audit_annotations()
                .iter()
                .any(|(_, text)| text.contains("too large"))
        );
    });
    world.outcome(write);
}

#[test]
fn tags_and_globs_are_bounded() {
    let hub: &[&str] = &["docker.io"];
    for (what, resource, glob) in [
        (
            "stars",
            ImageStreams,
            (|n, g| format!("*{n}*a*b*{g}x")) as fn(usize, usize) -> String,
        ),
        ("prefixes", ImageStreamImports, |n, g| format!("u/a{n}*{g}")),
        ("segments", Builds, |n, g| format!("**/a{n}/**/*{g}")),
        ("all", ImageStreams, |_, _| "**".to_owned()),
    ] {
        let mut world = World {
            policies: policies(64, 64, glob),
            ..World::default()
        };
        world = world.labels(&[("team", "a")]).secret(Some(hub));
        // For many globs a small object is enough; one glob for all takes few steps.
        let size = if what == "all" { BODY } else { BODY / 8 };
        let json = sized(resource, size, |n| format!("docker.io/u/a{n}"));
        assert_bounded(&world, &Write::create(resource, &json), what);
    }
}

#[test]
fn one_repository_is_decided_once() {
    let globs = |n: usize, g: usize| format!("*{n}*a*b*{g}x");
    let world = World {
        policies: policies(64, 64, globs),
        ..World::default()
    };
    let world = world.labels(&[("team", "a")]);
    let tags = |count: usize| {
        let tags: Vec<_> = (0..count)
            .map(|n| {
                format!(r#"{{"name":"{n}","from":{{"kind":"DockerImage","name":"u/a:{n}"}}}}"#)
            })
            .collect();
        format!(r#"{{"spec":{{"tags":[{}]}}}}"#, tags.join(","))
    };
    let steps = |count| {
        world.with(&Write::create(ImageStreams, &tags(count)), |verdict| {
            verdict.steps
        })
    };
    let one = steps(1);
    assert!(one > 4096, "{one}");
    assert!(steps(1000) < one + 1000 * 20);
}

#[test]
fn an_update_of_a_stream_with_many_tags_is_bounded() {
    let world = World::default();
    let (old, new) = (
        object(ImageStreams, |n| format!("u/a{n}")),
        object(ImageStreams, |n| format!("u/b{n}")),
    );
    assert_bounded(&world, &Write::update(ImageStreams, &old, &new), "update");
}

/// A docker config with many keys is useless before anything is compared; the largest that is used is indexed.
#[test]
fn source_images_and_keys_are_bounded() {
    let keys: Vec<_> = (0..64).map(|n| format!("*.r{n}.example.com")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let world = World::policy(r#"{"registry":"docker.io","pull":{"secretName":"dockerhub"}}"#);
    let world = world.queried().secret(Some(&keys));
    let json = object(Builds, |n| format!("docker.io/u/a{n}"));
    assert_bounded(&world, &Write::create(Builds, &json), "keys");
    // As many places on both sides of an update are not compared with one another.
    let old = object(Builds, |n| format!("docker.io/u/b{n}"));
    assert_bounded(&world, &Write::update(Builds, &old, &json), "update");
}

/// The limit is far above real objects.
#[test]
fn ten_thousand_tags_and_ten_policies_are_decided() {
    let world = World {
        policies: policies(10, 10, |n, g| format!("team{n}/app{g}*")),
        ..World::default()
    };
    let world = world.labels(&[("team", "a")]);
    let tags: Vec<_> = (0..10_000)
        .map(|n| {
            let name = format!("docker.io/team{}/app{}-{n}", n % 10, n / 10 % 10);
            format!(r#"{{"name":"{n}","from":{{"kind":"DockerImage","name":"{name}"}}}}"#)
        })
        .collect();
    let json = format!(r#"{{"spec":{{"tags":[{}]}}}}"#, tags.join(","));
    world.with(&Write::create(ImageStreams, &json), |verdict| {
        assert_eq!(verdict.edits().count(), 10_000, "{} steps", verdict.steps);
    });
}
