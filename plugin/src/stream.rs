//! Reads and writes ImageStreams and their tags, for the commands that change tags.

mod image;
mod name;
mod read;
mod write;

pub(crate) use self::{
    image::{ExternalImage, Library},
    name::{StreamTag, check_stream, check_tag},
    read::{Arrival, Origin, Shown, SpecTag, Stream},
    write::{Written, delete_tag, write_tag},
};
