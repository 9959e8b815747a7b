//! Values as they come.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

/// Reads a time. What is none is not known, and no reason not to read the rest.
pub(super) fn time<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// The digest in a reference by digest, `…@sha256:…`; empty if it is none.
pub(super) fn digest_of(reference: &str) -> &str {
    reference.rsplit_once('@').map_or("", |(_, digest)| digest)
}
