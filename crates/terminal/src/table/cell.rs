//! A cell of a table.

use crate::text::Text;

/// Text in a column.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    pub(super) text: Text,
    /// Whether it is never wrapped.
    pub(super) is_whole: bool,
}

impl Cell {
    /// The same, never wrapped: a command to copy.
    #[must_use]
    pub fn whole(self) -> Self {
        Self {
            is_whole: true,
            ..self
        }
    }

    pub(super) fn width(&self) -> usize {
        self.text.width()
    }
}

impl From<Text> for Cell {
    fn from(text: Text) -> Self {
        Self {
            text,
            is_whole: false,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Text::from(text).into()
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Text::from(text).into()
    }
}
