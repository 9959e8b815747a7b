//! The objects that a flow is made of, as small records: what is not asked about is dropped as it is
//! read. Every field may be absent or `null`.

mod build;
mod pod;
mod stream;
mod value;
mod workload;

pub(super) use self::{
    build::{Build, BuildConfig, Output, Phase},
    pod::{Pod, Running},
    stream::{Failure, From, Item, Stream, Tag},
    workload::{Container, Workload, WorkloadKind},
};
