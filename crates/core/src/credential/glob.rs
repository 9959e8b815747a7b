//! Go's `path.Match` for one host label: `*`, `?`, classes and backslash escapes, on bytes with UTF-8 characters.

/// The pattern cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether the whole of `name` matches `pattern`. As in Go, a bad pattern can be unnoticed if the mismatch is
/// certain before the bad part.
pub(super) fn matches(mut pattern: &[u8], mut name: &[u8]) -> Result<bool, BadPattern> {
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = scan_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        let last = pattern.is_empty();
        if let Some(tail) = match_chunk(chunk, name)?
            && (tail.is_empty() || !last)
        {
            name = tail;
            continue;
        }
        if star {
            for (skipped, &byte) in name.iter().enumerate() {
                if byte == b'/' {
                    break;
                }
                let from = name.get(skipped + 1..).unwrap_or_default();
                match match_chunk(chunk, from)? {
                    Some(tail) if last && !tail.is_empty() => {}
                    Some(tail) => {
                        name = tail;
                        continue 'pattern;
                    }
                    None => {}
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Splits off leading stars and the text before the next one.
fn scan_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|&&byte| byte == b'*').count();
    let pattern = pattern.get(stars..).unwrap_or_default();
    let mut in_class = false;
    let mut escaped = false;
    let end = pattern.iter().position(|&byte| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match byte {
            b'\\' => escaped = true,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' => return !in_class,
            _ => {}
        }
        false
    });
    let (chunk, rest) = pattern.split_at(end.unwrap_or(pattern.len()));
    (stars > 0, chunk, rest)
}

/// Matches a chunk without stars at the start of `name`; the rest of `name`, or `None` for no match.
fn match_chunk<'a>(mut chunk: &[u8], mut name: &'a [u8]) -> Result<Option<&'a [u8]>, BadPattern> {
    let mut failed = false;
    while let Some((&operator, rest)) = chunk.split_first() {
        failed |= name.is_empty();
        match operator {
            b'[' => {
                let (found, tail) = if failed {
                    (char::REPLACEMENT_CHARACTER, name)
                } else {
                    first_char(name)
                };
                let (fits, rest) = match_class(rest, found)?;
                failed |= !fits;
                name = tail;
                chunk = rest;
            }
            b'?' => {
                if !failed {
                    failed = name.first() == Some(&b'/');
                    name = first_char(name).1;
                }
                chunk = rest;
            }
            _ => {
                let (literal, rest) = match operator {
                    b'\\' => rest.split_first().ok_or(BadPattern)?,
                    _ => (&operator, rest),
                };
                if !failed && let Some((byte, tail)) = name.split_first() {
                    failed = byte != literal;
                    name = tail;
                }
                chunk = rest;
            }
        }
    }
    Ok((!failed).then_some(name))
}

/// Reads a class after its `[`: whether it holds `found`, and the text after its `]`.
fn match_class(chunk: &[u8], found: char) -> Result<(bool, &[u8]), BadPattern> {
    let (negated, mut chunk) = match chunk.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, chunk),
    };
    let mut matched = false;
    let mut first = true;
    loop {
        if !first && let Some(rest) = chunk.strip_prefix(b"]") {
            return Ok((matched != negated, rest));
        }
        first = false;
        let (low, rest) = class_char(chunk)?;
        let (high, rest) = match rest.strip_prefix(b"-") {
            Some(rest) => class_char(rest)?,
            None => (low, rest),
        };
        chunk = rest;
        matched |= (low..=high).contains(&found);
    }
}

/// A character of a class (`getEsc`); a class never ends the pattern with one.
fn class_char(chunk: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let chunk = match chunk.first() {
        None | Some(b'-' | b']') => return Err(BadPattern),
        Some(b'\\') => chunk.get(1..).unwrap_or_default(),
        Some(_) => chunk,
    };
    let (c, rest) = first_char(chunk);
    let invalid = c == char::REPLACEMENT_CHARACTER && chunk.len() - rest.len() <= 1;
    if invalid || rest.is_empty() {
        Err(BadPattern)
    } else {
        Ok((c, rest))
    }
}

/// Go's `utf8.DecodeRune`: a byte that starts no character counts as U+FFFD.
fn first_char(data: &[u8]) -> (char, &[u8]) {
    let decoded = (1..=4).find_map(|length| {
        let (head, tail) = data.split_at_checked(length)?;
        Some((std::str::from_utf8(head).ok()?.chars().next()?, tail))
    });
    decoded.unwrap_or((
        char::REPLACEMENT_CHARACTER,
        data.get(1..).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_go() {
        for (pattern, name, expected) in [
            ("abc", "abc", Ok(true)),
            ("*", "abc", Ok(true)),
            ("*", "a/b", Ok(false)),
            ("*c", "abc", Ok(true)),
            ("a*", "a", Ok(true)),
            ("a*b*c", "axbxxc", Ok(true)),
            ("a*b*c", "axbxxd", Ok(false)),
            ("", "", Ok(true)),
            ("", "a", Ok(false)),
            ("a?c", "aéc", Ok(true)),
            ("a?c", "a/c", Ok(false)),
            ("r[a-c]", "rb", Ok(true)),
            ("r[^a-c]", "rb", Ok(false)),
            ("r[^a-c]", "rd", Ok(true)),
            ("[a-ζ]*", "α", Ok(true)),
            ("[\\]a]", "]", Ok(true)),
            ("[\\-x]", "-", Ok(true)),
            ("a[", "a", Err(BadPattern)),
            ("a[", "ab", Err(BadPattern)),
            ("a[", "x", Err(BadPattern)),
            ("[]a]", "]", Err(BadPattern)),
            ("[-]", "-", Err(BadPattern)),
            ("[x-]", "x", Err(BadPattern)),
            ("[a-b-c]", "a", Err(BadPattern)),
            ("a\\", "a", Err(BadPattern)),
            ("a\\*c", "a*c", Ok(true)),
            ("*x", "xxx", Ok(true)),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
