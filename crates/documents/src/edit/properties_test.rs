//! Properties of every text: it contains the patched object, and nothing else changed.

use std::fmt::Arguments;

use proptest::prelude::*;
use serde::Serialize as _;
use serde_json::{Map, Value, json};

use super::{Set, Splice, apply, splices};
use crate::{document::Document, origin::Syntax, reader::read, source::Source};

/// The choices for how a text is written, as numbers.
struct Taste<'a> {
    tape: &'a [u8],
    at: usize,
}

impl Taste<'_> {
    fn pick(&mut self, of: u8) -> u8 {
        self.at += 1;
        self.tape[self.at % self.tape.len()] % of
    }

    fn often(&mut self) -> bool {
        self.pick(3) > 0
    }

    fn rarely(&mut self) -> bool {
        self.pick(8) == 0
    }
}

/// Writes a value as YAML in various common ways.
struct Writer<'a> {
    taste: Taste<'a>,
    out: String,
    step: usize,
}

impl Writer<'_> {
    fn write(&mut self, text: Arguments<'_>) {
        self.out.push_str(&text.to_string());
    }

    fn end_line(&mut self) {
        if self.taste.rarely() {
            self.out.push_str(" # of the line");
        }
        self.out.push('\n');
        if self.taste.rarely() {
            let blanks = usize::from(self.taste.pick(9));
            let remark = ["", "# remark", "#"][usize::from(self.taste.pick(3))];
            self.out.push_str(&" ".repeat(blanks));
            self.out.push_str(remark);
            self.out.push('\n');
        }
    }

    /// A block map or list, or in braces, after `key:` or `-`.
    fn value(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() && self.taste.often() => {
                self.end_line();
                self.map(map, indent + self.step, false);
            }
            Value::Array(items) if !items.is_empty() && self.taste.often() => {
                self.end_line();
                let less = if self.taste.often() { self.step } else { 0 };
                self.list(items, indent + self.step - less);
            }
            Value::Object(_) | Value::Array(_) => {
                self.out.push(' ');
                let lines = self.taste.rarely();
                let quoted = self.taste.rarely();
                self.flow(value, indent + self.step, lines, quoted);
                self.end_line();
            }
            Value::String(text) if self.taste.rarely() && !text.is_empty() => {
                let chomp = ["|-", ">-"][usize::from(self.taste.pick(2))];
                let pad = " ".repeat(indent + self.step);
                self.write(format_args!(" {chomp}\n{pad}{text}\n"));
                for _ in 0..self.taste.pick(2) {
                    self.out.push('\n');
                }
            }
            Value::Null => {
                self.out
                    .push_str(["", " null", " ~"][usize::from(self.taste.pick(3))]);
                self.end_line();
            }
            _ => {
                self.out.push(' ');
                self.scalar(value, false);
                self.end_line();
            }
        }
    }

    fn map(&mut self, map: &Map<String, Value>, indent: usize, is_begun: bool) {
        for (index, (key, value)) in map.iter().enumerate() {
            if index > 0 || !is_begun {
                self.out.push_str(&" ".repeat(indent));
            }
            let quote = if self.taste.rarely() { "\"" } else { "" };
            self.write(format_args!("{quote}{key}{quote}:"));
            self.value(value, indent);
        }
    }

    fn list(&mut self, items: &[Value], indent: usize) {
        for item in items {
            self.out.push_str(&" ".repeat(indent));
            self.out.push('-');
            match item {
                Value::Object(map) if !map.is_empty() && self.taste.often() => {
                    let gap = 1 + usize::from(self.taste.pick(3));
                    self.out.push_str(&" ".repeat(gap));
                    self.map(map, indent + 1 + gap, true);
                }
                _ => self.value(item, indent),
            }
        }
    }

    fn flow(&mut self, value: &Value, indent: usize, lines: bool, quoted: bool) {
        let (open, close, members): (_, _, Vec<(Option<&String>, &Value)>) = match value {
            Value::Object(map) => ('{', '}', map.iter().map(|(k, v)| (Some(k), v)).collect()),
            Value::Array(items) => ('[', ']', items.iter().map(|v| (None, v)).collect()),
            scalar => return self.scalar(scalar, quoted),
        };
        let pad = format!("\n{}", " ".repeat(indent + self.step));
        let inner = if self.taste.often() { "" } else { " " };
        self.out.push(open);
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            if lines {
                self.out.push_str(&pad);
            } else {
                self.out.push_str(if index > 0 { " " } else { inner });
            }
            if let Some(key) = key {
                let quote = if quoted { "\"" } else { "" };
                self.write(format_args!("{quote}{key}{quote}: "));
            }
            self.flow(value, indent + self.step, lines, quoted);
        }
        if lines && !members.is_empty() {
            self.write(format_args!("\n{}", " ".repeat(indent)));
        } else {
            self.out.push_str(inner);
        }
        self.out.push(close);
    }

    fn scalar(&mut self, value: &Value, quoted: bool) {
        let written = match value {
            Value::String(text) if !quoted && self.taste.often() && !text.is_empty() => {
                text.clone()
            }
            Value::String(text) if !quoted && self.taste.often() => format!("'{text}'"),
            value => value.to_string(),
        };
        self.out.push_str(&written);
    }
}

/// An object with positions for each kind of change.
fn object() -> impl Strategy<Value = Value> {
    let word = proptest::sample::select(vec!["a", "docker.io/u/a:v1", "é x", "b-1", ""]);
    let policy = prop_oneof![
        Just(None),
        Just(Some(json!({}))),
        Just(Some(json!(null))),
        Just(Some(json!({"insecure": true}))),
        Just(Some(json!({"scheduled": false}))),
        Just(Some(json!({"importMode": "Legacy", "scheduled": null}))),
    ];
    let tag =
        (word.clone(), policy, any::<(bool, bool)>()).prop_map(|(word, policy, (first, more))| {
            let mut tag = Map::new();
            if first {
                tag.insert(
                    "annotations".to_owned(),
                    json!({"note": word, "list": [1, {"x": word}]}),
                );
            }
            tag.insert(
                "from".to_owned(),
                json!({"kind": "DockerImage", "name": word}),
            );
            if let Some(policy) = policy {
                tag.insert("importPolicy".to_owned(), policy);
            }
            if more {
                tag.insert("name".to_owned(), json!(word));
            }
            Value::Object(tag)
        });
    let secret = prop_oneof![Just(None), Just(Some(json!(null)))];
    (
        proptest::collection::vec(tag, 1..4),
        secret,
        word,
        any::<bool>(),
    )
        .prop_map(|(tags, secret, word, last)| {
            let mut output = Map::new();
            if let Some(secret) = secret {
                output.insert("pushSecret".to_owned(), secret);
            }
            output.insert(
                "to".to_owned(),
                json!({"kind": "DockerImage", "name": word}),
            );
            if last {
                output.insert("zlast".to_owned(), json!(["x", {"y": "z"}]));
            }
            json!({"kind": "Any", "spec": {"output": output, "tags": tags, "text": word}})
        })
}

/// The fields to set in such an object, as in the engine's edits.
fn wanted(object: &Value) -> Vec<Set> {
    let set = |map: String, key, value, beside| Set {
        map,
        key,
        value,
        beside,
    };
    let mut sets = vec![set(
        "/spec/output".to_owned(),
        "pushSecret",
        json!({"name": "dockerhub"}),
        "to",
    )];
    for (index, tag) in object["spec"]["tags"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let map = format!("/spec/tags/{index}");
        sets.push(if tag["importPolicy"].is_null() {
            set(map, "importPolicy", json!({"scheduled": true}), "from")
        } else {
            set(format!("{map}/importPolicy"), "scheduled", json!(true), "")
        });
    }
    sets
}

fn patched(object: &Value, sets: &[Set]) -> Value {
    let mut object = object.clone();
    for set in sets {
        let map = object.pointer_mut(&set.map).unwrap();
        map[set.key] = set.value.clone();
    }
    object
}

fn documents(text: &str) -> Vec<Document> {
    let source = Source::Loaded {
        name: "x".to_owned(),
        text: text.as_bytes().into(),
        named: true,
    };
    read(vec![source]).map(Result::unwrap).collect()
}

/// The text with all fields set; checks that it loses no line, except where a value shares a line
/// with another.
fn set_all(text: &str, sets: &[Set], syntax: Syntax) -> Result<(String, usize), String> {
    let splices: Vec<Splice> = splices(text, syntax, sets)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{error}\n{text}"))?;
    let touched: usize = splices
        .iter()
        .filter(|splice| !is_whole_lines(text, splice))
        .count();
    let after = apply(text, splices).unwrap();
    Ok((after, touched))
}

/// Whether a change only puts lines between lines.
fn is_whole_lines(text: &str, splice: &Splice) -> bool {
    let before = &text[..splice.range.start];
    let indent = before.rsplit('\n').next().unwrap();
    splice.range.is_empty()
        && splice.text.contains('\n')
        && (indent.trim().is_empty() || splice.text.starts_with(['\n', '\r']))
}

/// The number of lines of the text that are missing in the result, in their order.
fn lost_lines(before: &str, after: &str) -> usize {
    let lines = |text: &str| format!("{}\n", text.trim_end());
    let (before, after) = (lines(before), lines(after));
    let diff = similar::TextDiff::from_lines(&before, &after);
    let lost = |change: &similar::Change<&str>| change.tag() == similar::ChangeTag::Delete;
    diff.iter_all_changes().filter(lost).count()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, max_global_rejects: 8000, ..ProptestConfig::default() })]

    #[test]
    fn yaml_equals_the_patched_object_and_keeps_its_lines(
        object in object(),
        tape in proptest::collection::vec(any::<u8>(), 40..80),
    ) {
        let mut writer = Writer { taste: Taste { tape: &tape, at: 0 }, out: String::new(), step: 2 };
        writer.step = 1 + usize::from(writer.taste.pick(4));
        writer.map(object.as_object().unwrap(), 0, false);
        let (crlf, no_end) = (writer.taste.rarely(), writer.taste.rarely());
        let mut text = writer.out;
        if no_end {
            text.truncate(text.trim_end().len());
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let read = documents(&text);
        // Some choices produce YAML with another value: these cases are skipped.
        prop_assume!(read.len() == 1 && read[0].body == object);
        let sets = wanted(&object);
        let (after, touched) = set_all(&text, &sets, Syntax::Yaml).unwrap();
        let read = documents(&after);
        prop_assert_eq!(&read[0].body, &patched(&object, &sets), "{}\n---\n{}", text, after);
        prop_assert!(lost_lines(&text, &after) <= touched, "{}\n---\n{}", text, after);
        prop_assert_eq!(after.ends_with('\n'), text.ends_with('\n'));
        prop_assert!(!crlf || !after.replace("\r\n", "").contains('\n'), "{after:?}");
        let again = splices(&after, Syntax::Yaml, &[]);
        prop_assert!(again.is_empty());
    }

    #[test]
    fn json_equals_the_patched_object_and_keeps_its_lines(
        object in object(),
        indent in proptest::sample::select(vec!["", " ", "  ", "    ", "\t"]),
        crlf in any::<bool>(),
        end in any::<bool>(),
    ) {
        let mut text = if indent.is_empty() {
            object.to_string()
        } else {
            let mut bytes = Vec::new();
            let format = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
            object.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format)).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        if end {
            text.push('\n');
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let [document] = &documents(&text)[..] else { panic!("{text}") };
        let own = &text[document.span.clone()];
        let sets = wanted(&object);
        let (after, touched) = set_all(own, &sets, document.syntax).unwrap();
        let after = format!("{after}{}", &text[document.span.end..]);
        let read: Value = serde_json::from_str(&after).unwrap();
        prop_assert_eq!(&read, &patched(&object, &sets), "{}", after);
        prop_assert!(lost_lines(&text, &after) <= touched, "{text}\n---\n{after}");
        // As the author would have written it, except for the order.
        if indent.is_empty() {
            prop_assert_eq!(after.trim_end().len(), read.to_string().len());
        }
    }
}

/// A text, the field set in it, and the result.
fn shows(text: &str, map: &str, key: &'static str, value: Value, beside: &'static str) -> String {
    let set = Set {
        map: map.to_owned(),
        key,
        value,
        beside,
    };
    let syntax = if text.trim_start().starts_with('{') {
        Syntax::Json
    } else {
        Syntax::Yaml
    };
    match splices(text, syntax, std::slice::from_ref(&set)).remove(0) {
        Ok(splice) => apply(text, vec![splice]).unwrap(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn secret_is_inserted_beside_the_output() {
    for (text, want) in [
        (
            "o:\n  to:\n    kind: DockerImage # pushed\n    name: a\n    # the end of to\n  # of o\nz: 1\n",
            "o:\n  to:\n    kind: DockerImage # pushed\n    name: a\n    # the end of to\n  pushSecret:\n    name: hub\n  # of o\nz: 1\n",
        ),
        (
            "o: {to: {name: a}} # x\n",
            "o: {to: {name: a}, pushSecret: {name: hub}} # x\n",
        ),
        ("o: { to: a }\n", "o: { to: a, pushSecret: {name: hub} }\n"),
        (
            "o:\n    to: a",
            "o:\n    to: a\n    pushSecret:\n      name: hub",
        ),
        (
            "o:\r\n  to: a\r\n",
            "o:\r\n  to: a\r\n  pushSecret:\r\n    name: hub\r\n",
        ),
        (
            "o:\n  pushSecret:  # none\n  to: a\n",
            "o:\n  pushSecret: {name: hub}  # none\n  to: a\n",
        ),
        ("o:\n  pushSecret: ~\n", "o:\n  pushSecret: {name: hub}\n"),
        (
            "a: &x {to: b}\no: *x\n",
            "it is written by an alias (*), whose anchor can be shared",
        ),
        (
            "o: &x\n  to: b\n",
            "o: &x\n  to: b\n  pushSecret:\n    name: hub\n",
        ),
        (
            "o:\n  to: |\n    a\n\nz: 1\n",
            "o:\n  to: |\n    a\n  pushSecret:\n    name: hub\n\nz: 1\n",
        ),
        (
            "{\"o\": {\n  \"to\": \"a\"\n}}\n",
            "{\"o\": {\n  \"pushSecret\": {\n    \"name\": \"hub\"\n  },\n  \"to\": \"a\"\n}}\n",
        ),
        (
            "{\"o\":{\"to\":\"a\"}}",
            "{\"o\":{\"to\":\"a\",\"pushSecret\":{\"name\":\"hub\"}}}",
        ),
    ] {
        assert_eq!(
            shows(text, "/o", "pushSecret", json!({"name": "hub"}), "to"),
            want,
            "{text}"
        );
    }
}

#[test]
fn schedule_is_inserted_in_the_import_policy() {
    for (text, want) in [
        ("o: {}\n", "o: {scheduled: true}\n"),
        ("o: { } # x\n", "o: { scheduled: true } # x\n"),
        (
            "o:\n  insecure: true\n",
            "o:\n  insecure: true\n  scheduled: true\n",
        ),
        ("o: {scheduled: false}\n", "o: {scheduled: true}\n"),
        ("o:\n  scheduled: no # x\n", "o:\n  scheduled: true # x\n"),
        (
            "a: &a {b: 1}\no:\n  <<: *a\n",
            "a: &a {b: 1}\no:\n  <<: *a\n  scheduled: true\n",
        ),
        (
            "x: {<<: {o: {}}}\n",
            "it is written in a way that cannot be changed line by line",
        ),
        ("{\"o\":{}}", "{\"o\":{\"scheduled\":true}}"),
        ("{\"o\": {}}", "{\"o\": {\"scheduled\": true}}"),
    ] {
        assert_eq!(
            shows(text, "/o", "scheduled", json!(true), ""),
            want,
            "{text}"
        );
    }
}

#[test]
fn a_name_that_yaml_does_not_read_as_text_is_quoted() {
    for (name, want) in [
        ("hub", "o: {pushSecret: {name: hub}}\n"),
        ("1e3", "o: {pushSecret: {name: \"1e3\"}}\n"),
        ("no", "o: {pushSecret: {name: \"no\"}}\n"),
    ] {
        assert_eq!(
            shows("o: {}\n", "/o", "pushSecret", json!({"name": name}), "to"),
            want
        );
    }
}
