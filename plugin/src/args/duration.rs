//! Durations in kubectl's syntax: `30`, `30s`, `5m`, `1h30m`.

use std::{fmt, time::Duration};

/// A time limit. Displays as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// The limit; zero means "check once" for a wait and "no limit" for a request.
    pub duration: Duration,
    text: String,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The longest time limit.
const LONGEST: Duration = Duration::from_hours(8784);

/// Parses a whole number of seconds, or numbers with a unit of h, m, s or ms; at most a year.
///
/// # Errors
/// The accepted forms.
pub fn parse_timeout(text: &str) -> Result<Timeout, String> {
    duration(text)
        .filter(|duration| *duration <= LONGEST)
        .map(|duration| Timeout {
            duration,
            text: text.to_owned(),
        })
        .ok_or_else(|| {
            "use a number of seconds, or a duration such as 30s, 5m, 1h30m, at most a year"
                .to_owned()
        })
}

fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_end)?;
        let number = u64::from(number.parse::<u32>().ok()?);
        let part = match unit {
            "h" => Duration::from_secs(number.checked_mul(3600)?),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            "s" => Duration::from_secs(number),
            "ms" => Duration::from_millis(number),
            _ => return None,
        };
        total = total.checked_add(part)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            ("0", Some(0)),
            ("30", Some(30_000)),
            ("30s", Some(30_000)),
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("250ms", Some(250)),
            ("", None),
            ("s", None),
            ("5", Some(5_000)),
            ("5x", None),
            ("5m3", None),
            ("-1", None),
            ("99999999999s", None),
            ("4294967295", None),
            ("4294967295h4294967295h", None),
            ("8784h", Some(8784 * 3_600_000)),
            ("8784h1ms", None),
            ("ü", None),
        ];
        for (text, expected) in cases {
            let got = parse_timeout(text).ok().map(|t| t.duration.as_millis());
            assert_eq!(got, expected, "{text}");
        }
    }
}
