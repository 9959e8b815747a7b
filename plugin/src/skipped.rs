//! The skipped files of folders, for people.

use extreg_documents::Skipped;
use extreg_terminal::Printer;

/// The maximum number of paths to print when nothing was found.
const NAMED: usize = 10;

/// Prints the skipped files of folders, when nothing was found.
pub(crate) fn print_skipped(skipped: &Skipped, printer: &Printer) {
    for (reason, path) in skipped.iter().take(NAMED) {
        printer.note(format!("skipped {}: {reason}", path.display()));
    }
    if let Some(more) = skipped.iter().count().checked_sub(NAMED + 1) {
        printer.note(format!("skipped {} more", more + 1));
    }
}
