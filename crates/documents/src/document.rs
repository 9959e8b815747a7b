//! One document of a manifest and its position.

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
    /// Its position.
    pub origin: Origin,
    /// Its content, as JSON.
    pub body: Value,
    /// Its position in its source, in bytes: of JSON the value, of YAML everything up to the next
    /// document.
    pub span: Range<usize>,
    /// Its syntax.
    pub syntax: Syntax,
    pub(crate) written: Arc<Written>,
    /// Whether the user named the file, rather than the folder that contains it.
    pub(crate) named: bool,
}

/// The text of a document, and the positions of its fields in the file. Outlives the document.
#[derive(Debug, Default, PartialEq)]
pub struct Written {
    text: String,
    /// The line of the source on which the text begins; 0 if a line was prepended.
    first: usize,
    lines: OnceLock<Lines>,
}

impl Written {
    pub(crate) fn new(text: String, first: usize) -> Arc<Self> {
        let lines = OnceLock::new();
        Arc::new(Self { text, first, lines })
    }

    /// The line of the file with a field, by its JSON pointer; the line of the nearest enclosing field
    /// if it is not written.
    pub fn line(&self, pointer: &str) -> Option<usize> {
        self.lines().at(pointer)
    }

    /// A scalar as written in the file.
    pub(crate) fn scalar(&self, pointer: &str) -> Option<&str> {
        self.lines().written(&self.text, pointer)
    }

    fn lines(&self) -> &Lines {
        self.lines
            .get_or_init(|| Lines::new(&self.text, self.first))
    }
}

impl Document {
    /// The document as written in its file, ready to be one of several YAML documents: with its
    /// comments, anchors and order.
    pub fn as_written(&self) -> &str {
        &self.written.text
    }

    /// Its text with the positions of its fields.
    pub fn written(&self) -> &Arc<Written> {
        &self.written
    }

    /// The line of the file with a field, by its JSON pointer; the line of the nearest enclosing field
    /// if it is not written.
    pub fn line(&self, pointer: &str) -> usize {
        if pointer.is_empty() {
            return self.origin.line;
        }
        self.written.line(pointer).unwrap_or(self.origin.line)
    }

    /// An object prepared for a decision: with the parameters of its Template in place of their
    /// values if these determine the registry or repository of an image.
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

    /// The position of an object of the document.
    pub fn origin_of(&self, object: &FoundObject<'_>) -> Origin {
        Origin {
            line: object.line,
            ..self.origin.clone()
        }
    }

    /// The objects in it: itself, or the content of a List or a Template.
    ///
    /// # Errors
    /// If the document is not an object; [`InputError::NotManifest`] in a file that the user did not
    /// name (such as a compose file), which is to be skipped.
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
