//! From JSON to entries, by the rules of Go's decoder and of `DockerConfigEntry.UnmarshalJSON`.

use std::collections::BTreeMap;

use super::json::{self, Kind, Value};
use super::{AuthField, DockerConfigError, DockerConfigFormat, auth};

const MAP_TYPE: &str = "credentialprovider.DockerConfig";

/// What of an entry is kept, and what it is compared by before that is dropped.
pub(super) struct Entry {
    pub(super) username: String,
    pub(super) has_password: bool,
    pub(super) auth: AuthField,
    /// `username:password`.
    pub(super) pair: Vec<u8>,
}

/// The entries of a docker config in document order; a repeated key keeps its first place and its last value. It ends
/// where there are more entries, or more bytes of keys and usernames, than these.
pub(super) fn entries(
    data: &[u8],
    format: DockerConfigFormat,
    most: usize,
    bytes: usize,
) -> Result<Vec<(String, Entry)>, DockerConfigError> {
    json::check(data).map_err(DockerConfigError::Syntax)?;
    let document = Value::of_checked(data);
    let mut reader = Reader {
        most,
        bytes,
        ..Reader::default()
    };
    match format {
        DockerConfigFormat::Dockercfg => reader.map(document, None)?,
        DockerConfigFormat::ConfigJson => reader.document(document)?,
    }
    match reader.wrong_type {
        Some(error) => Err(error),
        None => Ok(reader.entries),
    }
}

/// Where in the document a value stands, for Go's error text.
#[derive(Clone, Copy)]
struct Field {
    owner: &'static str,
    name: &'static str,
}

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
                self.note(kind, None, "credentialprovider.DockerConfigJSON");
                return Ok(());
            }
        }
        for (name, value) in document.members() {
            if is_field(&name, "auths") {
                self.map(
                    value,
                    Some(Field {
                        owner: "DockerConfigJSON",
                        name: "auths",
                    }),
                )?;
            } else if is_field(&name, "HttpHeaders") {
                self.headers(value);
            }
        }
        Ok(())
    }

    /// `DockerConfig`, a map that a repeated `auths` adds to and a null one empties.
    fn map(&mut self, map: Value<'_>, place: Option<Field>) -> Result<(), DockerConfigError> {
        match map.kind() {
            Kind::Object => {}
            Kind::Null => {
                self.entries.clear();
                self.places.clear();
                return Ok(());
            }
            kind => {
                self.note(kind, place, MAP_TYPE);
                return Ok(());
            }
        }
        for (key, value) in map.members() {
            let entry = entry(value, place)?;
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
        let place = Some(Field {
            owner: "DockerConfigJSON",
            name: "HttpHeaders",
        });
        match headers.kind() {
            Kind::Object => {}
            Kind::Null => return,
            kind => return self.note(kind, place, "map[string]string"),
        }
        for (_, value) in headers.members() {
            if !matches!(value.kind(), Kind::String | Kind::Null) {
                self.note(value.kind(), place, "string");
            }
        }
    }

    fn note(&mut self, kind: Kind, place: Option<Field>, wanted: &str) {
        let field = place.map(|Field { owner, name }| format!("{owner}.{name}"));
        self.wrong_type
            .get_or_insert_with(|| wrong_type(kind, field.as_deref(), wanted));
    }
}

/// `DockerConfigEntry.UnmarshalJSON`. Its error ends the reading at once.
fn entry(value: Value<'_>, place: Option<Field>) -> Result<Entry, DockerConfigError> {
    let outer = place.map(|Field { owner, name }| format!("{owner}.{name}"));
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
            return Err(wrong_type(
                kind,
                outer.as_deref(),
                "credentialprovider.dockerConfigEntryWithAuth",
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
                let place = format!(
                    "{}.{field}",
                    outer.as_deref().unwrap_or("dockerConfigEntryWithAuth")
                );
                first_error.get_or_insert_with(|| wrong_type(kind, Some(&place), "string"));
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

/// Go's `UnmarshalTypeError`.
fn wrong_type(kind: Kind, field: Option<&str>, wanted: &str) -> DockerConfigError {
    let place = field.map_or_else(
        || "value".to_owned(),
        |field| format!("struct field {field}"),
    );
    DockerConfigError::Type(format!(
        "json: cannot unmarshal {} into Go {place} of type {wanted}",
        kind.as_str()
    ))
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

    #[test]
    fn errors_are_those_of_go() {
        use DockerConfigFormat::{ConfigJson, Dockercfg};
        for (json, format, error) in [
            (
                r#"{"auths":{},"HttpHeaders":{"a":5}}"#,
                ConfigJson,
                "json: cannot unmarshal number into Go struct field DockerConfigJSON.HttpHeaders of type string",
            ),
            (
                r#"{"auths":5}"#,
                ConfigJson,
                "json: cannot unmarshal number into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig",
            ),
            (
                "[]",
                ConfigJson,
                "json: cannot unmarshal array into Go value of type credentialprovider.DockerConfigJSON",
            ),
            (
                r#"{"auths":{"docker.io":"x"}}"#,
                ConfigJson,
                "json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type credentialprovider.dockerConfigEntryWithAuth",
            ),
            (
                r#"{"auths":{"docker.io":{"username":5,"auth":"!"}}}"#,
                ConfigJson,
                "json: cannot unmarshal number into Go struct field DockerConfigJSON.auths.username of type string",
            ),
            (
                r#"{"HttpHeaders":[],"auths":{"docker.io":{"auth":"!"}}}"#,
                ConfigJson,
                "illegal base64 data at input byte 0",
            ),
            (
                "[]",
                Dockercfg,
                "json: cannot unmarshal array into Go value of type credentialprovider.DockerConfig",
            ),
            (
                r#"{"docker.io":[]}"#,
                Dockercfg,
                "json: cannot unmarshal array into Go value of type credentialprovider.dockerConfigEntryWithAuth",
            ),
            (
                r#"{"docker.io":{"auth":{}}}"#,
                Dockercfg,
                "json: cannot unmarshal object into Go struct field dockerConfigEntryWithAuth.auth of type string",
            ),
            ("{", ConfigJson, "unexpected end of JSON input"),
        ] {
            assert_eq!(read(json, format), Err(error.to_owned()), "{json}");
        }
    }
}
