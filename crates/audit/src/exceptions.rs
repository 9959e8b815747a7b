//! Who may say that a finding is all right, and how.
//!
//! In a file, an [`Exceptions`] document; or on the object itself, an annotation, read by
//! [`statements`]. Either gives the check, a reason and a last day ([`Term`]): without both nothing
//! is suppressed. [`crate::suppress`] applies them.

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
