use extreg_snapshot::kind::Kind;
use extreg_snapshot::testing::{self, account, build_config, object, stream, tag, workload};
use extreg_snapshot::{BuildPhase, BuildRecord};

use super::*;
use crate::check::Severity;
use crate::testing::world::{HUB, RunCheck as _, World, names};

const EXR009: CheckId = CheckId::Exr009;

/// A key with a credential of the user `acme` that every consumer can read.
fn key(key: &str) -> String {
    format!(r#"{{"auths":{{{key:?}:{{"auth":"YWNtZTp4"}}}}}}"#)
}

/// The same key as [`HUB`] with the user `other`, and with `AWS`, which is not an account.
const OTHER: &str = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"b3RoZXI6eA=="}}}"#;
const AWS: &str = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"QVdTOng="}}}"#;

fn one(world: World) -> Finding {
    let mut found = world.judge(EXR009);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn set(name: &str) -> String {
    format!("oc extreg secret set {name} --registry docker.io -n shop")
}

#[test]
fn keys_that_no_consumer_finds() {
    for (config, want) in [
        (key("https://index.docker.io/v1/"), ""),
        (key("docker.io"), ""),
        (key("docker.io/acme"), ""),
        (key("registry.example.com:5000/v1/team"), ""),
        (
            key("https://index.docker.io/v1"),
            "https://index.docker.io/v1 of secret/s in shop: it lacks the slash at its end",
        ),
        (
            key("https://r.example.com/v2"),
            "https://r.example.com/v2 of secret/s in shop: it lacks the slash at its end",
        ),
        (
            key("https://hub.docker.com"),
            "https://hub.docker.com of secret/s in shop: it is a website, not a registry",
        ),
        (
            key("r example.com"),
            "r example.com of secret/s in shop: it is not a registry",
        ),
        (
            r#"{"auths":{"docker.io":{"username":"u","password":"canary"}}}"#.to_owned(),
            "docker.io of secret/s in shop: it has no auth",
        ),
        (
            r#"{"auths":{"docker.io":{"username":"u"}}}"#.to_owned(),
            "docker.io of secret/s in shop: it has no username or no password",
        ),
        (
            r#"{"auths":{"docker.io":{"auth":"dTpjYW5hcg"}}}"#.to_owned(),
            "docker.io of secret/s in shop: its auth is not padded",
        ),
        (
            r#"{"auths":{"https://index.docker.io/v1":{"username":"u","password":"canary"}}}"#
                .to_owned(),
            "https://index.docker.io/v1 of secret/s in shop: it lacks the slash at its end; it has \
             no auth",
        ),
    ] {
        let found = World::new().secret("shop", "s", &config).judge(EXR009);
        let messages: Vec<_> = found
            .iter()
            .map(|f| f.message.replace("the key ", ""))
            .collect();
        let want: Vec<_> = Some(want)
            .filter(|want| !want.is_empty())
            .into_iter()
            .collect();
        assert_eq!(messages, want, "{config}");
    }
}

#[test]
fn keys_that_a_build_cannot_distinguish() {
    let two = |second: &str| {
        format!(
            r#"{{"auths":{{"docker.io":{{"auth":"YWNtZTp4"}},"https://index.docker.io/v1/":{{"auth":{second:?}}}}}}}"#
        )
    };
    let world = |second: &str| World::new().secret("shop", "s", &two(second));
    assert_eq!(world("YWNtZTp4").lines(EXR009), [""; 0]);
    let found = one(world("YWNtZTp5"));
    assert_eq!(found.rule, "random-key");
    assert_eq!(
        found.message,
        "the keys docker.io and https://index.docker.io/v1/ of secret/s in shop hold different \
         credentials"
    );
    assert_eq!(
        found.fix_text(),
        "remove one of the keys docker.io and https://index.docker.io/v1/ from secret/s in shop; see: \
         oc extreg secret check s -n shop"
    );
}

#[test]
fn a_useless_key_is_replaced_or_its_entry_rewritten() {
    let found = one(World::new().secret("shop", "s", &key("https://index.docker.io/v1")));
    assert_eq!(found.rule, "useless-key");
    assert_eq!(&*found.place.part, "https://index.docker.io/v1");
    assert_eq!(
        found.fix_text(),
        "replace the key https://index.docker.io/v1 with https://index.docker.io/v1/ in \
         secret/s in shop"
    );
    // Without auth, only some consumers can read it: its entry is rewritten with all fields.
    let plain = r#"{"auths":{"quay.io":{"username":"acme","password":"x"}}}"#;
    assert_eq!(
        one(World::new().secret("shop", "s", plain)).fix_text(),
        "oc extreg secret set s --registry quay.io -n shop"
    );
}

#[test]
fn parts_of_a_key_that_could_be_a_password_are_hidden() {
    let secret = key("https://acme:canary@r.example.com/v2");
    let found = one(World::new().secret("shop", "s", &secret));
    assert!(!format!("{found:?}").contains("canary"), "{found:?}");
}

#[test]
fn an_unreadable_secret() {
    let found = one(World::new().unreadable("shop", "s"));
    assert_eq!((found.rule, found.severity), ("unreadable", Severity::High));
    assert_eq!(
        World::new().elided("shop", "s").lines(EXR009),
        ["unreadable? secret/s"]
    );
    assert_eq!(World::new().managed("shop", "m").lines(EXR009), [""; 0]);
}

#[test]
fn two_secrets_for_docker_hub() {
    let two = |config: &str| {
        World::new()
            .secret("shop", "a", HUB)
            .secret("shop", "b", config)
    };
    let found = one(two(OTHER));
    assert_eq!(
        (found.rule, found.severity),
        ("ambiguous", Severity::Medium)
    );
    assert_eq!(
        found.message,
        "secret/b in shop and a both hold a key for docker.io: imports use that of a"
    );
    assert_eq!(
        found.fix_text(),
        "oc annotate secret/b --overwrite openshift.io/image.excludeSecret=true -n shop"
    );
    assert_eq!(one(two(HUB)).severity, Severity::Low);
    // A key of the exact host is found before the fallback, whatever the names.
    let found = two(&key("docker.io")).judge(EXR009);
    assert_eq!(&*found[0].place.object.name, "a");
    for clean in [
        two(&key("quay.io")),
        two(&key("docker.io/acme")),
        two(HUB).with(|s| {
            s.secrets
                .values_mut()
                .for_each(|secret| secret.excluded = true);
        }),
        World::new().secret("shop", "a", HUB),
    ] {
        assert_eq!(clean.lines(EXR009), [""; 0]);
    }
}

#[test]
fn an_account_of_many_namespaces() {
    let spread = |count: usize| {
        (0..count).fold(World::new(), |world, index| {
            world.secret(&format!("ns-{index}"), "hub", HUB)
        })
    };
    assert_eq!(spread(1).lines(EXR009), [""; 0]);
    let found = one(spread(3));
    assert_eq!((found.rule, found.severity), ("shared", Severity::Info));
    assert_eq!(
        found.message,
        "acme of docker.io is the account of 3 namespaces: ns-0, ns-1, ns-2"
    );
    let found = one(spread(7));
    assert_eq!(found.severity, Severity::Medium);
    assert!(
        found.message.ends_with("ns-3, ns-4, 2 more"),
        "{}",
        found.message
    );
    let no_account = World::new().secret("a", "s", AWS).secret("b", "s", AWS);
    assert_eq!(no_account.lines(EXR009), [""; 0]);
}

fn pushing(image: &str, secret: &str) -> BuildRecord {
    let mut build = build_config("shop", "app", image);
    build.push_secret = secret.into();
    build
}

#[test]
fn a_named_secret_that_does_not_exist() {
    let world = || World::new().build(pushing("docker.io/u/a:1", "hub"));
    let found = one(world());
    assert_eq!(found.rule, "missing-secret");
    assert_eq!(
        found.message,
        "app names the secret hub, which does not exist"
    );
    assert_eq!(found.fix_text(), set("hub"));
    assert_eq!(world().secret("shop", "hub", HUB).lines(EXR009), [""; 0]);
    assert_eq!(
        world().gap(Kind::Secret, "").lines(EXR009),
        ["missing-secret? buildconfig.build.openshift.io/app hub"]
    );
    let files = world().in_files();
    assert_eq!(files.lines(EXR009), [""; 0]);

    let mut based = pushing("", "");
    based.pull_secrets = vec![("quay".into(), "quay.io/u/b".into())];
    let found = one(World::new().build(based));
    assert_eq!(&*found.place.field, "pullSecret");
    assert!(
        found.fix_text().contains("--registry quay.io "),
        "{}",
        found.fix_text()
    );

    let mut web = workload(
        object(Kind::Deployment, "shop", "web"),
        &[("web", "quay.io/u/w")],
    );
    web.pull_secrets = names(&["quay"]);
    assert_eq!(
        World::new().workload(web).lines(EXR009),
        ["missing-secret deployment.apps/web quay"]
    );
}

#[test]
fn a_build_that_waits_for_its_secret() {
    let mut build = pushing("docker.io/u/a:1", "hub");
    build.object = object(Kind::Build, "shop", "app-1");
    build.config = Some("app".into());
    // Its BuildConfig, if it was read, has the finding for all of its Builds.
    assert_eq!(
        World::new().build(build.clone()).lines(EXR009),
        ["missing-secret build.build.openshift.io/app-1 hub"]
    );
    let config = build_config("shop", "app", "docker.io/u/a:1");
    let owned = World::new().build(config.clone()).build(build.clone());
    assert_eq!(owned.lines(EXR009), [""; 0]);
    build.phase = Some(BuildPhase {
        phase: "Pending".into(),
        reason: "MissingPushSecret".into(),
        message: "Missing push secret.".into(),
        pushed: "".into(),
    });
    assert_eq!(
        one(World::new().build(config).build(build)).message,
        "app-1 waits in Pending for the push secret hub, which does not exist"
    );
}

#[test]
fn a_push_with_the_wrong_secret() {
    let world = || {
        World::new()
            .managed("shop", "builder-dockercfg-x")
            .account("shop", "builder", &["builder-dockercfg-x"])
            .build(pushing("docker.io/u/a:1", ""))
    };
    let found = one(world());
    assert_eq!(found.rule, "wrong-secret-fallback");
    assert_eq!(
        found.message,
        "app pushes docker.io/u/a:1 with builder-dockercfg-x, which has no key for it"
    );
    let name = r#"oc patch buildconfig.build.openshift.io/app --type=merge -p '{"spec":{"output":{"pushSecret":{"name":"dockerhub"}}}}' -n shop"#;
    assert_eq!(found.fix_text(), format!("{} && {name}", set("dockerhub")));
    assert_eq!(
        one(world().secret("shop", "hub", HUB)).fix_text(),
        r#"oc patch buildconfig.build.openshift.io/app --type=merge -p '{"spec":{"output":{"pushSecret":{"name":"hub"}}}}' -n shop"#
    );
    let linked = world().secret("shop", "hub", HUB);
    let linked = linked.account("shop", "builder", &["builder-dockercfg-x", "hub"]);
    assert_eq!(linked.lines(EXR009), [""; 0]);
    let internal = World::new()
        .managed("shop", "builder-dockercfg-x")
        .account("shop", "builder", &["builder-dockercfg-x"])
        .build(pushing("", ""));
    assert_eq!(internal.lines(EXR009), [""; 0]);
}

#[test]
fn linked_secret_that_a_push_does_not_find() {
    let mut builder = account("shop", "builder", &[]);
    builder.secrets = names(&["gone", "hub"]);
    let mut second = pushing("docker.io/u/b:1", "");
    second.object.name = "base".into();
    let world = World::new()
        .secret("shop", "hub", HUB)
        .account_record(builder)
        .build(pushing("docker.io/u/a:1", ""))
        .build(second);
    let found = one(world);
    assert_eq!(found.rule, "mount-only-link");
    assert_eq!(found.place.object.reference(), "serviceaccount/builder");
    assert_eq!(
        found.message,
        "builder links hub only for mounts, where a push does not find it: app, base"
    );
    assert_eq!(
        found.fix_text(),
        "oc extreg secret link hub --for push --account builder -n shop"
    );
}

#[test]
fn a_secret_that_works_for_one_consumer_only() {
    let app = || stream("shop", "app", vec![tag("v1", "u/a:1")]);
    let world = |config: &str, output: &str| {
        let mut world = World::new()
            .secret("shop", "hub", config)
            .stream(app())
            .build(pushing(output, "hub"));
        // The short names of imports and pushes mean docker.io.
        for usage in &mut world.0.uses {
            usage.image.registry = "docker.io".into();
            usage.image.repository = "u/a".into();
        }
        world
    };
    let found = one(world(&key("docker.io"), "u/a:1"));
    assert_eq!(found.rule, "consumers-differ");
    assert_eq!(
        found.message,
        "secret/hub in shop works to import u/a:1, and not to push u/a:1"
    );
    assert_eq!(found.fix_text(), set("hub"));
    assert_eq!(
        world(&key("docker.io"), "docker.io/u/a:1").lines(EXR009),
        [""; 0]
    );
    assert_eq!(world(HUB, "u/a:1").lines(EXR009), [""; 0]);
}

#[test]
fn another_secret_that_works_removes_the_difference() {
    let mut web = workload(
        object(Kind::Deployment, "shop", "web"),
        &[("web", "docker.io/u/a:1")],
    );
    web.pull_secrets = names(&["index", "hub"]);
    let index = testing::secret("shop", "index", &key("registry-1.docker.io"));
    let world = World::new()
        .record(index)
        .secret("shop", "hub", HUB)
        .stream(stream(
            "shop",
            "app",
            vec![tag("v1", "registry-1.docker.io/u/a:1")],
        ))
        .workload(web);
    assert_eq!(world.lines(EXR009), [""; 0]);
}
