//! The objects that a flow is made of, as small records: what is not asked about is dropped as it is
//! read. Every field may be absent or `null`.

mod build;
mod pod;
mod stream;
mod value;
mod workload;

pub use self::{
    build::Output,
    stream::{From, Stream},
    workload::WorkloadKind,
};
pub(crate) use self::{
    build::{Build, BuildConfig, Phase},
    pod::{Pod, Running},
    stream::{Failure, Item, Tag},
    workload::{Container, Workload},
};
