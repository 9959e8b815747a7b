//! A printer whose output a test can read.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use crate::printer::{Printer, Quiet, lock};

/// What was written to one stream.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// All of it so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&lock(&self.0)).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A printer without color, and its stdout and stderr.
pub fn printer(quiet: Quiet, verbosity: u8) -> (Printer, Captured, Captured) {
    let (out, err) = (Captured::default(), Captured::default());
    let printer = Printer::new(
        Box::new(out.clone()),
        false,
        Box::new(err.clone()),
        false,
        quiet,
        verbosity,
    );
    (printer, out, err)
}
