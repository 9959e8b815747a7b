use std::path::Path;

use extreg_core::credential::DockerConfigFormat;
use extreg_snapshot::{
    kind::Kind,
    place::Origin,
    read::{ReadOptions, Reader},
};
use serde_json::{Value, json};

use super::*;
use crate::commands::secret::check::answer::Outcome;

const IMAGE: &str = "docker.io/u/a";

/// A docker config, as a secret of namespace shop.
fn secret(name: &str, config: &Value) -> (Kind, Value) {
    let object = json!({
        "metadata": {"name": name, "namespace": "shop"},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": config.to_string()},
    });
    (Kind::Secret, object)
}

// u:p and v:q
const U: &str = "dTpw";
const V: &str = "djpx";

fn auths(keys: &[(&str, &str)]) -> Value {
    let entries = keys
        .iter()
        .map(|(key, auth)| ((*key).to_owned(), json!({"auth": auth})));
    json!({"auths": entries.collect::<serde_json::Map<_, _>>()})
}

fn account(name: &str, pulls: &[&str], mounts: &[&str]) -> (Kind, Value) {
    let links =
        |names: &[&str]| -> Vec<Value> { names.iter().map(|name| json!({"name": name})).collect() };
    let object = json!({
        "metadata": {"name": name, "namespace": "shop"},
        "imagePullSecrets": links(pulls),
        "secrets": links(mounts),
    });
    (Kind::ServiceAccount, object)
}

fn build(push_secret: Option<&str>) -> (Kind, Value) {
    let mut output = json!({"to": {"kind": "DockerImage", "name": "u/a:v1"}});
    if let Some(name) = push_secret {
        output["pushSecret"] = json!({"name": name});
    }
    let object = json!({
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"strategy": {"dockerStrategy": {}}, "output": output},
    });
    (Kind::BuildConfig, object)
}

/// A namespace of which everything was read.
fn world(objects: &[(Kind, Value)]) -> Snapshot {
    let mut reader = Reader::new(ReadOptions::default());
    for (kind, object) in objects {
        let json = object.to_string();
        reader.read(*kind, &json, Origin::Cluster, "shop").unwrap();
    }
    for kind in Kind::ALL {
        reader.listed(kind, "");
    }
    reader.finish("it".to_owned())
}

/// Each row in short: mark, consumer, and the credential.
fn rows(answer: &ImageAnswer) -> Vec<String> {
    let rows = answer.uses.iter().map(|one| {
        let mark = match (one.differs, one.fails) {
            (true, _) => "*",
            (false, true) => "!",
            (false, false) => "",
        };
        let found = match one.outcome {
            Outcome::Found => format!("{} {} {}", one.secret, one.key, one.username),
            Outcome::None => "none".to_owned(),
            Outcome::Broken => format!("broken {}", one.secret),
            Outcome::Unknown => "unknown".to_owned(),
        };
        format!("{mark}{}: {found}", one.consumer)
    });
    rows.collect()
}

fn query<'a>(images: &'a [String], names: &'a [String], version: &str) -> Query<'a> {
    Query {
        images,
        names,
        namespace: Some("shop"),
        reads: Reads::from_version(Some(version)),
    }
}

fn of_image(snapshot: &Snapshot, names: &[&str], version: &str) -> Vec<String> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let answers = images(snapshot, &query(&[IMAGE.to_owned()], &names, version));
    assert_eq!(answers.len(), 1);
    rows(&answers[0])
}

#[test]
fn an_auth_file_is_checked_for_every_consumer() {
    for (config, want) in [
        // As setup writes it.
        (
            auths(&[("docker.io", U), ("https://index.docker.io/v1/", U)]),
            [
                "buildPush:  docker.io u",
                "buildPull:  docker.io u",
                "import:  docker.io u",
                "kubelet:  docker.io u",
                "node:  docker.io u",
                "shipwright:  https://index.docker.io/v1/ u",
            ],
        ),
        // Trap 25: without its last slash.
        (
            auths(&[("https://index.docker.io/v1", U)]),
            [
                "!buildPush: none",
                "buildPull:  https://index.docker.io/v1 u",
                "!import: none",
                "!kubelet: none",
                "node:  https://index.docker.io/v1 u",
                "!shipwright: none",
            ],
        ),
        // Two credentials.
        (
            auths(&[("docker.io", U), ("https://index.docker.io/v1/", V)]),
            [
                "buildPush:  docker.io u",
                "buildPull:  docker.io u",
                "import:  docker.io u",
                "kubelet:  docker.io u",
                "node:  docker.io u",
                "*shipwright:  https://index.docker.io/v1/ v",
            ],
        ),
        // The same account with another password.
        (
            auths(&[("docker.io", U), ("https://index.docker.io/v1/", "dTpx")]),
            [
                "buildPush:  docker.io u",
                "buildPull:  docker.io u",
                "import:  docker.io u",
                "kubelet:  docker.io u",
                "node:  docker.io u",
                "*shipwright:  https://index.docker.io/v1/ u",
            ],
        ),
        (
            json!({"auths": {"docker.io": {"username": "u", "password": "p"}}}),
            [
                "buildPush:  docker.io u",
                "buildPull:  docker.io u",
                "import:  docker.io u",
                "kubelet:  docker.io u",
                "!node: none",
                "!shipwright: none",
            ],
        ),
        (
            auths(&[("*.docker.io", U), ("registry-1.docker.io", V)]),
            [
                "!buildPush: none",
                "buildPull:  registry-1.docker.io v",
                "!import: none",
                "!kubelet: none",
                "node:  registry-1.docker.io v",
                "!shipwright: none",
            ],
        ),
    ] {
        let text = config.to_string();
        let keys = DockerConfigKeys::parse(text.as_bytes(), DockerConfigFormat::ConfigJson);
        let answer = of_auth_file(&keys.unwrap(), IMAGE);
        assert_eq!(rows(&answer), want, "{config}");
    }
}

/// The consumers that follow Kubernetes' keyring find the same as the keyring itself; the push uses
/// the image as it is written.
#[test]
fn the_keyring_of_kubernetes_agrees() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/core/tests/data/keyring.jsonl");
    let mut compared = 0;
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (config, image) = (
            line["dockerconfigjson"].as_str().unwrap(),
            line["ref"].as_str().unwrap(),
        );
        let keys = DockerConfigKeys::parse(config.as_bytes(), DockerConfigFormat::ConfigJson);
        let is_image = ImageRef::parse(image).is_ok_and(|image| !image.is_registry_only());
        let (Ok(keys), true) = (keys, is_image) else {
            continue;
        };
        let answer = of_auth_file(&keys, image);
        let push = &answer.uses[0];
        let first = line["usernames"][0].as_str();
        assert_eq!(push.consumer, "buildPush");
        assert_eq!(
            push.outcome == Outcome::Found,
            // A key without a credential matches, too, but is useless.
            line["matched"] == true && first != Some(""),
            "{line}"
        );
        // Of keys with the same index, Kubernetes uses any.
        if keys.colliding().is_empty() {
            assert_eq!(push.username, first.unwrap_or_default(), "{line}");
        }
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn trap_28_the_credential_of_a_push_depends_on_the_version() {
    let hub = || secret("hub", &auths(&[("https://index.docker.io/v1/", U)]));
    let objects = |pulls: &[&str], mounts: &[&str]| {
        world(&[hub(), account("builder", pulls, mounts), build(None)])
    };
    for (pulls, mounts, version, want) in [
        (&[][..], &["hub"][..], "4.21.0", "!buildPush: none"),
        (
            &[],
            &["hub"],
            "4.14.0",
            "buildPush: hub https://index.docker.io/v1/ u",
        ),
        (&[], &["hub"], "4.15.3", "buildPush: unknown"),
        (
            &["hub"],
            &[],
            "4.21.0",
            "buildPush: hub https://index.docker.io/v1/ u",
        ),
        (
            &["hub"],
            &["hub"],
            "4.15.3",
            "buildPush: hub https://index.docker.io/v1/ u",
        ),
    ] {
        let snapshot = objects(pulls, mounts);
        let answers = images(&snapshot, &query(&[], &[], version));
        let rows: Vec<_> = answers.iter().flat_map(rows).collect();
        assert_eq!(rows, [want], "{pulls:?} {mounts:?} {version}");
    }
}

#[test]
fn an_image_is_checked_for_existing_and_hypothetical_uses() {
    let snapshot = world(&[
        secret(
            "hub",
            &auths(&[("docker.io", U), ("https://index.docker.io/v1/", U)]),
        ),
        account("builder", &["hub"], &["hub"]),
        account("default", &["hub"], &[]),
        build(Some("hub")),
    ]);
    assert_eq!(
        of_image(&snapshot, &[], "4.21.0"),
        [
            "buildPush: hub https://index.docker.io/v1/ u",
            "buildPull: hub docker.io u",
            "import: hub docker.io u",
            "kubelet: hub docker.io u",
            "node: none",
        ]
    );
    // A second secret that imports find first.
    let two = world(&[
        secret("ahead", &auths(&[("docker.io/u", V)])),
        secret(
            "hub",
            &auths(&[("docker.io", U), ("https://index.docker.io/v1/", U)]),
        ),
        account("builder", &["hub"], &["hub"]),
        account("default", &[], &[]),
        build(Some("hub")),
    ]);
    assert_eq!(
        of_image(&two, &[], "4.21.0"),
        [
            "buildPush: hub https://index.docker.io/v1/ u",
            "buildPull: hub docker.io u",
            "*import: ahead docker.io/u v",
            "!kubelet: none",
            "node: none",
        ]
    );
    assert_eq!(
        of_image(&two, &["hub"], "4.21.0")[1..],
        [
            "buildPush: hub docker.io u",
            "buildPull: hub docker.io u",
            "*import: ahead docker.io/u v",
            "kubelet: hub docker.io u",
            "node: hub docker.io u",
            "shipwright: hub https://index.docker.io/v1/ u",
        ]
    );
}

#[test]
fn missing_or_unread_secrets_never_pass() {
    let missing = world(&[account("builder", &[], &[]), build(Some("gone"))]);
    let answers = images(&missing, &query(&[], &[], "4.21.0"));
    assert_eq!(rows(&answers[0]), ["!buildPush: broken gone"]);
    let mut reader = Reader::new(ReadOptions::default());
    let (kind, object) = build(Some("gone"));
    reader
        .read(kind, &object.to_string(), Origin::Cluster, "shop")
        .unwrap();
    let unread = reader.finish("it".to_owned());
    let answers = images(&unread, &query(&[], &[], "4.21.0"));
    assert_eq!(rows(&answers[0]), ["buildPush: unknown"]);
}

#[test]
fn a_secret_is_shown_with_its_links_and_without_its_values() {
    let snapshot = world(&[
        secret("hub", &auths(&[("https://u:canary@docker.io", U)])),
        account("builder", &[], &["hub"]),
        account("default", &["hub"], &[]),
    ]);
    let query = query(&[], &[], "4.21.0");
    let found = secrets(&snapshot, &query, &[]);
    assert_eq!(found.len(), 1);
    let links: Vec<_> = found[0]
        .links
        .iter()
        .map(|link| (link.account.as_str(), link.pull, link.mount, link.push))
        .collect();
    assert_eq!(
        links,
        [
            ("builder", false, true, "no"),
            ("default", true, false, "yes")
        ]
    );
    let json = serde_json::to_string(&found).unwrap();
    assert!(!json.contains("canary") && !json.contains(U), "{json}");
}
