//! What there is to say about exceptions and annotations, once all findings have been gone through.

use jiff::civil::Date;

use super::Limits;
use super::doubt::Doubt;
use super::waiver::Waiver;
use crate::exceptions::Standing;
use crate::report::Report;

/// What there is to say, in the order in which it was found.
pub(super) struct Book {
    today: Date,
    limits: Limits,
    /// Annotations that the limits leave out.
    set_aside: usize,
    notices: Vec<String>,
    unused: Vec<String>,
    /// Those of which a check was not asked: one line for all of them.
    not_asked: Vec<String>,
}

impl Book {
    pub(super) fn new(today: Date, limits: Limits) -> Self {
        Self {
            today,
            limits,
            set_aside: 0,
            notices: Vec::new(),
            unused: Vec::new(),
            not_asked: Vec::new(),
        }
    }

    /// Takes a line.
    pub(super) fn note(&mut self, line: String) {
        self.notices.push(line);
    }

    /// Takes how many annotations the limits leave out.
    pub(super) const fn set_aside(&mut self, count: usize) {
        self.set_aside += count;
    }

    /// Takes what became of one; `doubt` is why it cannot be told that it suppresses nothing.
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
                "{label} expired on {day} and suppresses nothing: mend the {} that it was for, or \
                 give it a later day",
                findings(waiver.lost)
            )),
            Standing::Expired => self.note(format!("{label} expired on {day}: remove it")),
            Standing::Lapsing(days) if waiver.carries > 0 => self.note(format!(
                "{label} lapses {}: {} after {day}",
                within(days),
                count_again(waiver.carries)
            )),
            Standing::Lapsing(_) | Standing::Holds if waiver.covers > 0 => {}
            Standing::Lapsing(_) | Standing::Holds => match doubt {
                None => self
                    .unused
                    .push(format!("{label} suppresses nothing: remove it")),
                Some(Doubt::NotAsked) => self.not_asked.push(label.clone()),
                Some(Doubt::NotSeen(what)) => self.note(format!(
                    "{label}: cannot tell whether it is still needed: {what}"
                )),
            },
        }
    }

    /// Writes all of it into the report, each line once: an annotation may be on an object and on
    /// its pod template.
    pub(super) fn close(mut self, report: &mut Report) {
        if let [first, others @ ..] = &*self.not_asked {
            let more = match others.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let line = format!(
                "{first}{more}: cannot tell whether still needed: not all of their checks were asked"
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
        for line in self.notices {
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
