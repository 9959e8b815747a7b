use extreg_snapshot::testing::{account, build_config, mirror, object, stream, tag, workload};
use extreg_snapshot::{BuildPhase, MirrorRule, RegistrySources, TagRecord};

use super::*;
use crate::testing::world::{HUB as HUB_SECRET, RunCheck as _, World, names};

const EXR007: CheckId = CheckId::Exr007;
const IMAGE: &str = "docker.io/u/a:1";
const QUAY: &str = r#"{"auths":{"quay.io":{"auth":"YWNtZTp4"}}}"#;

fn web() -> WorkloadRecord {
    workload(object(Kind::Deployment, "shop", "web"), &[("web", IMAGE)])
}

fn app() -> StreamRecord {
    stream("shop", "app", vec![tag("v1", IMAGE)])
}

fn fixes(world: World) -> Vec<String> {
    let found = world.judge(EXR007);
    found
        .into_iter()
        .map(|finding| finding.fix_text())
        .collect()
}

const CREATE: &str = "oc extreg secret set dockerhub --registry docker.io -n shop";

#[test]
fn a_workload_without_a_credential() {
    let web = || World::new().workload(web());
    assert_eq!(
        web().lines(EXR007),
        ["anonymous-pull deployment.apps/web web"]
    );
    assert_eq!(
        web()
            .elided("shop", "hub")
            .account("shop", "default", &["hub"])
            .lines(EXR007),
        ["anonymous-pull? deployment.apps/web web"]
    );
    for clean in [
        web()
            .secret("shop", "hub", HUB_SECRET)
            .account("shop", "default", &["hub"]),
        web().global(HUB_SECRET),
        web().with(|s| s.uses[0].owned = true),
        web().with(|s| s.uses[0].meaning = Meaning::Internal),
        World::new().workload(workload(
            object(Kind::Deployment, "shop", "web"),
            &[("web", "quay.io/u/a:1")],
        )),
        web().with(|s| s.workloads[0].containers[0].pull_policy = "Never".into()),
    ] {
        assert_eq!(clean.lines(EXR007), [""; 0]);
    }
}

#[test]
fn workload_fix_targets_the_source_of_its_secrets() {
    let created =
        format!("{CREATE} && oc extreg secret link dockerhub --for pull --account default -n shop");
    assert_eq!(
        fixes(World::new().workload(web())),
        std::slice::from_ref(&created)
    );
    let linked = World::new()
        .secret("shop", "hub", HUB_SECRET)
        .workload(web());
    assert_eq!(
        fixes(linked),
        ["oc extreg secret link hub --for pull --account default -n shop"]
    );
    let mut own = web();
    own.pull_secrets = names(&["quay"]);
    let own = World::new()
        .secret("shop", "hub", HUB_SECRET)
        .secret("shop", "quay", QUAY)
        .account("shop", "default", &["hub"])
        .workload(own);
    assert_eq!(
        fixes(own),
        ["oc patch deployment.apps/web --type=json -p \
          '[{\"op\":\"add\",\"path\":\"/spec/template/spec/imagePullSecrets/-\",\
          \"value\":{\"name\":\"hub\"}}]' -n shop"]
    );
    let broken = World::new()
        .secret("shop", "dockerhub", QUAY)
        .workload(web());
    assert_eq!(fixes(broken), [created]);
}

#[test]
fn scaled_to_zero_or_mirrored_is_less_severe() {
    let severity = |world: World| world.judge(EXR007).first().map(|finding| finding.severity);
    let mut stopped = web();
    stopped.replicas = Some(0);
    assert_eq!(severity(World::new().workload(web())), Some(Severity::High));
    assert_eq!(
        severity(World::new().workload(stopped)),
        Some(Severity::Low)
    );
    let mirrored = |never_source| {
        let rule = MirrorRule {
            never_source,
            ..mirror(
                Kind::ImageTagMirrorSet,
                "hub",
                "docker.io",
                &["mirror.example.com/hub"],
            )
        };
        let world = World::new().workload(web());
        severity(world.with(|s| s.cluster.mirrors = Known::Known(vec![rule])))
    };
    assert_eq!(mirrored(false), Some(Severity::Low));
    assert_eq!(mirrored(true), None);
}

#[test]
fn a_short_name_can_mean_docker_hub() {
    let short = || {
        let world = World::new().workload(web());
        world.with(|s| {
            s.cluster.registries = Known::Known(Some(RegistrySources::default()));
            s.uses[0].meaning = Meaning::Searched;
            s.uses[0].image.written = "nginx".into();
            s.uses[0].image.registry = "".into();
        })
    };
    assert_eq!(
        short().lines(EXR007),
        ["anonymous-pull? deployment.apps/web web"]
    );
    let search = |hosts: &[&str]| {
        let sources = RegistrySources {
            search: names(hosts),
            ..RegistrySources::default()
        };
        short().with(|s| s.cluster.registries = Known::Known(Some(sources)))
    };
    assert_eq!(search(&["quay.io"]).lines(EXR007), [""; 0]);
    assert_eq!(search(&["quay.io", "docker.io"]).lines(EXR007).len(), 1);
    // A node without OpenShift searches Docker Hub alone.
    let plain = short().with(|s| s.cluster.registries = Known::Known(None));
    assert_eq!(
        plain.lines(EXR007),
        ["anonymous-pull deployment.apps/web web"]
    );
    let unread = short().with(|s| s.cluster.registries = Known::Unknown);
    assert_eq!(
        unread.lines(EXR007),
        ["anonymous-pull? deployment.apps/web web"]
    );
    let linked = short().secret("shop", "hub", HUB_SECRET);
    assert_eq!(
        linked.account("shop", "default", &["hub"]).lines(EXR007),
        [""; 0]
    );
}

#[test]
fn an_import_without_a_credential() {
    let app = || World::new().stream(app());
    let place = "imagestream.image.openshift.io/app v1";
    assert_eq!(app().lines(EXR007), [format!("anonymous-import {place}")]);
    assert_eq!(
        app().elided("shop", "hub").lines(EXR007),
        [format!("anonymous-import? {place}")]
    );
    assert_eq!(
        app().secret("shop", "hub", HUB_SECRET).lines(EXR007),
        [""; 0]
    );
    assert_eq!(app().unreadable("shop", "hub").lines(EXR007), [""; 0]);
    let reference = app().with(|s| s.streams[0].tags[0].reference = true);
    assert_eq!(reference.lines(EXR007), [""; 0]);
    let pinned =
        "docker.io/u/a@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    let pinned = |digest: &str| TagRecord {
        digest: digest.into(),
        ..tag("v1", pinned)
    };
    let found = |tags| {
        World::new()
            .stream(stream("shop", "app", tags))
            .lines(EXR007)
    };
    assert_eq!(found(vec![pinned("sha256:ff")]), [""; 0]);
    assert_eq!(
        found(vec![pinned("")]),
        [format!("anonymous-import {place}")]
    );
    let pushed = app().with(|s| s.streams[0].tags[0].from = TagOrigin::Pushed);
    assert_eq!(pushed.lines(EXR007), [""; 0]);
    let scheduled = TagRecord {
        scheduled: true,
        ..tag("v1", IMAGE)
    };
    let severity = |tags| {
        World::new()
            .stream(stream("shop", "app", tags))
            .judge(EXR007)[0]
            .severity
    };
    assert_eq!(severity(vec![scheduled]), Severity::High);
    assert_eq!(severity(vec![tag("v1", IMAGE)]), Severity::Medium);

    let mut excluded = extreg_snapshot::testing::secret("shop", "hub", HUB_SECRET);
    excluded.excluded = true;
    assert_eq!(
        fixes(app().record(excluded)),
        ["oc annotate secret/hub openshift.io/image.excludeSecret- -n shop"]
    );
}

/// After the command runs, nothing is found.
#[test]
fn the_command_fixes_an_import() {
    for image in ["docker.io/u/a:1", "u/a:1", "index.docker.io/u/a:1", "nginx"] {
        let follow = |image: &str| {
            let record = stream("shop", "app", vec![tag("v1", image)]);
            let mut world = World::new().stream(record);
            let place = extreg_snapshot::testing::place(
                &object(Kind::ImageStream, "shop", "app"),
                "v1",
                "spec.tags[0].from.name",
            );
            let mut usage = extreg_snapshot::testing::image_use(place, UseRole::Import, IMAGE);
            usage.image.written = image.into();
            world.0.uses = vec![usage];
            world
        };
        assert_eq!(fixes(follow(image)), [CREATE], "{image}");
        let fixed = follow(image).secret("shop", "dockerhub", HUB_SECRET);
        assert_eq!(fixed.lines(EXR007), [""; 0], "{image}");
    }
    // No key for Docker Hub matches that name.
    let other = stream("shop", "app", vec![tag("v1", "registry-1.docker.io/u/a:1")]);
    let other = World::new()
        .stream(other)
        .secret("shop", "dockerhub", HUB_SECRET);
    assert_eq!(
        fixes(other),
        [
            r#"oc patch imagestream.image.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/tags/0/name","value":"v1"},{"op":"test","path":"/spec/tags/0/from/name","value":"registry-1.docker.io/u/a:1"},{"op":"replace","path":"/spec/tags/0/from/name","value":"docker.io/u/a:1"}]' -n shop"#
        ]
    );
}

#[test]
fn an_unreadable_secret_is_inconclusive_and_the_fix_shows_where_to_read_it() {
    let found = World::new()
        .stream(app())
        .gap(Kind::Secret, "")
        .judge(EXR007);
    assert_eq!(
        (&*found[0].message, &*found[0].why, &*found[0].fix_text()),
        (
            "cannot determine whether app:v1 imports docker.io/u/a:1 with a credential",
            "Inconclusive: the secrets of shop were not read",
            "oc extreg audit rbac --export"
        )
    );
    let files = World::new().stream(app());
    let files = files.in_files();
    assert_eq!(fixes(files), ["oc extreg audit -n shop"]);
}

#[test]
fn a_build_that_pulls_its_base_without_a_credential() {
    let world = || World::new().build_on(build_config("shop", "app", ""), IMAGE);
    let place = "buildconfig.build.openshift.io/app";
    assert_eq!(
        world().lines(EXR007),
        [format!("anonymous-build-pull {place}")]
    );
    assert_eq!(
        world().gap(Kind::ServiceAccount, "shop").lines(EXR007),
        [format!("anonymous-build-pull? {place}")]
    );
    let mut builder = account("shop", "builder", &[]);
    builder.secrets = names(&["hub"]);
    let hub = world().secret("shop", "hub", HUB_SECRET);
    assert_eq!(
        fixes(hub.clone()),
        [
            r#"oc patch buildconfig.build.openshift.io/app --type=json -p '[{"op":"add","path":"/spec/strategy/dockerStrategy/pullSecret","value":{"name":"hub"}}]' -n shop"#
        ]
    );
    assert_eq!(hub.account_record(builder).lines(EXR007), [""; 0]);

    let mut over = build_config("shop", "app-1", "");
    over.object.kind = Kind::Build;
    over.phase = Some(BuildPhase {
        phase: "Complete".into(),
        reason: "".into(),
        message: "".into(),
        pushed: "".into(),
    });
    assert_eq!(World::new().build_on(over, IMAGE).lines(EXR007), [""; 0]);
}

#[test]
fn a_build_that_pushes_without_a_credential() {
    let build = |image: &str, secret: &str| {
        let mut build = build_config("shop", "app", image);
        build.push_secret = secret.into();
        World::new().secret("shop", "hub", HUB_SECRET).build(build)
    };
    let found = ["anonymous-push buildconfig.build.openshift.io/app"];
    let unknown = ["anonymous-push? buildconfig.build.openshift.io/app"];
    assert_eq!(build(IMAGE, "hub").lines(EXR007), [""; 0]);
    assert_eq!(build(IMAGE, "").lines(EXR007), found);
    assert_eq!(
        build(IMAGE, "quay")
            .secret("shop", "quay", QUAY)
            .lines(EXR007),
        found
    );
    assert_eq!(build(IMAGE, "x").elided("shop", "x").lines(EXR007), unknown);
    // EXR009 reports missing secrets and wrong ones.
    assert_eq!(build(IMAGE, "gone").lines(EXR007), [""; 0]);
    let fallback = build(IMAGE, "").secret("shop", "quay", QUAY);
    assert_eq!(
        fallback.account("shop", "builder", &["quay"]).lines(EXR007),
        [""; 0]
    );
    // Another registry can accept anonymous pushes, but a secret without its key is a mistake.
    assert_eq!(build("quay.io/u/a:1", "").lines(EXR007), [""; 0]);
    assert_eq!(build("quay.io/u/a:1", "hub").lines(EXR007), found);
    assert_eq!(
        fixes(build(IMAGE, "")),
        [
            r#"oc patch buildconfig.build.openshift.io/app --type=merge -p '{"spec":{"output":{"pushSecret":{"name":"hub"}}}}' -n shop"#
        ]
    );
}
