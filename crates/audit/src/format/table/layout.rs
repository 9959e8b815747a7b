//! Cells put into columns.

use super::{Cell, Line, Table, Tone};

/// Between two columns.
const GAP: usize = 2;
/// Narrower than this the last column is not continued below itself: it would be unreadable.
const NARROWEST: usize = 24;

pub(super) fn lay_out(table: &Table, width: Option<usize>) -> Vec<Line> {
    let mut lines = vec![table.title.clone()];
    if !table.groups.is_empty() {
        let widths = widths(table);
        let headers: Vec<Cell> = table.headers.iter().map(Cell::strong).collect();
        lines.push(Vec::new());
        lines.extend(row(&headers, &widths, width));
        for group in &table.groups {
            if !group.title.is_empty() {
                lines.push(Vec::new());
                lines.push(group.title.clone());
            }
            for cells in &group.rows {
                lines.extend(row(cells, &widths, width));
            }
        }
    }
    for block in [&table.summary, &table.gaps] {
        if !block.is_empty() {
            lines.push(Vec::new());
            lines.extend(block.iter().cloned());
        }
    }
    lines
}

/// The width of each column, in characters.
fn widths(table: &Table) -> Vec<usize> {
    let mut widths: Vec<usize> = table.headers.iter().map(|header| length(header)).collect();
    for cells in table.groups.iter().flat_map(|group| &group.rows) {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(length(&cell.text));
        }
    }
    widths
}

/// A row, and where its last cell is too long the lines that continue it.
fn row(cells: &[Cell], widths: &[usize], width: Option<usize>) -> Vec<Line> {
    let Some((last, before)) = cells.split_last() else {
        return Vec::new();
    };
    let mut line = Vec::new();
    let mut start = 0;
    for (cell, width) in before.iter().zip(widths) {
        let padded = width + GAP;
        line.push(Cell {
            text: format!("{:<padded$}", cell.text),
            tone: cell.tone,
        });
        start += padded;
    }
    let room = width
        .filter(|_| last.tone != Tone::Command)
        .map(|width| width.saturating_sub(start));
    let mut lines = Vec::new();
    for text in pieces(&last.text, room) {
        line.push(Cell {
            text: text.to_owned(),
            tone: last.tone,
        });
        lines.push(line);
        line = vec![Cell {
            text: " ".repeat(start),
            tone: Tone::Plain,
        }];
    }
    lines
}

/// The text in pieces of at most `room` characters, cut at spaces; a word that is longer is not
/// cut, so that a command can still be copied.
fn pieces(text: &str, room: Option<usize>) -> Vec<&str> {
    let Some(room) = room.filter(|room| *room >= NARROWEST) else {
        return vec![text];
    };
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = cut(rest, room) {
        let (piece, after) = rest.split_at(at);
        pieces.push(piece);
        rest = after.trim_start_matches(' ');
    }
    pieces.push(rest);
    pieces
}

/// Where to end a line that holds at most `room` characters; none if all of it fits or nothing can
/// be cut.
fn cut(text: &str, room: usize) -> Option<usize> {
    let (end, _) = text.char_indices().nth(room)?;
    let (fits, beyond) = text.split_at_checked(end)?;
    if beyond.starts_with(' ') {
        return Some(end);
    }
    let space = |at: &usize| *at > 0;
    let later = || beyond.find(' ').map(|at| end + at);
    fits.rfind(' ').filter(space).or_else(later)
}

fn length(text: &str) -> usize {
    text.chars().count()
}
