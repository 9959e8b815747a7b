//! For programs.

use serde::Serialize;

use crate::{
    api::{DataFormat, to_data},
    commands::status::report::Report,
    error::Error,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    report: &'a Report,
}

/// The report in a format, with a line end.
pub(in crate::commands::status) fn data(
    report: &Report,
    format: DataFormat,
) -> Result<String, Error> {
    let data = Data {
        api_version: "extreg.io/v1",
        kind: "StatusReport",
        report,
    };
    to_data(&data, format)
}
