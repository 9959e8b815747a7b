//! From JSON to entries, by the rules of Go's decoder and of `DockerConfigEntry.UnmarshalJSON`.

use std::collections::BTreeMap;

use super::json::{self, Kind, Value};
use super::{AuthField, DockerConfigError, DockerConfigFormat, auth};

/// The parts of an entry that are kept, and the pair for comparison, which is dropped afterwards.
pub(super) struct Entry {
    pub(super) username: String,
    pub(super) has_password: bool,
    pub(super) auth: AuthField,
    /// `username:password`.
    pub(super) pair: Vec<u8>,
}

/// The entries of a docker config in document order; a repeated key keeps its first place and its last value. Stops
/// at these limits of entries, and of bytes of keys and usernames.
pub(super) fn entries(
    data: &[u8],
    format: DockerConfigFormat,
    most: usize,
    bytes: usize,
) -> Result<Vec<(String, Entry)>, DockerConfigError> {
    json::check(data).map_err(|error| DockerConfigError::Syntax(error.to_string()))?;
    let document = Value::of_checked(data);
    let mut reader = Reader {
        most,
        bytes,
        ..Reader::default()
    };
    match format {
        DockerConfigFormat::Dockercfg => reader.map(document, WHOLE)?,
        DockerConfigFormat::ConfigJson => reader.document(document)?,
    }
    match reader.wrong_type {
        Some(error) => Err(error),
        None => Ok(reader.entries),
    }
}

/// Where the document itself stands.
const WHOLE: &str = "the document";
const AUTHS: &str = "auths";

#[derive(Default)]
struct Reader {
    entries: Vec<(String, Entry)>,
    places: BTreeMap<String, usize>,
    /// The most entries that are read.
    most: usize,
    /// The bytes of keys and usernames that may still be read.
    bytes: usize,
    /// The first value of a wrong type. Go reads on and reports it at the end, unless an entry fails before that.
    wrong_type: Option<DockerConfigError>,
}

impl Reader {
    /// `DockerConfigJSON`.
    fn document(&mut self, document: Value<'_>) -> Result<(), DockerConfigError> {
        match document.kind() {
            Kind::Object => {}
            Kind::Null => return Ok(()),
            kind => {
                self.note(kind, WHOLE, Kind::Object);
                return Ok(());
            }
        }
        for (name, value) in document.members() {
            if is_field(&name, AUTHS) {
                self.map(value, AUTHS)?;
            } else if is_field(&name, "HttpHeaders") {
                self.headers(value);
            }
        }
        Ok(())
    }

    /// `DockerConfig`, a map that a repeated `auths` adds to and a null one empties.
    fn map(&mut self, map: Value<'_>, place: &str) -> Result<(), DockerConfigError> {
        match map.kind() {
            Kind::Object => {}
            Kind::Null => {
                self.entries.clear();
                self.places.clear();
                return Ok(());
            }
            kind => {
                self.note(kind, place, Kind::Object);
                return Ok(());
            }
        }
        for (key, value) in map.members() {
            let entry = entry(value)?;
            let kept = key.len() + entry.username.len();
            self.bytes = self
                .bytes
                .checked_sub(kept)
                .ok_or(DockerConfigError::TooLarge)?;
            let place = *self.places.entry(key.clone()).or_insert(self.entries.len());
            if let Some(known) = self.entries.get_mut(place) {
                known.1 = entry;
            } else if self.entries.len() < self.most {
                self.entries.push((key, entry));
            } else {
                return Err(DockerConfigError::TooLarge);
            }
        }
        Ok(())
    }

    /// `HttpHeaders map[string]string`, which is read for its errors only.
    fn headers(&mut self, headers: Value<'_>) {
        let place = "HttpHeaders";
        match headers.kind() {
            Kind::Object => {}
            Kind::Null => return,
            kind => return self.note(kind, place, Kind::Object),
        }
        for (_, value) in headers.members() {
            if !matches!(value.kind(), Kind::String | Kind::Null) {
                self.note(value.kind(), "a value of HttpHeaders", Kind::String);
            }
        }
    }

    fn note(&mut self, found: Kind, place: &str, wanted: Kind) {
        self.wrong_type
            .get_or_insert_with(|| DockerConfigError::wrong_type(place, found, wanted));
    }
}

/// `DockerConfigEntry.UnmarshalJSON`. Its error ends the parsing immediately.
fn entry(value: Value<'_>) -> Result<Entry, DockerConfigError> {
    let mut entry = Entry {
        username: String::new(),
        has_password: false,
        auth: AuthField::Absent,
        pair: Vec::new(),
    };
    match value.kind() {
        Kind::Object => {}
        Kind::Null => return Ok(entry),
        kind => {
            return Err(DockerConfigError::wrong_type(
                "an entry",
                kind,
                Kind::Object,
            ));
        }
    }
    let (mut auth, mut password) = (String::new(), String::new());
    let mut first_error = None;
    for (name, value) in value.members() {
        let Some(field) = ["username", "password", "email", "auth"]
            .into_iter()
            .find(|field| is_field(&name, field))
        else {
            continue;
        };
        match (field, value.kind()) {
            ("username", Kind::String) => entry.username = value.text(),
            ("password", Kind::String) => password = value.text(),
            ("auth", Kind::String) => auth = value.text(),
            (_, Kind::String | Kind::Null) => {}
            (_, kind) => {
                first_error.get_or_insert_with(|| {
                    DockerConfigError::wrong_type(field, kind, Kind::String)
                });
            }
        }
    }
    if let Some(error) = first_error {
        return Err(error);
    }
    if auth.is_empty() {
        entry.has_password = !password.is_empty();
        entry.pair = format!("{}:{password}", entry.username).into_bytes();
    } else {
        let decoded = auth::decode(&auth)?;
        entry.username = decoded.username;
        entry.has_password = decoded.has_password;
        entry.auth = decoded.form;
        entry.pair = auth::pair(&auth);
    }
    Ok(entry)
}

/// Whether a member's name is a field's: Go's decoder folds case, and two letters outside ASCII fold to ASCII ones.
fn is_field(name: &str, field: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(field.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, format: DockerConfigFormat) -> Result<Vec<(String, String)>, String> {
        entries(json.as_bytes(), format, usize::MAX, usize::MAX)
            .map(|entries| {
                entries
                    .into_iter()
                    .map(|(key, entry)| (key, entry.username))
                    .collect()
            })
            .map_err(|error| error.to_string())
    }

    /// Answers taken from Go's decoder with Kubernetes' types.
    #[test]
    fn reads_as_go_does() {
        for (json, expected) in [
            (
                "{\"AUTHS\":{\"d\":{\"UserName\":\"a\",\"pa\u{17f}\u{17f}word\":\"p\"}}}",
                &[("d", "a")][..],
            ),
            (
                r#"{"auths":{"d":{"username":"a"},"q":{},"d":{"password":"p"}}}"#,
                &[("d", ""), ("q", "")],
            ),
            (
                r#"{"auths":{"d":{}},"auths":{"e":{}}}"#,
                &[("d", ""), ("e", "")],
            ),
            (r#"{"auths":{"d":{}},"auths":null}"#, &[]),
            (r#"{"auths":{"d":null}}"#, &[("d", "")]),
            (
                r#"{"auths":{"d":{"username":null,"auth":""}}}"#,
                &[("d", "")],
            ),
            (
                r#"{"auths":{"d":{"username":"x","auth":"dTA6cDA="}}}"#,
                &[("d", "u0")],
            ),
            (r#"{"credsStore":[1],"auths":{}}"#, &[]),
            ("null", &[]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|&(key, user)| (key.to_owned(), user.to_owned()))
                .collect();
            assert_eq!(
                read(json, DockerConfigFormat::ConfigJson),
                Ok(expected),
                "{json}"
            );
        }
    }

    /// What Go's decoder refuses, and which of two faults it reports.
    #[test]
    fn refuses_what_go_refuses() {
        use DockerConfigFormat::{ConfigJson, Dockercfg};
        for (json, format, error) in [
            (
                r#"{"auths":{},"HttpHeaders":{"a":5}}"#,
                ConfigJson,
                "a value of HttpHeaders is a number where a string is expected",
            ),
            (
                r#"{"auths":5}"#,
                ConfigJson,
                "auths is a number where an object is expected",
            ),
            (
                "[]",
                ConfigJson,
                "the document is an array where an object is expected",
            ),
            (
                r#"{"auths":{"docker.io":"x"}}"#,
                ConfigJson,
                "an entry is a string where an object is expected",
            ),
            (
                r#"{"auths":{"docker.io":{"username":5,"auth":"!"}}}"#,
                ConfigJson,
                "username is a number where a string is expected",
            ),
            (
                r#"{"HttpHeaders":[],"auths":{"docker.io":{"auth":"!"}}}"#,
                ConfigJson,
                "illegal base64 data at input byte 0",
            ),
            (
                "[]",
                Dockercfg,
                "the document is an array where an object is expected",
            ),
            (
                r#"{"docker.io":[]}"#,
                Dockercfg,
                "an entry is an array where an object is expected",
            ),
            (
                r#"{"docker.io":{"auth":{}}}"#,
                Dockercfg,
                "auth is an object where a string is expected",
            ),
            (
                "{",
                ConfigJson,
                "invalid JSON: EOF while parsing an object at line 1 column 1",
            ),
        ] {
            assert_eq!(read(json, format), Err(error.to_owned()), "{json}");
        }
    }
}
