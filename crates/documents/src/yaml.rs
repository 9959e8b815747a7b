//! YAML as Kubernetes' own tools read it, which is not YAML 1.2: sigs.k8s.io/yaml turns a document
//! into JSON by the rules of YAML 1.1 in go-yaml 2 (`yes`, `on` and `y` are true, `012` is 10,
//! `6e86341` and `2001-01-01` are text, the last of a repeated key wins, a key that is not text
//! becomes text).
//!
//! `tests/data/yaml.jsonl` holds what sigs.k8s.io/yaml 1.6.0 makes of each of its documents.

mod compose;
mod scalar;

use granit_parser::{Parser, ScanError, Span};
use serde_json::Value;

use self::compose::Composer;

/// Deeper documents are rejected: traversing a value needs stack space. JSON's limit is the same.
const MAX_DEPTH: usize = 128;
/// The number of values that aliases can stand for: enough for manifests, too few for a bomb.
const MAX_ALIASED: usize = 200_000;

/// Why a document is not YAML: the position (line and column in it, from 1) and the error.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct YamlError {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// Reads one document. An empty one is null.
pub(crate) fn parse(text: &str) -> Result<Value, YamlError> {
    let mut composer = Composer::default();
    for next in Parser::new_from_str_with_options(text, reading()) {
        let (event, span) = next.map_err(|error| syntax(text, &error))?;
        composer
            .event(event)
            .map_err(|message| refused(text, &span, message))?;
    }
    Ok(composer.finish())
}

/// How both parsers of a text read it: this one, and the one for positions.
pub(crate) fn reading() -> granit_parser::Options {
    granit_parser::options! {
        block_scalar_eof_without_line_feed: true,
        emit_comments: false,
    }
}

/// The full name of a tag.
fn tag_name(tag: &granit_parser::Tag) -> String {
    let (handle, suffix) = tag.parts();
    format!("{handle}{suffix}")
}

fn refused(text: &str, span: &Span, message: String) -> YamlError {
    YamlError {
        line: span.start.line().max(1),
        column: span.start.col() + 1,
        message: with_hint(text, message),
    }
}

fn with_hint(text: &str, message: String) -> String {
    if has_helm_actions(text) {
        message + " (render a Helm chart first: helm template … | … -f -)"
    } else {
        message
    }
}

fn syntax(text: &str, error: &ScanError) -> YamlError {
    let (line, column) = (error.marker().line().max(1), error.marker().col() + 1);
    if let Some((line, column)) = tab_near(text, line) {
        return YamlError {
            line,
            column,
            message: "a tab in the indentation, where YAML accepts spaces only".to_owned(),
        };
    }
    let what = error.info();
    let message = format!("not YAML: {}", what.replace(char::is_control, " "));
    YamlError {
        line,
        column,
        message: with_hint(text, message),
    }
}

/// Whether a text contains `{{ … }}`, except parameters of a Template: `${{NAME}}`.
pub(crate) fn has_helm_actions(text: &str) -> bool {
    let mut found = text.match_indices("{{");
    found.any(|(at, _)| !text.get(..at).is_some_and(|before| before.ends_with('$')))
}

/// The tab that indents this line or an adjacent one, where a parser can
/// have stopped because of it.
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
    use super::*;
    use crate::properties_test::same;

    const VECTORS: &str = include_str!("../tests/data/yaml.jsonl");

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
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    #[test]
    fn written_values_are_read_back_unchanged() {
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
    fn a_bad_document_is_reported_with_its_line() {
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
        let long = format!(
            "a: &a {}\nb: [{}]\n",
            "x".repeat(1 << 20),
            "*a,".repeat(200)
        );
        for (text, line, part) in [
            ("a:\n\tb: 1\n", 2, "a tab in the indentation"),
            ("a:\n  b: 1\n \tc: 1\n", 3, "a tab in the indentation"),
            ("a: 1\nb: *x\n", 2, "not YAML"),
            ("a: 1\nb: c: d\n", 2, "not YAML"),
            ("a: {{ .Values.x }}\nb: [\n", 1, "helm template"),
            ("null: 1\n", 1, "a key that is null"),
            ("a: 1\nb: .inf\n", 2, "write it in quotes"),
            ("a: 1\nb: !!int x\n", 2, "does not fit its tag !!int"),
            ("a: 1\n? [b]\n: c\n", 2, "a key that is a list or a map"),
            ("a: &a\n  b: *a\n", 2, "an anchor that contains itself"),
            ("a: &a [b]\nb:\n  <<: *a\n", 3, "a merge key (<<)"),
            ("%YAML 1.2\n---\na: 1\n", 2, "%YAML 1.1"),
            (deep.as_str(), 1, "nested more than 128"),
            (&block, 129, "nested more than 128"),
            (&nested, 6, "nested more than 128"),
            (&bomb, 6, "aliases (*) that stand for more than"),
            (&long, 2, "aliases (*) that stand for more than"),
        ] {
            let error = parse(text).unwrap_err();
            let text: String = text.chars().take(200).collect();
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

    #[test]
    fn parameters_of_a_template_are_not_actions_of_helm() {
        for (text, want) in [
            ("a: {{ .Values.x }}", true),
            ("{{- if .x }}", true),
            ("a: ${{NAME}}", false),
            ("a: ${{NAME}} {{x}}", true),
            ("a: {b: {c: 1}}", false),
        ] {
            assert_eq!(has_helm_actions(text), want, "{text}");
        }
    }
}
