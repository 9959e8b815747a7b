//! The server as API servers meet it: over TLS, on loopback.
#![cfg(test)]

mod api;
mod binary;
mod cluster;
mod drain;
mod engine;
mod follow;
mod rotation;
mod support;
mod transport;
