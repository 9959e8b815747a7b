//! Tests of the binary.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test panics to fail"
)]

mod audit;
mod audit_cluster;
mod audit_formats;
mod audit_publish;
mod audit_sample;
mod check;
mod check_cluster;
mod check_pre;
mod common;
mod complete;
mod connection;
mod doctor;
mod doctor_cluster;
mod documentation;
mod except;
mod except_cluster;
mod exit_codes;
mod fix;
mod fix_api;
mod fix_builds;
mod fix_cluster;
mod image_api;
mod import;
mod lists;
mod narrow;
mod policy;
mod policy_cluster;
mod project_file;
mod promote;
mod pty;
mod ratelimit;
mod ratelimit_importer;
mod registry;
mod repository;
mod resolve;
mod secret;
mod secret_api;
mod secret_rotate;
mod secret_rotate_planted;
mod secret_set;
mod setup;
mod setup_schedule;
mod setup_secret;
mod slow;
mod status;
mod status_registry;
mod status_watch;
mod tag;
mod tag_refused;
mod usage;
mod webhook;
mod webhook_owner;
