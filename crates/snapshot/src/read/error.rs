use std::fmt;

/// An object that cannot be parsed as its kind. The text contains nothing of the object,
/// which can be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Unreadable {
    text: String,
    /// The byte of the JSON at which reading stopped, from 1; 0 if unknown.
    column: usize,
}

impl Unreadable {
    /// The text of `error`, without the value that it quotes and without the position in JSON that the user
    /// has not seen.
    pub(super) fn of(error: &impl fmt::Display) -> Self {
        let text = error.to_string();
        let (text, place) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
        let column = place.rsplit_once(" column ").map(|(_, column)| column);
        let column = column.and_then(|column| column.parse().ok());
        let quote = text.find(" \"").or_else(|| text.find(" `"));
        let text = match (quote, text.rfind(", expected")) {
            (Some(from), Some(to)) if from < to => {
                let before = text.get(..from).unwrap_or_default();
                let after = text.get(to..).unwrap_or_default();
                format!("{before}{after}")
            }
            _ => text.to_owned(),
        };
        Self {
            text,
            column: column.unwrap_or_default(),
        }
    }

    /// The byte of the JSON at which reading stopped, from 1; 0 if unknown.
    pub const fn column(&self) -> usize {
        self.column
    }

    /// The error in the JSON of a kind.
    pub(super) fn json(kind: &str, error: &serde_json::Error) -> Self {
        Self::of(&format!("not a readable {kind}: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_the_object_is_quoted() {
        for (json, want) in [
            (
                r#""canary, expected at line 1 \" x""#,
                "not a readable Secret: invalid type: string, expected a map",
            ),
            (
                "7",
                "not a readable Secret: invalid type: integer, expected a map",
            ),
            (
                "[1]",
                "not a readable Secret: invalid type: sequence, expected a map",
            ),
            ("{", "not a readable Secret: EOF while parsing an object"),
        ] {
            let error =
                serde_json::from_str::<std::collections::BTreeMap<String, u8>>(json).unwrap_err();
            assert_eq!(Unreadable::json("Secret", &error).to_string(), want);
        }
    }
}
