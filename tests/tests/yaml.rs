//! The plugin's table of YAML matches the real kubectl.

use extreg_tests::{ControlPlane, with_input};
use serde_json::Value;

const TABLE: &str = include_str!("../../crates/documents/tests/data/yaml.jsonl");

/// The rows of the table whose document is a one-line map: its text, and its value.
fn rows() -> Vec<(String, Option<Value>)> {
    TABLE
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|row| {
            let yaml = row["yaml"].as_str()?;
            let is_line = yaml.starts_with("v: ") && yaml.matches('\n').count() == 1;
            is_line.then(|| (yaml.trim_end().to_owned(), row.get("json").cloned()))
        })
        .collect()
}

/// The result of `kubectl create` for ConfigMaps with these data texts; `None` if it reads one of them as null.
fn created(plane: &ControlPlane, texts: &[&str]) -> Option<Vec<Value>> {
    let documents: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{index}\n  namespace: default\ndata:\n  {text}\n")
        })
        .collect();
    let mut kubectl = plane.kubectl();
    kubectl.args("create --dry-run=client --validate=false -o json -f -".split(' '));
    let output = with_input(&mut kubectl, &documents.join("---\n")).unwrap();
    if !output.status.success() {
        return None;
    }
    let objects = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let objects: Vec<Value> = objects.map(Result::unwrap).collect();
    let items = objects
        .iter()
        .flat_map(|object| match object["items"].as_array() {
            Some(items) => items.clone(),
            None => vec![object.clone()],
        });
    Some(items.map(|object| object["data"].clone()).collect())
}

/// kubectl keeps a number above `i64` as a float.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

#[tokio::test]
async fn yaml_table_matches_kubectl() {
    let plane = ControlPlane::shared().await.unwrap();
    let rows = rows();
    let (read, refused): (Vec<_>, Vec<_>) = rows.iter().partition(|(_, json)| json.is_some());
    assert!(
        read.len() >= 200 && refused.len() >= 20,
        "{} {}",
        read.len(),
        refused.len()
    );

    let texts: Vec<&str> = read.iter().map(|(text, _)| text.as_str()).collect();
    let found = created(plane, &texts).expect("kubectl reads every row that has a value");
    assert_eq!(found.len(), read.len());
    let differ: Vec<String> = read
        .iter()
        .zip(&found)
        .filter(|((_, json), found)| !same(json.as_ref().unwrap(), found))
        .map(|((text, json), found)| format!("{text:?}: kubectl {found}, table {json:?}"))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));

    let taken: Vec<&str> = refused
        .iter()
        .map(|(text, _)| text.as_str())
        .take(25)
        .filter(|text| created(plane, &[text]).is_some())
        .collect();
    assert_eq!(taken, [""; 0]);
}
