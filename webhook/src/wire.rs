//! `AdmissionReview` of `admission.k8s.io/v1` as it travels: read borrowed from the bytes, written
//! with a base64 patch.
//!
//! These are our own types because kube's copy every string and write the patch as an array of
//! numbers. Nothing in an error of this module comes from the body, so each may be logged.

mod request;
mod response;

pub use request::{GroupResource, ParseReviewError, Request, UserInfo};
pub use response::{Audit, Response};
