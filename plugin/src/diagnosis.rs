//! Checks of a server and of the permissions of a user.

pub(crate) mod channel;
pub(crate) mod host;
pub(crate) mod rights;
pub(crate) mod server;
