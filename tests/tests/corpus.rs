//! The corpus of the fuzz targets: seeds, and each input that once failed, run as in `cargo xtask fuzz`.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/targets/dockerconfig.rs"]
mod dockerconfig;
#[path = "../../fuzz/targets/kubeconfig.rs"]
mod kubeconfig;
#[path = "../../fuzz/targets/policy.rs"]
mod policy;
#[path = "../../fuzz/targets/reference.rs"]
mod reference;
#[path = "../../fuzz/targets/review.rs"]
mod review;
#[path = "../../fuzz/targets/yaml.rs"]
mod yaml;

type Target = fn(&[u8]);

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.is_file());
    files.sort();
    files
}

#[test]
fn every_file_of_the_corpus_passes() {
    let targets: [(&str, Target); 7] = [
        ("fuzz/corpus/dockerconfig", dockerconfig::run),
        ("fuzz/corpus/kubeconfig", kubeconfig::run),
        ("fuzz/corpus/policy", policy::run),
        ("fuzz/corpus/reference", reference::run),
        ("fuzz/corpus/review", review::run),
        ("tests/tests/data/recorded", review::run),
        ("fuzz/corpus/yaml", yaml::run),
    ];
    for (folder, target) in targets {
        let files = files(folder);
        assert!(files.len() >= 5, "{folder}: {}", files.len());
        for file in files {
            println!("{}", file.display());
            target(&fs::read(&file).unwrap());
        }
    }
}
