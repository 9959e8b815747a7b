//! The folder `yaml` is the output of the builders. `cargo xtask manifests` writes it.
#![cfg(test)]

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
    let mut found = BTreeMap::new();
    read(&folder, &folder, &mut found);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        wanted.keys().collect::<Vec<_>>(),
        "run `cargo xtask manifests`"
    );
    for (name, content) in &wanted {
        assert_eq!(&found[name], content, "{name}: run `cargo xtask manifests`");
    }
}

fn read(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.insert(name.to_owned(), std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn written_files_read_back_the_same() {
    let settings = extreg_manifests::Settings {
        monitoring: true,
        follow_builds: extreg_manifests::FollowBuilds::Everywhere,
        ..Default::default()
    };
    for manifest in extreg_manifests::install(&settings).unwrap() {
        let yaml = manifest.yaml().unwrap();
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read, manifest.value, "{}", manifest.object);
        assert!(!yaml.contains('\t'), "{}", manifest.object);
    }
}

#[test]
fn no_file_claims_to_be_managed_by_the_plugin() {
    for file in extreg_manifests::folder().unwrap() {
        let label = extreg_manifests::names::MANAGED_BY_LABEL;
        assert!(!file.content.contains(label), "{}", file.name);
    }
}
