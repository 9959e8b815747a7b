//! Files of every test object, and of generated ones, in each format.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use extreg_tests::fixtures::{POLICIES, objects};
use serde_json::{Value, json};

use super::{generated, list, report};

/// The content of every file below a folder.
type Contents = BTreeMap<PathBuf, String>;

#[test]
fn fix_then_check_finds_nothing_and_fix_twice_changes_nothing() {
    let mut objects: Vec<Value> = objects().into_iter().map(|(_, object)| object).collect();
    objects.extend(generated::objects(300));
    let folder = tempfile::tempdir().unwrap();
    for (number, policy) in POLICIES.iter().enumerate() {
        let manifests = folder.path().join(format!("objects-{number}"));
        write(&manifests, &objects);
        let policy = policy.map(|text| {
            let file = folder.path().join(format!("policy-{number}.yaml"));
            fs::write(&file, text).unwrap();
            format!("--policy={}", file.display())
        });
        let manifests = manifests.display().to_string();
        let mut args = vec!["-f", &manifests, "-R", "-n", "snow", "--offline"];
        args.extend(policy.as_deref());
        let run = |words: &[&str]| report(&[words, &args].concat());

        let before = contents(Path::new(&manifests));
        let (_, checked) = run(&["check"]);
        let (code, planned) = run(&["fix"]);
        assert_eq!(
            contents(Path::new(&manifests)),
            before,
            "a plan writes nothing"
        );
        let wanted = &checked["summary"]["changed"];
        assert_eq!(planned["summary"]["objects"], *wanted, "{policy:?}");
        assert_eq!(code == 3, *wanted != 0, "{policy:?}");

        let (code, written) = run(&["fix", "--write"]);
        assert_eq!(code, 0, "{policy:?}: {}", written["errors"]);
        assert_eq!(written["summary"]["changed"], *wanted, "{policy:?}");
        let after = contents(Path::new(&manifests));
        assert_eq!(values(&after), patched(&before, &checked), "{policy:?}");

        let (code, left) = run(&["check"]);
        let changed = list(&left["objects"]).iter();
        let changed: Vec<&Value> = changed.filter(|o| o["decision"] == "Changed").collect();
        assert!(code == 0 && changed.is_empty(), "{policy:?}: {changed:?}");
        let (code, again) = run(&["fix", "--write"]);
        assert_eq!((code, &again["summary"]["changes"]), (0, &json!(0)));
        assert_eq!(contents(Path::new(&manifests)), after);
    }
}

/// Each object in a separate file, in one of several formats; and all of them in one file, twice.
fn write(folder: &Path, objects: &[Value]) {
    fs::create_dir_all(folder.join("below")).unwrap();
    let mut all = String::new();
    for (index, object) in objects.iter().enumerate() {
        let yaml = serde_saphyr::to_string(object).unwrap();
        let (ending, text) = match index % 5 {
            0 => ("json", serde_json::to_string_pretty(object).unwrap()),
            1 => ("json", object.to_string() + "\n"),
            2 => ("yaml", yaml.clone()),
            3 => ("yml", yaml.replace('\n', "\r\n")),
            _ => ("yaml", format!("# what follows\n---\n{}", yaml.trim_end())),
        };
        fs::write(folder.join(format!("{index:03}.{ending}")), text).unwrap();
        all.push_str("---\n");
        all.push_str(&yaml);
    }
    fs::write(folder.join("below/all.yaml"), all).unwrap();
    let all = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let all = serde_json::to_string_pretty(&all).unwrap();
    fs::write(folder.join("below/list.json"), all).unwrap();
}

fn contents(folder: &Path) -> Contents {
    let mut found = Contents::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path, text);
        }
    }
    found
}

/// The content of the files, document by document.
fn values(contents: &Contents) -> BTreeMap<PathBuf, Vec<Value>> {
    let read = |(path, text): (&PathBuf, &String)| {
        let is_json = path.extension().is_some_and(|ending| ending == "json");
        let documents = if is_json {
            vec![serde_json::from_str(text).unwrap()]
        } else {
            serde_saphyr::from_multiple(text).unwrap()
        };
        (path.clone(), documents)
    };
    contents.iter().map(read).collect()
}

/// The expected content: the patches of `check`, applied.
fn patched(contents: &Contents, checked: &Value) -> BTreeMap<PathBuf, Vec<Value>> {
    let mut values = values(contents);
    for object in list(&checked["objects"]) {
        let path = PathBuf::from(object["source"].as_str().unwrap());
        let number = object["document"].as_u64().unwrap();
        let document = &mut values.get_mut(&path).unwrap()[usize::try_from(number).unwrap() - 1];
        let place = document
            .pointer_mut(object["path"].as_str().unwrap())
            .unwrap();
        let patch: json_patch::Patch = serde_json::from_value(object["patch"].clone()).unwrap();
        json_patch::patch(place, &patch).unwrap();
    }
    values
}
