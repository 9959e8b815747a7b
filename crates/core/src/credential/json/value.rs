//! A view of a JSON value that passed [`super::check`]. It parses lazily, and copies only requested values.

/// One value: its first byte to its last, without surrounding space.
#[derive(Clone, Copy)]
pub(in super::super) struct Value<'a>(&'a [u8]);

/// A value's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// The kind as text: `a string`.
    pub(in super::super) fn description(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl<'a> Value<'a> {
    /// The value that `data` holds; `data` must have passed [`super::check`].
    pub(in super::super) fn of_checked(data: &'a [u8]) -> Self {
        Self(data.trim_ascii())
    }

    pub(in super::super) fn kind(self) -> Kind {
        match self.0.first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            _ => Kind::Null,
        }
    }

    /// Name and value of each member of an object, in document order, duplicates included.
    pub(in super::super) fn members(self) -> impl Iterator<Item = (String, Value<'a>)> {
        let mut rest = match self.0.split_first() {
            Some((b'{', rest)) => rest,
            _ => &[],
        };
        std::iter::from_fn(move || {
            let name = take_value(skip_separators(rest))?;
            let value = take_value(skip_separators(name.1))?;
            rest = value.1;
            Some((unquote(name.0), Value(value.0)))
        })
    }

    /// The text of a string.
    pub(in super::super) fn text(self) -> String {
        unquote(self.0)
    }
}

fn skip_separators(data: &[u8]) -> &[u8] {
    let used = data
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':'))
        .count();
    data.get(used..).unwrap_or_default()
}

/// Splits the first value off; `None` at the end of the enclosing object.
fn take_value(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = match data.first()? {
        b'"' => string_length(data),
        b'{' | b'[' => composite_length(data),
        b'}' | b']' => return None,
        _ => data
            .iter()
            .take_while(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'}' | b']'))
            .count(),
    };
    data.split_at_checked(length)
}

/// Length of the string at the start of `data`, quotes included.
fn string_length(data: &[u8]) -> usize {
    let mut escaped = false;
    let inside = data.iter().skip(1).take_while(|&&byte| {
        let end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        !end
    });
    inside.count().saturating_add(2).min(data.len())
}

/// Length of the object or array at the start of `data`.
fn composite_length(data: &[u8]) -> usize {
    let mut rest = data;
    let mut depth = 0_usize;
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'"' => {
                rest = rest.get(string_length(rest)..).unwrap_or_default();
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        rest = tail;
        if depth == 0 {
            break;
        }
    }
    data.len() - rest.len()
}

/// Go's `unquote`: decodes escapes, and replaces invalid Unicode.
fn unquote(token: &[u8]) -> String {
    let inside = token
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .unwrap_or_default();
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(escape) = rest.iter().position(|&byte| byte == b'\\') {
        let (plain, escaped) = rest.split_at(escape);
        super::super::push_lossy(&mut text, plain);
        rest = unescape(&mut text, escaped.get(1..).unwrap_or_default());
    }
    super::super::push_lossy(&mut text, rest);
    text
}

/// Decodes one escape, its backslash already gone, and returns what follows.
fn unescape<'a>(text: &mut String, data: &'a [u8]) -> &'a [u8] {
    let Some((&letter, rest)) = data.split_first() else {
        return data;
    };
    text.push(match letter {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unescape_unicode(text, rest),
        other => char::from(other),
    });
    rest
}

fn unescape_unicode<'a>(text: &mut String, data: &'a [u8]) -> &'a [u8] {
    let Some((first, rest)) = hex4(data) else {
        return data;
    };
    if let Some(c) = char::from_u32(first) {
        text.push(c);
        return rest;
    }
    let second = rest.strip_prefix(b"\\u").and_then(hex4);
    if let (0xd800..0xdc00, Some((second @ 0xdc00..0xe000, rest))) = (first, second) {
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        return rest;
    }
    text.push(char::REPLACEMENT_CHARACTER);
    rest
}

fn hex4(data: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = data.split_at_checked(4)?;
    let number = digits.iter().try_fold(0, |sum, &digit| {
        Some(sum * 16 + char::from(digit).to_digit(16)?)
    })?;
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Vec<(String, Kind, String)> {
        Value::of_checked(text.as_bytes())
            .members()
            .map(|(name, value)| {
                (
                    name,
                    value.kind(),
                    String::from_utf8_lossy(value.0).into_owned(),
                )
            })
            .collect()
    }

    #[test]
    fn members_are_split() {
        let found =
            members(r#" {"a" : "x\"}" , "b":[1,{"c":"]"}],"c":-1.5e3 ,"d":null,"a":{},"e":true} "#);
        let found: Vec<_> = found
            .iter()
            .map(|(n, k, v)| (n.as_str(), *k, v.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("a", Kind::String, r#""x\"}""#),
                ("b", Kind::Array, r#"[1,{"c":"]"}]"#),
                ("c", Kind::Number, "-1.5e3"),
                ("d", Kind::Null, "null"),
                ("a", Kind::Object, "{}"),
                ("e", Kind::Bool, "true"),
            ]
        );
        assert!(members("{}").is_empty());
        assert!(members("[1]").is_empty());
    }

    #[test]
    fn strings_are_decoded() {
        for (token, text) in [
            (&br#""""#[..], ""),
            (br#""a\n\t\/\\\"\u0041""#, "a\n\t/\\\"A"),
            (br#""\ud83d\ude00""#, "\u{1f600}"),
            (br#""\ud83d\u0041""#, "\u{fffd}A"),
            (br#""\udc00x""#, "\u{fffd}x"),
            (br#""\ud800""#, "\u{fffd}"),
            (b"\"a\xff\xe2\x82b\"", "a\u{fffd}\u{fffd}\u{fffd}b"),
        ] {
            assert_eq!(unquote(token), text, "{token:?}");
        }
    }
}
