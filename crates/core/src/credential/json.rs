//! JSON as Go's `encoding/json` reads it, because Secrets are read by Go.
//!
//! It differs from what `serde_json` reads into types where users meet it: names match in any case, broken UTF-8 and lone
//! surrogates become U+FFFD, and wrong types elsewhere do not stop the reading.

mod value;

use serde::de::{Error as _, IgnoredAny};

pub(super) use value::{Kind, Value};

/// Deepest nesting that Go accepts.
const DEPTH_MAX: usize = 10_000;

/// Checks that `data` is one JSON value; the error has the position, and nothing of the value.
///
/// `serde_json` skips values as Go does: no string is decoded.
pub(super) fn check(data: &[u8]) -> Result<(), serde_json::Error> {
    serde_json::from_slice::<IgnoredAny>(data)?;
    if depth(data) > DEPTH_MAX {
        return Err(serde_json::Error::custom("it is nested too deep"));
    }
    Ok(())
}

/// The nesting depth of a JSON value.
fn depth(data: &[u8]) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for &byte in data {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth = depth.saturating_add(1);
                most = most.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Go's answers (`json.Valid`, Go 1.24).
    #[test]
    fn validity_matches_go() {
        for bad in [
            "",
            "  ",
            "{",
            "\"a",
            "tru",
            "nul}",
            "-",
            "1.",
            "1e+x",
            "01",
            "{} x",
            "{}}",
            "{a",
            "{\"a\"}",
            "{\"a\":1 \"b\"",
            "{\"a\":1,}",
            "[1 2]",
            "[1,]",
            "\"\\x\"",
            "\"\\u00g0\"",
            "\"a\nb\"",
            "'a'",
            "\u{7f}",
            "\u{e9}",
            "NaN",
            "+1",
            ".5",
            "\u{feff}{}",
            "{}\u{0}",
        ] {
            assert!(check(bad.as_bytes()).is_err(), "{bad:?}");
        }
        for good in [
            &b"null"[..],
            b" true ",
            b"-0.5e+10",
            b"0",
            b"-0",
            b"1e999999",
            b"[]",
            b"{}",
            b"[[1,{\"a\":[null]}],\"\\u00e9\\n\"]\n",
            b"\"\\ud800\"",
            b"\"\\udc00\\ud800\"",
            b"\"\xff\xe2\x82\"",
            b"\"\x7f\"",
            b"\t\r\n{}",
            b"{\"a\":1,\"a\":2}",
            b"123456789012345678901234567890",
        ] {
            assert!(check(good).is_ok(), "{}", String::from_utf8_lossy(good));
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(check(&nested(10_000)).is_ok());
        assert!(check(&nested(10_001)).is_err());
        assert!(check(&vec![b'['; 1_000_000]).is_err());
        let flat = format!("[\"{}\"]", "[{".repeat(20_000));
        assert!(check(flat.as_bytes()).is_ok());
    }
}
