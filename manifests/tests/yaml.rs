//! The folder `yaml` is what the builders say. `cargo xtask manifests` writes it.

use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn the_folder_is_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("yaml");
    let wanted: BTreeMap<String, String> = extreg_manifests::folder()
        .unwrap()
        .into_iter()
        .map(|file| (file.name, file.content))
        .collect();
    let found: BTreeMap<String, String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        wanted.keys().collect::<Vec<_>>(),
        "run `cargo xtask manifests`"
    );
    for (name, content) in &wanted {
        assert_eq!(&found[name], content, "{name}: run `cargo xtask manifests`");
    }
}

#[test]
fn what_is_written_reads_back_the_same() {
    let settings = extreg_manifests::Settings {
        monitoring: true,
        ..Default::default()
    };
    for manifest in extreg_manifests::install(&settings).unwrap() {
        let yaml = manifest.yaml().unwrap();
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read, manifest.value, "{}", manifest.object);
        assert!(!yaml.contains('\t'), "{}", manifest.object);
    }
}
