use super::*;
use crate::snapshot::Listed;
use crate::testing::{HUB, World, names};
use crate::testing::{build_config, object, workload};

const IMAGE: &str = "docker.io/u/a:1";

/// A docker config with these keys, each with the named user.
fn config(keys: &[(&str, &str)]) -> String {
    let entries: Vec<_> = keys
        .iter()
        .map(|(key, user)| {
            format!(r#"{key:?}:{{"username":{user:?},"password":"canary","auth":""}}"#)
        })
        .collect();
    format!(r#"{{"auths":{{{}}}}}"#, entries.join(","))
}

fn described(credential: &Credential) -> String {
    match credential {
        Credential::Found {
            secret, username, ..
        } => format!("{username} of {}", secret.name),
        Credential::None => "none".to_owned(),
        Credential::Broken { secret, fault } => format!("{fault:?} {}", secret.name),
        Credential::Unknown(doubt) => format!("unknown: {doubt}"),
    }
}

fn import(world: &World) -> String {
    described(&Credentials::of(&world.0).import("shop", IMAGE))
}

#[test]
fn import_uses_the_first_of_all_secrets() {
    let world = World::new()
        .secret("shop", "a", &config(&[("index.docker.io", "fallback")]))
        .secret("shop", "b", &config(&[("docker.io", "plain")]))
        .secret("other", "z", &config(&[("docker.io/u", "elsewhere")]))
        .global(&config(&[("docker.io", "node")]));
    assert_eq!(import(&world), "plain of b");
    let scoped = world
        .clone()
        .secret("shop", "c", &config(&[("docker.io/u", "scoped")]));
    assert_eq!(import(&scoped), "scoped of c");
    let mut excluded = scoped;
    for secret in excluded.0.secrets.values_mut() {
        secret.excluded = true;
    }
    assert_eq!(import(&excluded), "node of pull-secret");
}

#[test]
fn an_import_is_anonymous_only_where_all_was_read() {
    let none = World::new().managed("shop", "default-dockercfg-x");
    assert_eq!(import(&none), "none");
    assert_eq!(
        import(&none.clone().elided("shop", "hub")),
        "unknown: the content of secret/hub in shop is not in this source"
    );
    assert_eq!(
        import(&none.clone().gap(Kind::Secret, "shop")),
        "unknown: the secrets of shop were not read"
    );
    assert_eq!(
        import(
            &none
                .clone()
                .with(|s| s.cluster.pull_secret = Known::Unknown)
        ),
        "unknown: the global pull secret openshift-config/pull-secret could not be read"
    );
    assert_eq!(
        import(&none.clone().with(|s| s.listed = Listed::default())),
        "unknown: the secrets of shop were not read"
    );
    // A known secret counts, regardless of unknown ones.
    let known = none
        .gap(Kind::Secret, "")
        .elided("shop", "a")
        .secret("shop", "hub", HUB);
    assert_eq!(import(&known), "acme of hub");
    assert_eq!(import(&known.unreadable("shop", "x")), "Unreadable x");
}

#[test]
fn a_pod_has_the_secrets_of_its_account_only_if_it_names_none() {
    let world = World::new()
        .secret("shop", "hub", HUB)
        .secret("shop", "quay", &config(&[("quay.io", "q")]))
        .account("shop", "default", &["gone", "hub"]);
    let pod = workload(object(Kind::Deployment, "shop", "web"), &[("web", IMAGE)]);
    let run = |world: &World, pulls: &[&str]| {
        let mut pod = pod.clone();
        pod.pull_secrets = names(pulls);
        described(&Credentials::of(&world.0).run(&pod, IMAGE))
    };
    assert_eq!(run(&world, &[]), "acme of hub");
    assert_eq!(run(&world, &["quay"]), "none");
    assert_eq!(run(&world, &["quay", "hub"]), "acme of hub");
    assert_eq!(run(&world, &["gone"]), "none");
    assert_eq!(
        run(&world.clone().gap(Kind::Secret, "shop"), &["gone"]),
        "unknown: secret/gone in shop was not read"
    );
    // The node's own file is matched by CRI-O's rules too.
    let node = config(&[("https://registry-1.docker.io/v2/", "node")]);
    let node = node.replace(r#""auth":"""#, r#""auth":"bm9kZTp4""#);
    assert_eq!(run(&world.global(&node), &["quay"]), "node of pull-secret");

    let unseen = World::new().gap(Kind::ServiceAccount, "");
    assert_eq!(
        run(&unseen, &[]),
        "unknown: serviceaccount/default in shop was not read"
    );
    assert_eq!(run(&unseen.clone().global(HUB), &[]), "acme of pull-secret");
    assert_eq!(run(&World::new(), &[]), "none");
}

#[test]
fn a_push_without_a_secret_takes_the_first_that_matches_or_the_first_of_all() {
    let push = |world: &World, named: &str| {
        let mut build = build_config("shop", "app", "u/a:1");
        build.push_secret = named.into();
        match Credentials::of(&world.0).push(&build) {
            Push::Named(secret, credential) => {
                format!("names {}: {}", secret.name, described(&credential))
            }
            Push::Linked(credential) => format!("linked {}", described(&credential)),
            Push::WrongFallback(secret) => format!("wrong {}", secret.name),
            Push::Nothing => "nothing".to_owned(),
            Push::Unknown(doubt) => format!("unknown: {doubt}"),
        }
    };
    let world = World::new()
        .managed("shop", "builder-dockercfg-x")
        .secret("shop", "hub", HUB)
        .secret("shop", "plain", &config(&[("docker.io", "p")]));
    for (links, named, want) in [
        (
            &["builder-dockercfg-x", "hub"][..],
            "",
            "linked acme of hub",
        ),
        (
            &["builder-dockercfg-x", "plain"],
            "",
            "wrong builder-dockercfg-x",
        ),
        (&["gone", "plain"], "", "wrong plain"),
        (&["gone"], "", "nothing"),
        (&[], "", "nothing"),
        (&[], "hub", "names hub: acme of hub"),
        // The key `docker.io` is not found for an output without a registry.
        (&[], "plain", "names plain: none"),
        (&["hub"], "gone", "names gone: Missing gone"),
    ] {
        let world = world.clone().account("shop", "builder", links);
        assert_eq!(push(&world, named), want, "{links:?} {named:?}");
    }
    let elided =
        world
            .elided("shop", "other")
            .account("shop", "builder", &["builder-dockercfg-x", "other"]);
    assert_eq!(
        push(&elided, ""),
        "unknown: the content of secret/other in shop is not in this source"
    );
    assert_eq!(
        push(&World::new().gap(Kind::Secret, ""), "hub"),
        "unknown: secret/hub in shop was not read"
    );
}

#[test]
fn build_pulls_with_the_secrets_mounted_by_its_account() {
    let pull = |world: &World, change: &dyn Fn(&mut BuildRecord)| {
        let mut build = build_config("shop", "app", "");
        change(&mut build);
        described(&Credentials::of(&world.0).pull(&build, IMAGE, PulledBy::Field))
    };
    let mut account = crate::testing::account("shop", "builder", &["hub"]);
    let world = World::new()
        .secret("shop", "hub", HUB)
        .secret("shop", "plain", &config(&[("docker.io", "p")]))
        .account_record(account.clone());
    // A link for pulls only is ignored.
    assert_eq!(pull(&world, &|_| ()), "none");
    account.secrets = names(&["gone", "hub"]);
    let world = world.account_record(account);
    assert_eq!(pull(&world, &|_| ()), "acme of hub");
    assert_eq!(
        pull(&world, &|build| build.object.kind = Kind::Build),
        "none"
    );
    let named = |name: &str| {
        let name: Arc<str> = name.into();
        move |build: &mut BuildRecord| build.pull_secrets = vec![(name.clone(), IMAGE.into())]
    };
    assert_eq!(pull(&world, &named("plain")), "p of plain");
    assert_eq!(pull(&world, &named("gone")), "Missing gone");
    let other = |build: &mut BuildRecord| build.pull_secrets = vec![("plain".into(), "x/y".into())];
    assert_eq!(pull(&world, &other), "acme of hub");
    assert_eq!(
        pull(&World::new().gap(Kind::ServiceAccount, "shop"), &|_| ()),
        "unknown: serviceaccount/builder in shop was not read"
    );
    assert_eq!(
        pull(&World::new().global(HUB), &|_| ()),
        "acme of pull-secret"
    );
}

#[test]
fn dockerfile_pulls_with_the_secrets_given_to_the_build() {
    let mut builder = crate::testing::account("shop", "builder", &[]);
    builder.secrets = names(&["hub"]);
    let world = World::new()
        .secret("shop", "hub", HUB)
        .secret("shop", "quay", &config(&[("quay.io", "q")]))
        .account_record(builder);
    let pull = |given: &[(&str, &str)], base: Option<&str>| {
        let mut build = build_config("shop", "app", "");
        build.pull_secrets = given
            .iter()
            .map(|(name, of)| ((*name).into(), (*of).into()))
            .collect();
        let by = PulledBy::Dockerfile { base };
        described(&Credentials::of(&world.0).pull(&build, IMAGE, by))
    };
    // The account counts for the image of the strategy only.
    assert_eq!(pull(&[], None), "none");
    assert_eq!(pull(&[], Some("docker.io/x/base")), "acme of hub");
    assert_eq!(pull(&[], Some("quay.io/x/base")), "none");
    assert_eq!(pull(&[("hub", "")], None), "acme of hub");
    assert_eq!(
        pull(&[("quay", "quay.io/x"), ("hub", "u/b")], None),
        "acme of hub"
    );
    assert_eq!(pull(&[("gone", "")], Some(IMAGE)), "Missing gone");
}

#[test]
fn shipwright_is_answered_only_where_it_names_a_secret() {
    let world = World::new().secret("shop", "hub", HUB);
    let mut build = build_config("shop", "app", "docker.io/u/a");
    build.object.kind = Kind::ShipwrightBuild;
    let answers = Credentials::of(&world.0);
    assert_eq!(answers.push(&build), Push::Unknown(Doubt::Run));
    assert_eq!(
        answers.pull(&build, IMAGE, PulledBy::Field),
        Credential::Unknown(Doubt::Run)
    );
    build.push_secret = "hub".into();
    assert!(answers.push(&build).credential().is_found());
}

#[test]
fn older_openshift_pushes_with_mounted_secrets() {
    let mut builder = crate::testing::account("shop", "builder", &["quay"]);
    builder.secrets = names(&["hub"]);
    let world = World::new()
        .secret("shop", "hub", HUB)
        .secret("shop", "quay", &config(&[("quay.io", "q")]))
        .account_record(builder);
    let build = build_config("shop", "app", IMAGE);
    for (links, want) in [
        (PushLinks::PullSecrets, "wrong quay"),
        (PushLinks::Mounts, "linked acme of hub"),
    ] {
        let answers = Credentials::of(&world.0).with_push_links(links);
        let said = match answers.push(&build) {
            Push::Linked(credential) => format!("linked {}", described(&credential)),
            Push::WrongFallback(secret) => format!("wrong {}", secret.name),
            other => format!("{other:?}"),
        };
        assert_eq!(said, want);
    }
}

#[test]
fn node_has_the_matches_of_its_rules() {
    let node =
        |config: &str| described(&Credentials::of(&World::new().global(config).0).node(IMAGE));
    assert_eq!(node(HUB), "acme of pull-secret");
    // It reads `auth` alone.
    assert_eq!(node(&config(&[("docker.io", "u")])), "none");
    let unread = World::new().with(|s| s.cluster.pull_secret = Known::Unknown);
    assert_eq!(
        Credentials::of(&unread.0).node(IMAGE),
        Credential::Unknown(Doubt::GlobalPullSecret)
    );
}
