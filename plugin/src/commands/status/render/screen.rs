//! One flow: a line for each link, and the fix of the first broken link.

use extreg_flow::{FlowReport, Link, Part, State};
use extreg_terminal::{Text, wrap};

use super::{Look, age::age, colored, one_line, sign};

/// Marks the first broken link.
const MARK: &str = "  <- broken";
/// Lines are not wrapped on a terminal narrower than this.
const NARROW: usize = 20;

/// The lines.
pub(super) fn lines(flow: &FlowReport, look: Look) -> Vec<Text> {
    let from = match &flow.image {
        Some(image) => format!(" in {}, from {image}", flow.namespace),
        None => format!(" in {}", flow.namespace),
    };
    let mut lines = vec![Text::new().bold(flow.name.clone()).plain(from)];
    let first = flow.first_broken();
    let mut workload = "";
    let several = flow
        .links
        .iter()
        .filter(|link| link.part == Part::Rollout)
        .count()
        > 1;
    for (index, link) in flow.links.iter().enumerate() {
        if several && link.workload != workload {
            workload = &link.workload;
            lines.push(Text::new().plain(format!(" {workload}")));
        }
        lines.extend(line(link, first == Some(index), look));
    }
    if let Some(fix) = &flow.fix {
        lines.push(Text::new().bold("Fix:").plain(format!(" {}", fix.text())));
    } else if flow.state == State::Waiting
        && let Some(sooner) = flow.deciding_link().and_then(|link| link.fix.as_ref())
    {
        let text = format!(" {}", sooner.text());
        lines.push(Text::new().bold("Sooner with:").plain(text));
    }
    lines
}

/// The lines of a link: long messages are wrapped and indented.
fn line(link: &Link, is_first_broken: bool, look: Look) -> Vec<Text> {
    let width = if look.has_signs { 1 } else { 7 };
    let text = Text::new().plain(format!("  {:<8}  ", link.part.word()));
    let text = colored(
        text,
        link.state,
        format!("{:<width$}", sign(link.state, look)),
    );
    let text = text.dim(format!("  {:>4}  ", age(link.time, look.now)));
    let indent = 12 + width + 8;
    let mark = if is_first_broken { MARK } else { "" };
    let room = look.columns.map(|columns| columns.saturating_sub(indent));
    let rows = wrapped(&one_line(&link.message), mark.len(), room);
    let last = rows.len() - 1;
    let mut lines = Vec::new();
    let mut head = Some(text);
    for (index, row) in rows.into_iter().enumerate() {
        let text = head
            .take()
            .unwrap_or_else(|| Text::new().plain(" ".repeat(indent)));
        let text = match link.state {
            State::None => text.dim(row),
            _ => text.plain(row),
        };
        lines.push(if index == last && is_first_broken {
            text.red(MARK)
        } else {
            text
        });
    }
    lines
}

/// Wraps text into rows of that many characters, with space for a mark in the last row. The terminal wraps
/// words that are longer than a row.
fn wrapped(text: &str, mark: usize, room: Option<usize>) -> Vec<String> {
    let Some(room) = room.filter(|room| *room > NARROW) else {
        return vec![text.to_owned()];
    };
    let mut rows = wrap(text, room);
    let taken = rows
        .last()
        .map_or(0, |row| Text::from(row.as_str()).width());
    if taken + mark > room {
        rows.push(String::new());
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_wrapped_between_words() {
        let rows = |text, mark| wrapped(text, mark, Some(30));
        assert_eq!(rows("short", 10), ["short"]);
        assert_eq!(
            rows("one two three four five six seven", 0),
            ["one two three four five six", "seven"]
        );
        assert_eq!(rows("one two three four five six", 10).last().unwrap(), "");
        assert_eq!(wrapped("a b", 9, Some(3)), ["a b"]);
        assert_eq!(wrapped("a b", 9, None), ["a b"]);
    }
}
