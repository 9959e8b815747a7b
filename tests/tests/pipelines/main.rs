//! The shell lines of the pipelines in `action.yml` and `packaging/pipelines`, run as they are: with the real plugin,
//! on files and on a real API server.

mod files;
mod github;
mod gitlab;
mod install;
mod step;
mod tekton;

use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The YAML documents of a file of the repository.
fn documents(name: &str) -> Vec<Value> {
    let path = root().join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_multiple(&text).unwrap()
}

/// Whether a word is a version of three numbers, with or without `v`.
fn is_version(word: &str) -> bool {
    let mut parts = word.trim_start_matches('v').split('.');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    is_number(parts.next())
        && is_number(parts.next())
        && is_number(parts.next())
        && parts.next().is_none()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

#[test]
fn recipes_name_this_version() {
    let single = [
        "action.yml",
        "docs/install-kustomize.md",
        "docs/pipelines.md",
    ];
    let mut files: Vec<PathBuf> = single.iter().map(|name| root().join(name)).collect();
    for folder in ["packaging/gitops", "packaging/pipelines"] {
        collect(&root().join(folder), &mut files);
    }
    let mut found = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
        for word in words.filter(|word| is_version(word)) {
            let version = word.trim_start_matches('v');
            assert_eq!(version, env!("CARGO_PKG_VERSION"), "{}", file.display());
            found += 1;
        }
    }
    assert!(found >= 8, "{found}");
}
