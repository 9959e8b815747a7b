//! Reports and schemas for tests of formats.

pub(super) mod sample;
pub(super) mod schema;
