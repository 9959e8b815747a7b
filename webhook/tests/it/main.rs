//! The server as API servers meet it: over TLS, on loopback.
#![cfg(test)]

mod api;
mod binary;
mod clients;
mod cluster;
mod drain;
mod engine;
mod expiry;
mod follow;
mod importer;
mod pressure;
mod rotation;
mod support;
mod transport;
