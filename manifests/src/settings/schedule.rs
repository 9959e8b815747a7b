//! When a job runs: a schedule of cron, as Kubernetes reads it, and its time zone.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The time zone of a schedule that names none.
const UTC: &str = "Etc/UTC";
/// What `cron` accepts instead of five fields.
const DESCRIPTORS: [&str; 7] = [
    "@annually",
    "@daily",
    "@hourly",
    "@midnight",
    "@monthly",
    "@weekly",
    "@yearly",
];
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A schedule that a CronJob accepts: `[TZ=ZONE] MINUTE HOUR DAY MONTH WEEKDAY`.
///
/// The grammar is that of `robfig/cron`'s `ParseStandard`, which the API server validates with, without `@every`: such a
/// schedule restarts with each start of the controller. The API server accepts no time zone inside a CronJob's
/// schedule, but in a field of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    cron: String,
    time_zone: String,
}

/// Why a schedule is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not five fields.
    #[error(
        "`{0}` is not a valid schedule: use MINUTE HOUR DAY MONTH WEEKDAY, such as `0 3 * * *`, with TZ=AREA/CITY before it for another time zone than UTC"
    )]
    Fields(String),
    /// A field with a value that it cannot have.
    #[error("`{value}` is not a valid {field} of a schedule: use numbers from {} to {}, `*`, ranges, lists or steps", .range.start(), .range.end())]
    Field {
        /// The name of the field.
        field: &'static str,
        /// Its value.
        value: String,
        /// The numbers that it can have.
        range: RangeInclusive<u8>,
    },
    /// Not the name of a time zone.
    #[error(
        "`{0}` is not a valid time zone: use AREA/CITY of the IANA database, such as Europe/Berlin"
    )]
    TimeZone(String),
}

impl Schedule {
    /// The five fields, as in `spec.schedule` of a CronJob.
    pub fn cron(&self) -> &str {
        &self.cron
    }

    /// The time zone, as in `spec.timeZone` of a CronJob.
    pub fn time_zone(&self) -> &str {
        &self.time_zone
    }
}

impl Default for Schedule {
    /// Every night.
    fn default() -> Self {
        Self {
            cron: "0 3 * * *".to_owned(),
            time_zone: UTC.to_owned(),
        }
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let mut fields = text.split_whitespace().peekable();
        let zone =
            fields.next_if(|first| first.starts_with("TZ=") || first.starts_with("CRON_TZ="));
        let time_zone = match zone.and_then(|zone| zone.split_once('=')) {
            Some((_, name)) => time_zone(name)?,
            None => UTC,
        };
        let fields: Vec<&str> = fields.collect();
        match fields.as_slice() {
            [descriptor] if DESCRIPTORS.contains(descriptor) => {}
            &[minute, hour, day, month, weekday] => {
                field("minute", minute, 0..=59, &[])?;
                field("hour", hour, 0..=23, &[])?;
                field("day of the month", day, 1..=31, &[])?;
                field("month", month, 1..=12, &MONTHS)?;
                field("day of the week", weekday, 0..=6, &DAYS)?;
            }
            _ => return Err(ScheduleError::Fields(text.to_owned())),
        }
        Ok(Self {
            cron: fields.join(" "),
            time_zone: time_zone.to_owned(),
        })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.time_zone != UTC {
            write!(f, "TZ={} ", self.time_zone)?;
        }
        f.write_str(&self.cron)
    }
}

/// The API server loads the time zone itself; this is the form that it demands of a name (kubernetes
/// `pkg/apis/batch/validation/validation.go`, `validateTimeZone`).
fn time_zone(name: &str) -> Result<&str, ScheduleError> {
    let is_part = |part: &str| {
        let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
        (1..=14).contains(&part.len())
            && part.chars().all(is_valid)
            && !part.starts_with('-')
            && !matches!(part, "." | "..")
    };
    if name.split('/').all(is_part) && !name.eq_ignore_ascii_case("local") {
        Ok(name)
    } else {
        Err(ScheduleError::TimeZone(name.to_owned()))
    }
}

/// Checks a field: a list of `*`, numbers and ranges, each with a step if wanted. Names stand for numbers from the
/// first of the range.
fn field(
    field: &'static str,
    text: &str,
    range: RangeInclusive<u8>,
    names: &[&str],
) -> Result<(), ScheduleError> {
    let number = |text: &str| -> Option<u8> {
        let name = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        let number = match name {
            Some(at) => u8::try_from(at).ok()?.checked_add(*range.start())?,
            None if text.chars().all(|c| c.is_ascii_digit()) => text.parse().ok()?,
            None => return None,
        };
        range.contains(&number).then_some(number)
    };
    let is_valid = |part: &str| {
        let (values, step) = match part.split_once('/') {
            Some((values, step)) => (values, Some(step)),
            None => (part, None),
        };
        let is_step = |step: &str| {
            step.chars().all(|c| c.is_ascii_digit()) && step.parse::<u8>().is_ok_and(|n| n > 0)
        };
        let is_range = match values.split_once('-') {
            None if matches!(values, "*" | "?") => true,
            None => number(values).is_some(),
            Some((first, last)) => {
                matches!((number(first), number(last)), (Some(first), Some(last)) if first <= last)
            }
        };
        is_range && step.is_none_or(is_step)
    };
    if text.split(',').all(is_valid) {
        Ok(())
    } else {
        Err(ScheduleError::Field {
            field,
            value: text.to_owned(),
            range,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_of_cron_are_valid() {
        for (text, cron, zone) in [
            ("0 3 * * *", "0 3 * * *", UTC),
            (" 0  3 * * * ", "0 3 * * *", UTC),
            (
                "*/15 0-6,20-23/2 1,15 jan-MAR ?",
                "*/15 0-6,20-23/2 1,15 jan-MAR ?",
                UTC,
            ),
            ("0 22 * * MON-FRI", "0 22 * * MON-FRI", UTC),
            ("5/10 3 31 12 6", "5/10 3 31 12 6", UTC),
            ("@daily", "@daily", UTC),
            ("TZ=Europe/Berlin 0 3 * * *", "0 3 * * *", "Europe/Berlin"),
            ("CRON_TZ=Etc/GMT+3 @weekly", "@weekly", "Etc/GMT+3"),
        ] {
            let schedule: Schedule = text.parse().unwrap();
            assert_eq!(
                (schedule.cron(), schedule.time_zone()),
                (cron, zone),
                "{text}"
            );
            assert_eq!(schedule.to_string().parse(), Ok(schedule), "{text}");
        }
        assert_eq!("0 3 * * *".parse(), Ok(Schedule::default()));
    }

    #[test]
    fn the_error_names_the_wrong_field() {
        for (text, why) in [
            ("", "`` is not a valid schedule"),
            ("daily", "`daily` is not a valid schedule"),
            ("0 3 * *", "use MINUTE HOUR DAY MONTH WEEKDAY"),
            ("0 0 3 * * *", "is not a valid schedule"),
            ("@every 1h", "is not a valid schedule"),
            ("60 3 * * *", "`60` is not a valid minute"),
            (
                "0 25 * * *",
                "`25` is not a valid hour of a schedule: use numbers from 0 to 23",
            ),
            ("0 3 0 * *", "`0` is not a valid day of the month"),
            ("0 3 * 13 *", "`13` is not a valid month"),
            ("0 3 * * 7", "`7` is not a valid day of the week"),
            (
                "0 3 * * MON-XYZ",
                "`MON-XYZ` is not a valid day of the week",
            ),
            ("*/0 3 * * *", "`*/0` is not a valid minute"),
            ("5-1 3 * * *", "`5-1` is not a valid minute"),
            ("+5 3 * * *", "`+5` is not a valid minute"),
            ("1, 3 * * *", "`1,` is not a valid minute"),
            ("1/ 3 * * *", "`1/` is not a valid minute"),
            ("TZ= 0 3 * * *", "`` is not a valid time zone"),
            ("TZ=Local 0 3 * * *", "`Local` is not a valid time zone"),
            ("TZ=../etc 0 3 * * *", "`../etc` is not a valid time zone"),
        ] {
            let error = text.parse::<Schedule>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
