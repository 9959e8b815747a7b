use super::*;
use crate::snapshot::{ImageTrigger, WorkloadRecord};
use crate::testing::{object, stream, tag, workload};
use crate::world::{World, names};

const EXR006: CheckId = CheckId::Exr006;
const WEB: &str = "deployment.apps/web web";

fn web(image: &str) -> WorkloadRecord {
    workload(object(Kind::Deployment, "shop", "web"), &[("web", image)])
}

fn running(image: &str) -> World {
    World::new().workload(web(image))
}

/// A trigger on `app:v1` of `shop`, which follows docker.io/u/a:1.
fn triggered(change: impl FnOnce(&mut ImageTrigger)) -> World {
    let mut trigger = ImageTrigger {
        namespace: "shop".into(),
        tag: "app:v1".into(),
        containers: names(&["web"]),
        paused: false,
    };
    change(&mut trigger);
    let mut record = web("docker.io/u/a:1");
    record.triggers = vec![trigger];
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
        assert_eq!(running(image).says(EXR006), want, "{image}");
    }
    for image in [
        format!("docker.io/u/a@{digest}"),
        format!("docker.io/u/a:1@{digest}"),
    ] {
        let mut world = running(&image);
        // What runs is known of a tag too and pins nothing.
        world.0.uses[0].image.digest = "".into();
        assert_eq!(world.says(EXR006), [""; 0], "{image}");
    }
    let owned = running("docker.io/u/a:1").with(|s| s.uses[0].owned = true);
    assert_eq!(owned.says(EXR006), [""; 0]);
    let short = running("docker.io/u/a:1").with(|s| {
        s.uses[0].meaning = Meaning::Searched;
        s.uses[0].image.written = "nginx".into();
    });
    assert_eq!(short.says(EXR006), [format!("latest {WEB}")]);
    let internal = running("docker.io/u/a:1").with(|s| s.uses[0].meaning = Meaning::Internal);
    assert_eq!(one(internal).severity, Severity::Low);
    for meaning in [Meaning::Unset, Meaning::Parameter, Meaning::Invalid] {
        let world = running("docker.io/u/a:1").with(|s| s.uses[0].meaning = meaning);
        assert_eq!(world.says(EXR006), [""; 0], "{meaning:?}");
    }
}

/// A change of the trigger, how the message ends then, and the command.
type Case<'a> = (&'a dyn Fn(&mut ImageTrigger), &'a str, &'a str);

#[test]
fn a_trigger_counts_if_it_works() {
    assert_eq!(triggered(|_| ()).says(EXR006), [""; 0]);
    let cases: [Case<'_>; 3] = [
        (
            &|trigger| trigger.paused = true,
            "; its trigger on app:v1 is paused",
            "oc set triggers deployment.apps/web --auto -n shop",
        ),
        (
            &|trigger| trigger.tag = "app:v2".into(),
            "; its trigger follows app:v2, which is not there",
            "oc tag --source=docker docker.io/u/a:1 app:v2 --scheduled -n shop",
        ),
        (
            &|trigger| trigger.containers = names(&["other"]),
            "container web of web runs the tag docker.io/u/a:1",
            "oc set triggers deployment.apps/web --from-image=app:v1 -c web -n shop",
        ),
    ];
    for (change, message, fix) in cases {
        let found = one(triggered(change));
        assert!(found.message.ends_with(message), "{}", found.message);
        assert_eq!(found.fix, fix);
    }
    let broken = running("docker.io/u/a:1").with(|s| {
        s.workloads[0].broken_triggers = Some("two entries set the same field".to_owned());
    });
    let found = one(broken);
    assert!(
        found
            .message
            .ends_with("ignores its trigger annotation: two entries set the same field")
    );
    assert_eq!(
        found.fix,
        "oc annotate deployment.apps/web image.openshift.io/triggers- -n shop"
    );
}

#[test]
fn a_stream_that_was_not_read_leaves_it_open() {
    let elsewhere = || triggered(|trigger| trigger.namespace = "images".into());
    assert_eq!(elsewhere().says(EXR006), [format!("tag {WEB}")]);
    let unseen = [format!("tag? {WEB}")];
    assert_eq!(
        elsewhere().gap(Kind::ImageStream, "images").says(EXR006),
        unseen
    );
    let files = elsewhere().in_files();
    assert_eq!(files.says(EXR006), unseen);
}

#[test]
fn the_command_fits_the_workload() {
    assert_eq!(
        one(running("docker.io/u/a:1")).fix,
        "oc tag --source=docker docker.io/u/a:1 a:1 --scheduled -n shop && \
         oc set triggers deployment.apps/web --from-image=a:1 -c web -n shop"
    );
    // The name is taken by another image.
    let taken =
        running("docker.io/u/a:1").stream(stream("shop", "a", vec![tag("1", "quay.io/x/a:1")]));
    assert!(
        one(taken)
            .fix
            .ends_with("--from-image=u-a:1 -c web -n shop")
    );
    let known = running("docker.io/u/a:1").with(|s| s.uses[0].image.digest = "sha256:aa".into());
    assert_eq!(
        one(known).fix,
        "oc set image deployment.apps/web web=docker.io/u/a@sha256:aa -n shop"
    );
    let pod = workload(
        object(Kind::Pod, "shop", "web-1"),
        &[("web", "docker.io/u/a:1")],
    );
    assert_eq!(
        one(World::new().workload(pod)).fix,
        "name the image by its digest in spec.template.spec.containers[0].image"
    );
    let volume = running("docker.io/u/a:1").with(|s| s.uses[0].role = UseRole::Volume);
    assert_eq!(
        one(volume).message,
        "volume web of web runs the tag docker.io/u/a:1"
    );
}
