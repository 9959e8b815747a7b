//! One document of a manifest and where it stands.

use std::{
    borrow::Cow,
    ops::Range,
    sync::{Arc, OnceLock},
};

use serde_json::Value;

use crate::{
    error::InputError,
    objects::{self, FoundObject, NoObject},
    origin::{Origin, Syntax},
    places::Lines,
    skipped::SkipReason,
    template::restore_images,
};

/// One document of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Where it stands.
    pub origin: Origin,
    /// What it says, as JSON.
    pub body: Value,
    /// Where it stands in its source, in bytes: of JSON the value, of YAML all up to the next
    /// document.
    pub span: Range<usize>,
    /// How it is written.
    pub syntax: Syntax,
    pub(crate) written: Arc<Written>,
    /// Whether the user named the file, rather than the folder that it is in.
    pub(crate) named: bool,
}

/// The text of a document, and where its fields stand in the file. Outlives the document.
#[derive(Debug, Default, PartialEq)]
pub struct Written {
    text: String,
    /// The line of the source on which the text begins; 0 if a line was put in front of it.
    first: usize,
    lines: OnceLock<Lines>,
}

impl Written {
    pub(crate) fn new(text: String, first: usize) -> Arc<Self> {
        let lines = OnceLock::new();
        Arc::new(Self { text, first, lines })
    }

    /// The line of the file on which a field stands, by its JSON pointer; that of the nearest field
    /// around it where it is not written.
    pub fn line(&self, pointer: &str) -> Option<usize> {
        self.lines().at(pointer)
    }

    /// A scalar as the file has it.
    pub(crate) fn scalar(&self, pointer: &str) -> Option<&str> {
        self.lines().written(&self.text, pointer)
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text, self.first))
    }
}

impl Document {
    /// The document as it stands in its file, ready to be one of several YAML documents: with its
    /// comments, anchors and order.
    pub fn as_written(&self) -> &str {
        &self.written.text
    }

    /// Its text with the places of its fields.
    pub fn written(&self) -> &Arc<Written> {
        &self.written
    }

    /// The line of the file on which a field stands, by its JSON pointer; that of the nearest field
    /// around it where it is not written.
    pub fn line(&self, pointer: &str) -> usize {
        if pointer.is_empty() {
            return self.origin.line;
        }
        self.written.line(pointer).unwrap_or(self.origin.line)
    }

    /// An object as it can be decided about: with the parameters of its Template in place of their
    /// values where these decide which registry or repository an image is in.
    pub fn decidable<'o>(&self, object: &'o FoundObject<'_>) -> Cow<'o, Value> {
        let written = self.body.pointer(&object.pointer);
        match (&object.body, written) {
            (Cow::Owned(body), Some(written)) => {
                let mut body = body.clone();
                restore_images(&mut body, written);
                Cow::Owned(body)
            }
            (body, _) => Cow::Borrowed(body),
        }
    }

    /// Where an object of it stands.
    pub fn origin_of(&self, object: &FoundObject<'_>) -> Origin {
        Origin {
            line: object.line,
            ..self.origin.clone()
        }
    }

    /// The objects in it: itself, or what is in it if it is a List or a Template.
    ///
    /// # Errors
    /// If the document is not an object; [`InputError::NotManifest`] in a file that the user did not
    /// name (a compose file, say), which is to be skipped.
    pub fn objects(&self) -> Result<Vec<FoundObject<'_>>, InputError> {
        match objects::find(&self.body) {
            Ok(mut found) => {
                for object in &mut found {
                    object.line = self.line(&object.pointer);
                }
                Ok(found)
            }
            Err(NoObject::NoKind | NoObject::Sequence) if !self.named => {
                Err(InputError::NotManifest {
                    name: self.origin.source.to_string(),
                    line: self.origin.line,
                    reason: SkipReason::NotKubernetes,
                })
            }
            Err(error) => Err(InputError::Content {
                origin: self.origin.clone(),
                message: error.to_string(),
            }),
        }
    }
}
