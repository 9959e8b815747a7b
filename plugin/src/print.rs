//! Prints objects and data.

mod data;
mod diff;
mod report;

pub(crate) use self::diff::unified;
pub use self::{
    data::{DataFormat, print_data, to_data, yaml_document},
    report::{ObjectFormat, Report},
};
