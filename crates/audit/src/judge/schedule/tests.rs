use extreg_snapshot::OptOut;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::testing::{object, place, stream, tag};

use super::*;
use crate::testing::world::{HUB, RunCheck as _, World};

const EXR005: CheckId = CheckId::Exr005;

fn one(record: TagRecord) -> World {
    World::new().stream(stream("shop", "app", vec![record]))
}

fn with(change: impl FnOnce(&mut TagRecord)) -> World {
    let mut record = tag("v1", "docker.io/u/a:v1");
    change(&mut record);
    one(record)
}

fn failure(reason: &str, message: &str) -> FailedImport {
    FailedImport {
        reason: reason.into(),
        message: message.into(),
        since: "2026-11-19T08:00:00Z".into(),
    }
}

#[test]
fn tags_are_found_or_skipped() {
    let found = |change: &dyn Fn(&mut TagRecord)| with(change).lines(EXR005);
    let stream = "imagestream.image.openshift.io/app v1";
    assert_eq!(found(&|_| ()), [format!("not-scheduled {stream}")]);
    assert_eq!(found(&|tag| tag.scheduled = true), [""; 0]);
    assert_eq!(found(&|tag| tag.opts_out = true), [""; 0]);
    assert_eq!(found(&|tag| tag.reference = true), [""; 0]);
    assert_eq!(
        found(&|tag| (tag.reference, tag.scheduled) = (true, true)),
        [format!("reference {stream}")]
    );
    let from = |image: &'static str| {
        move |tag: &mut TagRecord| {
            tag.from = TagOrigin::Image(image.into());
        }
    };
    let digest =
        "docker.io/u/a@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    assert_eq!(found(&from(digest)), [""; 0]);
    let internal = "image-registry.openshift-image-registry.svc:5000/shop/app:v1";
    assert_eq!(found(&from(internal)), [""; 0]);
    assert_eq!(found(&from("${IMAGE}")), [""; 0]);
    assert_eq!(found(&from("nginx")), [format!("not-scheduled {stream}")]);
    let alias = |tag: &mut TagRecord| {
        tag.from = TagOrigin::Stream {
            name: "v2".into(),
            namespace: Arc::default(),
        };
    };
    assert_eq!(found(&alias), [""; 0]);
    assert_eq!(
        found(&|tag| (tag.scheduled, tag.digest) = (true, Arc::default())),
        [format!("never-imported {stream}")]
    );
    assert_eq!(
        found(&|tag| {
            (tag.scheduled, tag.digest) = (true, Arc::default());
            tag.failure = Some(failure("NotFound", ""));
        }),
        [format!("import-failed {stream}")]
    );
}

#[test]
fn streams_of_operators_and_opt_outs_are_skipped() {
    let managed = with(|_| ()).with(|snapshot| snapshot.streams[0].managed = true);
    assert_eq!(managed.lines(EXR005), [""; 0]);
    for (object, part) in [
        (object(Kind::Namespace, "", "shop"), ""),
        (object(Kind::ImageStream, "shop", "app"), ""),
        (object(Kind::ImageStream, "shop", "app"), "v1"),
    ] {
        let opt_out = OptOut {
            place: place(&object, part, ""),
            by: "label extreg.io/ignore",
        };
        let world = with(|_| ()).with(|snapshot| snapshot.opt_outs.push(opt_out));
        assert_eq!(world.lines(EXR005), [""; 0], "{object} {part}");
    }
}

#[test]
fn a_repository_alone_is_never_scheduled() {
    let mut record = stream("shop", "app", Vec::new());
    record.follows_repository = "docker.io/u/a".into();
    let found = World::new().stream(record.clone()).judge(EXR005);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, "repository-never-scheduled");
    assert_eq!(
        found[0].fix_text(),
        "oc extreg tag docker.io/u/a:latest app:latest --scheduled -n shop"
    );
    let mut pushed = tag("v1", "");
    pushed.from = TagOrigin::Pushed;
    pushed.index = None;
    pushed.failure = Some(failure("NotFound", "no such tag"));
    record.tags = vec![pushed];
    let found = World::new().stream(record).judge(EXR005);
    let rules: Vec<_> = found.iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["import-failed", "repository-never-scheduled"]);
    assert_eq!(
        found[0].message,
        "import fails since 2026-11-19T08:00:00Z: app:v1 from docker.io/u/a:v1: NotFound: no such tag"
    );
}

#[test]
fn a_schedule_is_set_only_for_an_approved_registry() {
    let schedule = |change: &dyn Fn(&mut TagRecord)| with(change).judge(EXR005)[0].fix_text();
    let tested = r#"oc patch imagestream.image.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/tags/0/name","value":"v1"},{"op":"add","path":"#;
    assert_eq!(
        schedule(&|_| ()),
        format!(r#"{tested}"/spec/tags/0/importPolicy/scheduled","value":true}}]' -n shop"#)
    );
    assert_eq!(
        schedule(&|tag| tag.has_import_policy = false),
        format!(r#"{tested}"/spec/tags/0/importPolicy","value":{{"scheduled":true}}}}]' -n shop"#)
    );
    let unapproved = with(|_| ()).with(|snapshot| {
        snapshot.approved = Some(extreg_snapshot::testing::approved(&["quay.io"]));
    });
    let found = unapproved.judge(EXR005);
    assert!(found[0].fix.actions().is_empty(), "{found:?}");
}

#[test]
fn files_have_no_import_status() {
    let world = with(|tag| (tag.scheduled, tag.digest) = (true, Arc::default()));
    let world = world.in_files();
    assert_eq!(world.lines(EXR005), [""; 0]);
}

#[test]
fn a_refused_import_names_its_credential() {
    let refused = |world: World| {
        let found = world.judge(EXR005);
        (found[0].why.clone(), found[0].fix_text())
    };
    let world = with(|tag| {
        tag.scheduled = true;
        tag.failure = Some(failure("Unauthorized", "denied"));
    });
    let held = "It still has the image of 2026-11-20. OpenShift retries at each interval.";
    assert_eq!(
        refused(world.clone().secret("shop", "hub", HUB)),
        (
            format!("{held} The import used acme from secret/hub in shop"),
            "oc extreg secret check hub --image docker.io/u/a:v1 -n shop".to_owned()
        )
    );
    assert_eq!(
        refused(world.clone()),
        (
            format!("{held} shop has no credential for docker.io"),
            "oc extreg secret set dockerhub --registry docker.io -n shop".to_owned()
        )
    );
    let (why, _) = refused(world.elided("shop", "hub"));
    assert!(
        why.contains("Its credential is unknown: the content of secret/hub in shop"),
        "{why}"
    );
}

#[test]
fn the_policy_that_applies_is_named() {
    use extreg_core::policy::{Mode, PolicySet};

    let why = |policies: PolicySet| {
        let world = with(|_| ()).with(|snapshot| snapshot.policies = policies);
        world.judge(EXR005)[0].why.clone()
    };
    for (policies, want) in [
        (
            PolicySet::default(),
            "No policy applies to docker.io/u/a here",
        ),
        (
            PolicySet::builtin(Mode::Enforce),
            "Policy builtin-dockerhub schedules such tags",
        ),
        (
            PolicySet::builtin(Mode::Audit),
            "Policy builtin-dockerhub would schedule it, but its mode is Audit",
        ),
    ] {
        let why = why(policies);
        assert!(why.contains(want), "{why}");
    }
}

#[test]
fn a_long_answer_of_a_registry_is_cut() {
    let long = failure("InternalError", &"é ".repeat(300));
    let cut = words(&long);
    assert!(
        cut.len() <= MAX_WORDS + "…".len() && cut.ends_with('…'),
        "{cut}"
    );
}
