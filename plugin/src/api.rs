//! Talking to a cluster.

mod access;
mod applied;
mod apply;
mod cluster;
mod config;
mod data;
mod diff;
mod dry_run;
mod error;
mod kind;
mod list;
mod object;
mod page;
mod patch;
mod print;
mod service;
mod verb;
mod version;

pub(crate) use self::diff::unified;
pub use self::{
    access::{Right, may, missing, whoami},
    applied::applied_tags,
    apply::{Applied, ApplyOptions, MANAGED_BY, MANAGER, Owned, apply, contains, is_owned},
    cluster::{Cluster, IN_FLIGHT},
    config::{
        ConnectOptions, Login, Overrides, connect, go_arch, go_os, kubeconfig, login, user_agent,
    },
    data::{DataFormat, print_data, to_data, yaml_document},
    dry_run::DryRun,
    error::{ClusterError, from_kube},
    kind::Kind,
    list::{Next, Pages},
    object::{Object, ObjectRef, set, unset},
    page::{LIMIT, Page, PageItems, PageQuery},
    print::{ObjectFormat, Report},
    verb::Verb,
    version::openshift_version,
};
