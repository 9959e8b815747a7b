//! A tree is read the same in each form.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::*;

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../plugin/tests/data/inspect"
);

/// Every object by its place, and what is broken.
#[derive(Default)]
struct Seen {
    objects: Vec<(String, String)>,
    broken: Vec<String>,
}

impl Visit for Seen {
    fn object(&mut self, item: &TreeItem<'_>) {
        let parsed = item.parsed().unwrap();
        let mut parsed: Value = serde_json::from_str(&parsed[0]).unwrap();
        if let Some(dumped) = item.dumped() {
            parsed["metadata"]
                .as_object_mut()
                .unwrap()
                .remove("managedFields");
            assert_eq!(serde_json::from_str::<Value>(&dumped).unwrap(), parsed);
        } else {
            self.broken
                .push(format!("{}:{}: no dump", item.path, item.line));
        }
        let path = item.path.rsplit_once("inspect/").unwrap().1;
        let place = format!("{path}:{} {}", item.line, item.place.resource);
        self.objects
            .push((place, parsed["metadata"]["name"].to_string()));
    }

    fn broken(&mut self, path: &str, line: Option<usize>, message: &str) {
        self.broken.push(format!("{path}:{line:?}: {message}"));
    }
}

fn seen(source: &TreeSource) -> (TreeFacts, Seen) {
    let (facts, all) = read_tree(source, &|_| true, &Seen::default).unwrap();
    let mut seen = Seen::default();
    for one in all {
        seen.objects.extend(one.objects);
        seen.broken.extend(one.broken);
    }
    seen.objects.sort();
    (facts, seen)
}

#[test]
fn a_folder_and_its_archives_are_read_the_same() {
    let (facts, want) = seen(&TreeSource::from_name(SAMPLE).unwrap());
    assert_eq!(want.broken, [""; 0]);
    assert_eq!(
        facts.namespaces.iter().collect::<Vec<_>>(),
        ["data", "legacy", "shop"]
    );
    let served = facts.served.as_ref().unwrap();
    assert!(served["build.openshift.io"].contains("buildconfigs"));
    assert!(served[""].contains("secrets"));
    let hub = "namespaces/shop/core/secrets.yaml:4 secrets".to_owned();
    assert!(
        want.objects.iter().any(|(place, _)| *place == hub),
        "{:?}",
        want.objects
    );

    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("a.tar"), folder.path().join("a.tgz"));
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("must-gather.local.1/quay-io-a-sha256-1/inspect", SAMPLE)
        .unwrap();
    let bytes = tar.into_inner().unwrap();
    let mut gzip = GzEncoder::new(File::create(&packed).unwrap(), Compression::fast());
    gzip.write_all(&bytes).unwrap();
    gzip.finish().unwrap();
    fs::write(&plain, &bytes).unwrap();
    for archive in [plain, packed] {
        let source = TreeSource::from_name(archive.to_str().unwrap()).unwrap();
        let (same_facts, same) = seen(&source);
        assert_eq!(
            (same.objects, same.broken),
            (want.objects.clone(), want.broken.clone())
        );
        assert_eq!(same_facts, facts);
    }
}

#[test]
fn a_broken_object_does_not_hide_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let core = folder.path().join("inspect/namespaces/a/core");
    fs::create_dir_all(&core).unwrap();
    fs::write(
        core.join("pods.yaml"),
        b"items:\n- metadata: {name: a}\n- a: \xff\n- metadata:\n    name: b\n",
    )
    .unwrap();
    let (_, seen) = seen(&TreeSource::Folder(folder.path().join("inspect")));
    assert_eq!(seen.objects.len(), 2);
    assert_eq!(seen.broken.len(), 2, "{:?}", seen.broken);
    assert!(
        seen.broken
            .iter()
            .any(|text| text.ends_with("pods.yaml:Some(3): not UTF-8 text"))
    );

    let text = folder.path().join("x.txt");
    fs::write(&text, "no archive".repeat(100)).unwrap();
    let error = read_tree(&TreeSource::Archive(text), &|_| true, &Seen::default)
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .contains("not a folder, a tar or a tar.gz"),
        "{error}"
    );
    assert!(TreeSource::from_name("/nowhere").is_err());
}
