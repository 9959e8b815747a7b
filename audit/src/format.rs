//! What a report looks like: every format renders a [`crate::report::Report`] and nothing else.

pub mod html;
mod image_name;
mod inert;
pub mod table;
mod words;
