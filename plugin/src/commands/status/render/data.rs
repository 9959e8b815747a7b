//! For programs.

use extreg_flow::Report;
use extreg_terminal::Printer;
use serde::Serialize;

use crate::{
    error::Error,
    print::{DataFormat, print_data},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    report: &'a Report,
}

/// Prints the report in a format.
pub(in crate::commands::status) fn data(
    report: &Report,
    format: DataFormat,
    printer: &Printer,
) -> Result<(), Error> {
    let data = Data {
        api_version: "extreg.io/v1",
        kind: "StatusReport",
        report,
    };
    print_data(&data, format, printer)
}
