//! Kubeconfigs: reading any file ends, the result has each name once, and an error quotes nothing.

use std::path::PathBuf;
use std::sync::OnceLock;

/// A credential; no error may show it.
const CANARY: &str = "canary-word";

/// Runs the target on one input.
pub(crate) fn run(data: &[u8]) {
    let path = file();
    std::fs::write(path, data).expect("write the input");
    match extreg_cluster::read(Some(path), |_| None) {
        Ok(Some(kubeconfig)) => {
            let mut names: Vec<&str> = kubeconfig
                .clusters
                .iter()
                .map(|cluster| cluster.name.as_str())
                .collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair != [pair[0], pair[0]]));
        }
        Ok(None) => panic!("the file that was named was not read"),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains(CANARY), "{text}");
        }
    }
}

/// One file of this process.
fn file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| std::env::temp_dir().join(format!("extreg-fuzz-{}", std::process::id())))
}
