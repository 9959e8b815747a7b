use extreg_snapshot::testing::{self, object, stream, tag, workload};
use extreg_snapshot::trigger::Unusable;
use extreg_snapshot::{TriggerSource, WorkloadRecord};

use super::*;
use crate::testing::world::{RunCheck as _, World};

const EXR006: CheckId = CheckId::Exr006;
const WEB: &str = "deployment.apps/web web";

fn web(image: &str) -> WorkloadRecord {
    workload(object(Kind::Deployment, "shop", "web"), &[("web", image)])
}

fn running(image: &str) -> World {
    World::new().workload(web(image))
}

const ANNOTATION: &str = r#"[{"fieldPath":"x","paused":true}]"#;

/// A trigger on `app:v1` of `shop`, which follows docker.io/u/a:1.
fn triggered(change: impl FnOnce(&mut ImageTrigger)) -> World {
    let mut trigger = testing::trigger("shop", "app:v1", &["web"]);
    change(&mut trigger);
    let mut record = web("docker.io/u/a:1");
    record.triggers = vec![trigger];
    record.trigger_source = TriggerSource::Annotation(ANNOTATION.into());
    World::new()
        .stream(stream("shop", "app", vec![tag("v1", "docker.io/u/a:1")]))
        .workload(record)
}

fn one(world: World) -> Finding {
    let mut found = world.judge(EXR006);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_tag_is_found_and_a_digest_is_not() {
    let digest = "sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    for (image, want) in [
        ("docker.io/u/a:1", vec![format!("tag {WEB}")]),
        ("docker.io/u/a:latest", vec![format!("latest {WEB}")]),
        ("docker.io/u/a", vec![format!("latest {WEB}")]),
    ] {
        assert_eq!(running(image).lines(EXR006), want, "{image}");
    }
    for image in [
        format!("docker.io/u/a@{digest}"),
        format!("docker.io/u/a:1@{digest}"),
    ] {
        let mut world = running(&image);
        // The running digest of a tag is known too, and pins nothing.
        world.0.uses[0].image.digest = "".into();
        assert_eq!(world.lines(EXR006), [""; 0], "{image}");
    }
    let owned = running("docker.io/u/a:1").with(|s| s.uses[0].owned = true);
    assert_eq!(owned.lines(EXR006), [""; 0]);
    let short = running("docker.io/u/a:1").with(|s| {
        s.uses[0].meaning = Meaning::Searched;
        s.uses[0].image.written = "nginx".into();
    });
    assert_eq!(short.lines(EXR006), [format!("latest {WEB}")]);
    let internal = running("docker.io/u/a:1").with(|s| s.uses[0].meaning = Meaning::Internal);
    assert_eq!(one(internal).severity, Severity::Low);
    for meaning in [Meaning::Unset, Meaning::Parameter, Meaning::Invalid] {
        let world = running("docker.io/u/a:1").with(|s| s.uses[0].meaning = meaning);
        assert_eq!(world.lines(EXR006), [""; 0], "{meaning:?}");
    }
}

/// A change of the trigger, the end of the message, and the command.
type Case<'a> = (&'a dyn Fn(&mut ImageTrigger), &'a str, &'a str);

#[test]
fn only_a_working_trigger_counts() {
    assert_eq!(triggered(|_| ()).lines(EXR006), [""; 0]);
    let cases: [Case<'_>; 3] = [
        (
            &|trigger| trigger.paused = true,
            "; its trigger on app:v1 is paused",
            r#"oc patch deployment.apps/web --type=json -p '[{"op":"test","path":"/metadata/annotations/image.openshift.io~1triggers","value":"[{\"fieldPath\":\"x\",\"paused\":true}]"},{"op":"replace","path":"/metadata/annotations/image.openshift.io~1triggers","value":"[{\"fieldPath\":\"x\"}]"}]' -n shop"#,
        ),
        (
            &|trigger| trigger.tag = "app:v2".into(),
            "; its trigger follows app:v2, which does not exist; app has v1",
            "let the trigger of deployment.apps/web in shop follow a tag that exists, or let app:v2 \
             follow an image; app has v1",
        ),
        (
            &|trigger| trigger.tag = "other:v2".into(),
            "; its trigger follows other:v2, which does not exist",
            "oc extreg tag docker.io/u/a:1 other:v2 --scheduled -n shop",
        ),
    ];
    for (change, message, fix) in cases {
        let found = one(triggered(change));
        assert!(found.message.ends_with(message), "{}", found.message);
        assert_eq!(found.fix_text(), fix);
    }
    let broken = running("docker.io/u/a:1").with(|s| {
        s.workloads[0].unusable_triggers = Some(Unusable::NotAList);
    });
    let found = one(broken);
    assert!(
        found
            .message
            .ends_with("ignores its trigger annotation: it is not a JSON list of triggers")
    );
    assert!(found.fix.actions().is_empty(), "{found:?}");
}

#[test]
fn a_tag_that_a_build_writes_will_exist() {
    let mut build = testing::build_config("shop", "other", "");
    build.writes = Some(("shop".into(), "other:latest".into()));
    let world = || triggered(|trigger| trigger.tag = "other:latest".into());
    assert_eq!(world().lines(EXR006), [format!("tag {WEB}")]);
    assert_eq!(world().build(build.clone()).lines(EXR006), [""; 0]);
    // An empty tag means latest only after a colon.
    let colon = triggered(|trigger| trigger.tag = "other:".into());
    assert_eq!(colon.build(build).lines(EXR006), [""; 0]);
}

#[test]
fn a_tag_of_the_platform_is_never_written() {
    for image in ["docker.io/u/a:1", "postgresql"] {
        let world = triggered(|trigger| {
            trigger.namespace = "openshift".into();
            trigger.tag = "postgresql:9.5".into();
        })
        .with(|s| s.uses[0].image.written = image.into());
        let found = one(world.clone());
        assert!(found.fix.actions().is_empty(), "{found:?}");
        let unread = one(world.gap(Kind::ImageStream, "openshift"));
        assert_eq!(unread.outcome, Outcome::Unknown);
        assert_eq!(
            unread.fix_text(),
            "oc get imagestream.image.openshift.io/postgresql -o yaml -n openshift"
        );
    }
}

#[test]
fn an_unread_stream_is_inconclusive() {
    let elsewhere = || triggered(|trigger| trigger.namespace = "images".into());
    assert_eq!(elsewhere().lines(EXR006), [format!("tag {WEB}")]);
    let unseen = [format!("tag? {WEB}")];
    assert_eq!(
        elsewhere().gap(Kind::ImageStream, "images").lines(EXR006),
        unseen
    );
    let files = elsewhere().in_files();
    assert_eq!(files.lines(EXR006), unseen);
}

#[test]
fn the_command_fits_the_workload() {
    let trigger = |tag: &str| {
        format!(
            r#"oc annotate deployment.apps/web 'image.openshift.io/triggers=[{{"fieldPath":"spec.template.spec.containers[?(@.name==\"web\")].image","from":{{"kind":"ImageStreamTag","name":"{tag}"}}}}]' -n shop"#
        )
    };
    assert_eq!(
        one(running("docker.io/u/a:1")).fix_text(),
        format!(
            "oc extreg tag docker.io/u/a:1 a:1 --scheduled -n shop && {}",
            trigger("a:1")
        )
    );
    // The name is taken by another image.
    let taken =
        running("docker.io/u/a:1").stream(stream("shop", "a", vec![tag("1", "quay.io/x/a:1")]));
    assert!(one(taken).fix_text().ends_with(&trigger("u-a:1")));
    let digest = format!("sha256:{}", "a".repeat(64));
    let known = running("docker.io/u/a:1").with(|s| s.uses[0].image.digest = (&*digest).into());
    assert_eq!(
        one(known).fix_text(),
        format!("oc set image deployment.apps/web web=docker.io/u/a@{digest} -n shop")
    );
    // A name without a registry does not become a Docker Hub image.
    let short = running("docker.io/u/a:1").with(|s| s.uses[0].image.written = "u/a:1".into());
    assert!(one(short).fix.actions().is_empty());
    let pod = workload(
        object(Kind::Pod, "shop", "web-1"),
        &[("web", "docker.io/u/a:1")],
    );
    assert_eq!(
        one(World::new().workload(pod)).fix_text(),
        "set spec.template.spec.containers[0].image of pod/web-1 in shop to the image by its digest"
    );
    let volume = running("docker.io/u/a:1").with(|s| s.uses[0].role = UseRole::Volume);
    assert_eq!(
        one(volume).message,
        "volume web of web runs the tag docker.io/u/a:1"
    );
}
