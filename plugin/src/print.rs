//! Prints objects and data.

mod data;
mod diff;
mod report;

pub(crate) use self::diff::unified;
pub use self::{
    data::{DataFormat, Document, print_data, to_data, to_report, yaml_document},
    report::{ObjectFormat, Report},
};
