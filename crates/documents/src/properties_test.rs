//! Properties of every text.

use std::fs;

use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::{reader::read, source::Source, tree, yaml};

/// Texts with a high probability of the relevant cases.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ -~]{0,12}",
        2 => proptest::sample::select(vec![
            "\n", "\n", "\n---\n", "\n...\n", "---", "%YAML 1.1\n", "\t", "\u{feff}", "\r\n", "\u{0}",
            "kind: List\nitems:\n- ", "kind: Template\nobjects:\n- ", "kind: BuildConfigList\nitems: [{}]\n",
            "{\"kind\": \"Build\"}", "[", "]", "{", "}", "&a ", "*a", "<<: ", "!!binary ", "- ", "? ",
            ": ", "| \n", "'", "\"", "${A}", "${{A}}", "# ",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,3}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        text().prop_map(Value::from),
        "[yYnNoOfF0-9xobeE.+_~:-]{1,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-zA-Z0-9./_ :~-]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_its_end(text in text()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        fs::write(&path, &text).unwrap();
        let lines = text.lines().count().max(1);
        let mut last = (0, 0);
        for document in read(vec![Source::File { path, named: true }]) {
            let Ok(document) = document else { continue };
            let place = (document.origin.document, document.origin.line);
            prop_assert!(place.0 > last.0 && place.1 >= last.1 && place.1 <= lines, "{place:?}");
            last = place;
            for object in document.objects().into_iter().flatten() {
                prop_assert!(document.body.pointer(&object.pointer).is_some());
            }
        }
    }

    #[test]
    fn dump_equals_the_parsed_document(text in text(), value in json()) {
        let written = serde_saphyr::to_string(&serde_json::json!({ "v": value })).unwrap();
        for text in [text, written] {
            if let Some(dumped) = tree::dump::to_json(&text, false) {
                let dumped: Value = serde_json::from_str(&dumped).unwrap();
                let parsed = yaml::parse(&text).map(|parsed| parsed.to_string());
                // Parsing a number loses its last digit: both are parsed.
                let same = parsed.as_ref().is_ok_and(|parsed| {
                    let parsed: Value = serde_json::from_str(parsed).unwrap();
                    same(&dumped, &parsed)
                });
                prop_assert!(same, "{dumped} for {parsed:?}\n{text}");
            }
        }
    }

    #[test]
    fn written_values_are_read_back(value in json()) {
        let value = serde_json::json!({ "v": value });
        let written = serde_saphyr::to_string(&value).unwrap();
        let read = yaml::parse(&written);
        prop_assert!(read.as_ref().is_ok_and(|read| same(read, &value)), "{read:?}\n{written}");
    }
}

/// `1.0` and `1` are one number, and so are `-0` and `0`.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y))
        }
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|((k, x), (l, y))| k == l && same(x, y))
        }
        _ => a == b,
    }
}
