//! The binary, as it is called.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test panics to fail"
)]

mod audit;
mod audit_cluster;
mod audit_formats;
mod audit_sample;
mod check;
mod check_cluster;
mod common;
mod connection;
mod resolve;
mod setup;
mod usage;
mod webhook;
