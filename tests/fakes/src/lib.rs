//! A fake API server and a fake registry on loopback, for the tests of every crate.
//!
//! Both record their requests. Neither sleeps: a request without an answer waits for the end of the test.

pub mod answer;
pub mod api;
mod image;
pub mod registry;
pub mod seen;
mod server;
mod store;

pub use answer::{Answer, ok, status};
pub use api::{Api, Behavior};
pub use image::{defaulted, recorded};
pub use seen::Seen;
pub use store::{Objects, touch};
