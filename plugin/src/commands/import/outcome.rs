//! The outcome for each tag.

use extreg_cluster::Json as _;
use extreg_remedy::{Refusal, Rendered};
use serde::Serialize;
use serde_json::Value;

use super::plan::Import;
use crate::{
    error::Error,
    stream::{SpecTag, Stream, StreamTag},
};

/// The outcome for a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) name: StreamTag,
    /// The image that it follows; empty if none.
    pub(super) image: String,
    pub(super) result: Ending,
}

/// The result of its import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "camelCase")]
pub(super) enum Ending {
    /// The registry does not provide the image.
    Failed {
        /// The kind of refusal.
        #[serde(skip)]
        refusal: Refusal,
        /// The registry's message, with the API's reason.
        message: String,
        /// The fix.
        fix: Rendered,
        /// The fix in one line.
        #[serde(skip)]
        next: String,
    },
    /// Imported; it shows another image than before.
    Imported {
        /// The digest that it showed; none if it showed no image.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// The digest that it shows.
        after: String,
    },
    /// Imported; it shows the same image as before.
    Unchanged {
        /// The digest that it shows.
        after: String,
    },
    /// Skipped.
    Skipped {
        /// The reason.
        message: String,
    },
}

/// Reads the answer to a request for these imports.
///
/// # Errors
/// [`Error::Failed`] if the answer is for other images.
pub(super) fn outcomes(
    stream: &str,
    imports: &[Import<'_>],
    answer: &Value,
    next: impl Fn(Refusal, &StreamTag, &str) -> (Rendered, String),
) -> Result<Vec<Outcome>, Error> {
    let images = answer.list("/status/images");
    if images.len() != imports.len() {
        return Err(Error::failed(format!(
            "the server was requested to import {} images into {stream} but answered for {}",
            imports.len(),
            images.len()
        )));
    }
    let outcomes = imports.iter().zip(images).map(|(import, status)| {
        let name = StreamTag::new(stream, import.tag);
        let text = |at: &str| status.text(at);
        let digest = text("/image/metadata/name");
        let result = if text("/status/status") == "Success" && !digest.is_empty() {
            let after = digest.to_owned();
            if import.before == digest {
                Ending::Unchanged { after }
            } else {
                let before = Some(import.before.to_owned()).filter(|digest| !digest.is_empty());
                Ending::Imported { before, after }
            }
        } else {
            let (reason, message) = (text("/status/reason"), text("/status/message"));
            let refusal = Refusal::of(reason, message);
            let (fix, next) = next(refusal, &name, import.image);
            Ending::Failed {
                refusal,
                message: Refusal::words(reason, message),
                fix,
                next,
            }
        };
        Outcome {
            name,
            image: import.image.to_owned(),
            result,
        }
    });
    Ok(outcomes.collect())
}

/// The tags whose policy differs after an import: another client or a
/// webhook.
pub(super) fn changed_policies<'a>(imports: &[Import<'a>], answer: &Value) -> Vec<&'a str> {
    let Some(stream) = answer.pointer("/status/import").filter(|s| s.is_object()) else {
        return Vec::new();
    };
    let after = Stream::new(stream.clone());
    let policy = |tag: SpecTag<'_>| {
        (
            tag.is_scheduled(),
            tag.is_insecure(),
            tag.import_mode().to_owned(),
            tag.reference_policy().to_owned(),
        )
    };
    imports
        .iter()
        .filter(|import| {
            let after = after.spec_tag(import.tag);
            after.is_some_and(|after| policy(after) != policy(import.spec))
        })
        .map(|import| import.tag)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_for_other_images_is_refused() {
        let spec = json!({"name": "v1"});
        let stream = Stream::new(json!({"spec": {"tags": [spec]}}));
        let imports = [Import {
            tag: "v1",
            image: "d:v1",
            spec: stream.spec_tag("v1").unwrap(),
            before: "",
        }];
        let error =
            outcomes("app", &imports, &json!({}), |_, _, _| Default::default()).unwrap_err();
        assert!(error.to_string().contains("answered for 0"), "{error}");
    }
}
