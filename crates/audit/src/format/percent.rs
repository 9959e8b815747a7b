//! Percent encoding, RFC 3986.

use std::fmt::Write as _;

/// All encoded but the unreserved characters and those `besides`, which are ASCII.
pub(super) fn encoded(text: &str, besides: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let kept = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(kept) || besides.contains(kept) {
            encoded.push(kept);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_encoded() {
        assert_eq!(encoded("a-Z_0.~", ""), "a-Z_0.~");
        assert_eq!(encoded("a/b:ü %", "/"), "a/b%3A%C3%BC%20%25");
    }
}
