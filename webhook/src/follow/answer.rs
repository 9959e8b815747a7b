//! The result of an import, from the API server's response.

use serde::Deserialize;

/// An ImageStreamImport in a response; everything but the status of each image is dropped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    images: Vec<Image>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Image {
    status: ImageStatus,
    image: Option<Object>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ImageStatus {
    status: String,
    reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Object {
    metadata: Metadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
}

/// The results for the tags of one import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Imported {
    /// The imported tags, with the digest that they show now.
    pub(super) shown: Vec<(String, String)>,
    /// The tags that failed, with the reason in one word, such as `Unauthorized`.
    pub(super) failed: Vec<(String, String)>,
}

impl Answer {
    /// Sorts the tags of a request, in the order of its images, by result
    /// (openshift-apiserver `imagestreamimport/rest.go`, `createImages`).
    pub(super) fn sort(self, tags: &[String]) -> Imported {
        let mut imported = Imported::default();
        let mut images = self.status.images.into_iter();
        for tag in tags {
            match images.next() {
                Some(Image {
                    status,
                    image: Some(image),
                }) if status.status == "Success" => {
                    imported.shown.push((tag.clone(), image.metadata.name));
                }
                other => {
                    let reason = other.map(|image| image.status.reason);
                    let reason = reason.filter(|reason| is_word(reason));
                    let reason = reason.unwrap_or_else(|| "Unknown".to_owned());
                    imported.failed.push((tag.clone(), reason));
                }
            }
        }
        imported
    }
}

/// A status reason is one word; any other text can quote something.
fn is_word(reason: &str) -> bool {
    (1..=64).contains(&reason.len()) && reason.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_are_sorted_by_result() {
        let answer: Answer = serde_json::from_value(json!({
            "spec": {"import": true},
            "status": {"images": [
                {"status": {"metadata": {}, "status": "Success"},
                 "image": {"metadata": {"name": "sha256:1"}}, "tag": "latest"},
                {"status": {"status": "Failure", "reason": "Unauthorized", "message": "hunter2"}},
                {"status": {"status": "Failure", "reason": "hunter2 is wrong"}},
                {"status": {"status": "Success"}},
            ]},
        }))
        .unwrap();
        let tags = ["a", "b", "c", "d", "e"].map(str::to_owned);
        let pair = |tag: &str, word: &str| (tag.to_owned(), word.to_owned());
        let wanted = Imported {
            shown: vec![pair("a", "sha256:1")],
            failed: vec![
                pair("b", "Unauthorized"),
                pair("c", "Unknown"),
                pair("d", "Unknown"),
                pair("e", "Unknown"),
            ],
        };
        assert_eq!(answer.sort(&tags), wanted);
    }
}
