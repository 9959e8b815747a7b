//! From an executable to a registry and back.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use extreg_tests::registry::{self, Archive, Entry, Registry};
use flate2::read::GzDecoder;
use serde_json::json;

use super::*;

/// The time of the commit.
const TIME: &str = "2026-11-30T22:00:00Z";

/// Stands in for the webhook, whose release build takes minutes: resolves its argument and connects to it.
const STAND_IN: &str = r#"
fn main() {
    let address = std::env::args().nth(1).expect("an address");
    std::net::TcpStream::connect(address).expect("a connection");
}
"#;

fn stand_in(folder: &Path, flags: &[&str]) -> PathBuf {
    let source = folder.join("main.rs");
    let binary = folder.join("stand-in");
    std::fs::write(&source, STAND_IN).unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc)
        .arg("-Cstrip=symbols")
        .args(flags)
        .arg("-o")
        .arg(&binary)
        .arg(source)
        .status();
    assert!(status.unwrap().success());
    binary
}

/// Packs it as each program into a file of the folder, and returns the file and the digest.
fn packed(folder: &Path, binary: &Path, name: &str) -> Result<(PathBuf, String)> {
    let output = folder.join(name);
    let programs = tempfile::tempdir()?;
    for program in PROGRAMS {
        std::fs::copy(binary, programs.path().join(program))?;
    }
    let commit = Commit {
        revision: Some("abc".to_owned()),
        time: TIME.parse()?,
    };
    let digest = pack(programs.path(), "example.com/webhook:1", &commit, &output)?;
    Ok((output, digest))
}

#[tokio::test]
async fn a_registry_gives_back_what_was_pushed() {
    let folder = tempfile::tempdir().unwrap();
    let binary = stand_in(folder.path(), &["-Ctarget-feature=+crt-static"]);
    let (file, digest) = packed(folder.path(), &binary, "image.tar").unwrap();
    let bytes = std::fs::read(file).unwrap();
    let archive = Archive::read(&bytes).unwrap();
    assert_eq!(archive.tag.as_deref(), Some("example.com/webhook:1"));

    let registry = Registry::open();
    let host = registry.host();
    registry::push(&host, "team/webhook", "1", &archive)
        .await
        .unwrap();
    let pulled = registry::pull(&host, "team/webhook", "1").await.unwrap();
    assert_eq!(pulled.digest, digest);
    let by_digest = registry::pull(&host, "team/webhook", &digest)
        .await
        .unwrap();
    assert_eq!(by_digest.manifest, pulled.manifest);

    assert_eq!(pulled.config["config"]["User"], "65532:0");
    assert_eq!(
        pulled.config["config"]["Entrypoint"],
        json!(["/extreg-webhook"])
    );
    assert_eq!(pulled.config["os"], "linux");
    let labels = json!({
        "org.opencontainers.image.created": TIME,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.revision": "abc",
        "org.opencontainers.image.source": "https://github.com/extreg/oc-extreg",
        "org.opencontainers.image.title": "extreg-webhook",
        "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
    });
    assert_eq!(pulled.config["config"]["Labels"], labels);
    assert_eq!(pulled.config["created"], TIME);
    let [layer] = pulled.layers.as_slice() else {
        panic!("more than one layer")
    };
    let mut content = Vec::new();
    GzDecoder::new(layer.as_slice())
        .read_to_end(&mut content)
        .unwrap();
    assert_eq!(
        pulled.config["rootfs"]["diff_ids"],
        json!([registry::digest(&content)])
    );
    let executables = PROGRAMS.map(|program| Entry {
        path: program.to_owned(),
        mode: 0o755,
        owner: (0, 0),
        time: 0,
        bytes: std::fs::read(&binary).unwrap(),
    });
    assert_eq!(
        Entry::all(&content).unwrap(),
        executables,
        "the executables and nothing else"
    );

    // On a second push, every part exists.
    let before = registry.requests().len();
    registry::push(&host, "team/webhook", "2", &archive)
        .await
        .unwrap();
    let requests = registry.requests().split_off(before);
    assert!(
        !requests.iter().any(|request| request.contains("/uploads")),
        "{requests:?}"
    );
}

#[test]
fn the_same_binary_gives_the_same_archive() {
    let folder = tempfile::tempdir().unwrap();
    let binary = stand_in(folder.path(), &["-Ctarget-feature=+crt-static"]);
    let one = packed(folder.path(), &binary, "one.tar").unwrap();
    let again = folder.path().join("again");
    std::fs::copy(&binary, &again).unwrap();
    let two = packed(folder.path(), &again, "two.tar").unwrap();
    assert_eq!(one.1, two.1);
    assert_eq!(std::fs::read(one.0).unwrap(), std::fs::read(two.0).unwrap());
}

#[test]
fn a_static_binary_resolves_names_and_connects() {
    let folder = tempfile::tempdir().unwrap();
    let binary = stand_in(folder.path(), &["-Ctarget-feature=+crt-static"]);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let output = Command::new(&binary)
        .arg(format!("localhost:{port}"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_dynamic_binary_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let binary = stand_in(folder.path(), &[]);
    let error = format!(
        "{:#}",
        packed(folder.path(), &binary, "image.tar").unwrap_err()
    );
    assert!(error.contains("linked dynamically"), "{error}");
    assert!(!folder.path().join("image.tar").exists());
}

#[test]
fn the_container_file_makes_the_same_image() {
    let root = step::root().unwrap();
    let file = std::fs::read_to_string(root.join("Containerfile")).unwrap();
    let (_, last) = file.split_once("FROM scratch").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let binary = stand_in(folder.path(), &["-Ctarget-feature=+crt-static"]);
    let (path, _) = packed(folder.path(), &binary, "image.tar").unwrap();
    let archive = Archive::read(&std::fs::read(path).unwrap()).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&archive.blobs[0].1).unwrap();
    let config = &config["config"];
    for program in PROGRAMS {
        assert!(last.contains(&format!("COPY --from=build /image/{program} /{program}\n")));
    }
    assert!(last.contains(&format!("USER {}\n", config["User"].as_str().unwrap())));
    assert!(last.contains(&format!("ENTRYPOINT {}\n", config["Entrypoint"])));
    for port in config["ExposedPorts"].as_object().unwrap().keys() {
        let port = port.trim_end_matches("/tcp");
        let exposed = last
            .lines()
            .find_map(|line| line.strip_prefix("EXPOSE "))
            .unwrap();
        assert!(exposed.split(' ').any(|other| other == port), "{port}");
    }
    let toolchain = std::fs::read_to_string(root.join("rust-toolchain.toml")).unwrap();
    let channel = toolchain.split('"').nth(1).unwrap();
    assert!(
        file.contains(&format!("rust:{channel}-")),
        "another Rust than {channel}"
    );
}

#[test]
fn an_index_has_an_image_for_each_platform() {
    let commit = Commit {
        revision: Some("abc".to_owned()),
        time: TIME.parse().unwrap(),
    };
    let about = About {
        name: WEBHOOK,
        version: "1",
        commit: &commit,
        tag: "example.com/webhook:1",
    };
    let images = [Machine::Amd64, Machine::S390x].map(|machine| Image {
        files: vec![(WEBHOOK.to_owned(), machine.as_oci().into())],
        machine,
    });
    let packed = index(&about, &images).unwrap();
    assert_eq!(packed.bytes, index(&about, &images).unwrap().bytes);

    let entries = Entry::all(&packed.bytes).unwrap();
    let file = |path: &str| -> serde_json::Value {
        let entry = entries.iter().find(|entry| entry.path == path).unwrap();
        serde_json::from_slice(&entry.bytes).unwrap()
    };
    let blob = |descriptor: &serde_json::Value| {
        let digest = descriptor["digest"].as_str().unwrap();
        file(&format!("blobs/{}", digest.replace(':', "/")))
    };
    let layout = file("index.json");
    assert_eq!(layout["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(layout["manifests"][0]["digest"], packed.digest.as_str());
    let index = blob(&layout["manifests"][0]);
    assert_eq!(
        index["annotations"]["org.opencontainers.image.revision"],
        "abc"
    );
    let platforms: Vec<_> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|manifest| {
            let platform = manifest["platform"]["architecture"].clone();
            let manifest = blob(manifest);
            assert_eq!(manifest["annotations"], index["annotations"]);
            let config = blob(&manifest["config"]);
            assert_eq!(config["config"]["Labels"], index["annotations"]);
            assert_eq!(config["architecture"], platform);
            platform
        })
        .collect();
    assert_eq!(platforms, ["amd64", "s390x"]);
}
