//! How far it is: a status line on a terminal, milestones elsewhere.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use extreg_snapshot::kind::Kind;
use extreg_terminal::Printer;

use super::{Scope, Told};

/// A line changes no faster than one can look.
const EVERY: Duration = Duration::from_millis(100);
/// Elsewhere than on a terminal, a line for so many objects.
const MILESTONE: usize = 5000;

/// How far it is.
pub(super) struct Progress<'a> {
    printer: &'a Printer,
    told: Told,
    cluster: &'a str,
    /// How many kinds there are to read.
    kinds: usize,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    objects: usize,
    kinds: usize,
    told: usize,
    shown: Option<Instant>,
}

impl<'a> Progress<'a> {
    /// Says at once what is begun.
    pub(super) fn new(cluster: &'a str, scope: &Scope, printer: &'a Printer) -> Self {
        let what = match &scope.namespace {
            Some(name) => format!("namespace {name} of {cluster}"),
            None => format!("all namespaces of {cluster}"),
        };
        match scope.told {
            Told::OnTerminal | Told::Everywhere if printer.has_status() => {
                printer.status(&format!("reading {what}"));
            }
            Told::Everywhere => printer.note(format!("reading {what}")),
            Told::OnTerminal | Told::Nowhere => {}
        }
        Self {
            printer,
            told: scope.told,
            cluster,
            kinds: scope.kinds.len(),
            state: RefCell::default(),
        }
    }

    /// A page was read.
    pub(super) fn page(&self, kind: Kind, items: usize, remaining: Option<u64>) {
        let mut state = self.state.borrow_mut();
        state.objects += items;
        if self.told == Told::Nowhere {
            return;
        }
        if self.printer.has_status() {
            if state.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
                return;
            }
            state.shown = Some(Instant::now());
            let left = remaining.map_or_else(String::new, |left| format!(", {left} to go"));
            self.printer.status(&format!(
                "{}/{} kinds, {} objects; {}{left}",
                state.kinds,
                self.kinds,
                state.objects,
                kind.api().plural
            ));
        } else if self.told == Told::Everywhere && state.objects >= state.told + MILESTONE {
            state.told = state.objects;
            self.printer.note(format!(
                "read {} objects of {}",
                state.objects, self.cluster
            ));
        }
    }

    /// What was counted is read once more.
    pub(super) fn take_back(&self, items: usize) {
        let mut state = self.state.borrow_mut();
        state.objects = state.objects.saturating_sub(items);
    }

    /// A kind is done.
    pub(super) fn kind_done(&self) {
        self.state.borrow_mut().kinds += 1;
    }

    /// All is read.
    pub(super) fn finish(&self) {
        if self.told != Told::Nowhere {
            self.printer.clear_status();
        }
        let objects = self.state.borrow().objects;
        self.printer
            .log(1, || format!("read {objects} objects of {}", self.cluster));
    }
}
