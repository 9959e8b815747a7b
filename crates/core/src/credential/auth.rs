//! The `auth` field: base64 of `username:password`, as `decodeDockerConfigFieldAuth` and Go's base64 read it.

use super::{AuthField, DockerConfigError, push_lossy};

/// The parts of an `auth` field that are kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DecodedAuth {
    pub(super) username: String,
    pub(super) has_password: bool,
    pub(super) form: AuthField,
}

/// Decodes a field that is not empty. The part after the first colon is checked and counted, but not stored.
pub(super) fn decode(field: &str) -> Result<DecodedAuth, DockerConfigError> {
    let form = if field.trim().ends_with('=') {
        AuthField::Padded
    } else {
        AuthField::Unpadded
    };
    let mut sink = Sink::default();
    decode_base64(field.as_bytes(), form == AuthField::Padded, &mut |byte| {
        sink.push(byte);
    })
    .map_err(|CorruptInput(offset)| DockerConfigError::Base64(offset))?;
    if !sink.colon {
        return Err(DockerConfigError::AuthWithoutColon);
    }
    let mut username = String::with_capacity(sink.username.len());
    push_lossy(&mut username, &sink.username);
    // A field whose length needs no padding reads the same either way.
    let form = if field.len().is_multiple_of(4) {
        AuthField::Padded
    } else {
        form
    };
    Ok(DecodedAuth {
        username,
        has_password: sink.has_password,
        form,
    })
}

/// The whole text of a field that [`decode`] accepts: `username:password`, for comparing credentials.
pub(super) fn pair(field: &str) -> Vec<u8> {
    let mut pair = Vec::new();
    let padded = field.trim().ends_with('=');
    // An accepted field has no error.
    let _ = decode_base64(field.as_bytes(), padded, &mut |byte| pair.push(byte));
    pair
}

/// A value of a Secret's `data`, as Go reads `[]byte` from JSON; `None` if it is not base64.
pub(super) fn decode_value(encoded: &str) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(encoded.len() / 4 * 3);
    decode_base64(encoded.as_bytes(), true, &mut |byte| value.push(byte)).ok()?;
    Some(value)
}

#[derive(Default)]
struct Sink {
    username: Vec<u8>,
    colon: bool,
    has_password: bool,
}

impl Sink {
    fn push(&mut self, byte: u8) {
        if self.colon {
            self.has_password = true;
        } else if byte == b':' {
            self.colon = true;
        } else {
            self.username.push(byte);
        }
    }
}

/// Offset of the byte at which Go's decoder gives up (`base64.CorruptInputError`).
#[derive(Debug, PartialEq, Eq)]
struct CorruptInput(usize);

/// `base64.StdEncoding` or, without padding, `base64.RawStdEncoding`: line breaks are skipped, unused trailing bits
/// are not checked.
fn decode_base64(
    source: &[u8],
    padded: bool,
    sink: &mut impl FnMut(u8),
) -> Result<(), CorruptInput> {
    let mut position = 0;
    while position < source.len() {
        position = decode_quantum(source, position, padded, sink)?;
    }
    Ok(())
}

/// Decodes up to four digits from `position` on and returns where it stopped.
fn decode_quantum(
    source: &[u8],
    mut position: usize,
    padded: bool,
    sink: &mut impl FnMut(u8),
) -> Result<usize, CorruptInput> {
    let mut bits = 0_u32;
    let mut digits = 0;
    let mut trailing = None;
    while digits < 4 {
        let Some(&byte) = source.get(position) else {
            match digits {
                0 => return Ok(position),
                1 => return Err(CorruptInput(position - 1)),
                digits if padded => return Err(CorruptInput(position - digits)),
                _ => break,
            }
        };
        position += 1;
        if let Some(value) = digit(byte) {
            bits |= u32::from(value) << (18 - 6 * digits);
            digits += 1;
        } else if matches!(byte, b'\n' | b'\r') {
        } else if !padded || byte != b'=' || digits < 2 {
            return Err(CorruptInput(position - 1));
        } else {
            if digits == 2 {
                position = skip_line_breaks(source, position);
                match source.get(position) {
                    None => return Err(CorruptInput(source.len())),
                    Some(b'=') => position += 1,
                    Some(_) => return Err(CorruptInput(position - 1)),
                }
            }
            position = skip_line_breaks(source, position);
            trailing = (position < source.len()).then_some(position);
            break;
        }
    }
    for byte in bits.to_be_bytes().into_iter().skip(1).take(digits - 1) {
        sink(byte);
    }
    trailing.map_or(Ok(position), |position| Err(CorruptInput(position)))
}

fn skip_line_breaks(source: &[u8], position: usize) -> usize {
    let rest = source.get(position..).unwrap_or_default();
    position
        + rest
            .iter()
            .take_while(|byte| matches!(byte, b'\n' | b'\r'))
            .count()
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    /// Offsets taken from Go's decoder.
    #[test]
    fn offsets_match_go() {
        for (field, offset) in [
            ("!!!", 0),
            ("=", 0),
            ("d=", 1),
            ("d", 0),
            ("dT", 0),
            ("dTA6c", 4),
            ("dTA6cDA= ", 8),
            ("dTA6cDA==", 8),
            ("dTA6cA=x=", 6),
            ("dTA6c=", 5),
            ("dTA6cA=", 7),
            (" dTA6cDA=", 0),
            ("dTA6-DA=", 4),
            ("dTA6cDA=\n=", 9),
        ] {
            let decoded = decode(field);
            // `dT` is complete without padding, but not a pair.
            let expected = if field == "dT" {
                DockerConfigError::AuthWithoutColon
            } else {
                DockerConfigError::Base64(offset)
            };
            assert_eq!(decoded, Err(expected), "{field:?}");
        }
    }

    #[test]
    fn username_and_form_are_kept() {
        for (field, username, has_password, form) in [
            ("dTA6cDA=", "u0", true, AuthField::Padded),
            ("dTA6cDA", "u0", true, AuthField::Unpadded),
            ("dTA6\ncDA=\n", "u0", true, AuthField::Padded),
            ("dTA6", "u0", false, AuthField::Padded),
            ("Og==", "", false, AuthField::Padded),
            ("YTpiOmM=", "a", true, AuthField::Padded),
            ("/zp4", "\u{fffd}", true, AuthField::Padded),
        ] {
            let expected = DecodedAuth {
                username: username.to_owned(),
                has_password,
                form,
            };
            assert_eq!(decode(field), Ok(expected), "{field:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_another_decoder(user in "[^:]{0,9}", password in "\\PC{0,9}") {
            let plain = format!("{user}:{password}");
            for field in [STANDARD.encode(&plain), STANDARD_NO_PAD.encode(&plain)] {
                let decoded = decode(&field).expect("it was encoded");
                prop_assert_eq!(&decoded.username, &user);
                prop_assert_eq!(decoded.has_password, !password.is_empty());
            }
        }

        #[test]
        fn any_field_is_read_without_panic(field in any::<String>()) {
            let _ = decode(&field);
        }
    }
}
