//! `secret check` and `secret link`: their requests and their output.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    common::{extreg, has_facts},
    secret_api::{self, Secrets, account, build_config, config, secret, stream},
};
use extreg_fakes::{
    Api, ok,
    registry::{IMAGE, Registry, Rules},
    status,
};

const APP: &str = "docker.io/ably77/app";
const HUB: &str = "https://index.docker.io/v1/";

/// A namespace after `setup`, and its secret.
fn shop(hub: &str) -> Vec<Value> {
    vec![
        secret("shop", "hub", hub),
        account("shop", "builder", &["builder-dockercfg-x", "hub"], &["hub"]),
        account("shop", "default", &["default-dockercfg-x", "hub"], &[]),
        build_config("shop", "app", "docker.io/ably77/app:latest", "hub"),
        stream("shop", "app", "docker.io/ably77/app:latest"),
    ]
}

fn good() -> String {
    config(&[
        ("docker.io", "ably77:pw"),
        ("https://index.docker.io/v1/", "ably77:pw"),
    ])
}

fn registry(rights: &[&'static str]) -> Registry {
    Registry::start(Rules {
        users: [("ably77".to_owned(), "pw".to_owned())].into(),
        rights: [("ably77".to_owned(), rights.to_vec())].into(),
        images: [("ably77/app:latest".to_owned(), IMAGE)].into(),
        ..Rules::default()
    })
}

/// The facts of a report without its sentences: the key of each consumer, the content of each secret, the problems.
fn summary(report: &str) -> String {
    let report: Value = serde_json::from_str(report).unwrap();
    let mut facts = report["summary"].to_string();
    let mut add = |list: &Value, keys: &[&str]| {
        for row in list.as_array().unwrap() {
            let cells = keys.iter().map(|key| {
                let cell = row.pointer(&format!("/{key}")).unwrap_or(&Value::Null);
                cell.to_string().replace('"', "")
            });
            facts.extend(["\n", &cells.collect::<Vec<_>>().join(" | ")]);
        }
    };
    let fields = [
        "consumer", "written", "outcome", "secret", "key", "username", "differs", "fails",
    ];
    for image in report["images"].as_array().unwrap() {
        add(&image["uses"], &fields);
    }
    add(&report["secrets"], &["namespace", "name", "type", "state"]);
    for secret in report["secrets"].as_array().unwrap() {
        add(&secret["keys"], &["key", "username", "auth"]);
    }
    add(
        &report["problems"],
        &["severity", "outcome", "rule", "object", "fix/command"],
    );
    facts
}

#[test]
fn checks_an_auth_file_without_cluster_or_network() {
    let api = Api::answering(|_| status(500, "Because", "no"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let run = |config: &str, format: &str| {
        std::fs::write(&file, config).unwrap();
        let output = extreg()
            .args(["secret", "check", "--auth-file", file.to_str().unwrap()])
            .args(["--image", APP, "-o", format, "-v", "10"])
            .args(["--server", &api.url, "--kubeconfig", "/nonexistent"])
            .args(["--registry-endpoint", &format!("docker.io={}", api.url)])
            .output()
            .unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), out)
    };
    let (code, out) = run(&good(), "json");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0, "{answer}");
    assert_eq!(answer["kind"], "SecretCheck");
    let uses = answer["images"][0]["uses"].as_array().unwrap();
    assert_eq!(uses.len(), 6);
    assert!(
        uses.iter()
            .all(|one| one["outcome"] == "found" && one["differs"] == false)
    );

    let bad = json!({"auths": {
        "https://index.docker.io/v1": {"auth": STANDARD.encode("ably77:pw")},
        "docker.io": {"username": "robot", "password": "pw"},
    }});
    for format in ["json", "yaml", "table", "wide"] {
        let (code, out) = run(&bad.to_string(), format);
        assert_eq!(code, 3, "{format}: {out}");
        assert!(out.contains("it lacks the slash at its end"), "{out}");
    }
    let (_, out) = run(&bad.to_string(), "json");
    let folder = folder.path().to_str().unwrap();
    insta::assert_snapshot!(
        "secret-check-auth-file",
        summary(&out).replace(folder, "FOLDER")
    );
    let (_, out) = run(&bad.to_string(), "table");
    has_facts(
        &out,
        &[
            "\n!  node ",
            "\n!  shipwright ",
            "\nSecrets\n",
            "absent",
            "padded",
            "\nProblems\nmedium ",
        ],
    );
    assert!(api.seen().is_empty());
    for (text, expected) in [
        ("nonsense", 2),
        (r#"{"auths": {"docker.io": {"auth": "c2VjcmV0"}}}"#, 2),
    ] {
        assert_eq!(run(text, "json").0, expected);
    }
}

#[test]
fn invalid_usage_fails_before_any_request() {
    let api = secret_api::with(&[]);
    for (words, expected) in [
        ("check --image docker.io", "no repository in it"),
        (
            "check --image https://docker.io/u/a",
            "invalid reference format",
        ),
        ("check Hub", "not a valid DNS subdomain"),
        ("check hub --auth-file f", "cannot be used with"),
        ("check --auth-file /nonexistent", "No such file"),
        ("link", "<NAME>"),
        ("link hub --for mount", "invalid value"),
        ("link hub --account Web", "not a valid DNS subdomain"),
    ] {
        let ran = api.run(words, "");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{words}: {ran:?}");
        assert!(ran.err.contains(expected), "{words}: {}", ran.err);
    }
    assert_eq!(api.seen().len(), 0);
}

#[test]
fn every_consumer_finds_the_credential_of_setup() {
    let api = secret_api::with(&shop(&good()));
    for words in [
        "",
        "--image docker.io/ably77/app",
        "hub --image docker.io/ably77/app:v2",
    ] {
        for format in ["table", "wide", "json", "yaml"] {
            let ran = api.run(
                &format!("check {words} -n shop --no-registry -o {format}"),
                "",
            );
            assert_eq!(ran.code, 0, "{words}: {ran:?}");
        }
    }
    let ran = api.run(
        "check -n shop --image docker.io/ably77/app -o wide --no-registry",
        "",
    );
    has_facts(
        &ran.out,
        &[
            "docker.io/ably77/app in shop\n",
            "build push  buildconfig.build.openshift.io/app",
            "docker.io/ably77/app:latest  hub     docker.io  ably77\n",
            "import      imagestream.image.openshift.io/app:latest",
            "kubelet ",
            "node ",
            "anonymously\n",
            "shop       hub   docker.io                    ably77   padded\n",
            "shop       hub   https://index.docker.io/v1/  ably77   padded\n",
            "shop       hub     builder  yes   yes    yes\n",
            "shop       hub     default  yes   no     yes\n",
        ],
    );
    assert!(api.writes().is_empty());
}

#[test]
fn marks_different_and_missing_credentials() {
    let mut objects = shop(&config(&[("https://index.docker.io/v1/", "ably77:pw")]));
    objects.push(secret(
        "shop",
        "ahead",
        &config(&[("docker.io", "other:pw")]),
    ));
    objects.push(secret(
        "shop",
        "stuck",
        &config(&[("*.docker.io", "ably77:pw")]),
    ));
    objects[2] = account("shop", "default", &[], &[]);
    let mut opaque = secret("shop", "opaque", "x");
    opaque["type"] = json!("Opaque");
    objects.push(opaque);
    let api = secret_api::with(&objects);
    let words = "check -n shop --image docker.io/ably77/app --no-registry";
    let named = "check hub stuck opaque gone -n shop --no-registry";
    for (name, words, marked) in [
        (
            "secret-check-differs",
            words,
            &["*  import ", "!  kubelet "][..],
        ),
        ("secret-check-named", named, &["*  import "]),
    ] {
        let ran = api.run(words, "");
        assert_eq!(ran.code, 3, "{ran:?}");
        let lines = ran.out.lines();
        let found: Vec<&str> = lines.filter(|line| line.starts_with(['*', '!'])).collect();
        assert_eq!(found.len(), marked.len(), "{}", ran.out);
        has_facts(&ran.out, marked);
        let data = api.run(&format!("{words} -o json"), "");
        insta::assert_snapshot!(name, summary(&data.out));
    }
    // A secret with keys that no consumer matches.
    let ran = api.run("check stuck -n shop --no-registry", "");
    assert_eq!(ran.code, 3, "{ran:?}");
    // A secret that is not named is only reported.
    let ran = api.run("check -n shop --no-registry", "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("*  import"), "{}", ran.out);
}

#[test]
fn trap_28_unused_link_is_reported() {
    let with_version = |version: &'static str| {
        let mut objects = shop(&good());
        objects[1] = account("shop", "builder", &["builder-dockercfg-x"], &["hub"]);
        objects[3] = build_config("shop", "app", "docker.io/ably77/app:latest", "");
        let api = secret_api::start(&objects, move |seen, _| {
            seen.line.contains("/clusterversions/version").then(|| {
                let body = json!({"status": {"desired": {"version": version}}});
                ok(&body)
            })
        });
        let ran = api.run("check -n shop -o json --no-registry", "");
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        let uses = answer["images"][0]["uses"].as_array().unwrap();
        let push = uses
            .iter()
            .find(|one| one["consumer"] == "buildPush")
            .unwrap();
        (
            ran.code,
            push["outcome"].as_str().unwrap().to_owned(),
            answer["secrets"][0]["links"][0]["push"]
                .as_str()
                .unwrap()
                .to_owned(),
        )
    };
    let link_result = |code, outcome: &str, push: &str| (code, outcome.to_owned(), push.to_owned());
    assert_eq!(with_version("4.21.0"), link_result(3, "none", "no"));
    assert_eq!(with_version("4.14.9"), link_result(0, "found", "yes"));
    assert_eq!(with_version("4.15.9"), link_result(4, "unknown", "unknown"));
}

#[test]
fn missing_right_to_read_secrets_is_reported() {
    let api = secret_api::start(&shop(&good()), |seen, _| {
        seen.line
            .contains("/secrets?")
            .then(|| status(403, "Forbidden", "no"))
    });
    let ran = api.run("check -n shop --image docker.io/ably77/app -o json", "");
    assert_eq!(ran.code, 6, "{ran:?}");
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(
        answer["gaps"].to_string().contains("secrets in shop"),
        "{answer}"
    );
}

#[test]
fn registry_reports_rights_of_a_credential() {
    let asked = |hub: &str, rights: &[&'static str], more: &str| {
        let registry = registry(rights);
        let api = secret_api::with(&shop(hub));
        let endpoint = registry.endpoint("docker.io");
        let ran = api.run(&format!("check -n shop -o json {endpoint} {more}"), "");
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        let scopes = &answer["secrets"][0]["scopes"];
        let may = |what: &str| scopes[0][what].as_str().unwrap_or("-").to_owned();
        assert!(
            !registry
                .requests()
                .iter()
                .any(|asked| asked.contains("/manifests/"))
        );
        (
            ran.code,
            ["pull", "push", "delete", "broader"].map(may).join(" "),
            scopes[0]["message"].as_str().unwrap_or_default().to_owned(),
            registry.requests().len(),
        )
    };
    let (code, may, message, _) = asked(&good(), &["pull", "push", "delete"], "");
    assert_eq!((code, may.as_str()), (0, "yes yes yes yes"));
    assert_eq!(
        message,
        "it can delete images: nothing here needs that permission; it can also push to other repositories"
    );
    let (code, may, message, _) = asked(&good(), &["pull"], "");
    assert_eq!((code, may.as_str()), (3, "yes no no no"));
    assert!(
        message.contains("although it is used for that"),
        "{message}"
    );
    let wrong = config(&[("docker.io", "ably77:old")]);
    let (code, may, message, _) = asked(&wrong, &["pull", "push"], "");
    assert_eq!((code, may.as_str()), (3, "no no no no"));
    assert!(message.contains("401"), "{message}");
    let (code, may, _, count) = asked(&good(), &["pull"], "--no-registry");
    assert_eq!((code, may.as_str(), count), (0, "- - - -", 0));
}

#[test]
fn unreachable_registry_leaves_rights_unknown() {
    let api = secret_api::with(&shop(&good()));
    let ran = api.run(
        "check -n shop -o json --registry-endpoint docker.io=http://127.0.0.1:1",
        "",
    );
    let answer: Value = serde_json::from_str(&ran.out).unwrap();
    let scope = &answer["secrets"][0]["scopes"][0];
    assert_eq!(
        (ran.code, &scope["pull"], &scope["push"]),
        (0, &json!("unknown"), &json!("unknown"))
    );
    assert!(
        scope["message"]
            .as_str()
            .unwrap()
            .contains("cannot query the registry"),
        "{scope}"
    );
}

#[test]
fn adds_links_once_and_keeps_existing_links() {
    let mut objects = shop(&good());
    objects[1] = account(
        "shop",
        "builder",
        &["builder-dockercfg-x"],
        &["builder-dockercfg-x", "mine"],
    );
    objects[2] = account("shop", "default", &["default-dockercfg-x"], &[]);
    let api = secret_api::with(&objects);
    let dry = api.run("link hub -n shop --dry-run=client", "");
    assert_eq!(dry.code, 0, "{dry:?}");
    assert_eq!(
        dry.out,
        "serviceaccount/builder linked (dry run)\nserviceaccount/default linked (dry run)\n"
    );
    assert!(api.writes().is_empty());
    let ran = api.run("link hub -n shop", "");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(
        ran.out,
        "serviceaccount/builder linked\nserviceaccount/default linked\n"
    );
    let builder = api.get("shop", "serviceaccounts", "builder");
    let names = |list: &str| -> Vec<&str> {
        let entries = builder[list].as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["name"].as_str().unwrap())
            .collect()
    };
    assert_eq!(names("imagePullSecrets"), ["builder-dockercfg-x", "hub"]);
    assert_eq!(names("secrets"), ["builder-dockercfg-x", "mine", "hub"]);
    assert_eq!(
        api.get("shop", "serviceaccounts", "default")["secrets"],
        json!([])
    );
    let again = api.run("link hub -n shop", "");
    assert_eq!(
        again.out,
        "serviceaccount/builder unchanged\nserviceaccount/default unchanged\n"
    );
    assert_eq!(api.writes().len(), 2);
}

#[test]
fn secret_that_cannot_be_linked_is_rejected_with_a_fix() {
    let mut objects = shop(&good());
    let mut opaque = secret("shop", "opaque", "x");
    opaque["type"] = json!("Opaque");
    objects.push(opaque);
    let api = secret_api::with(&objects);
    for (words, expected) in [
        ("link gone -n shop", "oc extreg secret set gone -n shop"),
        ("link opaque -n shop", "is of type Opaque"),
        (
            "link hub -n shop --account web",
            "oc create serviceaccount web -n shop",
        ),
    ] {
        let ran = api.run(words, "");
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{words}: {ran:?}");
        assert!(ran.err.contains(expected), "{words}: {}", ran.err);
    }
    assert!(api.writes().is_empty());
}

/// A canary in every field that can contain a credential, in every place.
#[test]
fn trap_56_no_format_shows_a_password_at_any_verbosity() {
    const CANARY: &str = "canary-4be8d2f1-secret";
    let entry = json!({
        "username": "ably77", "password": CANARY,
        "auth": STANDARD.encode(format!("ably77:{CANARY}")),
        "identitytoken": CANARY, "registrytoken": CANARY,
    });
    let mut broken = entry.clone();
    broken["auth"] = json!(format!("!{CANARY}"));
    let keys = format!("https://ably77:{CANARY}@docker.io");
    let configs = [
        json!({"auths": {"docker.io": entry, keys: entry}}).to_string(),
        json!({"auths": {"docker.io": broken}}).to_string(),
        json!({"auths": {"docker.io": CANARY}}).to_string(),
        CANARY.to_owned(),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let registry = registry(&["pull"]);
    let endpoint = registry.endpoint("docker.io");
    for config in &configs {
        std::fs::write(&file, config).unwrap();
        let mut objects = shop(config);
        objects.push(secret("shop", "second", config));
        let api = secret_api::with(&objects);
        let file = file.display();
        let mut printed = String::new();
        for format in ["table", "wide", "json", "yaml"] {
            for words in [
                format!("check -n shop --image {APP} {endpoint} -o {format} -v 10"),
                format!("check hub second -n shop {endpoint} -o {format} -v 10"),
                format!("check -A {endpoint} -o {format} -v 10"),
                format!("check --auth-file {file} --image {APP} -o {format} -v 10"),
            ] {
                let ran = api.run(&words, "");
                printed.push_str(&ran.out);
                printed.push_str(&ran.err);
            }
        }
        for format in ["json", "yaml"] {
            for words in [
                format!("rotate hub -n shop --password-stdin --yes {endpoint} -o {format} -v 10"),
                format!("rotate hub -A --auth-file {file} --no-verify --yes -o {format} -v 10"),
                format!("rotate hub -n shop --password-stdin --no-verify --yes -o {format} -v 10"),
                "rotate hub -A -v 10".to_owned(),
                format!("link hub -n shop -o {format} -v 10"),
            ] {
                let ran = api.run(&words, &format!("{CANARY}\n"));
                printed.push_str(&ran.out);
                printed.push_str(&ran.err);
            }
        }
        assert!(
            printed.contains("ably77") || printed.contains("docker config"),
            "{printed}"
        );
        let encoded = STANDARD.encode(format!("ably77:{CANARY}"));
        let typed = STANDARD.encode(CANARY);
        let config = STANDARD.encode(config);
        for form in [
            CANARY,
            &encoded,
            &typed[..20],
            &config[..config.len().min(40)],
        ] {
            assert!(!printed.contains(form), "{form} in {printed}");
        }
    }
}

/// `secret check --auth-file` of a config, for an image of Docker Hub.
fn checked(config: &Value) -> (i32, Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let output = extreg()
        .args(["secret", "check", "--auth-file", file.to_str().unwrap()])
        .args(["--image", APP, "-o", "json"])
        .output()
        .unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), answer)
}

#[test]
fn credential_helper_is_reported_as_useless() {
    for (config, key) in [
        (
            json!({"auths": {HUB: {}}, "credsStore": "osxkeychain"}),
            true,
        ),
        (
            json!({"auths": {HUB: {"auth": ""}}, "credsStore": "osxkeychain"}),
            true,
        ),
        (
            json!({"auths": {}, "credHelpers": {"docker.io": "osxkeychain"}}),
            false,
        ),
        (json!({"credsStore": "osxkeychain"}), false),
    ] {
        let (code, answer) = checked(&config);
        assert_eq!(code, 3, "{config}: {answer}");
        let uses = answer["images"][0]["uses"].as_array().unwrap();
        assert!(
            uses.iter().all(|one| one["fails"] == true),
            "{config}: {answer}"
        );
        let mut problems = answer["problems"].as_array().unwrap().iter();
        let problem = problems
            .find(|problem| problem["rule"] == "credential-helper")
            .unwrap();
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains("\"osxkeychain\""), "{message}");
        assert_eq!(message.contains(HUB), key, "{message}");
        assert!(
            !key || uses
                .iter()
                .any(|one| one["message"].as_str().unwrap().contains("osxkeychain")),
            "{answer}"
        );
    }
    // A helper beside a password in the file does no harm.
    let (code, answer) = checked(&json!({
        "auths": {HUB: {"auth": STANDARD.encode("acme:pw")}, "docker.io": {"auth": STANDARD.encode("acme:pw")}},
        "credsStore": "osxkeychain",
    }));
    assert_eq!(code, 0, "{answer}");
    assert!(
        !answer.to_string().contains("credential-helper"),
        "{answer}"
    );
}

#[test]
fn whitespace_around_a_password_is_reported() {
    for (pair, is_odd) in [
        ("acme:s3cr3t\n", true),
        ("acme:s3cr3t\r\n", true),
        ("acme: s3cr3t", true),
        ("acme\t:s3cr3t", true),
        ("acme:s3cr3t\u{7}x", true),
        ("acme:s3 cr3t", false),
        ("acme:s3cr3t", false),
    ] {
        let entry = json!({"auth": STANDARD.encode(pair)});
        let (_, answer) = checked(&json!({"auths": {HUB: entry, "docker.io": entry}}));
        let text = answer.to_string();
        assert_eq!(
            text.contains("password-whitespace"),
            is_odd,
            "{pair:?}: {text}"
        );
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}
