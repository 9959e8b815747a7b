//! Talking to a cluster.

mod access;
mod applied;
mod apply;
mod cluster;
mod config;
mod data;
mod diff;
mod error;
mod kind;
mod list;
mod object;
mod page;
mod patch;
mod print;
mod service;
mod version;

pub use self::{
    access::{Right, may, missing, whoami},
    apply::{Applied, ApplyOptions, MANAGED_BY, MANAGER, Owned, apply, contains, is_owned},
    cluster::Cluster,
    config::{ConnectOptions, Login, connect, go_arch, go_os, kubeconfig, login},
    data::{DataFormat, print_data, to_data, yaml_document},
    error::from_kube,
    kind::Kind,
    object::{Object, ObjectRef},
    page::{Page, PageItems, PageQuery},
    print::{ObjectFormat, Report, Verb},
};
pub(crate) use self::{
    applied::applied_tags,
    cluster::IN_FLIGHT,
    config::user_agent,
    diff::unified,
    list::{Next, Pages},
    object::{set, unset},
    page::LIMIT,
    version::openshift_version,
};
pub use crate::args::DryRun;
