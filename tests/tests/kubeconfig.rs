//! Kubeconfigs: the plugin goes where the real kubectl goes, with the same credential, or both refuse.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_tests::{ControlPlane, workspace_binary};

/// An HTTP server that says no to everything and writes down what it was asked for.
struct Recorder {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { address, seen }
    }

    /// Who was logged in for the requests since the last time; one entry for all that are alike.
    fn take(&self) -> Vec<String> {
        let mut taken = std::mem::take(&mut *lock(&self.seen));
        taken.dedup();
        taken
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request a connection with 403, and keeps its credential.
fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut kept = String::new();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    if first.starts_with("CONNECT ") {
        lock(seen).push("proxied".to_owned());
    }
    for line in lines.map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap();
        let is_identity = ["authorization", "impersonate-user", "impersonate-group"];
        if is_identity.contains(&name.to_ascii_lowercase().as_str()) {
            kept.push_str(&format!("{}={} ", name.to_ascii_lowercase(), value.trim()));
        }
    }
    if first.contains("http://") {
        lock(seen).push("proxied".to_owned());
    } else if !first.starts_with("CONNECT ") {
        lock(seen).push(kept);
    }
    let body = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}"#;
    let _ = write!(
        stream,
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
}

/// What a program did with a kubeconfig.
#[derive(Debug, PartialEq, Eq)]
enum Did {
    /// It asked server a or b, logged in like this.
    Asked { a: Vec<String>, b: Vec<String> },
    /// It asked nothing, and its exit code was not 0.
    Refused,
}

/// One row: files by name, and what `KUBECONFIG` lists of them. `@A@` and `@B@` are the addresses of two
/// servers, `@DIR@` is the folder of the files.
struct Row {
    name: &'static str,
    list: &'static str,
    files: &'static [(&'static str, &'static str)],
}

const ONE: &str = "{clusters: [{name: c, cluster: {server: 'http://@A@'}}], contexts: [{name: x, context: \
                   {cluster: c, user: u}}], users: [{name: u, user: {token: one}}], current-context: x}";
const TWO: &str = "{clusters: [{name: d, cluster: {server: 'http://@B@'}}], contexts: [{name: y, context: \
                   {cluster: d, user: v}}], users: [{name: v, user: {token: two}}], current-context: y}";

macro_rules! user {
    ($user:literal) => {
        concat!(
            "{clusters: [{name: c, cluster: {server: 'http://@A@'}}], contexts: [{name: x, context: \
             {cluster: c, user: u}}], users: [{name: u, user: ",
            $user,
            "}], current-context: x}"
        )
    };
}

macro_rules! cluster {
    ($cluster:literal) => {
        concat!(
            "{clusters: [{name: c, cluster: ",
            $cluster,
            "}], contexts: [{name: x, context: {cluster: c, user: u}}], users: [{name: u, user: {token: \
             one}}], current-context: x}"
        )
    };
}

const ROWS: &[Row] = &[
    Row {
        name: "one file",
        list: "one",
        files: &[("one", ONE)],
    },
    Row {
        name: "first wins",
        list: "one:two",
        files: &[("one", ONE), ("two", TWO)],
    },
    Row {
        name: "the other order",
        list: "two:one",
        files: &[("one", ONE), ("two", TWO)],
    },
    Row {
        name: "missing first",
        list: "missing:one",
        files: &[("one", ONE)],
    },
    Row {
        name: "missing last",
        list: "one:missing",
        files: &[("one", ONE)],
    },
    Row {
        name: "all missing",
        list: "missing:none",
        files: &[],
    },
    Row {
        name: "empty entries",
        list: ":one::two:",
        files: &[("one", ONE), ("two", TWO)],
    },
    Row {
        name: "only empty entries",
        list: ":",
        files: &[],
    },
    Row {
        name: "the same twice",
        list: "one:one",
        files: &[("one", ONE)],
    },
    Row {
        name: "empty file",
        list: "empty:one",
        files: &[("empty", ""), ("one", ONE)],
    },
    Row {
        name: "comments only",
        list: "empty:one",
        files: &[("empty", "# nothing\n"), ("one", ONE)],
    },
    Row {
        name: "empty context",
        list: "first:two",
        files: &[("first", "{current-context: ''}"), ("two", TWO)],
    },
    Row {
        name: "context in a later file",
        list: "first:two",
        files: &[("first", "{current-context: y}"), ("two", TWO)],
    },
    Row {
        name: "context that does not exist",
        list: "first:two",
        files: &[("first", "{current-context: z}"), ("two", TWO)],
    },
    Row {
        name: "no context",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'http://@A@'}}]}",
        )],
    },
    Row {
        name: "same cluster in two files",
        list: "one:second",
        files: &[
            ("one", ONE),
            (
                "second",
                "{clusters: [{name: c, cluster: {server: 'http://@B@'}}]}",
            ),
        ],
    },
    Row {
        name: "same user in two files",
        list: "one:second",
        files: &[
            ("one", ONE),
            ("second", "{users: [{name: u, user: {token: other}}]}"),
        ],
    },
    Row {
        name: "duplicate names in a file",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'http://@A@'}}, {name: c, cluster: {server: 'http://@B@'}}], \
         contexts: [{name: x, context: {cluster: c}}], current-context: x}",
        )],
    },
    Row {
        name: "users null",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'http://@A@'}}], contexts: [{name: x, context: {cluster: c, \
         user: ''}}], users: null, current-context: x}",
        )],
    },
    Row {
        name: "user that does not exist",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'http://@A@'}}], contexts: [{name: x, context: {cluster: c, \
         user: nobody}}], current-context: x}",
        )],
    },
    Row {
        name: "unknown fields",
        list: "first",
        files: &[(
            "first",
            "{apiVersion: v1, kind: Config, preferences: {}, more: 1, clusters: [{name: c, cluster: {server: \
         'http://@A@', more: x, extensions: [{name: e, extension: {a: 1}}]}}], contexts: [{name: x, context: \
         {cluster: c, user: u, more: 1}}], users: [{name: u, user: {token: one, more: 1}}], current-context: x}",
        )],
    },
    Row {
        name: "another kind",
        list: "first",
        files: &[("first", "{kind: Secret, apiVersion: v1}")],
    },
    Row {
        name: "another version",
        list: "first",
        files: &[("first", "{kind: Config, apiVersion: v7}")],
    },
    Row {
        name: "not YAML",
        list: "first",
        files: &[("first", "clusters: [")],
    },
    Row {
        name: "broken beside a good one",
        list: "one:first",
        files: &[("one", ONE), ("first", "clusters: [")],
    },
    Row {
        name: "JSON",
        list: "first",
        files: &[(
            "first",
            r#"{"clusters":[{"name":"c","cluster":{"server":"http://@A@"}}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{"token":"one"}}],"current-context":"x"}"#,
        )],
    },
    Row {
        name: "byte order mark",
        list: "first",
        files: &[(
            "first",
            concat!(
                "\u{feff}",
                "clusters: [{name: c, cluster: {server: 'http://@A@'}}]\ncontexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n"
            ),
        )],
    },
    Row {
        name: "token file",
        list: "first",
        files: &[
            ("first", user!("{tokenFile: '@DIR@/token'}")),
            ("token", "in-file"),
        ],
    },
    Row {
        name: "token file with a line end",
        list: "first",
        files: &[
            ("first", user!("{tokenFile: '@DIR@/token'}")),
            ("token", "in-file\n"),
        ],
    },
    Row {
        name: "token file in white space",
        list: "first",
        files: &[
            ("first", user!("{tokenFile: token}")),
            ("token", " \n in-file \r\n"),
        ],
    },
    Row {
        name: "token file of the file's folder",
        list: "sub/first",
        files: &[
            ("sub/first", user!("{tokenFile: token}")),
            ("sub/token", "in-sub\n"),
        ],
    },
    Row {
        name: "token file above",
        list: "sub/first",
        files: &[
            ("sub/first", user!("{tokenFile: ../token}")),
            ("token", "above\n"),
        ],
    },
    Row {
        name: "token file that does not exist",
        list: "first",
        files: &[("first", user!("{tokenFile: missing}"))],
    },
    Row {
        name: "token and token file",
        list: "first",
        files: &[
            ("first", user!("{token: inline, tokenFile: token}")),
            ("token", "in-file\n"),
        ],
    },
    Row {
        name: "token and a missing token file",
        list: "first",
        files: &[("first", user!("{token: inline, tokenFile: missing}"))],
    },
    Row {
        name: "basic",
        list: "first",
        files: &[("first", user!("{username: me, password: secret}"))],
    },
    Row {
        name: "basic without a password",
        list: "first",
        files: &[("first", user!("{username: me}"))],
    },
    Row {
        name: "password without a name",
        list: "first",
        files: &[("first", user!("{password: secret}"))],
    },
    Row {
        name: "token and basic",
        list: "first",
        files: &[(
            "first",
            user!("{token: one, username: me, password: secret}"),
        )],
    },
    Row {
        name: "impersonation",
        list: "first",
        files: &[("first", user!("{token: one, as: other, as-groups: [g]}"))],
    },
    Row {
        name: "certificate without a key",
        list: "first",
        files: &[("first", user!("{client-certificate-data: QQ==}"))],
    },
    Row {
        name: "key without a certificate",
        list: "first",
        files: &[("first", user!("{token: one, client-key-data: QQ==}"))],
    },
    Row {
        name: "missing certificate",
        list: "first",
        files: &[(
            "first",
            user!("{client-certificate: missing, client-key: missing}"),
        )],
    },
    Row {
        name: "exec that does not exist",
        list: "first",
        files: &[(
            "first",
            user!(
                "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, interactiveMode: Never, \
         installHint: install it}}"
            ),
        )],
    },
    Row {
        name: "exec without a command",
        list: "first",
        files: &[(
            "first",
            user!("{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}"),
        )],
    },
    Row {
        name: "empty strings",
        list: "first",
        files: &[(
            "first",
            "{clusters: [{name: c, cluster: {server: 'http://@A@', certificate-authority: '', \
         certificate-authority-data: '', proxy-url: '', tls-server-name: ''}}], contexts: [{name: x, context: \
         {cluster: c, user: u, namespace: ''}}], users: [{name: u, user: {token: one, tokenFile: '', username: \
         '', client-certificate: ''}}], current-context: x}",
        )],
    },
    Row {
        name: "no server",
        list: "first",
        files: &[("first", cluster!("{server: ''}"))],
    },
    Row {
        name: "server without a scheme",
        list: "first",
        files: &[("first", cluster!("{server: '@A@'}"))],
    },
    Row {
        name: "server with a slash",
        list: "first",
        files: &[("first", cluster!("{server: 'http://@A@/'}"))],
    },
    Row {
        name: "server with a path",
        list: "first",
        files: &[("first", cluster!("{server: 'http://@A@/k8s/c1'}"))],
    },
    Row {
        name: "missing authority",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: 'http://@A@', certificate-authority: missing}"),
        )],
    },
    Row {
        name: "authority as data and file",
        list: "first",
        files: &[(
            "first",
            cluster!(
                "{server: 'http://@A@', certificate-authority: first, certificate-authority-data: QQ==}"
            ),
        )],
    },
    Row {
        name: "proxy",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: 'http://127.0.0.1:9', proxy-url: 'http://@B@'}"),
        )],
    },
    Row {
        name: "proxy that is no address",
        list: "first",
        files: &[(
            "first",
            cluster!("{server: 'http://@A@', proxy-url: 'http://[no'}"),
        )],
    },
];

struct Place<'a> {
    folder: &'a Path,
    a: &'a Recorder,
    b: &'a Recorder,
}

impl Place<'_> {
    fn did(&self, mut command: Command, list: &str) -> (Did, Output) {
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
        let (a, b) = (self.a.take(), self.b.take());
        assert!(!output.status.success(), "the servers say no to everything");
        let did = if a.is_empty() && b.is_empty() {
            Did::Refused
        } else {
            Did::Asked { a, b }
        };
        (did, output)
    }
}

#[tokio::test]
async fn the_plugin_goes_where_kubectl_goes() {
    let plane = ControlPlane::shared().await.unwrap();
    let (a, b) = (Recorder::start(), Recorder::start());
    let mut wrong = Vec::new();
    assert!(ROWS.len() >= 25);
    for row in ROWS {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in row.files {
            let text = text
                .replace("@A@", &a.address)
                .replace("@B@", &b.address)
                .replace("@DIR@", &folder.path().display().to_string());
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let place = Place {
            folder: folder.path(),
            a: &a,
            b: &b,
        };
        let mut kubectl = Command::new(plane.binaries().kubectl());
        kubectl.args(["get", "--raw", "/apis", "--request-timeout=5s"]);
        let (expected, theirs) = place.did(kubectl, row.list);
        let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
        plugin.args(["import", "app:v1", "--request-timeout=5s"]);
        let (did, ours) = place.did(plugin, row.list);
        let said = String::from_utf8_lossy(&ours.stderr).into_owned();
        for secret in ["in-file", "secret", "inline"] {
            assert!(!said.contains(secret), "{}: {said}", row.name);
        }
        if did != expected {
            let theirs = String::from_utf8_lossy(&theirs.stderr).into_owned();
            wrong.push(format!(
                "{}: kubectl {expected:?}: {theirs}\n  plugin {did:?}: {said}",
                row.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_missing_credential_plugin_is_named_with_its_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let text = user!(
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-plugin, interactiveMode: Never, \
         installHint: 'Get it from example.com.'}}"
    );
    std::fs::write(&path, text.replace("@A@", "127.0.0.1:9")).unwrap();
    for args in [&["import", "app:v1"][..], &["doctor"]] {
        let output = Command::new(workspace_binary("oc-extreg").unwrap())
            .args(args)
            .env_clear()
            .env("KUBECONFIG", &path)
            .current_dir("/")
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(said.contains("no-such-plugin"), "{args:?}: {said}");
        assert!(
            said.contains("Get it from example.com."),
            "{args:?}: {said}"
        );
    }
}

/// TLS against the real API server: what is trusted, and under which name.
#[tokio::test]
async fn trust_is_kubectls() {
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
        // The token is not valid: a 401 of the API server is an answer. Without a user kubectl would prompt for one.
        let answered = |mut command: Command| {
            let output = command
                .env_clear()
                .env("KUBECONFIG", &path)
                .current_dir("/")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let is_answer = ["Forbidden", "forbidden", "logged in", "Unauthorized"];
            (is_answer.iter().any(|word| said.contains(word)), said)
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
