//! JSON as Go's `encoding/json` reads it, because Secrets are read by Go.
//!
//! It differs from `serde_json` where users meet it: names match in any case, broken UTF-8 and lone surrogates become
//! U+FFFD, wrong types elsewhere do not stop the reading, and the error texts are its own.

mod syntax;
mod value;

pub(super) use syntax::check;
pub(super) use value::{Kind, Value};
