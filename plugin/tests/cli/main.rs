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
mod check_pre;
mod common;
mod complete;
mod connection;
mod doctor;
mod doctor_cluster;
mod fake_registry;
mod image_api;
mod import;
mod promote;
mod pty;
mod ratelimit;
mod registry;
mod resolve;
mod setup;
mod setup_schedule;
mod status;
mod status_watch;
mod tag;
mod tag_refused;
mod usage;
mod webhook;
