//! How a kubeconfig leads to a cluster, as client-go and kubectl have it: which files are read and how
//! they are merged ([`read`]), what is refused, and what is sent ([`Connection`]). kube has its own rules
//! for some of that; where they differ, the kubeconfig is brought into a form in which they agree.

mod connection;
mod error;
mod kubeconfig;
mod proxy;
mod query;
mod selection;
mod token;

pub use self::{
    connection::Connection,
    error::{ConnectError, innermost},
    kubeconfig::{is_empty, read},
    proxy::proxy_of_environment,
    query::encode,
    selection::Selection,
};
