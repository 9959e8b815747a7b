//! What of the folders was not read, for people.

use extreg_documents::Skipped;
use extreg_terminal::Printer;

/// As many paths as are named when nothing was found.
const NAMED: usize = 10;

/// Says what of the folders was skipped, when nothing was found.
pub(crate) fn tell_skipped(skipped: &Skipped, printer: &Printer) {
    for (reason, path) in skipped.iter().take(NAMED) {
        printer.note(format!("skipped {}: {reason}", path.display()));
    }
    if let Some(more) = skipped.iter().count().checked_sub(NAMED + 1) {
        printer.note(format!("skipped {} more", more + 1));
    }
}
