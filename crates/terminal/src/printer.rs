//! The only way to stdout and stderr.
//!
//! Stdout contains the result only; progress, hints, warnings and errors go to stderr. Text
//! from a cluster or a file is made inert before it reaches a terminal or a log: each text is one
//! line. A reader that closes the pipe (`| head`) is not an error.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    color::{ColorMode, Terminal},
    frame::{Frame, Size},
    inert::inert,
    table::wrap,
    text::{Text, prefix},
};

/// A terminal is at least this wide.
const STATUS_WIDTH: usize = 78;

/// The number of bytes that are written together, for output in pieces.
const RAW_BUFFER: usize = 64 << 10;

/// The amount of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quiet {
    /// Everything.
    No,
    /// `-q`: results and errors, no progress, hints or warnings.
    Quiet,
    /// `-qq`: only machine-readable output, and the exit code.
    Silent,
}

/// Writes the output of commands.
pub struct Printer {
    out: Mutex<Stream>,
    err: Mutex<Stream>,
    warned: Mutex<BTreeSet<String>>,
    quiet: Quiet,
    verbosity: u8,
    /// Whether stderr can erase a line.
    has_status: bool,
    /// The lines that are drawn on stdout, if they can be drawn over.
    frame: Option<Mutex<Frame>>,
}

/// Writes to stdout unchanged.
struct RawWriter<'p>(&'p Printer);

impl Write for RawWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        lock(&self.0.out).write(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Stream {
    sink: Box<dyn Write + Send>,
    color: bool,
    /// Set when the reader is gone or the device fails: nothing more is written.
    closed: bool,
    /// The status line that is shown, without its line end.
    status: Option<String>,
}

impl Printer {
    /// A printer on the process's stdout and stderr.
    pub fn stdio(color: ColorMode, quiet: Quiet, verbosity: u8) -> Self {
        let (out, err) = (Terminal::stdout(), Terminal::stderr());
        let mut printer = Self::new(
            Box::new(io::stdout()),
            color.for_terminal(&out),
            Box::new(io::stderr()),
            color.for_terminal(&err),
            quiet,
            verbosity,
        );
        printer.has_status = err.takes_status();
        printer.frame = out.takes_status().then(Mutex::default);
        printer
    }

    /// A printer on any two sinks; the flags set whether each uses color.
    pub fn new(
        out: Box<dyn Write + Send>,
        out_color: bool,
        err: Box<dyn Write + Send>,
        err_color: bool,
        quiet: Quiet,
        verbosity: u8,
    ) -> Self {
        let stream = |sink, color| {
            Mutex::new(Stream {
                sink,
                color,
                closed: false,
                status: None,
            })
        };
        Self {
            out: stream(out, out_color),
            err: stream(err, err_color),
            warned: Mutex::default(),
            quiet,
            verbosity,
            has_status: false,
            frame: None,
        }
    }

    /// One result line on stdout, for people: escaped, with color if enabled.
    pub fn line(&self, text: impl Into<Text>) {
        if self.quiet < Quiet::Silent {
            self.clear_status();
            lock(&self.out).line(&text.into());
        }
    }

    /// A result line with a label; on a terminal that is narrower, its text continues below itself.
    pub fn labeled(&self, label: Text, text: &str) {
        let indent = label.width();
        let mut lines = match self.columns() {
            Some(columns) => wrap(text, columns.saturating_sub(indent)),
            None => vec![text.to_owned()],
        }
        .into_iter();
        self.line(label.plain(lines.next().unwrap_or_default()));
        for line in lines {
            self.line(format!("{:indent$}{line}", ""));
        }
    }

    /// Whether lines on stdout can be drawn over.
    pub const fn can_redraw(&self) -> bool {
        self.frame.is_some()
    }

    /// The width of the terminal on stdout; `None` if it is not a terminal.
    pub fn columns(&self) -> Option<usize> {
        self.can_redraw().then(|| Size::of_terminal().columns)
    }

    /// Lines on stdout in place of those that were drawn before. Nothing is written if they are
    /// equal, or if they cannot be drawn over.
    pub fn draw(&self, lines: &[Text]) {
        let Some(frame) = self.frame.as_ref().filter(|_| self.quiet < Quiet::Silent) else {
            return;
        };
        self.clear_status();
        let mut out = lock(&self.out);
        if let Some(written) = lock(frame).draw(lines, Size::of_terminal(), out.color) {
            out.write(written.as_bytes());
            out.flush();
        }
    }

    /// Machine-readable output on stdout, unchanged: JSON, YAML, a script. Not affected by `-q`.
    pub fn raw(&self, data: &str) {
        self.clear_status();
        lock(&self.out).write(data.as_bytes());
    }

    /// The same in pieces, for output that is too long for one piece. It is buffered.
    pub fn raw_writer(&self) -> impl Write + '_ {
        self.clear_status();
        io::BufWriter::with_capacity(RAW_BUFFER, RawWriter(self))
    }

    /// Whether the reader of stdout is gone, so that a long output can end early.
    pub fn out_is_closed(&self) -> bool {
        lock(&self.out).closed
    }

    /// Progress or a hint on stderr. Omitted with `-q`.
    pub fn note(&self, text: impl Into<Text>) {
        if self.quiet < Quiet::Quiet {
            lock(&self.err).line(&text.into());
        }
    }

    /// Whether a line for [`Self::status`] exists; otherwise milestones are reported with
    /// [`Self::note`].
    pub fn has_status(&self) -> bool {
        self.has_status && self.quiet < Quiet::Quiet
    }

    /// Progress, in a line on a terminal's stderr that the next output replaces. Omitted with
    /// `-q`, and if stderr is not a terminal.
    pub fn status(&self, text: &str) {
        if self.has_status() {
            lock(&self.err).show_status(text);
        }
    }

    /// The same, unless the line is in use.
    pub fn status_if_none(&self, text: &str) {
        if self.has_status() {
            let mut err = lock(&self.err);
            if err.status.is_none() {
                err.show_status(text);
            }
        }
    }

    /// Progress that is worth a line: in the status line on a terminal, otherwise as a note.
    pub fn progress(&self, text: &str) {
        if self.has_status() {
            self.status(text);
        } else {
            self.note(text);
        }
    }

    /// Erases the status line.
    pub fn clear_status(&self) {
        if self.has_status {
            lock(&self.err).clear_status();
        }
    }

    /// Erases the status line if it shows this text.
    pub fn clear_status_of(&self, text: &str) {
        if self.has_status {
            let mut err = lock(&self.err);
            if err.status.as_deref() == Some(text) {
                err.clear_status();
            }
        }
    }

    /// As [`Self::note`], each text once per run.
    pub fn note_once(&self, text: &str) {
        if self.quiet < Quiet::Quiet && lock(&self.warned).insert(text.to_owned()) {
            self.note(text);
        }
    }

    /// `Warning: …` on stderr, each text once per run. Omitted with `-q`.
    pub fn warn(&self, message: &str) {
        if self.quiet < Quiet::Quiet && lock(&self.warned).insert(message.to_owned()) {
            lock(&self.err).line(&Text::new().orange("Warning:").plain(" ").plain(message));
        }
    }

    /// An error on stderr with its message. Omitted with `-qq`.
    pub fn error(&self, message: &str) {
        if self.quiet < Quiet::Silent {
            let text = match message.split_once(':') {
                Some((head, rest)) => Text::new().red(format!("{head}:")).plain(rest),
                None => Text::from(message),
            };
            lock(&self.err).line(&text);
        }
    }

    /// A log line on stderr if `-v` is at least `level`. Never pass a body or a token.
    pub fn log(&self, level: u8, message: impl FnOnce() -> String) {
        if self.verbosity >= level {
            lock(&self.err).line(&Text::from(message()));
        }
    }

    /// A question on stderr without a line end, before an answer is read.
    pub fn prompt(&self, question: &str) {
        let mut err = lock(&self.err);
        err.write(inert(question).as_bytes());
        err.flush();
    }

    /// Whether stdout uses color; for help pages, which clap styles.
    pub fn out_has_color(&self) -> bool {
        lock(&self.out).color
    }

    /// Whether stderr uses color.
    pub fn err_has_color(&self) -> bool {
        lock(&self.err).color
    }

    /// Pre-rendered text on stderr, unchanged; for clap's usage errors.
    pub fn raw_error(&self, data: &str) {
        if self.quiet < Quiet::Silent {
            lock(&self.err).write(data.as_bytes());
        }
    }

    /// Flushes the buffer.
    pub fn flush(&self) {
        lock(&self.out).flush();
        lock(&self.err).flush();
    }
}

impl Stream {
    fn line(&mut self, text: &Text) {
        let mut rendered = text.render(self.color);
        rendered.push('\n');
        self.write(rendered.as_bytes());
    }

    fn show_status(&mut self, text: &str) {
        // Longer lines would wrap, and a wrapped line cannot be erased.
        let shown = inert(text);
        let short = prefix(&shown, STATUS_WIDTH);
        self.clear_status();
        self.write(short.as_bytes());
        self.flush();
        self.status = Some(text.to_owned());
    }

    fn clear_status(&mut self) {
        if self.status.take().is_some() {
            self.write(b"\r\x1b[K");
        }
    }

    fn write(&mut self, data: &[u8]) {
        self.clear_status();
        if !self.closed && self.sink.write_all(data).is_err() {
            self.closed = true;
        }
    }

    fn flush(&mut self) {
        if !self.closed && self.sink.flush().is_err() {
            self.closed = true;
        }
    }
}

/// A panic in another thread must not suppress the error message.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::printer;

    #[test]
    fn each_level_drops_its_output() {
        let said = |quiet| {
            let (printer, out, err) = printer(quiet, 0);
            printer.line("result");
            printer.raw("{}\n");
            printer.note("note");
            printer.warn("warning");
            printer.error("error: bad");
            (out.text(), err.text())
        };
        let pair = |out: &str, err: &str| (out.to_owned(), err.to_owned());
        assert_eq!(
            said(Quiet::No),
            pair("result\n{}\n", "note\nWarning: warning\nerror: bad\n")
        );
        assert_eq!(said(Quiet::Quiet), pair("result\n{}\n", "error: bad\n"));
        assert_eq!(said(Quiet::Silent), pair("{}\n", ""));
    }

    #[test]
    fn no_text_begins_a_line_of_its_own() {
        let forged = "a\n::error file=x::forged\r\nWarning: forged\u{2028}error: forged";
        let (printer, out, err) = printer(Quiet::No, 6);
        printer.line(forged);
        printer.line(Text::new().bold("  ").red(forged));
        printer.note(forged);
        printer.warn(forged);
        printer.error(forged);
        printer.log(6, || forged.to_owned());
        printer.line("::warning::forged");
        printer.note("  ::warning::forged");
        for text in [out.text(), err.text()] {
            for line in text.lines() {
                let start = line.trim_start();
                assert!(!start.starts_with("::"), "{line}");
                assert!(!start.starts_with("error: forged"), "{line}");
            }
        }
        assert_eq!(out.text().lines().count(), 3, "{}", out.text());
        assert_eq!(err.text().lines().count(), 5, "{}", err.text());
    }

    #[test]
    fn a_warning_is_printed_once_and_escaped() {
        let (printer, _, err) = printer(Quiet::No, 0);
        printer.warn("old\u{1b}[2J");
        printer.warn("old\u{1b}[2J");
        printer.warn("other");
        assert_eq!(err.text(), "Warning: old^[[2J\nWarning: other\n");
    }

    #[test]
    fn a_closed_pipe_is_not_an_error() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let printer = Printer::new(Box::new(Gone), false, Box::new(Gone), false, Quiet::No, 0);
        printer.line("x");
        printer.raw("y");
        printer.flush();
    }

    #[test]
    fn status_line_is_replaced_by_the_next_output() {
        let said = |has_status, quiet| {
            let (mut printer, out, err) = printer(quiet, 0);
            printer.has_status = has_status;
            printer.status(&"1\u{1b}".repeat(60));
            printer.status("2");
            printer.line("result");
            printer.status("3");
            printer.error("error: bad");
            printer.clear_status();
            assert_eq!(out.text(), "result\n");
            err.text()
        };
        let long = "1^[".repeat(26);
        assert_eq!(
            said(true, Quiet::No),
            format!("{long}\r\u{1b}[K2\r\u{1b}[K3\r\u{1b}[Kerror: bad\n")
        );
        assert_eq!(said(true, Quiet::Quiet), "error: bad\n");
        assert_eq!(said(false, Quiet::No), "error: bad\n");
    }

    #[test]
    fn log_lines_need_their_level() {
        let (printer, _, err) = printer(Quiet::No, 6);
        printer.log(6, || "six".to_owned());
        printer.log(7, || "seven".to_owned());
        assert_eq!(err.text(), "six\n");
    }
}
