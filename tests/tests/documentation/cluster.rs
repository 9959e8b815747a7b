//! A cluster for the commands: OpenShift's resources, a webhook that runs, and a registry in place of docker.io.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use extreg_fakes::registry::{Auth, IMAGE, Registry, Rules};
use extreg_tests::{ControlPlane, Options, WebhookServer, with_input, workspace_binary};
use serde_json::json;

const DIGEST: &str = "sha256:124308128f7a0cd92b38e42ba33d5a7a0a5a8c3f0f2f7a2f1d0f4bb4ce1c2d3e";
const TOKEN: &str = "geheim";
/// The files that examples name, below the folder in which they run.
const FILES: [(&str, &str); 6] = [
    ("deploy/app.yaml", include_str!("data/deploy/app.yaml")),
    ("manifests/app.yaml", include_str!("data/deploy/app.yaml")),
    ("objects.yaml", include_str!("data/objects.yaml")),
    ("built.yaml", include_str!("data/built.yaml")),
    ("imported.yaml", include_str!("data/imported.yaml")),
    ("snow.yaml", include_str!("data/snow.yaml")),
];

pub(crate) struct Cluster {
    plane: ControlPlane,
    webhook: WebhookServer,
    registry: Registry,
    folder: tempfile::TempDir,
    path: String,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let plane = ControlPlane::start(Options::default()).await.unwrap();
        let webhook = WebhookServer::start(plane.kubeconfig(), &["--mode-cap=audit"]).unwrap();
        let registry = Registry::start(Rules {
            auth: Auth::Bearer,
            users: BTreeMap::from([("acme".to_owned(), TOKEN.to_owned())]),
            rights: BTreeMap::from([("acme".to_owned(), vec!["pull", "push"])]),
            images: ["cart", "app", "feeds"]
                .map(|name| (format!("acme/{name}:latest"), IMAGE))
                .into(),
            digest: DIGEST,
            limits: BTreeMap::from([("acme".to_owned(), 200), (String::new(), 100)]),
            ..Rules::default()
        });
        let folder = tempfile::tempdir().unwrap();
        let path = programs(&plane, folder.path());
        let cluster = Self {
            plane,
            webhook,
            registry,
            folder,
            path,
        };
        cluster.write_files();
        cluster.prepare("kubectl apply --server-side -f objects.yaml");
        cluster
    }

    /// Runs a shell script that must succeed.
    pub(crate) fn prepare(&self, script: &str) {
        let output = self.run(script);
        assert!(output.status.success(), "{script}: {output:?}");
    }

    /// Runs a command line as a user types it, with the access token on its stdin.
    pub(crate) fn run(&self, line: &str) -> Output {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-e", "-c", line])
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", self.plane.kubeconfig())
            .env("URL", self.webhook.url())
            .env("CA", self.webhook.ca_file())
            .env("DIGEST", DIGEST)
            .current_dir(self.folder.path());
        with_input(&mut shell, TOKEN).unwrap()
    }

    fn write_files(&self) {
        let root = self.folder.path();
        for (name, text) in FILES {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let inspect = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugin/tests/data/inspect");
        let archive = fs::File::create(root.join("inspect.tar")).unwrap();
        tar::Builder::new(archive)
            .append_dir_all("inspect", inspect)
            .unwrap();
        // A user's own settings, in place of the prompt and of docker.io itself.
        let settings = root.join(".config/oc-extreg");
        fs::create_dir_all(&settings).unwrap();
        let endpoint = self.registry.endpoint("docker.io");
        let endpoint = endpoint.strip_prefix("--registry-endpoint=").unwrap();
        let endpoint = json!({"registry-endpoint": [endpoint]});
        let mut login = endpoint.clone();
        login["username"] = json!("acme");
        login["password-stdin"] = json!(true);
        let text = json!({
            "ratelimit": endpoint, "status": endpoint, "setup": login, "secret": {"check": endpoint, "set": login},
        });
        fs::write(settings.join("config.yaml"), text.to_string()).unwrap();
    }
}

/// A `PATH` with kubectl, `oc`, which is kubectl here, and the plugin.
fn programs(plane: &ControlPlane, folder: &Path) -> String {
    let programs = folder.join("bin");
    fs::create_dir(&programs).unwrap();
    let kubectl = plane.binaries().kubectl();
    for name in ["oc", "kubectl"] {
        symlink(&kubectl, programs.join(name)).unwrap();
    }
    for name in ["oc-extreg", "kubectl-extreg"] {
        symlink(workspace_binary("oc-extreg").unwrap(), programs.join(name)).unwrap();
    }
    format!("{}:/usr/bin:/bin", programs.display())
}
