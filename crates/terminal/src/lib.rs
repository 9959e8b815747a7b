//! The output of this project's programs: lines and tables on stdout, progress and errors on
//! stderr, text that is harmless for both, and the exit code.

mod color;
pub mod csv;
mod exit;
mod frame;
mod inert;
mod printer;
mod table;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod text;

pub use self::{
    color::{ColorMode, Terminal},
    exit::Exit,
    inert::{acts, inert},
    printer::{Printer, Quiet},
    table::{Cell, Layout, Table, wrap},
    text::Text,
};
