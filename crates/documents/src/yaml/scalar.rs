//! The meaning of a scalar: go.yaml.in/yaml/v2 `resolve.go`, which sigs.k8s.io/yaml uses.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Number, Value};

/// The tags of YAML itself begin with this.
const CORE: &str = "tag:yaml.org,2002:";

/// A scalar, resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// Too large for an [`Int`](Self::Int).
    Uint(u64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// Resolves a scalar that can have a tag in its full form.
    ///
    /// # Errors
    /// A tag that does not match the text. Quotes nothing of the text.
    pub(crate) fn resolve(
        text: Cow<'_, str>,
        is_plain: bool,
        tag: Option<&str>,
    ) -> Result<Self, String> {
        let Some(tag) = tag else {
            return Ok(if is_plain {
                plain(text)
            } else {
                Self::Text(text.into_owned())
            });
        };
        let is_same = match tag.strip_prefix(CORE) {
            Some("binary") => return binary(&text).map(Self::Text),
            Some("timestamp") if is_timestamp(&text) => return Ok(Self::Text(text.into_owned())),
            Some("timestamp") => |_: &Self| false,
            Some("bool") => |scalar: &Self| matches!(scalar, Self::Bool(_)),
            Some("int") => |scalar: &Self| matches!(scalar, Self::Int(_) | Self::Uint(_)),
            Some("null") => |scalar: &Self| matches!(scalar, Self::Null),
            Some("float") => |scalar: &Self| matches!(scalar, Self::Float(_)),
            // Text, or a tag without a meaning here.
            _ => return Ok(Self::Text(text.into_owned())),
        };
        let scalar = match (plain(text), tag.strip_prefix(CORE)) {
            #[expect(clippy::cast_precision_loss, reason = "as Go does")]
            (Self::Int(int), Some("float")) => Self::Float(int as f64),
            (scalar, _) => scalar,
        };
        if is_same(&scalar) {
            return Ok(scalar);
        }
        let short = tag.strip_prefix(CORE).unwrap_or(tag);
        Err(format!("a value that does not fit its tag !!{short}"))
    }

    /// The value in JSON.
    ///
    /// # Errors
    /// `.inf` and `.nan`, which JSON lacks.
    pub(crate) fn to_json(&self) -> Result<Value, String> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::from(*value),
            Self::Uint(value) => Value::from(*value),
            Self::Float(value) => Value::Number(
                number(*value)
                    .ok_or("a number that JSON does not have (.inf or .nan): write it in quotes")?,
            ),
            Self::Text(text) => Value::String(text.clone()),
        })
    }

    /// The value as a key in a map.
    ///
    /// # Errors
    /// Null, and a number above [`i64::MAX`], as in sigs.k8s.io/yaml.
    pub(crate) fn to_key(&self) -> Result<String, String> {
        match self {
            Self::Null => Err("a key that is null: write it in quotes".to_owned()),
            Self::Uint(_) => Err("a key that is too large a number: write it in quotes".to_owned()),
            Self::Bool(value) => Ok(value.to_string()),
            Self::Int(value) => Ok(value.to_string()),
            Self::Float(value) => Ok(float_key(*value)),
            Self::Text(text) => Ok(text.clone()),
        }
    }
}

/// A scalar without quotes and without a tag.
fn plain(text: Cow<'_, str>) -> Scalar {
    match &*text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let scalar = match text.bytes().next() {
        Some(b'.') => go_float(&text).map(Scalar::Float),
        Some(b'0'..=b'9' | b'+' | b'-') if !is_timestamp(&text) => digits(&text),
        _ => None,
    };
    scalar.unwrap_or_else(|| Scalar::Text(text.into_owned()))
}

/// A number that begins with a digit or a sign.
fn digits(text: &str) -> Option<Scalar> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if let Some(int) = go_int(&plain) {
        return Some(int);
    }
    if is_yaml_float(&plain)
        && let Some(float) = finite(&plain)
    {
        return Some(Scalar::Float(float));
    }
    if let Some(binary) = plain.strip_prefix("0b") {
        let int = i64::from_str_radix(binary, 2).map(Scalar::Int);
        return int.ok();
    }
    let binary = plain.strip_prefix("-0b")?;
    i64::from_str_radix(&format!("-{binary}"), 2)
        .map(Scalar::Int)
        .ok()
}

/// Go's `strconv.ParseInt` and `ParseUint` with base 0.
fn go_int(text: &str) -> Option<Scalar> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("+", text.get(1..)?),
        _ => ("", text),
    };
    let (radix, digits) = match rest.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, rest.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, rest.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, rest.get(2..)?),
        [b'0'] => (10, rest),
        [b'0', ..] => (8, rest.get(1..)?),
        _ => (10, rest),
    };
    // A second sign is invalid.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match sign {
        "-" => 0_i64.checked_sub_unsigned(magnitude).map(Scalar::Int),
        _ => match i64::try_from(magnitude) {
            Ok(int) => Some(Scalar::Int(int)),
            Err(_) if sign.is_empty() => Some(Scalar::Uint(magnitude)),
            Err(_) => None,
        },
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && are_digits(fraction),
        Some((whole, fraction)) => are_digits(whole) && are_digits(fraction),
        None => !mantissa.is_empty() && are_digits(mantissa),
    };
    is_mantissa
        && exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !digits.is_empty() && are_digits(digits)
        })
}

/// Go's `strconv.ParseFloat` of text that begins with a point; an underscore stands between digits.
fn go_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    let mut fit = underscores.map(|(at, _)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    if !fit.all(|fits| fits) {
        return None;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if is_yaml_float(&plain) {
        finite(&plain)
    } else {
        None
    }
}

/// The number, unless it is out of range.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A date, or a date and a time; both are text in JSON.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (
            text.get(..at).unwrap_or_default(),
            text.get(at..).unwrap_or_default(),
        ),
        None => (text, ""),
    };
    let number = |text: &str, lengths: std::ops::RangeInclusive<usize>, max: u32| {
        let value = text.bytes().all(|byte| byte.is_ascii_digit()) && lengths.contains(&text.len());
        value && text.parse::<u32>().is_ok_and(|value| value <= max)
    };
    let mut parts = date.split('-');
    let is_date = number(parts.next().unwrap_or_default(), 4..=4, 9999)
        && number(parts.next().unwrap_or_default(), 1..=2, 12)
        && number(parts.next().unwrap_or_default(), 1..=2, 31)
        && parts.next().is_none();
    if !is_date || time.is_empty() {
        return is_date;
    }
    let clock: String = time
        .chars()
        .skip(1)
        .take_while(|c| c.is_ascii_digit() || *c == ':')
        .collect();
    let mut parts = clock.split(':');
    number(parts.next().unwrap_or_default(), 1..=2, 23)
        && number(parts.next().unwrap_or_default(), 1..=2, 59)
        && number(parts.next().unwrap_or_default(), 1..=2, 59)
        && parts.next().is_none()
}

/// As Go's JSON writes bytes that are not text: each becomes a replacement character.
fn binary(text: &str) -> Result<String, String> {
    let base64: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = STANDARD
        .decode(base64)
        .map_err(|_| "a value that is not base64, as its tag !!binary requires".to_owned())?;
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(decoded)
}

/// An integer is written without a fraction, as Go does below 1e21.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "checked to be whole and in range"
)]
fn number(value: f64) -> Option<Number> {
    if value.fract() == 0.0 {
        if value >= 0.0 && value < u64::MAX as f64 {
            return Some(Number::from(value as u64));
        }
        if value < 0.0 && value >= i64::MIN as f64 {
            return Some(Number::from(value as i64));
        }
    }
    Number::from_f64(value)
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)`, with YAML's words for values that are not numbers.
#[expect(clippy::cast_possible_truncation, reason = "as Go does")]
fn float_key(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}
