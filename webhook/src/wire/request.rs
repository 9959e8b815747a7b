//! The request half of a review.

use extreg_core::object::{Operation, Text, nullable};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::error::Category;
use serde_json::value::RawValue;

const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// An API server's request about one object. Every absent or `null` field but `uid` has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// Identifies the request; the answer has to repeat it.
    #[serde(borrow, default)]
    pub uid: Text<'a>,
    /// The resource that the webhook is registered for (under `matchPolicy: Equivalent` the request
    /// can be for another version of it).
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub resource: GroupResource<'a>,
    /// `status`, `scale` and the like; empty for the object itself.
    #[serde(borrow, default)]
    pub sub_resource: Text<'a>,
    /// Empty if the name is generated.
    #[serde(borrow, default)]
    pub name: Text<'a>,
    /// Empty for an object outside of namespaces.
    #[serde(borrow, default)]
    pub namespace: Text<'a>,
    /// The operation; `None` if it does not store an object.
    #[serde(default, deserialize_with = "operation")]
    pub operation: Option<Operation>,
    /// The requesting user.
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub user_info: UserInfo<'a>,
    /// The object as it would be stored; `None` on DELETE.
    #[serde(borrow, default)]
    pub object: Option<&'a RawValue>,
    /// The stored object; `None` on CREATE.
    #[serde(borrow, default)]
    pub old_object: Option<&'a RawValue>,
    /// Whether nothing will be stored.
    #[serde(default, deserialize_with = "nullable")]
    pub dry_run: bool,
}

/// Group and plural name of a resource.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct GroupResource<'a> {
    /// The API group; empty for the core group.
    #[serde(borrow, default)]
    pub group: Text<'a>,
    /// The plural name, as in a URL.
    #[serde(borrow, default)]
    pub resource: Text<'a>,
}

/// The requesting user.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct UserInfo<'a> {
    /// Such as `system:serviceaccount:NAMESPACE:NAME`.
    #[serde(borrow, default)]
    pub username: Text<'a>,
}

/// The operation of a request; `None` if it does not store an object.
fn operation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Operation>, D::Error> {
    let text: Option<Text<'de>> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| Operation::of_request(&text)))
}

/// Why a body is not a review. It never quotes the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseReviewError {
    /// Not JSON, or cut off.
    #[error("the body is not JSON (line {line}, column {column})")]
    NotJson {
        /// Line of the first invalid byte, from 1.
        line: usize,
        /// Column of that byte, from 1.
        column: usize,
    },
    /// JSON with an unexpected structure.
    #[error(
        "the body is not an AdmissionReview: wrong type or repeated field at line {line}, column {column}"
    )]
    WrongShape {
        /// Line of the first error, from 1.
        line: usize,
        /// Column of the first error, from 1.
        column: usize,
    },
    /// An `AdmissionReview` of another version, or another kind of object.
    #[error("the body is not an {KIND} of {API_VERSION}, the only supported version")]
    Version,
    /// A review without a request, such as an answer.
    #[error("the AdmissionReview has no request")]
    NoRequest,
    /// A request that cannot be answered.
    #[error("the request of the AdmissionReview has no uid")]
    NoUid,
}

impl From<serde_json::Error> for ParseReviewError {
    // The error's own text can quote the body, so only its location is kept.
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Data => Self::WrongShape { line, column },
            Category::Io | Category::Syntax | Category::Eof => Self::NotJson { line, column },
        }
    }
}

impl<'a> Request<'a> {
    /// Reads the request of a review. `object` and `oldObject` are found but not parsed.
    pub fn parse(body: &'a [u8]) -> Result<Self, ParseReviewError> {
        let review: Envelope<'a> = match serde_json::from_slice(body) {
            Ok(review) => review,
            Err(error) => return Err(explain(body, error)),
        };
        if *review.api_version != *API_VERSION || *review.kind != *KIND {
            return Err(ParseReviewError::Version);
        }
        let request = review.request.ok_or(ParseReviewError::NoRequest)?;
        if request.uid.is_empty() {
            return Err(ParseReviewError::NoUid);
        }
        Ok(request)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow, default)]
    api_version: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    request: Option<Request<'a>>,
}

/// A wrong type can precede a syntax error: a body that is not JSON at all is reported as
/// such. Only failures pay for the second parse.
fn explain(body: &[u8], error: serde_json::Error) -> ParseReviewError {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => error.into(),
        Err(syntax) => syntax.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(request: &str) -> String {
        format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{request}}}"#
        )
    }

    #[test]
    fn reads_what_is_needed_and_borrows_the_objects() {
        let body = review(
            r#"{"uid":"u1","kind":{"kind":"Build"},"resource":{"group":"build.openshift.io","version":"v1","resource":"builds"},
               "namespace":"snow","name":"b-1","operation":"CREATE","userInfo":{"username":"ann","groups":["x"]},
               "object":{"kind":"Build"},"oldObject":null,"dryRun":true,"options":{}}"#,
        );
        let request = Request::parse(body.as_bytes()).unwrap();
        assert_eq!(&*request.uid, "u1");
        assert_eq!(&*request.resource.group, "build.openshift.io");
        assert_eq!(&*request.resource.resource, "builds");
        assert_eq!((&*request.namespace, &*request.name), ("snow", "b-1"));
        assert_eq!(request.operation, Some(Operation::Create));
        assert_eq!(&*request.user_info.username, "ann");
        assert_eq!(
            request.object.map(RawValue::get),
            Some(r#"{"kind":"Build"}"#)
        );
        assert!(request.old_object.is_none() && request.dry_run);
    }

    #[test]
    fn an_invalid_review_is_rejected_with_the_reason() {
        let shape = |column| ParseReviewError::WrongShape { line: 1, column };
        let syntax = |column| ParseReviewError::NotJson { line: 1, column };
        let other_version =
            review(r#"{"uid":"u"}"#).replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1");
        let table = [
            (
                String::new(),
                ParseReviewError::NotJson { line: 1, column: 0 },
            ),
            ("{".to_owned(), syntax(1)),
            ("hello".to_owned(), syntax(1)),
            ("[7,".to_owned(), syntax(3)),
            ("\u{feff}{}".to_owned(), syntax(1)),
            ("7".to_owned(), shape(1)),
            ("null".to_owned(), shape(4)),
            ("{}".to_owned(), ParseReviewError::Version),
            (other_version, ParseReviewError::Version),
            (
                r#"{"apiVersion":"admission.k8s.io/v1","kind":"Pod"}"#.to_owned(),
                ParseReviewError::Version,
            ),
            (review("null"), ParseReviewError::NoRequest),
            (review("{}"), ParseReviewError::NoUid),
            (review(r#"{"uid":null}"#), ParseReviewError::NoUid),
            (r#"{"kind":"a","kind":"b"}"#.to_owned(), shape(18)),
        ];
        for (body, expected) in table {
            let error = Request::parse(body.as_bytes()).unwrap_err();
            assert_eq!(error, expected, "{body}");
        }
        assert!(Request::parse(b"\xff").is_err());
    }

    #[test]
    fn a_wrong_type_in_any_field_is_an_error_that_quotes_nothing() {
        for field in [
            "uid",
            "resource",
            "subResource",
            "name",
            "namespace",
            "operation",
            "userInfo",
            "dryRun",
        ] {
            for value in [r#"["hunter2"]"#, "7", r#"{"hunter2":{"hunter2":7}}"#] {
                let body = review(&format!(r#"{{"uid":"u","{field}":{value}}}"#));
                match Request::parse(body.as_bytes()) {
                    Err(error) => assert!(!error.to_string().contains("hunter2"), "{error}"),
                    // An object with fields that are not ours is an empty one.
                    Ok(_) => assert!(value.starts_with('{') || value.starts_with('['), "{body}"),
                }
            }
        }
    }

    #[test]
    fn null_everywhere_is_all_defaults() {
        let body = review(
            r#"{"uid":"u","resource":null,"subResource":null,"name":null,"namespace":null,
                "operation":null,"userInfo":null,"object":null,"oldObject":null,"dryRun":null}"#,
        );
        let request = Request::parse(body.as_bytes()).unwrap();
        assert_eq!(request.operation, None);
        assert!(request.name.is_empty() && request.user_info.username.is_empty());
        assert!(request.object.is_none() && !request.dry_run);
    }

    #[test]
    fn depth_does_not_matter_in_unparsed_values() {
        for field in ["object", "oldObject", "options", "unknown"] {
            for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
                let inner = open.repeat(100_000) + "1" + &close.repeat(100_000);
                let body = review(&format!(r#"{{"uid":"u","{field}":{inner}}}"#));
                assert!(Request::parse(body.as_bytes()).is_ok(), "{field} {open}");
            }
        }
        let bomb = "[".repeat(100_000);
        assert!(Request::parse(bomb.as_bytes()).is_err());
    }
}
