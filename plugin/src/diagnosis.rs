//! What can be found out about a server and about the rights of a user, line by line.

pub(crate) mod host;
pub(crate) mod rights;
pub(crate) mod server;
