//! YAML as Kubernetes' own tools read it, which is not YAML 1.2: sigs.k8s.io/yaml turns a document
//! into JSON by the rules of YAML 1.1 in go-yaml 2 (`yes`, `on` and `y` are true, `012` is 10, the
//! last of a repeated key wins, a key that is no string becomes one).
//!
//! This is the one place that chooses serde-saphyr's options. `tests/data/yaml.jsonl` holds what
//! sigs.k8s.io/yaml 1.6.0 says to each of its documents; the snapshot of the test below is the list of
//! where we differ, all of it spelling that nobody uses.

mod value;

use std::{cell::Cell, thread};

use serde::de::DeserializeSeed as _;
use serde_json::Value;
use serde_saphyr::{
    DefaultMessageFormatter, MessageFormatter as _, Options, options,
    with_deserializer_from_str_with_options,
};

use self::value::Json;

/// Deeper documents are refused: a stack has an end. JSON's limit is the same.
const MAX_DEPTH: usize = 128;
/// As deep as is read on the caller's stack, of which we know nothing. The objects that we look
/// for are not deeper; a CustomResourceDefinition may be.
const CALLERS_DEPTH: usize = 32;
/// For [`MAX_DEPTH`] levels, in a build without optimisation too.
const STACK: usize = 32 << 20;
/// Aliases may stand for this many nodes in all: enough for manifests, too little for a bomb.
const MAX_ALIASED: usize = 200_000;
const MAX_NODES: usize = 20_000_000;

/// Why a document is no YAML: where (line and column in it, from 1) and what.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct YamlError {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// Reads one document. An empty one is null.
pub(super) fn parse(text: &str) -> Result<Value, YamlError> {
    match parse_to_depth(text, CALLERS_DEPTH) {
        Err(Failure::TooDeep { .. }) => {}
        Err(Failure::Other(error)) => return Err(error),
        Ok(value) => return Ok(value),
    }
    let deep = thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        let reader = thread.spawn_scoped(scope, || parse_to_depth(text, MAX_DEPTH));
        reader.ok()?.join().ok()
    });
    match deep {
        Some(Ok(value)) => Ok(value),
        Some(Err(Failure::Other(error))) => Err(error),
        Some(Err(Failure::TooDeep { line, column })) => Err(YamlError {
            line,
            column,
            message: format!("nested more than {MAX_DEPTH} levels deep"),
        }),
        None => Err(YamlError {
            line: 1,
            column: 1,
            message: format!("nested more than {CALLERS_DEPTH} levels deep, and no thread for it"),
        }),
    }
}

enum Failure {
    TooDeep { line: usize, column: usize },
    Other(YamlError),
}

fn parse_to_depth(text: &str, depth: usize) -> Result<Value, Failure> {
    let too_deep = Cell::new(false);
    let seed = Json::new(depth, &too_deep);
    with_deserializer_from_str_with_options(text, reading(), |yaml| seed.deserialize(yaml)).map_err(
        |error| {
            let error = explain(text, &error);
            if too_deep.get() {
                Failure::TooDeep {
                    line: error.line,
                    column: error.column,
                }
            } else {
                Failure::Other(error)
            }
        },
    )
}

fn reading() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            // One more, so that it is ours to say.
            max_depth: MAX_DEPTH + 1,
            max_events: 2 * MAX_NODES,
            max_nodes: MAX_NODES,
            max_total_scalar_bytes: super::MAX_DOCUMENT,
            max_documents: 2,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_ALIASED,
        },
        duplicate_keys: options::DuplicateKeyPolicy::LastWins,
        legacy_octal_numbers: true,
        strict_booleans: false,
        non_finite_float_policy: options::NonFiniteFloatPolicy::Reject,
        emit_comments: false,
        // A snippet would quote the manifest, and with it what may be a secret.
        with_snippet: false,
    }
}

fn explain(text: &str, error: &serde_saphyr::Error) -> YamlError {
    let location = error.location();
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
    let line = location.map_or(1, |location| place(location.line()));
    let column = location.map_or(1, |location| place(location.column()));
    if let Some((line, column)) = tab_near(text, line) {
        return YamlError {
            line,
            column,
            message: "a tab in the indentation, where YAML takes spaces only".to_owned(),
        };
    }
    let what = DefaultMessageFormatter.format_message(error.without_snippet());
    let mut message = format!("not YAML: {}", what.replace(char::is_control, " "));
    if text.contains("{{") && !text.contains("${{") {
        message.push_str(" (a Helm chart is rendered first: helm template … | … -f -)");
    }
    YamlError {
        line,
        column,
        message,
    }
}

/// The tab that indents this line or one next to it, which is where a parser that stumbled over
/// it may have got to.
fn tab_near(text: &str, line: usize) -> Option<(usize, usize)> {
    let first = line.saturating_sub(1).max(1);
    text.lines()
        .enumerate()
        .skip(first - 1)
        .take(line + 2 - first)
        .find_map(|(index, content)| {
            let indentation = content.len() - content.trim_start().len();
            let column = content.get(..indentation)?.find('\t')?;
            (indentation < content.len()).then_some((index + 1, column + 1))
        })
}

#[cfg(test)]
mod tests {
    use super::{super::properties::same, *};

    const VECTORS: &str = include_str!("../../tests/data/yaml.jsonl");

    fn vectors() -> Vec<(String, Option<Value>)> {
        VECTORS
            .lines()
            .map(|line| {
                let row: Value = serde_json::from_str(line).unwrap();
                let yaml = row["yaml"].as_str().unwrap().to_owned();
                (yaml, row.get("json").cloned())
            })
            .collect()
    }

    #[test]
    fn yaml_is_read_as_kubernetes_tools_read_it() {
        let mut differences = Vec::new();
        for (yaml, want) in vectors() {
            let found = parse(&yaml).ok();
            let same = match (&found, &want) {
                (Some(found), Some(want)) => same(found, want),
                (None, None) => true,
                _ => false,
            };
            if !same {
                differences.push(format!("{yaml:?}: {found:?} for {want:?}"));
            }
        }
        insta::assert_snapshot!(differences.join("\n"));
    }

    #[test]
    fn what_we_write_is_read_back_the_same() {
        for (yaml, json) in vectors() {
            for value in [Some(Value::String(yaml)), json].into_iter().flatten() {
                let value = serde_json::json!({ "a": [value] });
                let written = serde_saphyr::to_string(&value).unwrap();
                assert!(
                    same(&parse(&written).unwrap(), &value),
                    "{value}\n{written}"
                );
            }
        }
        for (yaml, _) in vectors() {
            let scalar = yaml.trim_start_matches("v: ").trim_end();
            let value = serde_json::json!({ scalar: scalar });
            let written = serde_saphyr::to_string(&value).unwrap();
            assert_eq!(parse(&written).unwrap(), value, "{written}");
        }
    }

    #[test]
    fn a_bad_document_says_where_and_what() {
        let deep = "a: ".to_owned() + &"[".repeat(200) + &"]".repeat(200);
        let block: String = (0..200).map(|n| " ".repeat(n) + "a:\n").collect();
        // Each line is 30 levels deeper than the one before, by an alias.
        let nested: String = std::iter::once("a0: &a0 {}\n".to_owned())
            .chain((1..60).map(|n| {
                let (open, close) = ("[".repeat(30), "]".repeat(30));
                format!("a{n}: &a{n} {open}*a{}{close}\n", n - 1)
            }))
            .collect();
        let bomb: String = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned())
            .chain((1..10).map(|n| {
                let alias = format!("*a{}", n - 1);
                format!("a{n}: &a{n} [{}]\n", [alias.as_str(); 9].join(","))
            }))
            .collect();
        for (text, line, part) in [
            ("a:\n\tb: 1\n", 2, "a tab in the indentation"),
            ("a:\n  b: 1\n \tc: 1\n", 3, "a tab in the indentation"),
            ("a: 1\nb: *x\n", 2, "not YAML"),
            ("a: 1\nb: c: d\n", 2, "not YAML"),
            ("a: {{ .Values.x }}\nb: [\n", 1, "helm template"),
            ("null: 1\n", 1, "a key that is null"),
            (deep.as_str(), 1, "nested more than 128"),
            (&block, 129, "nested more than 128"),
            (&nested, 6, "nested more than 128"),
            (&bomb, 6, "alias replay limit"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error:?}");
            assert_eq!(error.line, line, "{text}: {error:?}");
        }
    }

    #[test]
    fn no_error_quotes_a_value() {
        for text in [
            "password: canary\nb: [\n",
            "password: 'canary\n",
            "password: canary: x\n",
            "password: !!int canary\n",
            "password: !!binary ca*nary\n",
            "{password: canary\n",
        ] {
            let error = parse(text).unwrap_err();
            assert!(!error.message.contains("canary"), "{error:?}");
        }
    }
}
