//! A semantic change to one field, and its rendering to RFC 6902.

use std::fmt::{self, Write};

use crate::rule::id::RuleId;

/// A field that a rule can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// `spec.output.pushSecret` of a BuildConfig or Build.
    PushSecret,
    /// `pullSecret` of a build strategy, by the name of its field.
    StrategyPullSecret(&'static str),
    /// `pullSecret` of the source image with this index.
    SourcePullSecret(usize),
    /// `importPolicy.scheduled` of the ImageStream tag with this index.
    StreamTagSchedule(usize),
    /// `importPolicy.scheduled` of an ImageStreamTag.
    TagSchedule,
    /// `importPolicy.scheduled` of an ImageTag.
    ImageTagSchedule,
    /// `importPolicy.scheduled` of the image with this index of an ImageStreamImport.
    ImportSchedule(usize),
    /// `importPolicy.scheduled` of the repository of an ImageStreamImport.
    RepositorySchedule,
}

impl Field {
    /// The rule that sets it.
    pub const fn rule(self) -> RuleId {
        match self {
            Self::PushSecret => RuleId::PushSecret,
            Self::StrategyPullSecret(_) | Self::SourcePullSecret(_) => RuleId::PullSecret,
            Self::StreamTagSchedule(_)
            | Self::TagSchedule
            | Self::ImageTagSchedule
            | Self::ImportSchedule(_)
            | Self::RepositorySchedule => RuleId::ScheduledImport,
        }
    }

    /// The field's JSON pointer.
    pub fn pointer(self) -> String {
        let mut pointer = String::new();
        self.write_pointer(&mut pointer);
        pointer
    }

    fn write_pointer(self, pointer: &mut String) {
        self.write_parent(pointer);
        pointer.push_str(match self {
            Self::PushSecret => "/pushSecret",
            Self::StrategyPullSecret(_) | Self::SourcePullSecret(_) => "/pullSecret",
            Self::StreamTagSchedule(_)
            | Self::TagSchedule
            | Self::ImageTagSchedule
            | Self::ImportSchedule(_)
            | Self::RepositorySchedule => "/scheduled",
        });
    }

    /// The JSON pointer of the object that holds the field.
    fn write_parent(self, pointer: &mut String) {
        // Writing to a string cannot fail.
        let _ = match self {
            Self::PushSecret => pointer.write_str("/spec/output"),
            Self::StrategyPullSecret(strategy) => write!(pointer, "/spec/strategy/{strategy}"),
            Self::SourcePullSecret(index) => write!(pointer, "/spec/source/images/{index}"),
            Self::StreamTagSchedule(index) => write!(pointer, "/spec/tags/{index}/importPolicy"),
            Self::TagSchedule => pointer.write_str("/tag/importPolicy"),
            Self::ImageTagSchedule => pointer.write_str("/spec/importPolicy"),
            Self::ImportSchedule(index) => write!(pointer, "/spec/images/{index}/importPolicy"),
            Self::RepositorySchedule => pointer.write_str("/spec/repository/importPolicy"),
        };
    }
}

impl fmt::Display for Field {
    /// As shown to users: `spec.tags[0].importPolicy.scheduled`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.pointer().split('/').skip(1).enumerate() {
            if part.starts_with(|c: char| c.is_ascii_digit()) {
                write!(f, "[{part}]")?;
            } else {
                if index > 0 {
                    f.write_char('.')?;
                }
                f.write_str(part)?;
            }
        }
        Ok(())
    }
}

/// What a field is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `{"name": …}`: a reference to a secret.
    Secret(&'a str),
    /// `true`.
    True,
}

impl fmt::Display for Value<'_> {
    /// As shown to users: `{name: dockerhub}`, `true`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(name) => write!(f, "{{name: {name}}}"),
            Self::True => f.write_str("true"),
        }
    }
}

/// A change to one field. It applies to the object that it was made for, whatever else the
/// object holds: a patch that does not apply is an error for the user even with failurePolicy
/// Ignore (apiserver `webhook/mutating/dispatcher.go`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit<'a> {
    /// The field.
    pub field: Field,
    /// Its value.
    pub value: Value<'a>,
    /// Whether the object that holds the field is absent, or `null`, and has to be added first.
    pub parent_missing: bool,
}

/// The changes to one object as an RFC 6902 document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchPlan {
    json: String,
}

impl PatchPlan {
    /// Renders edits; `None` if the list is empty. Only `add` of one member is used: it sets a field
    /// that is absent and never replaces an object or an array.
    pub fn render<'e, 'a: 'e>(edits: impl Iterator<Item = &'e Edit<'a>>) -> Option<Self> {
        let mut json = String::from("[");
        for edit in edits {
            if edit.parent_missing {
                push_add(&mut json, |json| edit.field.write_parent(json));
                json.push_str("{}}");
            }
            push_add(&mut json, |json| edit.field.write_pointer(json));
            match edit.value {
                Value::True => json.push_str("true}"),
                Value::Secret(name) => {
                    // A secret's name has been checked: no character of it needs an escape.
                    for part in [r#"{"name":""#, name, r#""}}"#] {
                        json.push_str(part);
                    }
                }
            }
        }
        (json.len() > 1).then(|| {
            json.push(']');
            Self { json }
        })
    }

    /// The document, as JSON.
    pub fn as_json(&self) -> &str {
        &self.json
    }

    /// The document as operations that can be applied.
    pub fn to_patch(&self) -> Result<json_patch::Patch, serde_json::Error> {
        serde_json::from_str(&self.json)
    }
}

/// Begins an operation: what follows is its value, and `}`.
fn push_add(json: &mut String, pointer: impl FnOnce(&mut String)) {
    if json.len() > 1 {
        json.push(',');
    }
    json.push_str(r#"{"op":"add","path":""#);
    pointer(json);
    json.push_str(r#"","value":"#);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_parent_is_added_first() {
        let edit = Edit {
            field: Field::StreamTagSchedule(2),
            value: Value::True,
            parent_missing: true,
        };
        let plan = PatchPlan::render([&edit].into_iter()).unwrap();
        assert_eq!(
            plan.as_json(),
            r#"[{"op":"add","path":"/spec/tags/2/importPolicy","value":{}},{"op":"add","path":"/spec/tags/2/importPolicy/scheduled","value":true}]"#
        );
        assert_eq!(plan.to_patch().unwrap().0.len(), 2);
        assert_eq!(
            edit.field.to_string(),
            "spec.tags[2].importPolicy.scheduled"
        );
    }

    #[test]
    fn an_empty_edit_list_renders_no_patch() {
        assert_eq!(PatchPlan::render([].iter()), None);
    }

    #[test]
    fn every_field_has_a_pointer_below_its_parent() {
        for (field, want) in [
            (Field::PushSecret, "/spec/output/pushSecret"),
            (
                Field::StrategyPullSecret("dockerStrategy"),
                "/spec/strategy/dockerStrategy/pullSecret",
            ),
            (
                Field::SourcePullSecret(1),
                "/spec/source/images/1/pullSecret",
            ),
            (
                Field::StreamTagSchedule(0),
                "/spec/tags/0/importPolicy/scheduled",
            ),
            (Field::TagSchedule, "/tag/importPolicy/scheduled"),
            (Field::ImageTagSchedule, "/spec/importPolicy/scheduled"),
            (
                Field::ImportSchedule(3),
                "/spec/images/3/importPolicy/scheduled",
            ),
            (
                Field::RepositorySchedule,
                "/spec/repository/importPolicy/scheduled",
            ),
        ] {
            assert_eq!(field.pointer(), want);
        }
    }
}
