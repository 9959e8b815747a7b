//! Our own document as JSON.

use std::io::{self, Write};

use extreg_audit::report::Report;

use super::document::Document;
use super::json_text;

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    json_text::write(&Document::from_report(report), out)
}
