//! What a program of this project shows a person: lines and tables on stdout, progress and errors on
//! stderr, text that does no harm to either, and the code that it ends with.

mod color;
mod columns;
mod exit;
mod frame;
mod inert;
mod printer;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod text;

pub use self::{
    color::{ColorMode, Terminal},
    columns::Columns,
    exit::Exit,
    inert::{acts, inert},
    printer::{Printer, Quiet},
    text::Text,
};
