//! Admission reviews through the running server, over TLS.

mod bad;
mod recorded;
mod server;
mod unselected;
