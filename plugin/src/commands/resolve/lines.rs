//! Reads and writes JSON lines, one at a time: memory does not grow with the file.

use std::io::{self, BufRead, Read as _};

use extreg_core::{credential::KeyringAnswer, image::ReferenceAnswer};
use extreg_terminal::Printer;
use serde::Serialize;
use serde_json::{Value, json};

/// The longest line. A Secret has at most 1 MiB, which JSON can escape to six times the size.
const LINE_MAX: u64 = 16 * 1024 * 1024;
/// Results are written together up to about this size, and at the latest when no more input
/// is available.
const BATCH: usize = 64 * 1024;

/// Resolves every line; returns whether all of them could be read. Skips blank lines.
pub(super) fn answer<R: io::Read>(
    mut input: io::BufReader<R>,
    printer: &Printer,
) -> io::Result<bool> {
    let mut line = Vec::new();
    let mut number = 0_u64;
    let mut every_line = true;
    let mut batch = String::new();
    while !printer.out_is_closed() {
        let Some(whole) = read_line(&mut input, &mut line)? else {
            break;
        };
        number += 1;
        let question = line.trim_ascii();
        if question.is_empty() {
            continue;
        }
        let answer = if whole {
            answer_one(question)
        } else {
            Err(format!("longer than {LINE_MAX} bytes"))
        };
        match answer {
            Ok(answer) => batch.push_str(&answer),
            Err(why) => {
                every_line = false;
                batch.push_str(&json!({ "error": format!("line {number}: {why}") }).to_string());
            }
        }
        batch.push('\n');
        if batch.len() >= BATCH || input.buffer().is_empty() {
            printer.raw(&batch);
            batch.clear();
        }
    }
    printer.raw(&batch);
    Ok(every_line)
}

/// Reads a line without its end; `None` at the end of the input, `Some(false)` for a line that is
/// too long and has been skipped.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    if input.by_ref().take(LINE_MAX).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") || input.fill_buf()?.is_empty() {
        return Ok(Some(true));
    }
    line.truncate(1);
    input.skip_until(b'\n')?;
    Ok(Some(false))
}

/// Resolves one line, or returns the error. The error quotes nothing of the line,
/// which can contain a credential.
fn answer_one(question: &[u8]) -> Result<String, String> {
    let question: Value = serde_json::from_slice(question).map_err(|error| not_json(&error))?;
    let Some(members) = question.as_object() else {
        return Err("not a JSON object".to_owned());
    };
    let Some(reference) = members.get("ref").and_then(Value::as_str) else {
        return Err("has no string \"ref\"".to_owned());
    };
    match members.get("dockerconfigjson") {
        None | Some(Value::Null) => to_json(&ReferenceAnswer::of(reference)),
        Some(Value::String(config)) => to_json(&KeyringAnswer::of(reference, config)),
        Some(_) => Err("\"dockerconfigjson\" is not a string".to_owned()),
    }
}

fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let why = text.split(" at line ").next().unwrap_or_default();
    format!("not JSON: {why} at column {}", error.column())
}

fn to_json(answer: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(answer).map_err(|error| format!("cannot serialize: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;
    use extreg_terminal::{Quiet, testing};

    fn answers(input: &[u8]) -> (bool, Vec<Value>) {
        let (printer, out, _) = testing::printer(Quiet::Silent, 0);
        let every_line = answer(BufReader::new(input), &printer).unwrap();
        let text = out.text();
        let answers = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (every_line, answers.collect())
    }

    #[test]
    fn after_a_bad_line_the_rest_is_resolved() {
        for (line, why) in [
            ("nginx", "not JSON: expected ident at column 2"),
            (
                "{\"ref\":\"nginx\"",
                "not JSON: EOF while parsing an object at column 14",
            ),
            ("[\"nginx\"]", "not a JSON object"),
            ("\"hunter2\"", "not a JSON object"),
            ("{}", "has no string \"ref\""),
            ("{\"ref\":null}", "has no string \"ref\""),
            ("{\"ref\":[\"hunter2\"]}", "has no string \"ref\""),
            (
                "{\"ref\":\"a\",\"dockerconfigjson\":{\"auths\":{}}}",
                "\"dockerconfigjson\" is not a string",
            ),
        ] {
            let input = format!("{{\"ref\":\"nginx\"}}\n\n{line}\r\n  \n{{\"ref\":\"a/b\"}}");
            let (every_line, answers) = answers(input.as_bytes());
            assert!(!every_line, "{line}");
            assert_eq!(answers.len(), 3, "{line}");
            assert_eq!(answers[0]["exact"], "nginx");
            assert_eq!(answers[1], json!({ "error": format!("line 3: {why}") }));
            assert_eq!(answers[2]["namespace"], "a");
        }
    }

    #[test]
    fn a_reference_that_openshift_refuses_has_a_result() {
        let (every_line, answers) = answers(b"{\"ref\":\"docker://x\",\"more\":[1]}\n");
        assert!(every_line);
        assert_eq!(
            answers,
            [json!({ "error": "invalid reference format", "ref": "docker://x" })]
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_completely() {
        let mut input = vec![b'x'; usize::try_from(LINE_MAX).unwrap() + 5];
        input.extend_from_slice(b"\n{\"ref\":\"a\"}\n");
        let (every_line, answers) = answers(&input);
        assert!(!every_line);
        assert_eq!(
            answers[0],
            json!({ "error": "line 1: longer than 16777216 bytes" })
        );
        assert_eq!(answers[1]["name"], "a");
    }

    #[test]
    fn invalid_utf8_is_a_bad_line() {
        let (every_line, answers) = answers(b"{\"ref\":\"\xff\"}\n");
        assert!(!every_line);
        assert_eq!(answers.len(), 1);
    }

    #[test]
    fn empty_input_gives_empty_output() {
        assert_eq!(answers(b""), (true, vec![]));
        assert_eq!(answers(b"\n \n"), (true, vec![]));
    }
}
