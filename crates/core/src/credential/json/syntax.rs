//! Go's JSON scanner (`encoding/json/scanner.go`), for its error texts.

/// Deepest nesting that Go accepts.
const DEPTH_MAX: usize = 10_000;

/// Checks that `data` is one JSON value. The error is Go's text.
pub(in super::super) fn check(data: &[u8]) -> Result<(), String> {
    let mut scanner = Scanner {
        state: State::BeginValue,
        open: Vec::new(),
    };
    for &byte in data {
        scanner.step(byte)?;
    }
    if scanner.state != State::EndTop {
        // Go ends a number, and finds a literal cut short, by stepping over one more space.
        scanner.step(b' ')?;
    }
    if scanner.state == State::EndTop {
        Ok(())
    } else {
        Err("unexpected end of JSON input".to_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BeginValue,
    BeginValueOrEmpty,
    BeginString,
    BeginStringOrEmpty,
    EndValue,
    EndTop,
    InString,
    Escape,
    /// Hexadecimal digits of a `\u` still to come.
    Unicode(u8),
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
    /// A literal, and what of it is still to come.
    Literal(&'static str, &'static str),
}

/// What encloses the value being scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    ObjectKey,
    ObjectValue,
    Array,
}

struct Scanner {
    state: State,
    open: Vec<Open>,
}

impl Scanner {
    fn step(&mut self, c: u8) -> Result<(), String> {
        self.state = match self.state {
            State::BeginValue
            | State::BeginValueOrEmpty
            | State::BeginString
            | State::BeginStringOrEmpty
                if is_space(c) =>
            {
                self.state
            }
            State::BeginValueOrEmpty if c == b']' => self.end_value(c)?,
            State::BeginValue | State::BeginValueOrEmpty => self.begin_value(c)?,
            State::BeginStringOrEmpty if c == b'}' => {
                self.replace_top(Open::ObjectValue);
                self.end_value(c)?
            }
            State::BeginString | State::BeginStringOrEmpty => match c {
                b'"' => State::InString,
                _ => return Err(invalid(c, "looking for beginning of object key string")),
            },
            State::EndValue => self.end_value(c)?,
            State::EndTop if is_space(c) => State::EndTop,
            State::EndTop => return Err(invalid(c, "after top-level value")),
            State::InString => match c {
                b'"' => State::EndValue,
                b'\\' => State::Escape,
                0..0x20 => return Err(invalid(c, "in string literal")),
                _ => State::InString,
            },
            State::Escape => match c {
                b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => State::InString,
                b'u' => State::Unicode(4),
                _ => return Err(invalid(c, "in string escape code")),
            },
            State::Unicode(left) if c.is_ascii_hexdigit() => match left {
                0 | 1 => State::InString,
                left => State::Unicode(left - 1),
            },
            State::Unicode(_) => return Err(invalid(c, "in \\u hexadecimal character escape")),
            State::Literal(word, left) => literal(word, left, c)?,
            number => self.number(number, c)?,
        };
        Ok(())
    }

    fn begin_value(&mut self, c: u8) -> Result<State, String> {
        match c {
            b'{' => self.push(c, Open::ObjectKey, State::BeginStringOrEmpty),
            b'[' => self.push(c, Open::Array, State::BeginValueOrEmpty),
            b'"' => Ok(State::InString),
            b'-' => Ok(State::Minus),
            b'0' => Ok(State::Zero),
            b'1'..=b'9' => Ok(State::Integer),
            b't' => Ok(State::Literal("true", "rue")),
            b'f' => Ok(State::Literal("false", "alse")),
            b'n' => Ok(State::Literal("null", "ull")),
            _ => Err(invalid(c, "looking for beginning of value")),
        }
    }

    fn number(&mut self, state: State, c: u8) -> Result<State, String> {
        Ok(match (state, c) {
            (State::Minus, b'0') => State::Zero,
            (State::Minus, b'1'..=b'9') | (State::Integer, b'0'..=b'9') => State::Integer,
            (State::Minus, _) => return Err(invalid(c, "in numeric literal")),
            (State::Zero | State::Integer, b'.') => State::Point,
            (State::Zero | State::Integer | State::Fraction, b'e' | b'E') => State::Exponent,
            (State::Point | State::Fraction, b'0'..=b'9') => State::Fraction,
            (State::Point, _) => return Err(invalid(c, "after decimal point in numeric literal")),
            (State::Exponent, b'+' | b'-') => State::ExponentSign,
            (State::Exponent | State::ExponentSign | State::ExponentDigits, b'0'..=b'9') => {
                State::ExponentDigits
            }
            (State::Exponent | State::ExponentSign, _) => {
                return Err(invalid(c, "in exponent of numeric literal"));
            }
            _ => self.end_value(c)?,
        })
    }

    fn end_value(&mut self, c: u8) -> Result<State, String> {
        let Some(&open) = self.open.last() else {
            return if is_space(c) {
                Ok(State::EndTop)
            } else {
                Err(invalid(c, "after top-level value"))
            };
        };
        if is_space(c) {
            return Ok(State::EndValue);
        }
        match (open, c) {
            (Open::ObjectKey, b':') => {
                self.replace_top(Open::ObjectValue);
                Ok(State::BeginValue)
            }
            (Open::ObjectKey, _) => Err(invalid(c, "after object key")),
            (Open::ObjectValue, b',') => {
                self.replace_top(Open::ObjectKey);
                Ok(State::BeginString)
            }
            (Open::Array, b',') => Ok(State::BeginValue),
            (Open::ObjectValue, b'}') | (Open::Array, b']') => {
                self.open.pop();
                Ok(if self.open.is_empty() {
                    State::EndTop
                } else {
                    State::EndValue
                })
            }
            (Open::ObjectValue, _) => Err(invalid(c, "after object key:value pair")),
            (Open::Array, _) => Err(invalid(c, "after array element")),
        }
    }

    fn push(&mut self, c: u8, open: Open, next: State) -> Result<State, String> {
        self.open.push(open);
        if self.open.len() > DEPTH_MAX {
            Err(invalid(c, "exceeded max depth"))
        } else {
            Ok(next)
        }
    }

    fn replace_top(&mut self, open: Open) {
        if let Some(top) = self.open.last_mut() {
            *top = open;
        }
    }
}

fn literal(word: &'static str, left: &'static str, c: u8) -> Result<State, String> {
    match left.as_bytes().split_first() {
        Some((&expected, rest)) if expected == c => Ok(match left.get(1..) {
            Some(left) if !rest.is_empty() => State::Literal(word, left),
            _ => State::EndValue,
        }),
        expected => {
            let expected = expected.map_or(' ', |(&byte, _)| char::from(byte));
            Err(invalid(
                c,
                &format!("in literal {word} (expecting '{expected}')"),
            ))
        }
    }
}

fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\r' | b'\n')
}

fn invalid(c: u8, context: &str) -> String {
    format!("invalid character {} {context}", quote(c))
}

/// Go's `quoteChar`: a byte, taken for the character of that number, as a character literal.
fn quote(c: u8) -> String {
    match c {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        0x07 => r"'\a'".to_owned(),
        0x08 => r"'\b'".to_owned(),
        b'\t' => r"'\t'".to_owned(),
        b'\n' => r"'\n'".to_owned(),
        0x0b => r"'\v'".to_owned(),
        0x0c => r"'\f'".to_owned(),
        b'\r' => r"'\r'".to_owned(),
        0..0x20 | 0x7f => format!("'\\x{c:02x}'"),
        0x80..=0xa0 | 0xad => format!("'\\u{c:04x}'"),
        _ => format!("'{}'", char::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_go() {
        for (input, error) in [
            ("", "unexpected end of JSON input"),
            ("  ", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("\"a", "unexpected end of JSON input"),
            (
                "tru",
                "invalid character ' ' in literal true (expecting 'e')",
            ),
            (
                "nul}",
                "invalid character '}' in literal null (expecting 'l')",
            ),
            ("-", "invalid character ' ' in numeric literal"),
            (
                "1.",
                "invalid character ' ' after decimal point in numeric literal",
            ),
            (
                "1e+x",
                "invalid character 'x' in exponent of numeric literal",
            ),
            ("01", "invalid character '1' after top-level value"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("{}}", "invalid character '}' after top-level value"),
            (
                "{a",
                "invalid character 'a' looking for beginning of object key string",
            ),
            ("{\"a\"}", "invalid character '}' after object key"),
            (
                "{\"a\":1 \"b\"",
                "invalid character '\"' after object key:value pair",
            ),
            (
                "{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            (
                "\"\\u00g0\"",
                "invalid character 'g' in \\u hexadecimal character escape",
            ),
            ("\"a\nb\"", "invalid character '\\n' in string literal"),
            (
                "'a'",
                "invalid character '\\'' looking for beginning of value",
            ),
            (
                "\u{7f}",
                "invalid character '\\x7f' looking for beginning of value",
            ),
            ("é", "invalid character 'Ã' looking for beginning of value"),
        ] {
            assert_eq!(check(input.as_bytes()), Err(error.to_owned()), "{input:?}");
        }
    }

    #[test]
    fn values_pass() {
        for input in [
            "null",
            " true ",
            "-0.5e+10",
            "0",
            "[]",
            "{}",
            "[[1,{\"a\":[null]}],\"\\u00e9\\n\"]\n",
        ] {
            assert_eq!(check(input.as_bytes()), Ok(()), "{input:?}");
        }
    }

    #[test]
    fn depth_is_limited() {
        assert_eq!(
            check(&[vec![b'['; 10_000], vec![b']'; 10_000]].concat()),
            Ok(())
        );
        let error = Err("invalid character '[' exceeded max depth".to_owned());
        assert_eq!(check(&vec![b'['; 100_000]), error);
    }
}
