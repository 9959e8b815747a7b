use extreg_snapshot::testing::{account, build_config, mirror, object, stream, tag, workload};
use extreg_snapshot::{BuildPhase, MirrorRule, RegistrySources, TagRecord};

use super::*;
use crate::world::{Asked as _, HUB as HUB_SECRET, World, names};

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
        web().says(EXR007),
        ["anonymous-pull deployment.apps/web web"]
    );
    assert_eq!(
        web()
            .elided("shop", "hub")
            .account("shop", "default", &["hub"])
            .says(EXR007),
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
        assert_eq!(clean.says(EXR007), [""; 0]);
    }
}

#[test]
fn a_workload_is_fixed_where_its_secrets_come_from() {
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
fn what_is_scaled_to_zero_or_mirrored_counts_less() {
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
fn a_short_name_may_be_of_docker_hub() {
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
        short().says(EXR007),
        ["anonymous-pull? deployment.apps/web web"]
    );
    let search = |hosts: &[&str]| {
        let sources = RegistrySources {
            search: names(hosts),
            ..RegistrySources::default()
        };
        short().with(|s| s.cluster.registries = Known::Known(Some(sources)))
    };
    assert_eq!(search(&["quay.io"]).says(EXR007), [""; 0]);
    assert_eq!(search(&["quay.io", "docker.io"]).says(EXR007).len(), 1);
    // A node without OpenShift asks Docker Hub alone.
    let plain = short().with(|s| s.cluster.registries = Known::Known(None));
    assert_eq!(
        plain.says(EXR007),
        ["anonymous-pull deployment.apps/web web"]
    );
    let unread = short().with(|s| s.cluster.registries = Known::Unknown);
    assert_eq!(
        unread.says(EXR007),
        ["anonymous-pull? deployment.apps/web web"]
    );
    let linked = short().secret("shop", "hub", HUB_SECRET);
    assert_eq!(
        linked.account("shop", "default", &["hub"]).says(EXR007),
        [""; 0]
    );
}

#[test]
fn an_import_without_a_credential() {
    let app = || World::new().stream(app());
    let place = "imagestream.image.openshift.io/app v1";
    assert_eq!(app().says(EXR007), [format!("anonymous-import {place}")]);
    assert_eq!(
        app().elided("shop", "hub").says(EXR007),
        [format!("anonymous-import? {place}")]
    );
    assert_eq!(
        app().secret("shop", "hub", HUB_SECRET).says(EXR007),
        [""; 0]
    );
    assert_eq!(app().unreadable("shop", "hub").says(EXR007), [""; 0]);
    let reference = app().with(|s| s.streams[0].tags[0].reference = true);
    assert_eq!(reference.says(EXR007), [""; 0]);
    let pinned =
        "docker.io/u/a@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    let pinned = |digest: &str| TagRecord {
        digest: digest.into(),
        ..tag("v1", pinned)
    };
    let says = |tags| {
        World::new()
            .stream(stream("shop", "app", tags))
            .says(EXR007)
    };
    assert_eq!(says(vec![pinned("sha256:ff")]), [""; 0]);
    assert_eq!(
        says(vec![pinned("")]),
        [format!("anonymous-import {place}")]
    );
    let pushed = app().with(|s| s.streams[0].tags[0].from = TagOrigin::Pushed);
    assert_eq!(pushed.says(EXR007), [""; 0]);
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

/// What the command does is done, and nothing is found any more.
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
        let mended = follow(image).secret("shop", "dockerhub", HUB_SECRET);
        assert_eq!(mended.says(EXR007), [""; 0], "{image}");
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
fn what_could_not_be_read_is_told_with_where_to_look() {
    let found = World::new()
        .stream(app())
        .gap(Kind::Secret, "")
        .judge(EXR007);
    assert_eq!(
        (&*found[0].message, &*found[0].why, &*found[0].fix_text()),
        (
            "whether app:v1 imports docker.io/u/a:1 with a credential is not known",
            "Neither pass nor fail: the secrets of shop were not read",
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
        world().says(EXR007),
        [format!("anonymous-build-pull {place}")]
    );
    assert_eq!(
        world().gap(Kind::ServiceAccount, "shop").says(EXR007),
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
    assert_eq!(hub.account_record(builder).says(EXR007), [""; 0]);

    let mut over = build_config("shop", "app-1", "");
    over.object.kind = Kind::Build;
    over.phase = Some(BuildPhase {
        phase: "Complete".into(),
        reason: "".into(),
        message: "".into(),
        pushed: "".into(),
    });
    assert_eq!(World::new().build_on(over, IMAGE).says(EXR007), [""; 0]);
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
    assert_eq!(build(IMAGE, "hub").says(EXR007), [""; 0]);
    assert_eq!(build(IMAGE, "").says(EXR007), found);
    assert_eq!(
        build(IMAGE, "quay")
            .secret("shop", "quay", QUAY)
            .says(EXR007),
        found
    );
    assert_eq!(build(IMAGE, "x").elided("shop", "x").says(EXR007), unknown);
    // EXR009 has what is missing and what takes the wrong secret.
    assert_eq!(build(IMAGE, "gone").says(EXR007), [""; 0]);
    let fallback = build(IMAGE, "").secret("shop", "quay", QUAY);
    assert_eq!(
        fallback.account("shop", "builder", &["quay"]).says(EXR007),
        [""; 0]
    );
    // Another registry may take anonymous pushes, but a secret without its key is a mistake.
    assert_eq!(build("quay.io/u/a:1", "").says(EXR007), [""; 0]);
    assert_eq!(build("quay.io/u/a:1", "hub").says(EXR007), found);
    assert_eq!(
        fixes(build(IMAGE, "")),
        [
            r#"oc patch buildconfig.build.openshift.io/app --type=merge -p '{"spec":{"output":{"pushSecret":{"name":"hub"}}}}' -n shop"#
        ]
    );
}
