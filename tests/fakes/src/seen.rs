//! A received request.

use http::{Method, Request};
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A received request.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The number of requests so far, including this one.
    pub number: usize,
    /// Whether [`Api::refuse`](crate::Api::refuse) refused it.
    pub is_refused: bool,
    /// The method.
    pub method: Method,
    /// The request line, such as `GET /version HTTP/1.1`.
    pub line: String,
    /// The path, without the query.
    pub path: String,
    /// The raw query.
    pub query: String,
    /// The headers, in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
    /// The body.
    pub bytes: Bytes,
}

impl Seen {
    pub(crate) fn new(request: Request<Bytes>) -> Self {
        let (parts, bytes) = request.into_parts();
        let headers = parts.headers.iter();
        Self {
            number: 0,
            is_refused: false,
            line: format!("{} {} HTTP/1.1", parts.method, parts.uri),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: headers
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                })
                .collect(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            method: parts.method,
            bytes,
        }
    }

    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let of_name = self.headers.iter().filter(|(other, _)| other == name);
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a parameter of the query.
    pub fn param(&self, name: &str) -> Option<String> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(other, _)| *other == name);
        let (_, value) = values.next()?;
        Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
    }

    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Whether it is a GET.
    pub fn is_get(&self) -> bool {
        self.method == Method::GET
    }
}
