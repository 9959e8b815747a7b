//! `AdmissionReview` of `admission.k8s.io/v1` on the wire: read borrowed from the bytes, written
//! with a base64 patch.
//!
//! These are separate types because kube's types copy every string and write the patch as an array of
//! numbers. No error of this module quotes the body, so each can be logged.

mod request;
mod response;

pub use request::{GroupResource, ParseReviewError, Request, UserInfo};
pub use response::{Audit, Response};
