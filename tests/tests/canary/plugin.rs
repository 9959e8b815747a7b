//! The plugin at its most verbose: every command that handles a credential, successful and failing.

use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::{WebhookServer, workspace_binary};
use serde_json::{Value, json};

use crate::cluster::{
    BROKEN, CHANGED, Cluster, NAMESPACE, PASSWORD, TOKEN, TYPED, WEAK_TOKEN, WRITTEN, WRONG_TOKEN,
    build_config, run,
};

const SETUP: [&str; 7] = [
    "setup",
    "app",
    "--image=docker.io/acme/app",
    "--source=https://git.example.com/app.git",
    "--username=acme",
    "--password-stdin",
    "--no-verify",
];

struct Plugin<'a> {
    cluster: &'a Cluster,
    token: &'a str,
}

impl Plugin<'_> {
    fn output(&self, args: &[&str], stdin: &str) -> Output {
        let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
        plugin
            .args(args)
            .args(["-v", "10", "--kubeconfig"])
            .arg(self.cluster.kubeconfig(self.token))
            .env_clear()
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .current_dir("/");
        run(&mut plugin, stdin)
    }

    /// Runs it with any exit code, and searches its output.
    fn runs(&self, args: &[&str], stdin: &str) {
        let output = self.output(args, stdin);
        assert!(output.status.code().is_some(), "{args:?} was killed");
        self.cluster
            .assert_none(&format!("oc-extreg {args:?}"), &output);
    }

    /// The same for a run that must succeed.
    fn succeeds(&self, args: &[&str], stdin: &str) {
        let output = self.output(args, stdin);
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {printed}");
        self.cluster
            .assert_none(&format!("oc-extreg {args:?}"), &output);
    }
}

/// `webhook install` and the commands after it.
pub(crate) fn install(cluster: &Cluster, server: &WebhookServer) {
    let plugin = Plugin {
        cluster,
        token: TOKEN,
    };
    let url = server.url();
    let ca = server.ca_file().display().to_string();
    let install = [
        "webhook",
        "install",
        "--mode=enforce",
        "--url",
        &url,
        "--ca-file",
        &ca,
    ];
    plugin.succeeds(&install, "");
    for args in [&["webhook", "status"][..], &["webhook", "check"]] {
        plugin.succeeds(args, "");
        plugin.succeeds(&[args, &["-o", "json"]].concat(), "");
    }
}

pub(crate) fn uninstall(cluster: &Cluster) {
    let plugin = Plugin {
        cluster,
        token: TOKEN,
    };
    plugin.succeeds(&["webhook", "uninstall", "--all", "--yes"], "");
    plugin.runs(&["webhook", "status"], "");
}

/// `setup` with credentials from every source, and `teardown`.
pub(crate) fn setup(cluster: &Cluster) {
    let plugin = Plugin {
        cluster,
        token: TOKEN,
    };
    let with = |more: &[&'static str]| [&SETUP[..], &["-n", NAMESPACE], more].concat();
    plugin.succeeds(&with(&["--export"]), TYPED);
    plugin.succeeds(&with(&["--export", "-o", "json"]), TYPED);
    plugin.succeeds(&with(&["--dry-run=server"]), TYPED);
    plugin.succeeds(&with(&[]), TYPED);
    let secret = cluster.get(&["secret", "dockerhub"]).to_string();
    let other = cluster.canaries.find(&secret);
    assert!(
        other.is_some(),
        "setup created no secret from the typed credential"
    );
    // A change of the credential is a visible change.
    for more in [
        &["--dry-run=client"][..],
        &["--dry-run=server"],
        &["-o", "yaml"],
        &["-o", "json"],
    ] {
        plugin.succeeds(&with(more), CHANGED);
    }
    // Typed in place of another value.
    plugin.runs(
        &with(&["--dry-run=client"]),
        &format!("{TYPED}\0{TYPED}\n\n{TYPED}"),
    );
    plugin.runs(
        &[
            "setup",
            "app",
            "--image=docker.io/acme/app",
            "--password-stdin",
        ],
        TYPED,
    );
    let auth = STANDARD.encode(format!("acme:{PASSWORD}"));
    for (text, good) in [
        (
            json!({"auths": {"docker.io": {"auth": auth}}}).to_string(),
            true,
        ),
        (
            json!({"auths": {"docker.io": {"auth": BROKEN}}}).to_string(),
            false,
        ),
        (
            json!({"auths": {"docker.io": {"identitytoken": BROKEN}}}).to_string(),
            false,
        ),
        (
            json!({"auths": {"docker.io": {"auth": [BROKEN]}}}).to_string(),
            false,
        ),
        (json!({"auths": {"docker.io": BROKEN}}).to_string(), false),
        (json!({"auths": BROKEN}).to_string(), false),
        (
            json!({"credHelpers": {"docker.io": [BROKEN]}}).to_string(),
            false,
        ),
        (format!("{{\"auths\": {BROKEN}"), false),
        (BROKEN.to_owned(), false),
    ] {
        let file = cluster.file("auth.json", &text).display().to_string();
        let options = ["--no-verify", "-n", NAMESPACE, "--auth-file", &file];
        let args = [&SETUP[..4], &options].concat();
        if good {
            plugin.succeeds(&args, "");
        } else {
            plugin.runs(&args, "");
        }
    }
    for secret in [
        "hub-good",
        "hub-old",
        "hub-broken",
        "hub-elsewhere",
        "hub-opaque",
        "none",
    ] {
        let args = [&SETUP[..4], &["-n", NAMESPACE, "--secret", secret]].concat();
        plugin.runs(&args, "");
    }
    secrets(&plugin);
    for token in [WEAK_TOKEN, WRONG_TOKEN] {
        let other = Plugin { cluster, token };
        secrets(&other);
        other.runs(&with(&[]), TYPED);
        other.runs(&["webhook", "status"], "");
        other.runs(&["teardown", "app", "-n", NAMESPACE], "");
    }
    plugin.runs(
        &["teardown", "app", "-n", NAMESPACE, "--token", WRONG_TOKEN],
        "",
    );
    plugin.succeeds(&["teardown", "app", "-n", NAMESPACE], "");
    plugin.succeeds(&["teardown", "app", "-n", NAMESPACE, "--yes"], "");
}

/// `secret`, with credentials of every type, the typed one too.
fn secrets(plugin: &Plugin<'_>) {
    let image = "--image=docker.io/acme/app";
    for format in ["table", "wide", "json", "yaml"] {
        for args in [
            &[
                "secret",
                "check",
                "-n",
                NAMESPACE,
                "--no-registry",
                "-o",
                format,
            ][..],
            &[
                "secret",
                "check",
                "-A",
                image,
                "--no-registry",
                "-o",
                format,
            ],
            &[
                "secret",
                "check",
                "hub-broken",
                "hub-opaque",
                "none",
                "-n",
                NAMESPACE,
                "-o",
                format,
            ],
            &[
                "secret",
                "check",
                "hub-good",
                image,
                "--registry-endpoint=docker.io=http://127.0.0.1:1",
                "-o",
                format,
            ],
        ] {
            plugin.runs(args, "");
        }
    }
    let file = plugin
        .cluster
        .file("auth.json", BROKEN)
        .display()
        .to_string();
    plugin.runs(&["secret", "check", "--auth-file", &file, image], "");
    for name in ["hub-good", "hub-old", "hub-broken", "hub-opaque"] {
        plugin.runs(&["secret", "link", name, "-n", NAMESPACE, "-o", "yaml"], "");
        for more in [
            &["--yes", "--no-verify", "-o", "json"][..],
            &["--dry-run=server"],
            &[],
        ] {
            let rotate = [
                "secret",
                "rotate",
                name,
                "-n",
                NAMESPACE,
                "--password-stdin",
            ];
            plugin.runs(&[&rotate, more].concat(), CHANGED);
        }
    }
    for name in ["hub-good", "hub-broken", "hub-opaque", "hub-new"] {
        let set = ["secret", "set", name, "-n", NAMESPACE, "--username", "acme"];
        for more in [
            &["--no-verify", "-o", "yaml"][..],
            &[
                "--registry",
                "quay.io",
                "--registry-endpoint=quay.io=http://127.0.0.1:1",
            ],
        ] {
            plugin.runs(&[&set[..], &["--password-stdin"], more].concat(), CHANGED);
        }
    }
    let also = format!("{NAMESPACE}/hub-old,{NAMESPACE}/hub-broken");
    let rotate = [
        "secret", "rotate", "hub-good", "-n", NAMESPACE, "--also", &also,
    ];
    plugin.runs(
        &[&rotate, &["--password-stdin", "--no-verify", "--yes"][..]].concat(),
        CHANGED,
    );
    plugin.runs(
        &[
            "secret",
            "rotate",
            "hub-good",
            "-A",
            "--auth-file",
            &file,
            "--yes",
        ],
        "",
    );
}

/// Commands that read files: `resolve`, `check`, the policy, the kubeconfig, the settings.
pub(crate) fn files(cluster: &Cluster) {
    let plugin = Plugin {
        cluster,
        token: TOKEN,
    };
    let auth = STANDARD.encode(format!("acme:{PASSWORD}"));
    let config =
        json!({"auths": {"docker.io": {"username": "acme", "password": PASSWORD, "auth": auth}}});
    let line =
        |config: &str| json!({"ref": "docker.io/acme/app", "dockerconfigjson": config}).to_string();
    for (line, answered) in [
        (line(&config.to_string()), true),
        (
            line(&json!({"auths": {"docker.io": {"auth": BROKEN}}}).to_string()),
            false,
        ),
        (
            line(&json!({"auths": {"docker.io": {"password": [BROKEN]}}}).to_string()),
            false,
        ),
        (line(&json!({"auths": BROKEN}).to_string()), false),
        (line(BROKEN), false),
        (
            json!({"ref": "a/b", "dockerconfigjson": [BROKEN]}).to_string(),
            false,
        ),
        (
            json!({"ref": [BROKEN], "dockerconfigjson": BROKEN}).to_string(),
            false,
        ),
        (BROKEN.to_owned(), false),
    ] {
        let mut output = plugin.output(&["resolve", "-f", "-"], &line);
        if let Ok(mut answer) = serde_json::from_slice::<Value>(&output.stdout) {
            // The question is repeated, so that answers can be distinguished.
            if let Some(repeated) = answer.as_object_mut().unwrap().remove("dockerconfigjson") {
                let asked: Value = serde_json::from_str(&line).unwrap();
                assert_eq!(repeated, asked["dockerconfigjson"]);
            }
            assert_eq!(answer["matched"] == true, answered, "{answer}");
            output.stdout = answer.to_string().into_bytes();
        }
        cluster.assert_none("oc-extreg resolve -f -", &output);
    }

    // Objects with a canary in fields that no rule reads. The diff shows the user's own object completely.
    let object = build_config("app", "docker.io/acme/missing:v1");
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": BROKEN}});
    let texts = [
        object.to_string(),
        json!({"apiVersion": "v1", "kind": "List", "items": [object, secret]}).to_string(),
        secret.to_string(),
        object
            .to_string()
            .replace("\"Docker\"", &format!("[\"{WRITTEN}\"")),
        object.to_string().replace(
            "\"output\":{",
            &format!("\"output\":{{\"to\":[\"{WRITTEN}\"],"),
        ),
        format!("a: [{WRITTEN}\nb: {WRITTEN}: {WRITTEN}\n"),
        format!("a: *{WRITTEN}\n"),
        format!("a: 1\na: {WRITTEN}\n"),
        format!("? [{WRITTEN}]\n: 1\n"),
        format!("!!int {WRITTEN}\n"),
        WRITTEN.to_owned(),
    ];
    for text in &texts {
        for format in ["json", "name"] {
            plugin.runs(&["check", "--explain", "-f", "-", "-o", format], text);
        }
        let file = cluster.file("file.yaml", text).display().to_string();
        plugin.runs(
            &[
                "check",
                "-f",
                &file,
                "-o",
                "name",
                "--offline",
                "--policy",
                &file,
            ],
            "",
        );
        plugin.runs(&["check", "-f", &file, "-o", "name", "--config", &file], "");
        plugin.runs(&["resolve", "a/b", "--config", &file], "");
        plugin.runs(
            &[
                "webhook",
                "install",
                "--url=https://127.0.0.1:1",
                "--ca-file",
                &file,
            ],
            "",
        );
        let mut command = Command::new(workspace_binary("oc-extreg").unwrap());
        command
            .args(["-v", "10", "webhook", "status", "--kubeconfig", &file])
            .env_clear()
            .current_dir("/");
        let output = run(&mut command, "");
        cluster.assert_none(&format!("oc-extreg --kubeconfig of {text}"), &output);
    }
}
