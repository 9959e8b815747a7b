//! Partial views of the objects that are read, borrowed from their JSON.
//!
//! As in [`extreg_core::object`], each field can be absent or `null`; a value of another type makes
//! the object unreadable. Fields that are not named here are skipped without parsing.

mod build;
mod configuration;
mod list;
mod metadata;
mod pod;
mod shipwright;
mod stream;

pub(super) use self::build::{BuildSource, BuildStatus, BuildStrategy, BuildView};
pub(super) use self::configuration::{
    AccountView, ConfigView, ImageConfig, MirrorSet, PolicyView, SecretView, Signatures, Webhooks,
};
pub(super) use self::list::{First, List, Number};
pub(super) use self::metadata::{
    Chosen, Metadata, OwnerReference, Template as TemplateMetadata, key,
};
pub(super) use self::pod::{Container, ContainerStatus, MakerView, PodSpec, PodView, TaskView};
pub(super) use self::shipwright::{ShipwrightSpec, ShipwrightView};
pub(super) use self::stream::{Condition, StatusTag, StreamView, Tag, TagEvent};
