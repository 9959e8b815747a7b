//! The limits that a registry reports: rate-limit headers and `Retry-After`.

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const SOURCE: HeaderName = HeaderName::from_static("docker-ratelimit-source");
/// An address or an ID; anything longer is not shown.
const LONGEST_SOURCE: usize = 128;
/// The longest wait for a registry, regardless of its headers.
const LONGEST_WAIT: u64 = 24 * 3600;
/// A higher limit cannot be reached here.
const MOST_PULLS: u64 = 1_000_000_000_000;
/// The longest window: a year.
const LONGEST_WINDOW: u64 = 366 * 24 * 3600;

/// The pull limit that a registry reports in its headers (Docker Hub, "Pull usage and limits").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Pulls in a window.
    pub limit: u64,
    /// The remaining pulls.
    pub remaining: Option<u64>,
    /// The window, in seconds.
    pub window_seconds: u64,
    /// The owner of the limit: an address, or the ID of an account.
    pub source: Option<String>,
}

impl RateLimit {
    /// Reads the headers; `None` if they are absent or do not contain a window.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let (limit, window) = quota(text(headers, &LIMIT)?)?;
        Some(Self {
            limit,
            remaining: text(headers, &REMAINING)
                .and_then(quota)
                .map(|(remaining, _)| remaining),
            window_seconds: window.filter(|seconds| *seconds > 0)?,
            source: text(headers, &SOURCE)
                .map(str::trim)
                .filter(|source| !source.is_empty() && source.len() <= LONGEST_SOURCE)
                .map(str::to_owned),
        })
    }
}

/// The wait that a registry requests: seconds, or a date; at most a day.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, &header::RETRY_AFTER)?.trim();
    if let Some(seconds) = number(text, LONGEST_WAIT) {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| DateTimeParser::new().parse_timestamp(text).ok();
    let until = date(text)?;
    // By the registry's own clock, if it reports it: ours can be wrong.
    let now = self::text(headers, &header::DATE)
        .and_then(date)
        .unwrap_or_else(Timestamp::now);
    let wait = until.duration_since(now).max(SignedDuration::ZERO);
    Some(wait.unsigned_abs().min(Duration::from_secs(LONGEST_WAIT)))
}

/// Digits only, and at most `most`.
fn number(text: &str, most: u64) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX).min(most))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `100;w=21600`: a number and its window.
fn quota(text: &str) -> Option<(u64, Option<u64>)> {
    let mut parts = text.split(';').map(str::trim);
    let pulls = number(parts.next()?, MOST_PULLS)?;
    let window = parts.find_map(|part| number(part.strip_prefix("w=")?.trim(), LONGEST_WINDOW));
    Some((pulls, window))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn the_headers_of_docker_hub_are_read() {
        let read = |pairs: &[_]| RateLimit::from_headers(&headers(pairs));
        assert_eq!(
            read(&[
                ("ratelimit-limit", "100;w=21600"),
                ("ratelimit-remaining", "99;w=21600"),
                ("docker-ratelimit-source", "203.0.113.7"),
            ]),
            Some(RateLimit {
                limit: 100,
                remaining: Some(99),
                window_seconds: 21600,
                source: Some("203.0.113.7".to_owned()),
            })
        );
        assert_eq!(
            read(&[
                ("ratelimit-limit", "200; w=21600"),
                ("ratelimit-remaining", "x")
            ]),
            Some(RateLimit {
                limit: 200,
                remaining: None,
                window_seconds: 21600,
                source: None,
            })
        );
        for limit in [
            "",
            "100",
            "100;w=0",
            "many;w=21600",
            "-1;w=21600",
            "100;w=x",
        ] {
            assert_eq!(read(&[("ratelimit-limit", limit)]), None, "{limit}");
        }
        assert_eq!(read(&[("ratelimit-remaining", "99;w=21600")]), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        for (after, now, seconds) in [
            ("0", date, Some(0)),
            ("120", date, Some(120)),
            ("Wed, 21 Oct 2026 07:30:00 GMT", date, Some(120)),
            ("Wed, 21 Oct 2026 07:00:00 GMT", date, Some(0)),
            ("soon", date, None),
            ("-5", date, None),
        ] {
            let read = retry_after(&headers(&[("retry-after", after), ("date", now)]));
            assert_eq!(read, seconds.map(Duration::from_secs), "{after}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
        let past = headers(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]);
        assert_eq!(retry_after(&past), Some(Duration::ZERO));
    }

    proptest! {
        #[test]
        fn no_number_of_a_registry_is_beyond_its_bound(
            digits in "[0-9]{1,40}",
            other in "[0-9]{1,40}",
            text in "\\PC{0,24}",
        ) {
            let of = |name: HeaderName, text: &str| {
                let value = HeaderValue::from_str(text).ok()?;
                Some(HeaderMap::from_iter([(name, value)]))
            };
            for text in [&digits, &text] {
                if let Some(headers) = of(header::RETRY_AFTER, text) {
                    let wait = retry_after(&headers).unwrap_or_default();
                    prop_assert!(wait <= Duration::from_secs(LONGEST_WAIT));
                }
            }
            let wait = retry_after(&of(header::RETRY_AFTER, &digits).unwrap());
            prop_assert!(wait.is_some());
            let headers = of(LIMIT, &format!("{digits};w={other}")).unwrap();
            if let Some(limit) = RateLimit::from_headers(&headers) {
                prop_assert!(limit.limit <= MOST_PULLS && limit.window_seconds <= LONGEST_WINDOW);
            }
        }
    }

    #[test]
    fn the_largest_numbers_are_capped() {
        for (after, seconds) in [
            ("18446744073709551615", LONGEST_WAIT),
            ("99999999999999999999999999", LONGEST_WAIT),
            ("Thu, 30 Dec 9999 12:00:00 GMT", LONGEST_WAIT),
            ("86400", LONGEST_WAIT),
        ] {
            let read = retry_after(&headers(&[("retry-after", after)]));
            assert_eq!(read, Some(Duration::from_secs(seconds)), "{after}");
        }
    }
}
