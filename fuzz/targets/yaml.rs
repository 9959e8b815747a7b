//! Manifests: reading a text as YAML and as JSON ends, every object of it can be found again, and an object written as
//! JSON reads the same.

use extreg_documents::{Source, read};

/// Runs the target on one input.
pub(crate) fn run(data: &[u8]) {
    let source = |text: &[u8]| Source::Rendered {
        name: "input".to_owned(),
        text: text.into(),
    };
    for document in read(vec![source(data)]) {
        let Ok(document) = document else {
            continue;
        };
        let Ok(objects) = document.objects() else {
            continue;
        };
        for object in objects {
            assert!(object.line > 0);
            // An item of a list may get its kind from the list.
            if object.body.get("kind").is_none() || object.body.get("apiVersion").is_none() {
                continue;
            }
            let json = object.body.to_string();
            let again = read(vec![source(json.as_bytes())]).next();
            let again = again
                .expect("a document")
                .expect("what was written is JSON");
            let again = again.objects().expect("the same object");
            let first = again.first().expect("the same object");
            assert_eq!(
                (&first.kind, &first.api_version),
                (&object.kind, &object.api_version)
            );
        }
    }
}
