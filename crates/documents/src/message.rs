//! Messages about objects and files that cannot be read.

use extreg_core::object::UnreadableObject;

use crate::{
    document::Document,
    mismatch::{JsonFault, Mismatch},
    objects::FoundObject,
};

/// Where and why an object of a file cannot be parsed as its kind.
pub fn describe_unreadable(
    document: &Document,
    object: &FoundObject<'_>,
    error: &UnreadableObject,
) -> String {
    let fault = JsonFault {
        message: unreadable(error),
        column: error.column(),
    };
    let Mismatch { line, message } = document.mismatch(object, &object.body.to_string(), &fault);
    let source = &document.origin.source;
    format!(
        "{source}:{line}: {} {}: {message}",
        object.kind,
        object.name()
    )
}

/// The error for a parameter that no Template declares.
pub fn undeclared(document: &Document, object: &FoundObject<'_>, name: &str) -> String {
    format!(
        "{}: {} {}: the Template does not declare the parameter {name}: OpenShift keeps ${{{name}}} \
         unchanged, which is not valid in an image reference",
        document.origin_of(object),
        object.kind,
        object.name()
    )
}

/// The reason without the content of the object, and without a position in JSON that the user has not seen.
pub fn unreadable(error: &UnreadableObject) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(text, _)| text);
    match (
        text.find(" \"").or_else(|| text.find(" `")),
        text.rfind(", expected"),
    ) {
        (Some(from), Some(to)) if from < to => {
            let (before, after) = (text.get(..from), text.get(to..));
            format!(
                "{}{}",
                before.unwrap_or_default(),
                after.unwrap_or_default()
            )
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use extreg_core::object::{Resource, Subject};

    use super::*;

    #[test]
    fn the_content_of_the_object_is_not_quoted() {
        for spec in [
            "\"canary at line 7\"",
            "\"canary, expected at line 7, x\"",
            "7",
        ] {
            let json = format!(r#"{{"spec":{spec}}}"#);
            let error = Subject::of_object(Resource::Builds, &json).unwrap_err();
            let text = unreadable(&error);
            assert!(
                text.starts_with("not a readable Build: invalid type: ")
                    && text.ends_with(", expected a map"),
                "{text}"
            );
        }
    }
}
