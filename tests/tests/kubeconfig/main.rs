//! Kubeconfigs: the plugin uses the same server and credential as the real kubectl, or both fail.

mod recorder;
mod rows;

use std::path::Path;
use std::process::{Command, Output};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_tests::{ControlPlane, workspace_binary};

use crate::recorder::Recorder;
use crate::rows::{BOTH, ROWS, Row};

/// The effect of a kubeconfig in a program.
#[derive(Debug, PartialEq, Eq)]
enum Did {
    /// It sent requests to these servers, with this identity.
    Asked {
        a: Vec<String>,
        b: Vec<String>,
        plain: Vec<String>,
    },
    /// It sent no request, and its exit code was not 0.
    Refused,
}

struct Place<'a> {
    folder: &'a Path,
    a: &'a Recorder,
    b: &'a Recorder,
    plain: &'a Recorder,
}

impl Place<'_> {
    fn did(&self, command: &mut Command, list: &str) -> (Did, Output) {
        let list: Vec<String> = list
            .split(':')
            .map(|name| match name {
                "" => String::new(),
                name => self.folder.join(name).display().to_string(),
            })
            .collect();
        let output = command
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("KUBECONFIG", list.join(":"))
            .current_dir("/")
            .output()
            .unwrap();
        let [a, b, plain] = [self.a, self.b, self.plain].map(Recorder::take);
        assert!(!output.status.success(), "the servers refuse every request");
        let did = if [&a, &b, &plain].iter().all(|asked| asked.is_empty()) {
            Did::Refused
        } else {
            Did::Asked { a, b, plain }
        };
        (did, output)
    }
}

/// The servers, and the rows in which the two programs differ.
struct Comparison<'a> {
    plane: &'a ControlPlane,
    a: Recorder,
    b: Recorder,
    plain: Recorder,
    wrong: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn new(plane: &'a ControlPlane) -> Self {
        let tls = recorder::tls(&plane.pki().serving(&["127.0.0.1"]).unwrap());
        Self {
            plane,
            a: Recorder::start(Some(tls.clone())),
            b: Recorder::start(Some(tls)),
            plain: Recorder::start(None),
            wrong: Vec::new(),
        }
    }

    fn fill(&self, text: &str, folder: &Path) -> String {
        text.replace("@A@", &self.a.address)
            .replace("@B@", &self.b.address)
            .replace("@P@", &self.plain.address)
            .replace("@DIR@", &folder.display().to_string())
    }

    fn compare(&mut self, row: &Row, args: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in row.files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, self.fill(text, folder.path())).unwrap();
        }
        let args: Vec<String> = args
            .iter()
            .map(|arg| self.fill(arg, folder.path()))
            .collect();
        let place = Place {
            folder: folder.path(),
            a: &self.a,
            b: &self.b,
            plain: &self.plain,
        };
        let mut kubectl = Command::new(self.plane.binaries().kubectl());
        kubectl.args(["get", "--raw", "/apis", "--request-timeout=5s"]);
        let (expected, theirs) = place.did(kubectl.args(&args), row.list);
        let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
        plugin.args(["import", "app:v1", "--request-timeout=5s"]);
        let (did, ours) = place.did(plugin.args(&args), row.list);
        let printed = String::from_utf8_lossy(&ours.stderr).into_owned();
        for secret in ["in-file", "secret", "inline"] {
            assert!(!printed.contains(secret), "{}: {printed}", row.name);
        }
        if did != expected {
            let theirs = String::from_utf8_lossy(&theirs.stderr).into_owned();
            self.wrong.push(format!(
                "{}: kubectl {expected:?}: {theirs}\n  plugin {did:?}: {printed}",
                row.name
            ));
        }
    }

    fn end(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }
}

#[tokio::test]
async fn plugin_uses_the_same_server_as_kubectl() {
    let mut comparison = Comparison::new(ControlPlane::shared().await.unwrap());
    assert!(ROWS.len() >= 25);
    for row in ROWS {
        comparison.compare(row, &[]);
    }
    comparison.end();
}

#[tokio::test]
async fn flags_have_the_same_effect_as_in_kubectl() {
    const TLS: [&str; 2] = ["--server=https://@A@", "--insecure-skip-tls-verify"];
    const IDENTITY: [&str; 4] = [
        "--as=jane",
        "--as-uid=0815",
        "--as-group=dev",
        "--as-group=ops",
    ];
    let mut comparison = Comparison::new(ControlPlane::shared().await.unwrap());
    for (name, args) in [
        ("a token", [&TLS[..], &["--token=one"]].concat()),
        (
            "an identity",
            [&TLS[..], &["--token=one"], &IDENTITY].concat(),
        ),
        (
            "a token over plain HTTP",
            vec!["--server=http://@P@", "--token=one"],
        ),
        (
            "an identity over plain HTTP",
            [&["--server=http://@P@", "--token=one"][..], &IDENTITY].concat(),
        ),
        ("another context", vec!["--context=w"]),
        ("another cluster", vec!["--cluster=d"]),
        ("another user", vec!["--user=v"]),
        ("a token in place of the user's", vec!["--token=three"]),
        ("no such context", vec!["--context=none"]),
    ] {
        let row = Row { name, ..BOTH };
        comparison.compare(&row, &args);
    }
    comparison.end();
}

#[tokio::test]
async fn a_missing_credential_plugin_is_named_with_its_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let text = "{clusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}], contexts: [{name: x, context: \
         {cluster: c, user: u}}], users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, \
         command: no-such-plugin, interactiveMode: Never, installHint: 'Get it from example.com.'}}}], \
         current-context: x}";
    std::fs::write(&path, text).unwrap();
    for args in [&["import", "app:v1"][..], &["doctor"]] {
        let output = Command::new(workspace_binary("oc-extreg").unwrap())
            .args(args)
            .env_clear()
            .env("KUBECONFIG", &path)
            .current_dir("/")
            .output()
            .unwrap();
        let printed = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(printed.contains("no-such-plugin"), "{args:?}: {printed}");
        assert!(
            printed.contains("Get it from example.com."),
            "{args:?}: {printed}"
        );
    }
}

/// TLS with the real API server: trusted certificates and server names.
#[tokio::test]
async fn trusts_the_same_certificates_as_kubectl() {
    let plane = ControlPlane::shared().await.unwrap();
    let server = plane.server();
    let ca = plane.pki().ca();
    let data = STANDARD.encode(ca);
    let (first, second) = data.split_at(40);
    let other_name = server.replace("127.0.0.1", "localhost");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.crt"), ca).unwrap();
    let mut wrong = Vec::new();
    for (name, cluster) in [
        ("none", format!("server: '{server}'")),
        (
            "data",
            format!("server: '{server}', certificate-authority-data: {data}"),
        ),
        (
            "file",
            format!("server: '{server}', certificate-authority: ca.crt"),
        ),
        (
            "insecure",
            format!("server: '{server}', insecure-skip-tls-verify: true"),
        ),
        (
            "insecure with an authority",
            format!(
                "server: '{server}', insecure-skip-tls-verify: true, certificate-authority: ca.crt"
            ),
        ),
        (
            "data in two lines",
            format!("server: '{server}', certificate-authority-data: \"{first}\\n{second}\\n\""),
        ),
        (
            "no scheme",
            format!(
                "server: '{}', certificate-authority: ca.crt",
                server.trim_start_matches("https://")
            ),
        ),
        (
            "another name",
            format!(
                "server: '{server}', certificate-authority: ca.crt, tls-server-name: other.example.com"
            ),
        ),
        (
            "its name",
            format!(
                "server: '{other_name}', certificate-authority: ca.crt, tls-server-name: 127.0.0.1"
            ),
        ),
    ] {
        let path = folder.path().join("config");
        let text = format!(
            "clusters: [{{name: c, cluster: {{{cluster}}}}}]\ncontexts: [{{name: x, context: {{cluster: \
             c, user: u}}}}]\nusers: [{{name: u, user: {{token: unknown}}}}]\ncurrent-context: x\n"
        );
        std::fs::write(&path, text).unwrap();
        // The token is invalid, and the API server answers 401. Without a user kubectl would prompt for one.
        let answered = |mut command: Command| {
            let output = command
                .env_clear()
                .env("KUBECONFIG", &path)
                .current_dir("/")
                .output()
                .unwrap();
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            let is_answer = ["Forbidden", "forbidden", "logged in", "Unauthorized"];
            (is_answer.iter().any(|word| printed.contains(word)), printed)
        };
        let mut kubectl = Command::new(plane.binaries().kubectl());
        kubectl.args(["get", "--raw", "/api/v1/namespaces"]);
        let (expected, theirs) = answered(kubectl);
        let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
        plugin.args(["import", "app:v1"]);
        let (did, ours) = answered(plugin);
        if did != expected {
            wrong.push(format!(
                "{name}: kubectl {expected}: {theirs}\n  plugin {did}: {ours}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
