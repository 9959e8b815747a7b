//! Talking to a cluster.

mod apply;
mod cluster;
mod config;
mod data;
mod diff;
mod error;
mod kind;
mod object;
mod page;
mod print;
mod service;

pub(crate) use self::object::{set, unset};
pub use self::{
    apply::{Applied, ApplyOptions, MANAGED_BY, MANAGER, Owned, apply, contains, is_owned},
    cluster::{Cluster, DryRun},
    config::{ConnectOptions, connect, go_arch, go_os},
    data::{DataFormat, to_data, yaml_document},
    error::from_kube,
    kind::Kind,
    object::{Object, ObjectRef},
    page::{Page, PageItems, PageQuery},
    print::{ObjectFormat, Report, Verb},
};
