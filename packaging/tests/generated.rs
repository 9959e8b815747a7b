//! The folders of the channels are the output of the generators. `cargo xtask manifests` writes them.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[test]
fn the_folders_are_generated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wanted: BTreeMap<String, String> = extreg_packaging::folder()
        .unwrap()
        .into_iter()
        .map(|file| (file.name, file.content))
        .collect();
    let mut found = BTreeMap::new();
    for channel in extreg_packaging::CHANNELS {
        read(root, &root.join(channel), &mut found);
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
