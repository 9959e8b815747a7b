//! The answer half of a review.

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::Serializer;

/// The answer to one request: always allowed, because this webhook never denies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response<'a> {
    /// `uid` of the request.
    pub uid: &'a str,
    /// A JSON Patch (RFC 6902) as JSON; `None` leaves the object unchanged.
    pub patch: Option<&'a [u8]>,
    /// The warnings that the client shows, a line each.
    pub warnings: &'a [String],
    /// What the API server writes into its audit event, under the webhook's name.
    pub audit: &'a [Audit],
}

/// An audit annotation: its key, which the API server prefixes with the webhook's name, and value.
pub type Audit = (&'static str, String);

impl Response<'_> {
    /// The answering review, as JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let patch = self.patch.map_or(0, <[u8]>::len);
        let mut json = Vec::with_capacity(256 + patch / 3 * 4);
        let review = Envelope {
            api_version: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: Body {
                uid: self.uid,
                allowed: true,
                // An API server rejects a type without a patch.
                patch_type: self.patch.map(|_| "JSONPatch"),
                patch: self.patch.map(Base64),
                warnings: self.warnings,
                audit_annotations: AuditAnnotations(self.audit),
            },
        };
        serde_json::to_writer(&mut json, &review)?;
        Ok(json)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<Base64<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "AuditAnnotations::is_empty")]
    audit_annotations: AuditAnnotations<'a>,
}

struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}

struct AuditAnnotations<'a>(&'a [Audit]);

impl AuditAnnotations<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for AuditAnnotations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn json(response: &Response<'_>) -> Value {
        serde_json::from_slice(&response.to_json().unwrap()).unwrap()
    }

    #[test]
    fn an_unchanged_object_is_uid_and_allowed() {
        let response = Response {
            uid: "a\"b",
            ..Response::default()
        };
        let expected = json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": "a\"b", "allowed": true},
        });
        assert_eq!(json(&response), expected);
    }

    #[test]
    fn a_patch_is_base64_with_its_type() {
        let patch = br#"[{"op":"add","path":"/spec/x","value":"y"}]"#;
        let audit = [
            ("field", "/spec/x".to_owned()),
            ("policy", "hub".to_owned()),
        ];
        let response = Response {
            uid: "u",
            patch: Some(patch),
            warnings: &["careful".to_owned()],
            audit: &audit,
        };
        let expected = json!({
            "uid": "u",
            "allowed": true,
            "patchType": "JSONPatch",
            "patch": "W3sib3AiOiJhZGQiLCJwYXRoIjoiL3NwZWMveCIsInZhbHVlIjoieSJ9XQ==",
            "warnings": ["careful"],
            "auditAnnotations": {"field": "/spec/x", "policy": "hub"},
        });
        assert_eq!(json(&response)["response"], expected);
    }
}
