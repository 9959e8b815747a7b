//! JSON and YAML output.

use std::io::Write as _;

use extreg_terminal::Printer;
use serde::Serialize;

use crate::error::Error;

/// `-o` for data that is not an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DataFormat {
    /// JSON, indented.
    Json,
    /// YAML.
    Yaml,
}

/// The value in a format, with a final line break.
pub fn to_data(value: &impl Serialize, format: DataFormat) -> Result<String, Error> {
    let text = match format {
        DataFormat::Json => serde_json::to_string_pretty(value).map_err(|e| e.to_string()),
        DataFormat::Yaml => serde_saphyr::to_string(value).map_err(|e| e.to_string()),
    };
    let mut text = text.map_err(|why| Error::failed(format!("cannot be printed: {why}")))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// A report as a document: `kind` and its version before the fields of the value.
pub fn to_report(
    kind: &'static str,
    value: &impl Serialize,
    format: DataFormat,
) -> Result<String, Error> {
    to_data(&Document::new(kind, value), format)
}

/// A value with `apiVersion` and `kind`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a, T> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

impl<'a, T> Document<'a, T> {
    /// The document of a value.
    pub const fn new(kind: &'static str, value: &'a T) -> Self {
        Self {
            api_version: "extreg.io/v1",
            kind,
            value,
        }
    }
}

/// Prints the value in a format, as [`to_data`] does, without holding all of its text.
pub fn print_data(
    value: &impl Serialize,
    format: DataFormat,
    printer: &Printer,
) -> Result<(), Error> {
    let mut writer = printer.raw_writer();
    let cannot = |why: String| Error::failed(format!("cannot be printed: {why}"));
    match format {
        DataFormat::Json => {
            serde_json::to_writer_pretty(&mut writer, value).map_err(|e| cannot(e.to_string()))?;
            writer.write_all(b"\n").map_err(|e| cannot(e.to_string()))?;
        }
        DataFormat::Yaml => {
            serde_saphyr::to_io_writer(&mut writer, value).map_err(|e| cannot(e.to_string()))?;
        }
    }
    writer.flush().map_err(|e| cannot(e.to_string()))
}

/// The value as one of several YAML documents, with its `---`.
pub fn yaml_document(value: &impl Serialize) -> Result<String, Error> {
    Ok(format!("---\n{}", to_data(value, DataFormat::Yaml)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_terminal::{Quiet, testing::printer};

    #[test]
    fn streamed_output_equals_buffered_output() {
        let value: Vec<String> = (0..20_000).map(|n| format!("value {n}: x")).collect();
        for format in [DataFormat::Json, DataFormat::Yaml] {
            let (printer, out, _) = printer(Quiet::Silent, 0);
            print_data(&value, format, &printer).unwrap();
            assert!(out.text() == to_data(&value, format).unwrap(), "{format:?}");
        }
    }
}
