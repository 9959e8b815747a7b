//! Documents from sources, one at a time.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Cursor},
    ops::Range,
    sync::Arc,
    vec,
};

use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    document::{Document, Written},
    error::InputError,
    origin::{Origin, Syntax},
    skipped::SkipReason,
    source::Source,
    split::MAX_DOCUMENT,
    split::{Chunk, Chunks, SplitError, is_preamble},
    yaml,
};

/// The number of documents that are read ahead of the consumer.
const AHEAD: usize = 4;

/// The documents of sources, in order. An unreadable one is an error in its place, and the
/// next one follows.
pub struct Documents {
    sources: vec::IntoIter<Source>,
    open: Option<Open>,
    ready: VecDeque<Result<Document, InputError>>,
}

/// A source that is being read.
struct Open {
    chunks: Chunks<Box<dyn BufRead>>,
    name: Arc<str>,
    named: bool,
    documents: usize,
}

/// Reads sources, with at most one YAML document (or one run of JSON) in memory.
pub fn read(sources: Vec<Source>) -> Documents {
    Documents {
        sources: sources.into_iter(),
        open: None,
        ready: VecDeque::new(),
    }
}

/// Reads sources on a separate thread, so that a slow stdin does not prevent an interrupt.
/// It ends when the receiver is dropped.
pub fn stream(sources: Vec<Source>) -> mpsc::Receiver<Result<Document, InputError>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        for document in read(sources) {
            if sender.blocking_send(document).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Iterator for Documents {
    type Item = Result<Document, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(document) = self.ready.pop_front() {
                return Some(document);
            }
            let Some(open) = &mut self.open else {
                match Open::from_source(&self.sources.next()?) {
                    Ok(open) => self.open = Some(open),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            };
            match open.chunks.next() {
                Some(Ok(chunk)) => open.parse(&chunk, &mut self.ready),
                Some(Err(error)) => return Some(Err(open.split_error(error))),
                None => self.open = None,
            }
        }
    }
}

impl Open {
    fn from_source(source: &Source) -> Result<Self, InputError> {
        let name = source.name();
        let reader: Box<dyn BufRead> = match source {
            Source::Loaded { text, .. } | Source::Rendered { text, .. } => {
                Box::new(Cursor::new(Arc::clone(text)))
            }
            Source::Stdin => Box::new(BufReader::new(io::stdin())),
            Source::File { path, .. } => match File::open(path) {
                Ok(file) => Box::new(BufReader::new(file)),
                Err(cause) => return Err(InputError::Read { name, cause }),
            },
        };
        Ok(Self::new(reader, &name, source.is_named()))
    }

    fn new(reader: Box<dyn BufRead>, name: &str, named: bool) -> Self {
        Self {
            chunks: Chunks::new(reader),
            name: name.into(),
            named,
            documents: 0,
        }
    }

    /// A run of JSON values if it is one, else one YAML document, which can be a flow mapping.
    fn parse(&mut self, chunk: &Chunk, ready: &mut VecDeque<Result<Document, InputError>>) {
        let (content, line) = content(chunk);
        let is_json = content.starts_with(['{', '[']);
        let json = if is_json {
            json_values(content, line)
        } else {
            JsonRun::default()
        };
        if json.values.is_empty() || json.error.is_some() {
            match yaml::parse(&chunk.text) {
                Ok(body) => {
                    let (text, before) = as_yaml_document(&chunk.text);
                    let span = chunk.offset..chunk.offset + chunk.text.len();
                    let place = Place {
                        line,
                        text_line: chunk.line - before,
                        span,
                        syntax: Syntax::Yaml,
                    };
                    ready.push_back(Ok(self.document(body, place, text)));
                    return;
                }
                Err(_) if json.values.is_empty() && !self.named && !is_manifest(&chunk.text) => {
                    let reason = if yaml::has_helm_actions(&chunk.text) {
                        SkipReason::Template
                    } else {
                        SkipReason::NotKubernetes
                    };
                    ready.push_back(Err(InputError::NotManifest {
                        name: self.name.to_string(),
                        line,
                        reason,
                    }));
                    return;
                }
                Err(error) if json.values.is_empty() => {
                    ready.push_back(Err(self.syntax(
                        chunk.line + error.line.saturating_sub(1),
                        error.column,
                        error.message,
                    )));
                    return;
                }
                Err(_) => {}
            }
        }
        let before = chunk.offset + chunk.text.len() - content.len();
        for (body, line, at, text) in json.values {
            let place = Place {
                line,
                text_line: line - 1,
                span: before + at..before + at + text.len(),
                syntax: Syntax::Json,
            };
            let text = format!("---\n{text}\n");
            ready.push_back(Ok(self.document(body, place, text)));
        }
        if let Some((line, column, message)) = json.error {
            ready.push_back(Err(self.syntax(line, column, message)));
        }
    }

    fn syntax(&self, line: usize, column: usize, message: String) -> InputError {
        InputError::Syntax {
            name: self.name.to_string(),
            line,
            column,
            message,
        }
    }

    fn document(&mut self, body: Value, place: Place, text: String) -> Document {
        self.documents += 1;
        Document {
            origin: Origin {
                source: Arc::clone(&self.name),
                document: self.documents,
                line: place.line,
            },
            body,
            span: place.span,
            syntax: place.syntax,
            written: Written::new(text, place.text_line),
            named: self.named,
        }
    }

    fn split_error(&self, error: SplitError) -> InputError {
        match error {
            SplitError::Read(cause) => InputError::Read {
                name: self.name.to_string(),
                cause,
            },
            SplitError::TooLong { line } => self.syntax(
                line,
                1,
                format!(
                    "a document of more than {} MiB: split the List, or read it in parts (oc get \
                     --chunk-size, one kind or namespace at a time)",
                    MAX_DOCUMENT >> 20
                ),
            ),
            SplitError::NotUtf8 { line } if !self.named => InputError::NotManifest {
                name: self.name.to_string(),
                line,
                reason: SkipReason::NotKubernetes,
            },
            SplitError::NotUtf8 { line } => self.syntax(
                line,
                1,
                "not UTF-8 text: save the file as UTF-8, or exclude it".to_owned(),
            ),
        }
    }
}

/// The position of a document in its source, and its syntax.
struct Place {
    line: usize,
    /// The line on which its text begins, with the prepended text.
    text_line: usize,
    span: Range<usize>,
    syntax: Syntax,
}

/// Consecutive JSON values, with their lines, positions and texts, and the error that ended them
/// early.
#[derive(Default)]
struct JsonRun<'a> {
    values: Vec<(Value, usize, usize, &'a str)>,
    error: Option<(usize, usize, String)>,
}

fn json_values(content: &str, first_line: usize) -> JsonRun<'_> {
    let mut run = JsonRun::default();
    let mut values = serde_json::Deserializer::from_str(content).into_iter::<Value>();
    let mut line = first_line;
    let mut from = 0;
    loop {
        let next = values.next();
        let rest = content.get(from..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start().len();
        line += lines(rest.get(..blank).unwrap_or_default());
        match next {
            Some(Ok(body)) => {
                let end = values.byte_offset();
                let text = content.get(from + blank..end).unwrap_or_default();
                run.values.push((body, line, from + blank, text));
                line += lines(text);
                from = end;
            }
            Some(Err(error)) => {
                run.error = Some((
                    first_line + error.line().saturating_sub(1),
                    error.column(),
                    json_message(&error),
                ));
                return run;
            }
            None => return run,
        }
    }
}

/// The text from the first line with content, and that line's number.
fn content(chunk: &Chunk) -> (&str, usize) {
    let mut text = chunk.text.as_str();
    let mut line = chunk.line;
    while let Some((first, rest)) = text.split_once('\n')
        && is_preamble(first)
    {
        text = rest;
        line += 1;
    }
    (text, line)
}

/// Whether a text that is not YAML looks like a Kubernetes object, by its lines. A text
/// with template actions has to be rendered first.
fn is_manifest(text: &str) -> bool {
    let has = |key: &str| {
        text.lines().any(|line| {
            let line = line.trim_start_matches(['-', ' ', '"', '{']);
            line.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start_matches('"').starts_with(':'))
        })
    };
    !yaml::has_helm_actions(text) && has("kind") && has("apiVersion")
}

/// The text of a document after other documents, and the lines prepended to it.
fn as_yaml_document(text: &str) -> (String, usize) {
    let mut document = String::with_capacity(text.len() + 8);
    if text.lines().any(|line| line.starts_with('%')) {
        // A directive can follow a document only after its end has been marked.
        document.push_str("...\n");
    } else if !text.starts_with("---") {
        document.push_str("---\n");
    }
    let before = lines(&document);
    document.push_str(text);
    if !text.ends_with('\n') {
        document.push('\n');
    }
    (document, before)
}

/// serde_json's message without its "at line 1 column 2", which is already in the prefix.
fn json_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    format!("not JSON: {}", text.get(..end).unwrap_or_default())
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<String> {
        let open = Open::new(Box::new(Cursor::new(text.to_owned())), "x.yaml", true);
        let documents = Documents {
            sources: Vec::new().into_iter(),
            open: Some(open),
            ready: VecDeque::new(),
        };
        documents
            .map(|document| match document {
                Ok(document) => format!(
                    "{} #{} {}",
                    document.origin, document.origin.document, document.body
                ),
                Err(error) => error.to_string(),
            })
            .collect()
    }

    #[test]
    fn each_document_knows_its_place() {
        for (text, want) in [
            (
                "# c\n---\n\na: 1\n---\nb: 2\n",
                &[r#"x.yaml:4 #1 {"a":1}"#, r#"x.yaml:6 #2 {"b":2}"#][..],
            ),
            ("{\"a\": 1}", &[r#"x.yaml:1 #1 {"a":1}"#]),
            (
                "\n{\"a\":\n1}\n\n{\"b\":2} {\"c\":3}\n",
                &[
                    r#"x.yaml:2 #1 {"a":1}"#,
                    r#"x.yaml:5 #2 {"b":2}"#,
                    r#"x.yaml:5 #3 {"c":3}"#,
                ],
            ),
            ("{a: y, b: [1]}\n", &[r#"x.yaml:1 #1 {"a":true,"b":[1]}"#]),
            (
                "---\n{\"a\": 1} # c\n---\n{\"b\": 1}\n",
                &[r#"x.yaml:2 #1 {"a":1}"#, r#"x.yaml:4 #2 {"b":1}"#],
            ),
        ] {
            let found = documents(text);
            assert_eq!(found, want, "{text:?}");
        }
    }

    #[test]
    fn a_span_is_the_position_of_the_document() {
        let text = "\u{feff}# c\n---\na: 1\r\n--- # d\nb: 2\n...\n\n{\"c\": 3}{\"d\": 4}\n";
        let source = Source::Loaded {
            name: "x".to_owned(),
            text: text.as_bytes().into(),
            named: true,
        };
        let found: Vec<_> = read(vec![source])
            .map(|document| {
                let document = document.unwrap();
                (document.syntax, text.get(document.span).unwrap())
            })
            .collect();
        assert_eq!(
            found,
            [
                (Syntax::Yaml, "# c\n---\na: 1\r\n"),
                (Syntax::Yaml, "--- # d\nb: 2\n"),
                (Syntax::Json, "{\"c\": 3}"),
                (Syntax::Json, "{\"d\": 4}"),
            ]
        );
    }

    #[test]
    fn one_bad_document_does_not_hide_the_next() {
        let found = documents("a: 1\n---\nb: [\n---\nc: 1\n");
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], r#"x.yaml:1 #1 {"a":1}"#);
        assert!(found[1].starts_with("x.yaml:"), "{found:?}");
        assert_eq!(found[2], r#"x.yaml:5 #2 {"c":1}"#);
    }

    #[test]
    fn files_of_a_folder_that_are_not_manifests_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let skipped = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let read = |named| {
                let path = path.clone();
                read(vec![Source::File { path, named }]).next().unwrap()
            };
            let is_skipped = |error: &InputError| matches!(error, InputError::NotManifest { .. });
            assert!(!read(true).is_err_and(|error| is_skipped(&error)), "{name}");
            let document = read(false);
            let objects = document.and_then(|document| document.objects().map(|all| all.len()));
            match objects {
                Err(InputError::NotManifest { reason, .. }) => Some(reason),
                Err(InputError::Syntax { .. }) => None,
                other => panic!("{name}: {other:?}"),
            }
        };
        let not = Some(SkipReason::NotKubernetes);
        let template = Some(SkipReason::Template);
        for (name, content, want) in [
            (
                "tsconfig.json",
                &b"{\n  // comment\n  \"a\": 1,\n}\n"[..],
                not,
            ),
            ("settings.json", b"{\"a\": 1,,}\n", not),
            ("ci.yml", b"a: b: c\n", not),
            ("latin1.yaml", b"a: \xe9\n", not),
            (
                "deployment.yaml",
                b"apiVersion: v1\nkind: Service\nspec:\n{{- if .x }}\n  a: 1\n{{- end }}\n",
                template,
            ),
            ("_helpers.yaml", b"{{- define \"x\" -}}\n", template),
            (
                "broken.yaml",
                b"apiVersion: v1\nkind: Service\nspec: a: b\n",
                None,
            ),
            (
                "broken.json",
                b"{\"kind\": \"Build\",\n\"apiVersion\": \"v1\",,}\n",
                None,
            ),
        ] {
            assert_eq!(skipped(name, content), want, "{name}");
        }
    }

    #[test]
    fn invalid_json_after_valid_json_is_reported_in_its_place() {
        let found = documents("{\"a\":1}\n{\"b\" 2}\n");
        assert_eq!(
            found,
            [
                r#"x.yaml:1 #1 {"a":1}"#,
                "x.yaml:2:6: not JSON: expected `:`"
            ]
        );
    }
}
