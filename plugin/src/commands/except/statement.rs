//! The value of the annotation by which an object accepts findings.

use extreg_audit::{
    check::CheckId,
    exceptions::{KEY, Statement, Term, statements},
};

use crate::error::Error;

/// The annotation key, for the whole object or for one part.
pub(super) fn key(part: Option<&str>) -> String {
    match part {
        Some(part) => format!("{KEY}.{part}"),
        None => KEY.to_owned(),
    }
}

/// `EXR007 until 2027-01-31: why`.
///
/// # Errors
/// [`Error::Usage`] if the annotation cannot hold the reason.
pub(super) fn written(check: CheckId, term: &Term) -> Result<String, Error> {
    if term.reason().contains(';') {
        return Err(Error::usage(
            "--reason: annotations separate statements with ';': remove it from the reason",
        ));
    }
    Ok(format!(
        "{check} until {}: {}",
        term.expires(),
        term.reason()
    ))
}

/// The value with a statement added; none if it is unchanged. A statement about the same check is
/// replaced, the rest is unchanged.
pub(super) fn add(value: Option<&str>, statement: &Statement, words: &str) -> Option<String> {
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return Some(words.to_owned());
    };
    let mut pieces: Vec<String> = value.split(';').map(str::to_owned).collect();
    let of_check = pieces
        .iter()
        .position(|piece| is_about(piece, statement.check));
    match of_check {
        Some(index) => {
            let piece = pieces.get_mut(index)?;
            if statements(piece) == [Ok(statement.clone())] {
                return None;
            }
            let blank: String = piece.chars().take_while(|c| c.is_whitespace()).collect();
            *piece = format!("{blank}{words}");
        }
        None => match pieces.last_mut() {
            Some(last) if last.trim().is_empty() => *last = format!(" {words}"),
            _ => pieces.push(format!(" {words}")),
        },
    }
    Some(pieces.join(";"))
}

/// The value without the statements about these checks; none if nothing remains.
pub(super) fn remove(value: &str, gone: &[Statement]) -> Option<String> {
    let is_gone = |piece: &&str| {
        let [Ok(statement)] = &*statements(piece) else {
            return false;
        };
        gone.contains(statement)
    };
    let left: Vec<&str> = value.split(';').filter(|piece| !is_gone(piece)).collect();
    let left = left.join(";");
    let left = left.trim_start();
    (!left.trim_matches([';', ' ', '\n']).is_empty()).then(|| left.to_owned())
}

fn is_about(piece: &str, check: CheckId) -> bool {
    matches!(&*statements(piece), [Ok(statement)] if statement.check == check)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(check: CheckId, day: &str) -> (Statement, String) {
        let term = Term::parse("why", day).unwrap();
        let words = written(check, &term).unwrap();
        (Statement { check, term }, words)
    }

    #[test]
    fn a_statement_is_added_and_removed() {
        let (seven, words) = statement(CheckId::Exr007, "2027-01-31");
        assert_eq!(words, "EXR007 until 2027-01-31: why");
        for (before, after) in [
            (None, "EXR007 until 2027-01-31: why"),
            (Some(" "), "EXR007 until 2027-01-31: why"),
            (
                Some("EXR001 until 2027-02-01: x"),
                "EXR001 until 2027-02-01: x; EXR007 until 2027-01-31: why",
            ),
            (Some("nonsense"), "nonsense; EXR007 until 2027-01-31: why"),
            (
                Some("EXR001 until 2027-02-01: x; EXR007 until 2026-01-01: old; y"),
                "EXR001 until 2027-02-01: x; EXR007 until 2027-01-31: why; y",
            ),
        ] {
            let value = add(before, &seven, &words).unwrap();
            assert_eq!(value, after);
            assert_eq!(add(Some(&value), &seven, &words), None, "{value}");
        }
        for (value, left) in [
            ("EXR007 until 2027-01-31: why", None),
            ("EXR007 until 2027-01-31: why;", None),
            ("EXR007 until 2027-01-31: why; x", Some("x")),
            ("a; EXR007 until 2027-01-31: why", Some("a")),
            (
                "EXR007 until 2027-01-30: why",
                Some("EXR007 until 2027-01-30: why"),
            ),
        ] {
            assert_eq!(
                remove(value, std::slice::from_ref(&seven)).as_deref(),
                left,
                "{value}"
            );
        }
    }

    #[test]
    fn a_reason_with_a_separator_is_refused() {
        let term = Term::parse("a; b", "2027-01-31").unwrap();
        assert!(written(CheckId::Exr001, &term).is_err());
    }
}
