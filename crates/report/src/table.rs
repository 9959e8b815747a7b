//! A report for a terminal: what is printed, and in which tone.

mod brief;
mod details;
mod lines;
mod wide;

use std::borrow::Cow;

use extreg_audit::check::Severity;
use extreg_audit::report::Report;
use extreg_snapshot::place::Origin;
use extreg_terminal::{Layout, Text, inert, wrap};

/// The width of the short table without a terminal.
pub const WIDTH: usize = 120;

/// Before the rest of a line that continues.
const CONTINUED: &str = "    ";

/// A report for a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The source.
    pub title: Line,
    /// The counts, a line each.
    pub summary: Vec<Line>,
    /// The names of the columns.
    pub headers: Vec<&'static str>,
    /// The rows, in groups.
    pub groups: Vec<Group>,
    /// What rows do if they are wider than the terminal.
    pub overflow: Overflow,
    /// Inconclusive results, one line for each cause; empty if rows show them.
    pub inconclusive: Vec<Line>,
    /// Opt-outs, unused exceptions and notices, one line each.
    pub notes: Vec<Line>,
    /// What was not read; empty if everything was.
    pub gaps: Vec<Line>,
    /// Suggested next commands, with `oc`: a message, not a result.
    pub next: Vec<String>,
}

/// How a row is shown that is wider than the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// Its last cell continues on the next line.
    #[default]
    Wrap,
    /// Its last cell is cut.
    Cut,
}

/// Rows that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The title; empty for a single group.
    pub title: Line,
    /// The rows; a row can have fewer cells than headers, never more.
    pub rows: Vec<Vec<Cell>>,
}

/// Cells one after the other.
pub type Line = Vec<Cell>;

/// A piece of text in one tone. It is inert: one line without controls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
}

/// The meaning of text, which decides its color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Text.
    Plain,
    /// A title.
    Strong,
    /// Secondary text.
    Dim,
    /// A good result.
    Good,
    /// Needs attention.
    Attention,
    /// A problem.
    Bad,
    /// A command to copy: never continued on another line.
    Command,
}

/// The report in short: the counts, and one row for each open finding. Inconclusive results have one line for each cause.
pub fn table(report: &Report) -> Table {
    let (headers, rows) = brief::rows(report);
    Table {
        headers,
        groups: one_group(rows),
        overflow: Overflow::Cut,
        inconclusive: brief::inconclusive(report),
        gaps: brief::gaps(report),
        ..around(report)
    }
}

/// The report grouped by image, the worst first: each finding once for all the places that have it, with reason and fix.
/// Suppressed findings are only counted.
pub fn details(report: &Report) -> Table {
    Table {
        headers: vec!["SEVERITY", "CHECK", "FINDING"],
        groups: details::groups(report),
        ..around(report)
    }
}

/// The report with one row for each finding, including suppressed ones, and all columns.
pub fn wide(report: &Report) -> Table {
    let (headers, rows) = wide::rows(report);
    Table {
        headers,
        groups: one_group(rows),
        ..around(report)
    }
}

fn one_group(rows: Vec<Vec<Cell>>) -> Vec<Group> {
    if rows.is_empty() {
        return Vec::new();
    }
    vec![Group {
        title: Vec::new(),
        rows,
    }]
}

impl Table {
    /// Everything but [`Table::next`], laid out in columns. With a `width`, in columns of a terminal, a row that is
    /// wider continues below its last column or is cut, and other lines continue on the next one.
    pub fn lines(&self, width: Option<usize>) -> Vec<Text> {
        let mut lines = vec![text(&self.title)];
        lines.extend(self.summary.iter().flat_map(|line| wrapped(line, width)));
        if !self.groups.is_empty() {
            lines.push(Text::new());
            self.rows(width, &mut lines);
        }
        for block in [&self.inconclusive, &self.notes, &self.gaps] {
            if !block.is_empty() {
                lines.push(Text::new());
                lines.extend(block.iter().flat_map(|line| wrapped(line, width)));
            }
        }
        lines
    }

    fn rows(&self, width: Option<usize>, lines: &mut Vec<Text>) {
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
        lines.push(match self.overflow {
            Overflow::Wrap => layout.head(&self.headers),
            Overflow::Cut => layout.head_for(&self.headers, width),
        });
        for (title, rows) in groups {
            if title.width() > 0 {
                lines.push(Text::new());
                lines.push(title);
            }
            for row in rows {
                match self.overflow {
                    Overflow::Wrap => lines.extend(layout.rows(row, width)),
                    Overflow::Cut => lines.extend(layout.cut(row, width)),
                }
            }
        }
    }
}

/// A line in lines of at most `width` columns.
fn wrapped(line: &[Cell], width: Option<usize>) -> Vec<Text> {
    let whole = text(line);
    let Some(width) = width.filter(|width| whole.width() > *width) else {
        return vec![whole];
    };
    // The first cell is the label; what follows it is plain text, and at the end perhaps a command.
    let (before, command) = match line.split_last() {
        Some((last, before)) if last.tone == Tone::Command => (before, Some(&last.text)),
        _ => (line, None),
    };
    let room = width.saturating_sub(CONTINUED.len());
    let mut pieces = wrap(text(before).render(false).trim_end(), room);
    if let Some(command) = command {
        let is_short = Text::from(command.as_str()).width() <= room;
        pieces.extend(if is_short {
            vec![command.clone()]
        } else {
            wrap(command, room)
        });
    }
    let mut pieces = pieces.into_iter();
    let label = line.first().map_or(0, |cell| cell.text.len());
    let first = pieces.next().map(
        |piece| match (line.first(), piece.split_at_checked(label)) {
            (Some(cell), Some((_, rest))) => Text::from(cell).plain(rest),
            _ => piece.into(),
        },
    );
    let rest = pieces.map(|piece| Text::new().plain(CONTINUED).plain(piece));
    first.into_iter().chain(rest).collect()
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
            Tone::Attention => Self::new().orange(text),
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

    /// The file that an object was read from.
    fn file(origin: &Origin) -> Self {
        match origin {
            Origin::Cluster => Self::none(),
            Origin::File { .. } => Self::plain(origin.to_string()),
        }
    }

    fn or_none(text: &str) -> Self {
        match text {
            "" => Self::none(),
            text => Self::plain(text),
        }
    }

    /// Stands for an empty cell, so that columns can be split at spaces.
    fn none() -> Self {
        Self::dim("-")
    }

    fn strong(text: impl AsRef<str>) -> Self {
        Self::new(Tone::Strong, text)
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Bad,
            Severity::Medium => Self::Attention,
            Severity::Low | Severity::Info => Self::Plain,
        }
    }
}

/// What all tables have around the rows.
fn around(report: &Report) -> Table {
    Table {
        title: lines::title(report),
        summary: lines::summary(report),
        notes: lines::notes(report),
        gaps: lines::gaps(report),
        next: lines::next(report),
        ..Table::default()
    }
}
