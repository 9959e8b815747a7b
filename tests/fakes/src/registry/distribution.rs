//! The part of the OCI distribution protocol, version 1.1, that pushes and pulls of images need.

use http::Method;
use serde_json::json;

use super::digest;
use super::store::{Content, Refusal, Store};
use crate::answer::Answer;
use crate::seen::Seen;

/// The answer to a request for a path below `/v2/`.
pub(super) fn route(store: &mut Store, seen: &Seen, path: &str) -> Answer {
    parts(store, seen, path.trim_end_matches('/')).unwrap_or_else(|refusal| {
        let body = json!({ "errors": [{ "code": refusal.code() }] });
        Answer::json(refusal.status().as_u16(), &body)
    })
}

/// A repository's name contains slashes, so the path is parsed from its end.
fn parts(store: &mut Store, seen: &Seen, path: &str) -> Result<Answer, Refusal> {
    let (rest, last) = path.rsplit_once('/').ok_or(Refusal::Unknown)?;
    let reading = matches!(seen.method, Method::GET | Method::HEAD);
    if let Some(name) = rest.strip_suffix("/manifests") {
        return match seen.method {
            Method::PUT => {
                let media_type = seen.header("content-type").concat();
                let digest = store.put_manifest(name, last, media_type, seen.bytes.clone())?;
                let location = format!("/v2/{name}/manifests/{digest}");
                Ok(created(201, &location).header("docker-content-digest", &digest))
            }
            _ if reading => Ok(content(seen, store.manifest(name, last)?)),
            _ => Err(Refusal::Unsupported),
        };
    }
    if let Some(name) = rest.strip_suffix("/blobs/uploads") {
        let id = last.parse().map_err(|_| Refusal::UploadUnknown)?;
        return match seen.method {
            Method::PATCH => {
                store.append(id, &seen.bytes)?;
                Ok(created(202, &seen.path))
            }
            Method::PUT => {
                store.append(id, &seen.bytes)?;
                let digest = seen.param("digest").ok_or(Refusal::DigestInvalid)?;
                store.finish(id, name, &digest)?;
                let location = format!("/v2/{name}/blobs/{digest}");
                Ok(created(201, &location).header("docker-content-digest", &digest))
            }
            _ => Err(Refusal::Unsupported),
        };
    }
    if let Some(name) = rest.strip_suffix("/blobs") {
        return match seen.method {
            Method::POST if last == "uploads" => {
                let location = format!("/v2/{name}/blobs/uploads/{}", store.begin());
                Ok(created(202, &location))
            }
            _ if reading => Ok(content(seen, store.blob(name, last)?)),
            _ => Err(Refusal::Unsupported),
        };
    }
    match rest.strip_suffix("/tags") {
        Some(name) if last == "list" && reading => {
            let tags = json!({ "name": name, "tags": store.tags(name)? });
            Ok(Answer::json(200, &tags))
        }
        _ => Err(Refusal::Unknown),
    }
}

fn content(seen: &Seen, content: &Content) -> Answer {
    let answer = if seen.method == Method::HEAD {
        Answer::bytes(200, "").header("content-length", &content.bytes.len().to_string())
    } else {
        Answer::bytes(200, content.bytes.clone())
    };
    answer
        .header("content-type", &content.content_type)
        .header("docker-content-digest", &digest(&content.bytes))
}

fn created(code: u16, location: &str) -> Answer {
    Answer::bytes(code, "").header("location", location)
}
