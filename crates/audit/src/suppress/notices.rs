//! Notices about exceptions and annotations, after all findings were processed.

use jiff::civil::Date;

use super::Limits;
use super::doubt::Doubt;
use super::waiver::Waiver;
use crate::exceptions::Standing;
use crate::report::Report;

/// The notices, in the order in which they were found.
pub(super) struct Notices {
    today: Date,
    limits: Limits,
    /// The number of annotations that the limits exclude.
    set_aside: usize,
    lines: Vec<String>,
    unused: Vec<String>,
    /// Those for which a check did not run: one line for all of them.
    not_run: Vec<String>,
}

impl Notices {
    pub(super) fn new(today: Date, limits: Limits) -> Self {
        Self {
            today,
            limits,
            set_aside: 0,
            lines: Vec::new(),
            unused: Vec::new(),
            not_run: Vec::new(),
        }
    }

    /// Adds a line.
    pub(super) fn note(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Sets the number of annotations that the limits exclude.
    pub(super) const fn set_aside(&mut self, count: usize) {
        self.set_aside += count;
    }

    /// Adds the result of one; `doubt` is why its use is unknown.
    pub(super) fn account(&mut self, waiver: &Waiver, doubt: Option<Doubt>) {
        let Waiver { label, term, .. } = waiver;
        let day = term.expires();
        let latest = self.limits.latest;
        if day > latest {
            let line = format!(
                "{label} lasts until {day}, longer than {latest} (--max-exception-days), and \
                 suppresses nothing"
            );
            self.note(line);
            return;
        }
        match term.standing(self.today) {
            Standing::Expired if waiver.lost > 0 => self.note(format!(
                "{label} expired on {day} and suppresses nothing: fix the {} that it was for, or \
                 set a later expiry date",
                findings(waiver.lost)
            )),
            Standing::Expired => self.note(format!("{label} expired on {day}: remove it")),
            Standing::Lapsing(days) if waiver.carries > 0 => self.note(format!(
                "{label} expires {}: {} after {day}",
                within(days),
                count_again(waiver.carries)
            )),
            Standing::Lapsing(_) | Standing::Holds if waiver.covers > 0 => {}
            Standing::Lapsing(_) | Standing::Holds => match doubt {
                None => self
                    .unused
                    .push(format!("{label} suppresses nothing: remove it")),
                Some(Doubt::NotRun) => self.not_run.push(label.clone()),
                Some(Doubt::NotSeen(what)) => self.note(format!(
                    "{label}: cannot determine whether it is still needed: {what}"
                )),
            },
        }
    }

    /// Writes all of it into the report, each line once: an annotation can be on an object and on
    /// its pod template.
    pub(super) fn close(mut self, report: &mut Report) {
        if let [first, others @ ..] = &*self.not_run {
            let more = match others.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let line = format!(
                "{first}{more}: cannot determine whether still needed: not all of their checks ran"
            );
            self.note(line);
        }
        let set_aside = match self.set_aside {
            0 => None,
            1 => Some("1 annotation suppresses nothing".to_owned()),
            count => Some(format!("{count} annotations suppress nothing")),
        };
        if let Some(words) = set_aside {
            self.note(format!("{words} (--no-annotation-exceptions)"));
        }
        for line in self.lines {
            if !report.notices.contains(&line) {
                report.notices.push(line);
            }
        }
        for line in self.unused {
            if !report.unused_exceptions.contains(&line) {
                report.unused_exceptions.push(line);
            }
        }
    }
}

fn findings(count: usize) -> String {
    match count {
        1 => "finding".to_owned(),
        _ => format!("{count} findings"),
    }
}

fn count_again(count: usize) -> String {
    match count {
        1 => "1 finding counts again".to_owned(),
        _ => format!("{count} findings count again"),
    }
}

fn within(days: i32) -> String {
    match days {
        0 => "at the end of today".to_owned(),
        1 => "tomorrow".to_owned(),
        _ => format!("in {days} days"),
    }
}
