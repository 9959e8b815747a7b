//! A row of the list of exceptions.

use extreg_audit::exceptions::{Exception, NOTICE_DAYS, Standing, Term};
use jiff::civil::Date;
use serde::Serialize;

use super::{
    gather::{Annotation, Spot},
    unused::Unused,
};

/// A row of the list of exceptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    /// `exceptions.yaml:4`, or the place on the object.
    pub(super) place: String,
    pub(super) source: &'static str,
    pub(super) checks: Vec<String>,
    /// Empty for any namespace.
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) part: String,
    pub(super) image: String,
    pub(super) rule: String,
    pub(super) reason: String,
    pub(super) expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) days_left: Option<i64>,
    pub(super) state: State,
    /// Whether it suppressed nothing; none if no report was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unused: Option<bool>,
    /// Why it is invalid.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) error: String,
}

/// The state of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    Active,
    /// It expires within [`NOTICE_DAYS`].
    Expiring,
    Expired,
    /// It cannot be read, and suppresses nothing.
    Invalid,
}

impl State {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::Invalid => "invalid",
        }
    }

    fn new(term: &Term, today: Date) -> Self {
        match term.standing(today) {
            Standing::Holds => Self::Active,
            Standing::Lapsing(_) => Self::Expiring,
            Standing::Expired => Self::Expired,
        }
    }
}

impl Row {
    /// A row for an entry of a file.
    pub(super) fn of_file(exception: &Exception, today: Date, unused: Option<&Unused>) -> Self {
        let written = exception.written();
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Self {
            place: exception.place().to_owned(),
            source: "file",
            checks: exception.checks().iter().map(ToString::to_string).collect(),
            namespace: text(&written.namespace),
            kind: text(&written.kind),
            name: text(&written.name),
            part: text(&written.part),
            image: text(&written.image),
            rule: text(&written.rule),
            unused: unused.map(|unused| unused.has_entry(exception)),
            ..Self::of_term(exception.term(), today)
        }
    }

    /// A row for an annotation.
    pub(super) fn from_annotation(
        annotation: &Annotation,
        today: Date,
        unused: Option<&Unused>,
    ) -> Self {
        let (place, source) = match &annotation.spot {
            Spot::Object => ("annotation".to_owned(), "annotation"),
            Spot::Template(field) => (format!("annotation in {field}"), "template"),
            Spot::Tag(tag) => (format!("annotation of tag {tag}"), "tag"),
        };
        let (row, checks) = match &annotation.statement {
            Ok(statement) => (
                Self::of_term(&statement.term, today),
                vec![statement.check.to_string()],
            ),
            Err(error) => (Self::invalid(error.to_string()), Vec::new()),
        };
        Self {
            place,
            source,
            checks,
            namespace: annotation.object.namespace.to_string(),
            kind: annotation.object.kind.api().kind.to_owned(),
            name: annotation.object.name.to_string(),
            part: annotation.part.clone().unwrap_or_default(),
            unused: unused.map(|unused| unused.has_annotation(annotation)),
            ..row
        }
    }

    fn of_term(term: &Term, today: Date) -> Self {
        let days = term.expires().duration_since(today).as_hours() / 24;
        Self {
            reason: term.reason().to_owned(),
            expires: term.expires().to_string(),
            days_left: Some(days),
            ..Self::empty(State::new(term, today))
        }
    }

    fn invalid(error: String) -> Self {
        Self {
            error,
            ..Self::empty(State::Invalid)
        }
    }

    const fn empty(state: State) -> Self {
        Self {
            place: String::new(),
            source: "",
            checks: Vec::new(),
            namespace: String::new(),
            kind: String::new(),
            name: String::new(),
            part: String::new(),
            image: String::new(),
            rule: String::new(),
            reason: String::new(),
            expires: String::new(),
            days_left: None,
            state,
            unused: None,
            error: String::new(),
        }
    }

    /// Its target: `deployment/cart, part web, image docker.io/**`.
    pub(super) fn object(&self) -> String {
        let or = |text: &str, other: &str| {
            if text.is_empty() {
                other.to_owned()
            } else {
                text.to_lowercase()
            }
        };
        let mut words = match (&*self.kind, &*self.name) {
            ("", "") => "any".to_owned(),
            (kind, name) => format!(
                "{}/{}",
                or(kind, "*"),
                if name.is_empty() { "*" } else { name }
            ),
        };
        let narrowed = [
            ("part", &self.part),
            ("image", &self.image),
            ("rule", &self.rule),
        ];
        for (what, text) in narrowed.into_iter().filter(|(_, text)| !text.is_empty()) {
            words.extend([", ", what, " ", text]);
        }
        words
    }

    /// `expiring`, `active, unused`.
    pub(super) fn standing(&self) -> String {
        let unused = if self.unused == Some(true) {
            ", unused"
        } else {
            ""
        };
        format!("{}{unused}", self.state.word())
    }
}

/// The notes below the list.
pub(super) fn remarks(rows: &[Row]) -> Vec<String> {
    let count = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
    let mut lines = Vec::new();
    for (count, what) in [
        (
            count(&|row| row.state == State::Expired),
            "expired and suppress nothing".to_owned(),
        ),
        (
            count(&|row| row.state == State::Expiring),
            format!("expire within {NOTICE_DAYS} days"),
        ),
        (
            count(&|row| row.unused == Some(true)),
            "are not used".to_owned(),
        ),
        (
            count(&|row| row.state == State::Invalid),
            "cannot be read".to_owned(),
        ),
    ] {
        if count > 0 {
            lines.push(format!("{count} of {} {what}", rows.len()));
        }
    }
    lines
}
