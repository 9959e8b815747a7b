//! Progress: a status line on a terminal, milestones otherwise.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use extreg_snapshot::kind::Kind;
use extreg_terminal::Printer;

use super::{ProgressOutput, Scope};

/// The minimum interval between changes of a line.
const EVERY: Duration = Duration::from_millis(100);
/// Without a terminal, a line for this number of objects.
const MILESTONE: usize = 5000;

/// The progress of reading.
pub(super) struct Progress<'a> {
    printer: &'a Printer,
    output: ProgressOutput,
    cluster: &'a str,
    /// The number of kinds to read.
    kinds: usize,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    objects: usize,
    kinds: usize,
    reported: usize,
    shown: Option<Instant>,
}

impl<'a> Progress<'a> {
    /// Reports immediately what is being read.
    pub(super) fn new(cluster: &'a str, scope: &Scope, printer: &'a Printer) -> Self {
        let what = match &scope.namespace {
            Some(name) => format!("namespace {name} of {cluster}"),
            None => format!("all namespaces of {cluster}"),
        };
        match scope.progress {
            ProgressOutput::OnTerminal | ProgressOutput::Everywhere if printer.has_status() => {
                printer.status(&format!("reading {what}"));
            }
            ProgressOutput::Everywhere => printer.note(format!("reading {what}")),
            ProgressOutput::OnTerminal | ProgressOutput::Nowhere => {}
        }
        Self {
            printer,
            output: scope.progress,
            cluster,
            kinds: scope.kinds.len(),
            state: RefCell::default(),
        }
    }

    /// A page was read.
    pub(super) fn page(&self, kind: Kind, items: usize, remaining: Option<u64>) {
        let mut state = self.state.borrow_mut();
        state.objects += items;
        if self.output == ProgressOutput::Nowhere {
            return;
        }
        if self.printer.has_status() {
            if state.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
                return;
            }
            state.shown = Some(Instant::now());
            let left = remaining.map_or_else(String::new, |left| format!(", {left} remaining"));
            self.printer.status(&format!(
                "{}/{} kinds, {} objects; {}{left}",
                state.kinds,
                self.kinds,
                state.objects,
                kind.api().plural
            ));
        } else if self.output == ProgressOutput::Everywhere
            && state.objects >= state.reported + MILESTONE
        {
            state.reported = state.objects;
            self.printer.note(format!(
                "read {} objects of {}",
                state.objects, self.cluster
            ));
        }
    }

    /// Subtracts objects that are read again.
    pub(super) fn subtract(&self, items: usize) {
        let mut state = self.state.borrow_mut();
        state.objects = state.objects.saturating_sub(items);
    }

    /// A kind is done.
    pub(super) fn kind_done(&self) {
        self.state.borrow_mut().kinds += 1;
    }

    /// Everything is read.
    pub(super) fn finish(&self) {
        if self.output != ProgressOutput::Nowhere {
            self.printer.clear_status();
        }
        let objects = self.state.borrow().objects;
        self.printer
            .log(1, || format!("read {objects} objects of {}", self.cluster));
    }
}
