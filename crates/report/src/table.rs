//! A report for a terminal: what is printed, and in which tone.

mod details;
mod lines;
mod wide;

use std::borrow::Cow;

use extreg_audit::check::Severity;
use extreg_audit::report::Report;
use extreg_terminal::{Layout, Text, inert};

/// A report for a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What was audited.
    pub title: Line,
    /// The names of the columns.
    pub headers: Vec<&'static str>,
    /// The rows, in groups.
    pub groups: Vec<Group>,
    /// The counts, and what else the reader should know, a line each.
    pub summary: Vec<Line>,
    /// What could not be looked at, a line each; empty if there was nothing.
    pub gaps: Vec<Line>,
    /// Commands to go on with, written with `oc`: talk, not result.
    pub next: Vec<String>,
}

/// Rows that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What they are about; empty where there is one group.
    pub title: Line,
    /// The rows; a row may have fewer cells than there are headers, never more.
    pub rows: Vec<Vec<Cell>>,
}

/// Cells one after the other.
pub type Line = Vec<Cell>;

/// A piece of text in one tone. It is inert: one line without controls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

/// How text is meant: where colours are wanted each has one, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Text.
    Plain,
    /// A title.
    Strong,
    /// Beside the point.
    Dim,
    /// It is well.
    Good,
    /// Look at this.
    Look,
    /// It is wrong.
    Bad,
    /// A command to copy: never continued on another line.
    Command,
}

/// The report grouped by image, the worst first: each finding once for all the places that have it.
/// What somebody said is all right is only counted.
pub fn table(report: &Report) -> Table {
    Table {
        headers: vec!["SEVERITY", "CHECK", "FINDING"],
        groups: details::groups(report),
        ..around(report)
    }
}

/// The report with one row for each finding, suppressed ones too.
pub fn wide(report: &Report) -> Table {
    let (headers, rows) = wide::rows(report);
    let title = Vec::new();
    let groups = if rows.is_empty() {
        Vec::new()
    } else {
        vec![Group { title, rows }]
    };
    Table {
        headers,
        groups,
        ..around(report)
    }
}

impl Table {
    /// Everything but [`Table::next`], laid out in columns. With a `width`, in columns of a terminal, the
    /// last column is continued below itself instead of running over it.
    pub fn lines(&self, width: Option<usize>) -> Vec<Text> {
        let mut lines = vec![text(&self.title)];
        if !self.groups.is_empty() {
            let mut layout = Layout::new(&self.headers);
            let mut groups = Vec::new();
            for group in &self.groups {
                let rows = group.rows.iter().map(|row| row.iter().map(Into::into));
                let rows: Vec<Vec<extreg_terminal::Cell>> = rows.map(Iterator::collect).collect();
                for row in &rows {
                    layout.fit(row);
                }
                groups.push((text(&group.title), rows));
            }
            lines.push(Text::new());
            lines.push(layout.head(&self.headers));
            for (title, rows) in groups {
                if title.width() > 0 {
                    lines.push(Text::new());
                    lines.push(title);
                }
                for row in rows {
                    lines.extend(layout.rows(row, width));
                }
            }
        }
        for block in [&self.summary, &self.gaps] {
            if !block.is_empty() {
                lines.push(Text::new());
                lines.extend(block.iter().map(|line| text(line)));
            }
        }
        lines
    }
}

fn text(line: &[Cell]) -> Text {
    let cells = line.iter();
    cells.fold(Text::new(), |text, cell| text.and(cell.into()))
}

impl From<&Cell> for Text {
    fn from(cell: &Cell) -> Self {
        let text = cell.text.as_str();
        match cell.tone {
            Tone::Plain | Tone::Command => text.into(),
            Tone::Strong => Self::new().bold(text),
            Tone::Dim => Self::new().dim(text),
            Tone::Good => Self::new().green(text),
            Tone::Look => Self::new().yellow(text),
            Tone::Bad => Self::new().red(text),
        }
    }
}

impl From<&Cell> for extreg_terminal::Cell {
    fn from(cell: &Cell) -> Self {
        let shown = Self::from(Text::from(cell));
        match cell.tone {
            Tone::Command => shown.whole(),
            _ => shown,
        }
    }
}

impl Cell {
    /// Text in a tone, made inert.
    pub fn new(tone: Tone, text: impl AsRef<str>) -> Self {
        let text = match inert(text.as_ref()) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(text) => text,
        };
        Self { text, tone }
    }

    fn plain(text: impl AsRef<str>) -> Self {
        Self::new(Tone::Plain, text)
    }

    fn dim(text: impl AsRef<str>) -> Self {
        Self::new(Tone::Dim, text)
    }

    fn strong(text: impl AsRef<str>) -> Self {
        Self::new(Tone::Strong, text)
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Bad,
            Severity::Medium => Self::Look,
            Severity::Low | Severity::Info => Self::Plain,
        }
    }
}

/// The title and what follows the rows.
fn around(report: &Report) -> Table {
    Table {
        title: lines::title(report),
        headers: Vec::new(),
        groups: Vec::new(),
        summary: lines::summary(report),
        gaps: lines::gaps(report),
        next: lines::next(report),
    }
}
