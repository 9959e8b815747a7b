//! The server over TLS on loopback, as API servers call it.
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
