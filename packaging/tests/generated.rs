//! Generated folders are the output of their generators. `cargo xtask manifests` writes them.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use extreg_manifests::File;

#[test]
fn the_folders_of_the_channels_are_generated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = extreg_packaging::CHANNELS.map(|channel| root.join(channel));
    are_equal(root, &folders, extreg_packaging::folder().unwrap());
}

#[test]
fn the_folder_of_manifests_is_generated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/yaml");
    are_equal(
        &root,
        std::slice::from_ref(&root),
        extreg_manifests::folder().unwrap(),
    );
}

/// Compares all files of these folders, named from `root`, with generated ones.
fn are_equal(root: &Path, folders: &[impl AsRef<Path>], files: Vec<File>) {
    let wanted: BTreeMap<String, String> = files
        .into_iter()
        .map(|file| (file.name, file.content))
        .collect();
    let mut found = BTreeMap::new();
    for folder in folders {
        read(root, folder.as_ref(), &mut found);
    }
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
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
}
