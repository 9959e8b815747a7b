//! A whole cluster: every image that it names, and the other facts.

use extreg_core::credential::DockerConfigKey;
use extreg_core::facts::Known;
use extreg_snapshot::{SecretKeys, Snapshot, TagOrigin};

use super::{kind_of, read, uses, yaml};

const CLUSTER: &str = include_str!("../data/cluster.yaml");

/// Namespace, object, part and field; the text; purpose and meaning; registry,
/// repository, and the first digits of the digest.
const USES: [&str; 25] = [
    r#"data CronJob/nightly[job] spec.jobTemplate.spec.template.spec.containers[0].image = "docker.io/acme/nightly:1" run External docker.io|acme/nightly|"#,
    r#"data ImageStream/feeds[a] spec.tags[0].from.name = "docker.io/acme/feed-a:latest" import External docker.io|acme/feed-a|"#,
    r#"data ImageStream/feeds[b] spec.tags[1].from.name = "docker.io/acme/feed-b:latest" import External docker.io|acme/feed-b|"#,
    r#"data ImageStream/feeds[c] spec.tags[2].from.name = "docker.io/acme/feed-c:latest" import External docker.io|acme/feed-c|"#,
    r#"data ImageStream/feeds[d] spec.tags[3].from.name = "docker.io/acme/feed-d:latest" import External docker.io|acme/feed-d|"#,
    r#"data ImageStream/feeds[e] spec.tags[4].from.name = "docker.io/acme/feed-e:latest" import External docker.io|acme/feed-e|"#,
    r#"legacy BuildConfig/batch spec.output.to.name = "acme/batch:v1" push External docker.io|acme/batch|"#,
    r#"legacy BuildConfig/batch spec.source.images[0].from.name = "quay.io/acme/base:1" source External quay.io|acme/base|"#,
    r#"legacy Deployment/proxy[init] spec.template.spec.initContainers[0].image = "busybox" run Searched |busybox|"#,
    r#"legacy Deployment/proxy[proxy] spec.template.spec.containers[0].image = "nginx:latest" run Searched |nginx|"#,
    r#"legacy Deployment/proxy[side] spec.template.spec.containers[1].image = "ghcr.io/acme/side@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc" run External ghcr.io|acme/side|ffcc"#,
    r#"legacy DeploymentConfig/old[old] spec.template.spec.containers[0].image = "docker.io/acme/old:2" run External docker.io|acme/old|"#,
    r#"legacy ImageStream/follow spec.dockerImageRepository = "docker.io/acme/follow" import External docker.io|acme/follow|"#,
    r#"legacy ImageStream/mixed[hub1] spec.tags[4].from.name = "registry-1.docker.io/library/redis:7" import External docker.io|library/redis|"#,
    r#"legacy ImageStream/mixed[pinned] spec.tags[1].from.name = "docker.io/library/nginx@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc" import External docker.io|library/nginx|ffcc"#,
    r#"legacy ImageStream/mixed[quay] spec.tags[3].from.name = "quay.io/acme/thing:1" import External quay.io|acme/thing|"#,
    r#"legacy ImageStream/mixed[ref] spec.tags[2].from.name = "docker.io/library/nginx:1" import External docker.io|library/nginx|"#,
    r#"legacy ImageStream/mixed[short] spec.tags[0].from.name = "nginx" import External docker.io|library/nginx|"#,
    r#"legacy Pod/proxy-1[proxy] spec.containers[0].image = "nginx:latest" run Searched |nginx|"#,
    r#"shop BuildConfig/cart spec.output.to.name = "docker.io/acme/cart:latest" push External docker.io|acme/cart|"#,
    r#"shop BuildConfig/search spec.output.to.name = "docker.io/acme/search:latest" push External docker.io|acme/search|"#,
    r#"shop BuildConfig/search spec.strategy.dockerStrategy.from.name = "docker.io/library/python:3.12" base External docker.io|library/python|"#,
    r#"shop Deployment/cart[cart] spec.template.spec.containers[0].image = "docker.io/acme/cart:latest" run External docker.io|acme/cart|"#,
    r#"shop ImageStream/cart[latest] spec.tags[0].from.name = "docker.io/acme/cart:latest" import External docker.io|acme/cart|"#,
    r#"shop ImageStream/cart[v1] spec.tags[1].from.name = "docker.io/acme/cart:v1" import External docker.io|acme/cart|"#,
];

/// Decisions of the webhook, object by object.
const DECISIONS: [&str; 16] = [
    "data feeds[a] spec.tags[0].importPolicy.scheduled: unchanged: already set (builtin-dockerhub)",
    "data feeds[b] spec.tags[1].importPolicy.scheduled: unchanged: already set (builtin-dockerhub)",
    "data feeds[c] spec.tags[2].importPolicy.scheduled: unchanged: already set (builtin-dockerhub)",
    "data feeds[d] spec.tags[3].importPolicy.scheduled: unchanged: already set (builtin-dockerhub)",
    "data feeds[e] spec.tags[4].importPolicy.scheduled: unchanged: already set (builtin-dockerhub)",
    "legacy batch[] spec.output.pushSecret: unchanged: already set (-)",
    "legacy mixed[short] spec.tags[0].importPolicy.scheduled: set to true (builtin-dockerhub)",
    "legacy mixed[pinned] spec.tags[1].importPolicy.scheduled: unchanged: a digest never changes (builtin-dockerhub)",
    "legacy mixed[ref] spec.tags[2].importPolicy.scheduled: unchanged: a reference tag is never imported (-)",
    "legacy mixed[quay] spec.tags[3].importPolicy.scheduled: unchanged: no policy matches the image here (-)",
    "legacy mixed[hub1] spec.tags[4].importPolicy.scheduled: unchanged: already set (builtin-dockerhub)",
    "shop cart[] spec.output.pushSecret: unchanged: already set (-)",
    "shop inner[] spec.output.pushSecret: unchanged: no policy matches the image here (-)",
    "shop search[] spec.output.pushSecret: set to {name: dockerhub} (builtin-dockerhub)",
    "shop cart[latest] spec.tags[0].importPolicy.scheduled: unchanged: already set (builtin-dockerhub)",
    "shop cart[v1] spec.tags[1].importPolicy.scheduled: set to true (builtin-dockerhub)",
];

fn cluster() -> Snapshot {
    let objects = yaml(CLUSTER).into_iter();
    let objects: Vec<_> = objects.filter(|object| kind_of(object).is_some()).collect();
    read(&objects)
}

#[test]
fn every_image_of_a_cluster_is_listed() {
    assert_eq!(uses(&cluster()), USES);
}

#[test]
fn every_place_of_the_webhook_is_decided() {
    let snapshot = cluster();
    let decided = snapshot.injections.iter().map(|injection| {
        let place = &injection.place;
        assert_eq!(injection.warnings, Vec::<String>::new());
        format!(
            "{} {}[{}] {}: {} ({})",
            place.object.namespace,
            place.object.name,
            place.part,
            place.field,
            injection.words,
            injection.policy.as_deref().unwrap_or("-")
        )
    });
    assert_eq!(decided.collect::<Vec<_>>(), DECISIONS);
}

#[test]
fn only_keys_of_secrets_are_known() {
    let snapshot = cluster();
    let keys: Vec<String> = snapshot
        .secrets
        .values()
        .map(|secret| {
            let SecretKeys::Known(keys) = &secret.keys else {
                panic!("{secret:?}")
            };
            let keys: Vec<&str> = keys.iter().map(DockerConfigKey::as_written).collect();
            format!(
                "{} {} {}",
                secret.object.namespace,
                secret.object.name,
                keys.join(" ")
            )
        })
        .collect();
    assert_eq!(
        keys,
        [
            "legacy hub-broken https://index.docker.io/v1",
            "legacy hub-two docker.io",
            "shop dockerhub https://index.docker.io/v1/ docker.io",
        ]
    );
    assert!(!format!("{snapshot:?}").contains("canary"));
}

#[test]
fn unread_facts_are_unknown() {
    let snapshot = cluster();
    let known = &snapshot.cluster;
    assert!(matches!(known.registries, Known::Unknown));
    assert!(matches!(known.mirrors, Known::Unknown));
    assert!(matches!(known.signatures, Known::Unknown));
    assert!(matches!(known.pull_secret, Known::Unknown));
    assert!(matches!(known.webhook, Known::Unknown));
    assert_eq!(known.integrated, Known::Unknown);
    assert!(snapshot.coverage.gaps.is_empty());
    assert_eq!(snapshot.coverage.objects(), 20);
    assert_eq!(snapshot.namespaces["data"].labels["team"], "data");
    let mut streams = snapshot.streams.iter();
    let cart = streams.find(|stream| &*stream.object.name == "cart");
    let alias = &cart.unwrap().tags[1];
    assert_eq!(&*alias.name, "prod");
    assert_eq!(
        alias.from,
        TagOrigin::Stream {
            name: "cart:v1".into(),
            namespace: "".into()
        }
    );
}
