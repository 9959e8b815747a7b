//! JSON and YAML out.

use serde::Serialize;

use crate::error::Error;

/// `-o` of what is no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DataFormat {
    /// JSON, indented.
    Json,
    /// YAML.
    Yaml,
}

/// The value in a format, with a line end.
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

/// The value as one YAML document of several, with its `---`.
pub fn yaml_document(value: &impl Serialize) -> Result<String, Error> {
    Ok(format!("---\n{}", to_data(value, DataFormat::Yaml)?))
}
