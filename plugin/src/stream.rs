//! ImageStreams and their tags, as the commands that move tags read and write them.

mod image;
mod name;
mod read;
mod refusal;
mod write;

pub(crate) use self::{
    image::{ExternalImage, Library},
    name::{StreamTag, check_stream, check_tag},
    read::{Origin, Shown, SpecTag, Stream},
    refusal::Refusal,
    write::{Written, write_tag},
};
