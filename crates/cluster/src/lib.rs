//! Access to a cluster, as in client-go and kubectl.
//!
//! From a kubeconfig to a client: which files are read and how they are merged ([`read`]), what is
//! rejected, and what is sent ([`Connection`]). kube has its own rules for some of that; where they differ,
//! the kubeconfig is converted to a form in which they agree.
//!
//! The plugin's reads and writes: [`connect`] returns a
//! [`Cluster`], which reads objects of any kind and pages of lists ([`Pages`]), applies and patches.
//! [`collect`] reads all kinds related to registries into records.

mod access;
mod applied;
mod apply;
mod cluster;
mod cluster_error;
pub mod collect;
mod config;
mod connection;
mod dry_run;
mod error;
mod json;
mod kubeconfig;
mod list;
mod object;
mod page;
mod patch;
mod proxy;
mod query;
mod selection;
mod service;
mod slow;
mod token;
mod verb;
mod version;

/// Where the API serves a kind.
pub use extreg_snapshot::kind::Api as Kind;

use self::selection::Selection;
pub use self::{
    access::{Right, may, missing, whoami},
    applied::applied_tags,
    apply::{Applied, ApplyOptions, MANAGED_BY, MANAGER, Owned, apply, contains, is_owned},
    cluster::{Cluster, IN_FLIGHT},
    cluster_error::{ClusterError, from_kube},
    config::{
        ConnectOptions, Login, Overrides, connect, go_arch, go_os, kubeconfig, login, user_agent,
    },
    connection::Connection,
    dry_run::DryRun,
    error::{ConnectError, innermost},
    json::Json,
    kubeconfig::{is_empty, read},
    list::{Next, Pages},
    object::{Object, ObjectRef, set, unset},
    page::{LIMIT, Page, PageItems, PageQuery, STREAM_LIMIT},
    proxy::proxy_of_environment,
    query::encode,
    slow::show_if_slow,
    verb::Verb,
    version::openshift_version,
};
