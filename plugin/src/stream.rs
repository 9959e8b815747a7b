//! ImageStreams and their tags, as the commands that move tags read and write them.

mod image;
mod name;
mod read;
mod write;

pub(crate) use self::{
    image::{ExternalImage, Library},
    name::StreamTag,
    read::{Origin, SpecTag, Stream},
    write::{Written, write_tag},
};
