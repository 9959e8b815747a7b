//! Why something is all right, and until when.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// So many days before a term ends it is said that it will.
pub const NOTICE_DAYS: i32 = 14;

/// Why something is all right, and until when. There is none without either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    reason: String,
    expires: Date,
}

/// Where a term stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds for longer than [`NOTICE_DAYS`].
    Holds,
    /// It holds today and ends in so many days, at most [`NOTICE_DAYS`]; 0 is at the end of today.
    Lapsing(i32),
    /// It no longer holds.
    Expired,
}

/// Why something is no term.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// There is no reason.
    #[error("no reason; say why this is all right")]
    NoReason,
    /// There is no last day.
    #[error("no last day; write it like 2027-01-31")]
    NoDate,
    /// The last day is none.
    #[error("{0:?} is no day; write it like 2027-01-31")]
    Date(String),
}

impl Term {
    /// Reads both. A reason of several lines becomes one.
    pub fn parse(reason: &str, expires: &str) -> Result<Self, TermError> {
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if reason.is_empty() {
            return Err(TermError::NoReason);
        }
        if expires.is_empty() {
            return Err(TermError::NoDate);
        }
        match expires.parse::<Date>() {
            // The parser takes a time behind the day, and days without dashes.
            Ok(date) if date.to_string() == expires => Ok(Self {
                reason,
                expires: date,
            }),
            _ => Err(TermError::Date(expires.to_owned())),
        }
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The last day on which it holds, in UTC.
    pub fn expires(&self) -> Date {
        self.expires
    }

    /// Where it stands.
    pub fn standing(&self, today: Date) -> Standing {
        match self.expires.duration_since(today).as_hours() / 24 {
            days if days < 0 => Standing::Expired,
            days => match i32::try_from(days) {
                Ok(days) if days <= NOTICE_DAYS => Standing::Lapsing(days),
                _ => Standing::Holds,
            },
        }
    }
}

/// The day, in UTC, of a moment in seconds since 1970. The last there is where that is out of
/// bounds: on it everything has expired.
pub fn day(seconds: i64) -> Date {
    Timestamp::from_second(seconds)
        .map_or(Date::MAX, |moment| TimeZone::UTC.to_datetime(moment).date())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_term_needs_a_reason_and_a_day() {
        let term = Term::parse(" moved\n  in Q1 ", "2027-01-31").unwrap();
        assert_eq!(term.reason(), "moved in Q1");
        assert_eq!(term.expires(), date(2027, 1, 31));
        assert_eq!(Term::parse(" \n", "2027-01-31"), Err(TermError::NoReason));
        assert_eq!(Term::parse("why", ""), Err(TermError::NoDate));
        for text in [
            "2027-02-30",
            "2027-1-31",
            "20270131",
            "2027-01-31T00:00:00",
            "31.01.2027",
            "never",
            " 2027-01-31",
        ] {
            let error = Term::parse("why", text);
            assert_eq!(error, Err(TermError::Date(text.to_owned())));
        }
    }

    #[test]
    fn it_holds_through_its_last_day() {
        let term = Term::parse("why", "2027-01-31").unwrap();
        for (today, want) in [
            (date(2026, 1, 31), Standing::Holds),
            (date(2027, 1, 16), Standing::Holds),
            (date(2027, 1, 17), Standing::Lapsing(14)),
            (date(2027, 1, 30), Standing::Lapsing(1)),
            (date(2027, 1, 31), Standing::Lapsing(0)),
            (date(2027, 2, 1), Standing::Expired),
            (Date::MAX, Standing::Expired),
        ] {
            assert_eq!(term.standing(today), want, "{today}");
        }
    }

    #[test]
    fn a_moment_is_on_a_day() {
        assert_eq!(day(0), date(1970, 1, 1));
        assert_eq!(day(86_399), date(1970, 1, 1));
        assert_eq!(day(86_400), date(1970, 1, 2));
        assert_eq!(day(i64::MAX), Date::MAX);
    }
}
