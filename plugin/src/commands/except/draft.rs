//! An exception to write.

use std::fmt::Write as _;

use extreg_audit::{
    check::CheckId,
    exceptions::{Exception, ExceptionEntry, Term},
};
use extreg_snapshot::kind::Kind;
use jiff::{ToSpan as _, civil::Date};
use serde_json::Value;

use crate::{closest::closest, error::Error};

/// The short names that `oc` uses for kinds.
const SHORT: [(&str, Kind); 12] = [
    ("bc", Kind::BuildConfig),
    ("cj", Kind::CronJob),
    ("dc", Kind::DeploymentConfig),
    ("deploy", Kind::Deployment),
    ("ds", Kind::DaemonSet),
    ("is", Kind::ImageStream),
    ("ns", Kind::Namespace),
    ("po", Kind::Pod),
    ("rc", Kind::ReplicationController),
    ("rs", Kind::ReplicaSet),
    ("sa", Kind::ServiceAccount),
    ("sts", Kind::StatefulSet),
];

/// An exception to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) check: CheckId,
    /// More than one if the name is ambiguous.
    pub(super) kinds: Vec<Kind>,
    pub(super) name: String,
    /// The container, tag or key; none for the whole object.
    pub(super) part: Option<String>,
    pub(super) term: Term,
}

/// Reads `EXR007`.
///
/// # Errors
/// [`Error::Usage`] with a suggestion.
pub(super) fn check_of(text: &str) -> Result<CheckId, Error> {
    text.parse().map_err(|error| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let number = digits.trim_start_matches('0');
        let by_number = CheckId::ALL
            .into_iter()
            .map(CheckId::as_str)
            .find(|id| id.trim_start_matches(['E', 'X', 'R', '0']) == number);
        let meant = by_number.or_else(|| closest(text, CheckId::ALL.map(CheckId::as_str)));
        Error::usage(match meant {
            Some(meant) => format!("{error}; did you mean {meant}?"),
            None => format!("{error} (to list them: oc extreg audit list)"),
        })
    })
}

/// Reads `KIND/NAME`: the possible kinds, and the name.
///
/// # Errors
/// [`Error::Usage`] with a suggestion.
pub(super) fn object_of(text: &str) -> Result<(Vec<Kind>, String), Error> {
    let Some((kind, name)) = text.split_once('/').filter(|(_, name)| !name.is_empty()) else {
        return Err(Error::usage(format!(
            "{text:?} is not an object; write KIND/NAME, such as deployment/cart"
        )));
    };
    let short = SHORT.iter().find(|(short, _)| *short == kind);
    let kinds = match short {
        Some((_, kind)) => vec![*kind],
        None => Kind::named(kind),
    };
    if kinds.is_empty() {
        let apis = Kind::ALL.map(Kind::api);
        let known = apis.iter().flat_map(|api| [api.kind, api.plural]);
        return Err(Error::usage(match closest(kind, known) {
            Some(meant) => format!("the audit does not read kind {kind:?}; did you mean {meant}?"),
            None => {
                format!(
                    "the audit does not read kind {kind:?}; audit rbac lists the kinds that it reads"
                )
            }
        }));
    }
    Ok((kinds, name.to_owned()))
}

/// Reads the reason and the expiry date. A past date is refused; a distant date gets a warning.
///
/// # Errors
/// [`Error::Usage`]
pub(super) fn term_of(reason: &str, expires: &str, today: Date) -> Result<(Term, bool), Error> {
    let term = Term::parse(reason, expires).map_err(|error| {
        let flag = if reason.trim().is_empty() {
            "--reason"
        } else {
            "--expires"
        };
        Error::usage(format!("{flag}: {error}"))
    })?;
    if term.expires() < today {
        return Err(Error::usage(format!(
            "--expires: {expires} is past (today is {today} in UTC): an expired exception suppresses nothing"
        )));
    }
    let is_far = today
        .checked_add(1.year())
        .is_ok_and(|year| term.expires() > year);
    Ok((term, is_far))
}

impl Draft {
    /// Its entry in a file; `namespace` is empty for a cluster-scoped kind.
    pub(super) fn entry(&self, namespace: &str) -> ExceptionEntry {
        let kind = match &*self.kinds {
            [kind] if Kind::named(kind.api().kind).len() > 1 => kind.api().resource(),
            kinds => kinds
                .first()
                .map_or_else(String::new, |kind| kind.api().kind.to_owned()),
        };
        ExceptionEntry {
            check: Some(self.check.to_string()),
            kind: Some(kind),
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            name: Some(self.name.clone()),
            part: self.part.clone(),
            reason: Some(self.term.reason().to_owned()),
            expires: Some(self.term.expires().to_string()),
            ..ExceptionEntry::default()
        }
    }

    /// The entry as an exception.
    ///
    /// # Errors
    /// [`Error::Usage`] if a field is invalid.
    pub(super) fn exception(&self, namespace: &str) -> Result<Exception, Error> {
        Exception::parse("new".to_owned(), &self.entry(namespace))
            .map_err(|error| Error::usage(error.to_string()))
    }
}

/// The lines of an entry without indentation; the first one has the dash.
pub(super) fn lines(entry: &ExceptionEntry) -> Vec<String> {
    let fields = [
        ("check", &entry.check),
        ("kind", &entry.kind),
        ("namespace", &entry.namespace),
        ("name", &entry.name),
        ("part", &entry.part),
        ("reason", &entry.reason),
        ("expires", &entry.expires),
    ];
    let mut lines: Vec<String> = Vec::new();
    for (key, value) in fields {
        let Some(value) = value else { continue };
        let mut line = if lines.is_empty() { "- " } else { "  " }.to_owned();
        // Writing to a String cannot fail.
        let _ = write!(line, "{key}: {}", scalar(key, value));
        lines.push(line);
    }
    lines
}

/// A text quoted so that YAML reads it as a string. JSON strings are valid as YAML's double-quoted ones.
fn scalar(key: &str, text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let is_inner = |c: char| is_word(c) || (key == "reason" && " ,()/_+".contains(c));
    let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_inner)
        && !reserved.contains(&&*text.to_lowercase());
    if is_plain || key == "expires" {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn an_unknown_word_gets_a_suggestion() {
        for (text, want) in [
            ("EXR7", "did you mean EXR007?"),
            ("exr-012", "did you mean EXR012?"),
            ("7", "did you mean EXR007?"),
            ("EXR0O7", "did you mean EXR007?"),
            ("EXR099", "the checks are EXR001 to EXR015"),
            ("anonymous", "audit list"),
        ] {
            let error = check_of(text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
        assert_eq!(check_of("exr007").unwrap(), CheckId::Exr007);
        for (text, want) in [
            ("deployment", "write KIND/NAME"),
            ("deployment/", "write KIND/NAME"),
            ("deploymnet/cart", "did you mean Deployment?"),
            ("configmap/cart", "the audit does not read kind"),
        ] {
            let error = object_of(text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
        for (text, want) in [
            ("deploy/cart", vec![Kind::Deployment]),
            ("deployments.apps/cart", vec![Kind::Deployment]),
            ("build/x", vec![Kind::Build, Kind::ShipwrightBuild]),
            ("builds.shipwright.io/x", vec![Kind::ShipwrightBuild]),
        ] {
            assert_eq!(object_of(text).unwrap().0, want, "{text}");
        }
    }

    #[test]
    fn an_expiry_date_is_today_or_later() {
        let today = date(2026, 11, 24);
        for (reason, expires, want) in [
            ("", "2027-01-31", "--reason: no reason"),
            (" ", "2027-01-31", "--reason: no reason"),
            (
                "why",
                "tomorrow",
                "--expires: \"tomorrow\" is not a valid date",
            ),
            ("why", "2026-11-23", "--expires: 2026-11-23 is past"),
        ] {
            let error = term_of(reason, expires, today).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
        assert!(!term_of("why", "2026-11-24", today).unwrap().1);
        assert!(!term_of("why", "2027-11-24", today).unwrap().1);
        assert!(term_of("why", "2027-11-25", today).unwrap().1);
    }

    #[test]
    fn an_entry_is_read_back_unchanged() {
        for (object, name, reason) in [
            ("deployment", "cart", "the mirror comes in January"),
            ("builds.shipwright.io", "cart", "ours: really # not"),
            ("is", "on", "\"quoted\" and 'quoted' \\ é \u{1}"),
            ("pod", "1e3", "yes"),
            ("pod", "app-*", "- dash"),
        ] {
            let (kinds, name) = object_of(&format!("{object}/{name}")).unwrap();
            let (term, _) = term_of(reason, "2027-01-31", date(2026, 11, 24)).unwrap();
            let draft = Draft {
                check: CheckId::Exr007,
                kinds,
                name,
                part: Some("true".to_owned()),
                term,
            };
            let text = lines(&draft.entry("shop")).join("\n");
            let read: Vec<ExceptionEntry> = serde_saphyr::from_str(&text).unwrap();
            assert_eq!(read, [draft.entry("shop")], "{text}");
        }
    }
}
