//! The grammar itself: `name [":" tag] ["@" digest]`, matched by hand.

use super::ParseImageError;

/// Longest name, registry host included, in bytes (`NameTotalLengthMax`).
const NAME_MAX: usize = 255;
/// Longest tag, in characters.
const TAG_MAX: usize = 128;
/// Fewest digits of any digest, whatever its algorithm.
const DIGEST_HEX_MIN: usize = 32;

/// The three parts of a reference in the grammar; `""` if a part is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) name: &'a str,
    pub(super) tag: &'a str,
    pub(super) digest: &'a str,
}

/// Splits `input` as library-go's `reference.Parse` does, with its errors in its order.
pub(super) fn split(input: &str) -> Result<Parts<'_>, ParseImageError> {
    let Some(parts) = matching(input, |c| c) else {
        return Err(if input.is_empty() {
            ParseImageError::Empty
        } else if matching(input, to_lower).is_some() {
            ParseImageError::UpperCase
        } else {
            ParseImageError::Format
        });
    };
    if parts.name.len() > NAME_MAX {
        return Err(ParseImageError::TooLong);
    }
    if !parts.digest.is_empty() {
        check_digest(parts.digest)?;
    }
    Ok(parts)
}

/// Matches `input`, each character seen through `fold`.
///
/// No part can contain the separator that ends it, so the input can be split only at the first `@`, the last `/`
/// before it and the first `:` after that.
fn matching(input: &str, fold: fn(char) -> char) -> Option<Parts<'_>> {
    let (left, digest) = match input.split_once('@') {
        Some((left, digest)) => (left, Some(digest)),
        None => (input, None),
    };
    let (path, last) = match left.rsplit_once('/') {
        Some((path, last)) => (Some(path), last),
        None => (None, left),
    };
    let (component, tag) = match last.split_once(':') {
        Some((component, tag)) => (component, Some(tag)),
        None => (last, None),
    };
    let fits = is_component(component.chars().map(fold))
        && path.is_none_or(|path| is_path(path, fold))
        && tag.is_none_or(|tag| is_tag(tag.chars().map(fold)))
        && digest.is_none_or(|digest| is_digest(digest.chars().map(fold)));
    let name = tag.map_or(Some(left), |tag| {
        left.strip_suffix(tag)
            .and_then(|name| name.strip_suffix(':'))
    })?;
    fits.then_some(Parts {
        name,
        tag: tag.unwrap_or_default(),
        digest: digest.unwrap_or_default(),
    })
}

/// Components before the last one; only the first may be a registry host.
fn is_path(path: &str, fold: fn(char) -> char) -> bool {
    path.split('/').enumerate().all(|(position, component)| {
        is_component(component.chars().map(fold))
            || position == 0 && is_host(component.chars().map(fold))
    })
}

/// Runs of `[a-z0-9]` with one of `.`, `_`, `__` or any number of `-` between them.
fn is_component(chars: impl Iterator<Item = char>) -> bool {
    #[derive(Clone, Copy)]
    enum State {
        Start,
        Word,
        Underscore,
        Dashes,
        Separated,
    }
    let mut state = State::Start;
    for c in chars {
        state = match (state, c) {
            (_, 'a'..='z' | '0'..='9') => State::Word,
            (State::Word, '.') | (State::Underscore, '_') => State::Separated,
            (State::Word, '_') => State::Underscore,
            (State::Word | State::Dashes, '-') => State::Dashes,
            _ => return false,
        };
    }
    matches!(state, State::Word)
}

/// Labels of letters, digits and inner dashes joined by dots, with an optional `:digits`. Upper case is legal here.
fn is_host(chars: impl Iterator<Item = char>) -> bool {
    #[derive(Clone, Copy)]
    enum State {
        Label,
        Word,
        Dashes,
        Colon,
        Port,
    }
    let mut state = State::Label;
    for c in chars {
        state = match (state, c) {
            (State::Colon | State::Port, '0'..='9') => State::Port,
            (State::Colon | State::Port, _) => return false,
            (_, c) if c.is_ascii_alphanumeric() => State::Word,
            (State::Word, '.') => State::Label,
            (State::Word | State::Dashes, '-') => State::Dashes,
            (State::Word, ':') => State::Colon,
            _ => return false,
        };
    }
    matches!(state, State::Word | State::Port)
}

fn is_tag(chars: impl Iterator<Item = char>) -> bool {
    let mut length = 0_usize;
    for c in chars {
        let fits = c.is_ascii_alphanumeric() || c == '_' || length > 0 && matches!(c, '.' | '-');
        if !fits || length == TAG_MAX {
            return false;
        }
        length += 1;
    }
    length > 0
}

/// `algorithm:hex`, where an algorithm is words that begin with a letter, joined by one of `-_+.`.
fn is_digest(mut chars: impl Iterator<Item = char>) -> bool {
    let mut word = false;
    for c in chars.by_ref() {
        match c {
            'A'..='Z' | 'a'..='z' => word = true,
            '0'..='9' if word => {}
            '-' | '_' | '+' | '.' if word => word = false,
            ':' if word => break,
            _ => return false,
        }
    }
    let mut digits = 0_usize;
    for c in chars {
        if !c.is_ascii_hexdigit() {
            return false;
        }
        digits += 1;
    }
    digits >= DIGEST_HEX_MIN
}

/// Additional checks for a digest that fits the grammar (`digest.Digest.Validate`).
fn check_digest(digest: &str) -> Result<(), ParseImageError> {
    let (algorithm, hex) = digest.split_once(':').unwrap_or((digest, ""));
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(ParseImageError::DigestAlgorithm),
    };
    if hex.len() == length {
        Ok(())
    } else {
        Err(ParseImageError::DigestLength)
    }
}

/// Go's `unicode.ToLower` as far as it affects the grammar: two letters outside ASCII become ASCII letters, every
/// other letter outside ASCII remains outside.
fn to_lower(c: char) -> char {
    match c {
        '\u{130}' => 'i',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    }
}
