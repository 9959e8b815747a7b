//! Exceptions: who can accept a finding, and how.
//!
//! In a file, an [`Exceptions`] document; or on the object itself, an annotation, read by
//! [`statements`]. Each gives the check, a reason and an expiry date ([`Term`]): without both it
//! suppresses nothing. [`crate::suppress`] applies them.

mod annotation;
mod document;
mod exception;
mod pattern;
mod term;

pub use annotation::{KEY, Statement, StatementError, statements};
pub use document::{API_VERSION, Exceptions, ExceptionsError, KIND};
pub use exception::{EntryError, Exception, ExceptionEntry};
pub use pattern::{ImagePattern, PatternError, TextGlob};
pub use term::{NOTICE_DAYS, Standing, Term, TermError, day};
