//! The annotation by which an object accepts a finding about it.

use super::term::{Term, TermError};
use crate::check::{CheckId, UnknownCheck};

/// The annotation's key, on the object or its pod template; followed by a dot and the name of a
/// container or tag, it applies only to that one.
pub const KEY: &str = "extreg.io/ignore-checks";

/// A statement of an annotation: one check, a reason and an expiry date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The check.
    pub check: CheckId,
    /// The reason and the expiry date.
    pub term: Term,
}

/// Why a part of an annotation is invalid, and suppresses nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It has another form.
    #[error(
        "{0:?} is not a valid statement; write EXR007 until 2027-01-31: REASON, separate several with ;"
    )]
    Form(String),
    /// It names an unknown check.
    #[error(transparent)]
    Check(#[from] UnknownCheck),
    /// It gives no reason or no expiry date.
    #[error("{check}: {cause}")]
    Term {
        /// The check.
        check: CheckId,
        /// The cause.
        cause: TermError,
    },
}

/// The statements of an annotation's value: `EXR007 until 2027-01-31: reason`, separated by
/// `;`. An invalid one does not affect the rest.
pub fn statements(value: &str) -> Vec<Result<Statement, StatementError>> {
    let pieces = value.split(';').map(str::trim);
    let found: Vec<_> = pieces
        .filter(|piece| !piece.is_empty())
        .map(statement)
        .collect();
    if found.is_empty() {
        return vec![Err(StatementError::Form(value.to_owned()))];
    }
    found
}

fn statement(piece: &str) -> Result<Statement, StatementError> {
    let (head, reason) = piece.split_once(':').unwrap_or((piece, ""));
    let mut words = head.split_whitespace();
    let (Some(check), until, date, None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(StatementError::Form(piece.to_owned()));
    };
    let check: CheckId = check.parse()?;
    let date = match (until, date) {
        (None, None) => "",
        (Some("until"), date) => date.unwrap_or_default(),
        _ => return Err(StatementError::Form(piece.to_owned())),
    };
    match Term::parse(reason, date) {
        Ok(term) => Ok(Statement { check, term }),
        Err(cause) => Err(StatementError::Term { check, cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<Result<(CheckId, String), String>> {
        let text = |statement: Statement| {
            let term = statement.term;
            (
                statement.check,
                format!("{} {}", term.expires(), term.reason()),
            )
        };
        statements(value)
            .into_iter()
            .map(|found| found.map(text).map_err(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn several_are_read_separately() {
        let value =
            "EXR007 until 2027-01-31: mirror: in Q1; nonsense;\n exr001  until 2027-02-28:ours;";
        let found = read(value);
        assert_eq!(found.len(), 3);
        assert_eq!(
            found[0],
            Ok((CheckId::Exr007, "2027-01-31 mirror: in Q1".to_owned()))
        );
        assert!(
            found[1]
                .as_ref()
                .unwrap_err()
                .contains("unknown check \"nonsense\"")
        );
        assert_eq!(
            found[2],
            Ok((CheckId::Exr001, "2027-02-28 ours".to_owned()))
        );
    }

    #[test]
    fn without_a_reason_or_date_it_is_invalid() {
        for (value, want) in [
            ("", "write EXR007 until"),
            (" ; ", "write EXR007 until"),
            ("EXR007", "EXR007: no reason"),
            ("EXR007: because", "EXR007: no expiry date"),
            ("EXR007 until: because", "EXR007: no expiry date"),
            ("EXR007 until 2027-01-31", "EXR007: no reason"),
            ("EXR007 until 2027-01-31: ", "EXR007: no reason"),
            (
                "EXR007 until tomorrow: because",
                "\"tomorrow\" is not a valid date",
            ),
            (
                "EXR007 till 2027-01-31: because",
                "is not a valid statement",
            ),
            (
                "EXR007 EXR001 until 2027-01-31: because",
                "is not a valid statement",
            ),
            ("true", "unknown check \"true\""),
            ("*", "unknown check \"*\""),
            ("EXR007,EXR001 until 2027-01-31: because", "unknown check"),
        ] {
            let found = read(value);
            let [Err(error)] = &*found else {
                panic!("{value}: {found:?}")
            };
            assert!(error.contains(want), "{value}: {error}");
        }
    }
}
