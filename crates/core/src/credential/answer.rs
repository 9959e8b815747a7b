use serde::Serialize;

use super::{DockerConfigFormat, DockerConfigKeys};

/// The keyring's answer for one image and one `.dockerconfigjson`, in the fields and the order that
/// `oc extreg resolve` prints. The document is echoed, as the caller gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum KeyringAnswer<'a> {
    /// The document could be read.
    Read {
        /// The queried document.
        dockerconfigjson: &'a str,
        /// Whether any key matched.
        matched: bool,
        /// The queried image.
        #[serde(rename = "ref")]
        reference: &'a str,
        /// The usernames of the keys that matched, in the order they would be tried.
        usernames: Vec<String>,
    },
    /// The document could not be read.
    Unreadable {
        /// The queried document.
        dockerconfigjson: &'a str,
        /// Go's error text.
        error: String,
        /// The queried image.
        #[serde(rename = "ref")]
        reference: &'a str,
    },
}

impl<'a> KeyringAnswer<'a> {
    /// Answers for one image and one document.
    pub fn of(reference: &'a str, dockerconfigjson: &'a str) -> Self {
        match DockerConfigKeys::parse(dockerconfigjson.as_bytes(), DockerConfigFormat::ConfigJson) {
            Ok(keys) => {
                let found = keys.lookup(reference);
                Self::Read {
                    dockerconfigjson,
                    matched: found.is_matched(),
                    reference,
                    usernames: found.usernames().map(str::to_owned).collect(),
                }
            }
            Err(error) => Self::Unreadable {
                dockerconfigjson,
                error: error.to_string(),
                reference,
            },
        }
    }
}
