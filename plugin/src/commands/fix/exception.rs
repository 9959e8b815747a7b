//! Exceptions on the object, which the audit honors, and
//! `fix`, too.

use extreg_audit::exceptions::{KEY, Standing, statements};
use extreg_core::edit::Field;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::Value;

use super::plan::{Change, Judged};

/// The day with which expiry dates are compared.
pub(super) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// Skips the changes that an annotation of the object, or of the tag, excepts.
pub(super) fn leave_excepted(judged: &mut Judged, body: &Value, today: Date) {
    judged.skip_where(|change| excepted(change, body, today));
}

fn excepted(change: &Change, body: &Value, today: Date) -> Option<String> {
    let tag = match change.field {
        Field::StreamTagSchedule(index) => body.pointer(&format!("/spec/tags/{index}")),
        _ => None,
    };
    let name = tag
        .and_then(|tag| tag.get("name")?.as_str())
        .unwrap_or_default();
    let own_key = format!("{KEY}.{name}");
    let of_object = body.pointer("/metadata/annotations");
    let of_tag = tag.and_then(|tag| tag.get("annotations"));
    [
        (of_object, KEY),
        (of_object, own_key.as_str()),
        (of_tag, KEY),
    ]
    .into_iter()
    .filter_map(|(annotations, key)| annotations?.get(key)?.as_str())
    .flat_map(statements)
    .filter_map(Result::ok)
    .find(|statement| {
        statement.check == change.check && statement.term.standing(today) != Standing::Expired
    })
    .map(|statement| {
        let term = &statement.term;
        format!(
            "{} is excepted until {}: {}",
            statement.check,
            term.expires(),
            term.reason()
        )
    })
}

#[cfg(test)]
mod tests {
    use extreg_audit::check::CheckId;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_exception_applies_to_its_check_and_tag_until_its_expiry() {
        let change = |index| Change {
            check: CheckId::Exr005,
            field: Field::StreamTagSchedule(index),
            image: String::new(),
            policy: String::new(),
            old: Value::Null,
            new: json!(true),
            parent_missing: false,
        };
        let annotation = "EXR005 until 2027-01-31: frozen";
        for (annotations, of_tag, day, want) in [
            (
                json!({KEY: annotation}),
                json!(null),
                "2026-12-01",
                [true, true],
            ),
            (
                json!({KEY: annotation}),
                json!(null),
                "2027-02-01",
                [false, false],
            ),
            (
                json!({KEY: "EXR007 until 2027-01-31: other"}),
                json!(null),
                "2026-12-01",
                [false, false],
            ),
            (
                json!({KEY: "EXR005"}),
                json!(null),
                "2026-12-01",
                [false, false],
            ),
            (
                json!({"extreg.io/ignore-checks.b": annotation}),
                json!(null),
                "2026-12-01",
                [false, true],
            ),
            (
                json!(null),
                json!({KEY: annotation}),
                "2026-12-01",
                [true, false],
            ),
        ] {
            let body = json!({
                "metadata": {"annotations": annotations},
                "spec": {"tags": [{"name": "a", "annotations": of_tag}, {"name": "b"}]},
            });
            let mut judged = Judged {
                changes: vec![change(0), change(1)],
                ..Judged::default()
            };
            leave_excepted(&mut judged, &body, day.parse().unwrap());
            let skipped = |index| !judged.changes.contains(&change(index));
            assert_eq!([skipped(0), skipped(1)], want, "{body}");
            assert!(
                judged
                    .skipped
                    .iter()
                    .all(|skipped| skipped.why.ends_with("2027-01-31: frozen"))
            );
        }
    }
}
