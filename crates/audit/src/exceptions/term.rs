//! The reason and the expiry date of an exception.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The number of days before the expiry date from which a notice is given.
pub const NOTICE_DAYS: i32 = 14;

/// The reason and the expiry date. Both are required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    reason: String,
    expires: Date,
}

/// The state of a term on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds for longer than [`NOTICE_DAYS`].
    Holds,
    /// It holds today and ends in N days, at most [`NOTICE_DAYS`]; 0 is at the end of today.
    Lapsing(i32),
    /// It no longer holds.
    Expired,
}

/// Why a term is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// The reason is missing.
    #[error("no reason; explain why the finding is accepted")]
    NoReason,
    /// The expiry date is missing.
    #[error("no expiry date; write it like 2027-01-31")]
    NoDate,
    /// The expiry date is invalid.
    #[error("{0:?} is not a valid date; write it like 2027-01-31")]
    Date(String),
}

impl Term {
    /// Parses both. A reason of several lines becomes one line.
    pub fn parse(reason: &str, expires: &str) -> Result<Self, TermError> {
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if reason.is_empty() {
            return Err(TermError::NoReason);
        }
        if expires.is_empty() {
            return Err(TermError::NoDate);
        }
        match expires.parse::<Date>() {
            // The parser accepts a time after the date, and dates without dashes.
            Ok(date) if date.to_string() == expires => Ok(Self {
                reason,
                expires: date,
            }),
            _ => Err(TermError::Date(expires.to_owned())),
        }
    }

    /// The reason.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The expiry date, in UTC, on which it still holds.
    pub fn expires(&self) -> Date {
        self.expires
    }

    /// Its state on a day.
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

/// The day, in UTC, of a moment in seconds since 1970. The last possible day if that is out of
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
    fn a_term_needs_a_reason_and_a_date() {
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
    fn it_holds_through_its_expiry_date() {
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
