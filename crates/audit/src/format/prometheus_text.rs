//! A parser of Prometheus' text format, as its documentation describes it ("Exposition formats",
//! text format details): strict, for tests.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: String,
}

/// Every sample. Panics where it is not the format: a name or a value that is none, a label twice,
/// a series twice, a sample without its type, samples of a metric apart from each other.
pub(super) fn samples(text: &str) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    let mut types = BTreeSet::new();
    let mut series = BTreeSet::new();
    let mut current = "";
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let (keyword, rest) = comment.split_once(' ').unwrap();
            let (name, rest) = rest.split_once(' ').unwrap();
            match keyword {
                "HELP" => assert!(!rest.is_empty()),
                "TYPE" => {
                    assert_eq!(rest, "gauge");
                    assert!(types.insert(name), "{name} has two types");
                    current = name;
                }
                other => panic!("{other}"),
            }
            continue;
        }
        let sample = sample(line);
        assert_eq!(sample.name, current, "{line}");
        assert!(
            series.insert((sample.name.clone(), sample.labels.clone())),
            "twice: {line}"
        );
        samples.push(sample);
    }
    samples
}

fn sample(line: &str) -> Sample {
    let name: String = line.chars().take_while(|c| is_name(*c)).collect();
    assert!(!name.is_empty(), "{line}");
    let mut rest = &line[name.len()..];
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, behind) = rest.split_once("=\"").unwrap();
            assert!(!label.is_empty() && label.chars().all(is_name), "{line}");
            let (value, behind) = quoted(behind);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = behind.strip_prefix(',').unwrap_or(behind);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').unwrap();
    value
        .parse::<f64>()
        .unwrap_or_else(|error| panic!("{line}: {error}"));
    Sample {
        name,
        labels,
        value: value.to_owned(),
    }
}

/// The text up to the quote that ends it, and what is behind that.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => match chars.next().unwrap().1 {
                'n' => value.push('\n'),
                escaped @ ('\\' | '"') => value.push(escaped),
                other => panic!("\\{other} is no escape"),
            },
            c => value.push(c),
        }
    }
    panic!("no end: {text}");
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
