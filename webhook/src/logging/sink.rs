//! Log lines in transit to standard error. tracing-appender limits lines and not memory, and cannot write an error
//! immediately.

use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Waiting lines use at most this much memory; more are dropped and counted, so
/// that an unread log never blocks a review.
const MOST: usize = 1 << 20;
/// Lines that come within this time are written together.
const TOGETHER: Duration = Duration::from_millis(20);

/// Takes lines without waiting for their reader. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Sink(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// Held while writing, so that batches keep their order.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
    writer_sleeps: bool,
}

impl Sink {
    /// Starts the thread that writes; without it, lines are written by [`Sink::write_out`] only.
    pub(super) fn start() -> Self {
        let sink = Self(Arc::new(Shared {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            writing: Mutex::new(()),
        }));
        let writer = sink.clone();
        let _ = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.write_for_ever());
        sink
    }

    pub(super) fn push(&self, line: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.lines.len() + line.len() > MOST {
            waiting.dropped += 1;
            return;
        }
        waiting.lines.extend_from_slice(line);
        if std::mem::take(&mut waiting.writer_sleeps) {
            self.0.arrived.notify_one();
        }
    }

    /// Writes the waiting lines now.
    pub(super) fn write_out(&self) {
        let _writing = self
            .0
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (lines, dropped) = {
            let mut waiting = self.waiting();
            let next = Vec::with_capacity(waiting.lines.len().min(64 << 10));
            let lines = std::mem::replace(&mut waiting.lines, next);
            (lines, std::mem::take(&mut waiting.dropped))
        };
        let mut out = io::stderr().lock();
        // The error cannot be reported anywhere.
        let _ = out.write_all(&lines);
        if dropped > 0 {
            let _ = writeln!(
                out,
                r#"{{"level":"WARN","message":"log lines dropped","lines":{dropped}}}"#
            );
        }
    }

    fn write_for_ever(&self) {
        loop {
            let mut waiting = self.waiting();
            while waiting.lines.is_empty() {
                waiting.writer_sleeps = true;
                waiting = self
                    .0
                    .arrived
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            drop(waiting);
            thread::sleep(TOGETHER);
            self.write_out();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_lines_are_limited() {
        let sink = Sink(Arc::new(Shared {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            writing: Mutex::new(()),
        }));
        let line = [b'x'; 1024];
        for _ in 0..2048 {
            sink.push(&line);
        }
        assert_eq!(sink.waiting().lines.len(), MOST);
        assert_eq!(sink.waiting().dropped, 1024);
    }
}
