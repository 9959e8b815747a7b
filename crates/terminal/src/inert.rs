//! Text from a cluster, a registry or a file that cannot harm the person or the program that reads
//! it: the one place for every output, in the audit's formats and on a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes visible what a reader, a terminal or a CI system would interpret instead of showing it: controls
/// (ESC as `^[`, as kubectl prints it), line ends, the characters that reorder, join or hide other ones, and
/// the workflow commands of CI logs. The result is always one line.
pub fn inert(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) && commands(text).next().is_none() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut commands = commands(text).peekable();
    for (at, c) in text.char_indices() {
        let is_command = commands.next_if_eq(&at).is_some();
        match c {
            '\u{1b}' => shown.push_str("^["),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_command || acts(c) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Controls, separators of lines, Unicode's format characters and fillers, and noncharacters.
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{e0000}'..='\u{e007f}'
                | '\u{e0100}'..='\u{e01ef}'
        )
}

/// Positions of text that a CI system reads as a command, in order: `::error` at the start of a line, also after blanks
/// (GitHub Actions, actions/runner `ActionCommand.cs`), and `##[error]`, `##vso[…]` and
/// `##teamcity[…]` anywhere (Azure Pipelines, the older runners, TeamCity).
fn commands(text: &str) -> impl Iterator<Item = usize> + '_ {
    let blank = text.len() - text.trim_start().len();
    let first = text
        .get(blank..)
        .is_some_and(|rest| rest.starts_with("::"))
        .then_some(blank);
    let others = text.match_indices('#').filter_map(|(at, _)| {
        let rest = text.get(at..)?.strip_prefix("##")?;
        let word = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        word.starts_with('[').then_some(at)
    });
    first.into_iter().chain(others)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn active_characters_are_shown_and_text_is_kept() {
        for (text, want) in [
            ("docker.io/acme/ümlaut:漢", "docker.io/acme/ümlaut:漢"),
            ("👩🏽 é", "👩🏽 é"),
            ("\u{1b}[31mred", "^[[31mred"),
            ("\u{1b}]0;title\u{7}", "^[]0;title\\u{7}"),
            (
                "\u{1b}]8;;https://evil.example\u{1b}\\",
                "^[]8;;https://evil.example^[\\",
            ),
            ("two\r\nlines\tand", "two\\r\\nlines\\tand"),
            ("rtl\u{202e}gpj", "rtl\\u{202e}gpj"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("filler\u{3164}", "filler\\u{3164}"),
            ("line\u{2028}separator", "line\\u{2028}separator"),
            ("csi\u{9b}2J", "csi\\u{9b}2J"),
            ("::error file=a::forged", "\\u{3a}:error file=a::forged"),
            ("  ::error::forged", "  \\u{3a}:error::forged"),
            ("ok\n::error::forged", "ok\\n::error::forged"),
            ("a::b", "a::b"),
            ("x ##[error]forged", "x \\u{23}#[error]forged"),
            (
                "##vso[task.setvariable variable=x]y",
                "\\u{23}#vso[task.setvariable variable=x]y",
            ),
            ("##teamcity[x]", "\\u{23}#teamcity[x]"),
            ("###[x]", "#\\u{23}#[x]"),
            ("## heading [x]", "## heading [x]"),
        ] {
            assert_eq!(inert(text), want, "{text:?}");
        }
    }

    /// Characters that move a cursor, end a line, reorder one or cannot be seen, each alone.
    #[test]
    fn control_and_bidi_characters_are_escaped() {
        let c0_and_c1 = ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}');
        let bidi = ['\u{61c}', '\u{200e}', '\u{200f}']
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}');
        let unseen = "\u{ad}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{2028}\u{2029}".chars();
        for c in c0_and_c1.chain(bidi).chain(unseen) {
            let shown = inert(&format!("a{c}b")).into_owned();
            assert!(!shown.contains(c), "{:x}: {shown}", u32::from(c));
            assert!(shown.starts_with('a') && shown.ends_with('b'), "{shown}");
            assert!(shown.len() > 2, "{:x} is gone", u32::from(c));
        }
    }

    proptest! {
        #[test]
        fn one_harmless_line_comes_out(text in any::<String>(), start in "[ \t]{0,3}(::|##[a-z]{0,4}\\[)?") {
            let shown = inert(&format!("{start}{text}")).into_owned();
            prop_assert!(!shown.contains(acts), "{}", shown);
            prop_assert!(commands(&shown).next().is_none(), "{}", shown);
            prop_assert_eq!(inert(&shown), shown.as_str());
        }
    }
}
