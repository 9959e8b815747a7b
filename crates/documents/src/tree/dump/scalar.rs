//! One line of a dump: keys, quotes, and the recognition of plain text.

use std::borrow::Cow;

pub(crate) fn starts_item(content: &str) -> bool {
    content.starts_with("- ") || content == "-"
}

/// The key of `key: value` or `key:`, and the value.
pub(crate) fn key(content: &str) -> Option<(Cow<'_, str>, &str)> {
    let (key, rest) = if content.starts_with(['"', '\'']) {
        quoted_key(content)?
    } else {
        plain_key(content)?
    };
    match rest.strip_prefix(' ') {
        Some(value) => {
            let value = value.trim_start_matches(' ');
            (!value.is_empty()).then_some((key, value))
        }
        None => rest.is_empty().then_some((key, rest)),
    }
}

fn quoted_key(content: &str) -> Option<(Cow<'_, str>, &str)> {
    let quote = content.chars().next()?;
    let inner = content.get(1..)?;
    let end = closing(inner, quote)?;
    let mut key = String::new();
    let Piece::Closed = unquote(inner.get(..=end)?, quote, &mut key)? else {
        return None;
    };
    let rest = inner.get(end + 1..)?.strip_prefix(':')?;
    Some((key.into(), rest))
}

fn plain_key(content: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = match content.find(": ") {
        Some(end) => end,
        None => content.len().checked_sub(1)?,
    };
    let rest = content.get(end..)?.strip_prefix(':')?;
    let key = content.get(..end)?;
    // `yes` and `1e3` are keys of another spelling.
    let is_key = is_plain(key) && is_surely_text(key) && !key.starts_with(['-', '?', ':', '=']);
    is_key.then_some((key.into(), rest))
}

/// The position of the closing quote.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quote == '"' => {
                bytes.next()?;
            }
            byte if char::from(byte) == quote => {
                if quote == '\'' && text.as_bytes().get(at + 1) == Some(&b'\'') {
                    bytes.next()?;
                } else {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The result of a line of a quoted scalar.
pub(crate) enum Piece {
    /// The scalar ends with the line.
    Closed,
    /// It continues; `joined` without a blank between.
    Open { joined: bool },
}

/// Adds the text of one line of a quoted scalar.
pub(crate) fn unquote(line: &str, quote: char, text: &mut String) -> Option<Piece> {
    let mut chars = line.chars();
    loop {
        let Some(c) = chars.next() else {
            // Blanks at the end of a line do not count; the writer never writes them.
            return (!line.ends_with(' ')).then_some(Piece::Open { joined: false });
        };
        if c == quote {
            if quote == '\'' && chars.as_str().starts_with('\'') {
                chars.next();
                text.push('\'');
                continue;
            }
            return chars.as_str().is_empty().then_some(Piece::Closed);
        }
        if c != '\\' || quote == '\'' {
            text.push(c);
            continue;
        }
        let Some(escape) = chars.next() else {
            return Some(Piece::Open { joined: true });
        };
        let code = match escape {
            '"' | '\\' | '/' | ' ' => u32::from(escape),
            'n' => 0x0a,
            't' => 0x09,
            'r' => 0x0d,
            '0' => 0x00,
            'a' => 0x07,
            'b' => 0x08,
            'e' => 0x1b,
            'f' => 0x0c,
            'v' => 0x0b,
            'x' => hex(&mut chars, 2)?,
            'u' => hex(&mut chars, 4)?,
            'U' => hex(&mut chars, 8)?,
            _ => return None,
        };
        text.push(char::from_u32(code)?);
    }
}

fn hex(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<u32> {
    let text = chars.as_str().get(..digits)?;
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    *chars = chars.as_str().get(digits..)?.chars();
    u32::from_str_radix(text, 16).ok()
}

/// Whether a line can be (part of) a plain scalar, or a plain key.
pub(crate) fn is_plain(text: &str) -> bool {
    let starts_well = !text.starts_with([
        '"', '\'', '[', ']', '{', '}', '&', '*', '!', '|', '>', '%', '@', '`', '#', ',',
    ]);
    starts_well
        && !text.ends_with([' ', ':'])
        && !text.contains(" #")
        && !text.contains(": ")
        && !text
            .chars()
            .any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}')
}

/// A number in JSON syntax, too short to overflow.
pub(crate) fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits && (1..=18).contains(&digits.len()) && (!digits.starts_with('0') || text == "0")
}

/// Whether plain text is text by the rules of YAML 1.1, decided without a parser.
pub(crate) fn is_surely_text(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "~",
    ];
    let mut bytes = text.bytes();
    let Some(first) = bytes.next() else {
        return false;
    };
    match first {
        // `.dockercfg`, but not `.inf` or `.5`.
        b'.' => text.len() > 4 && bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic()),
        // Flags, but not numbers.
        b'-' => bytes
            .next()
            .is_some_and(|byte| byte == b'-' || byte.is_ascii_alphabetic()),
        b'+' | b'=' | b'<' => false,
        b'0'..=b'9' => !may_be_number(text),
        _ => text.len() > 5 || !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)),
    }
}

/// Whether text that begins with a digit can be a number, in any notation.
fn may_be_number(text: &str) -> bool {
    let mut last = 0;
    let mut dots = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b'x' | b'o' | b'_' | b':' => {}
            b'.' => dots += 1,
            b'+' | b'-' if matches!(last, b'e' | b'E') => {}
            _ => return false,
        }
        last = byte;
    }
    dots < 2 || text.contains(':')
}
