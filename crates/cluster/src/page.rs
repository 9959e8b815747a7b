//! Lists page by page, as the server sends them: no item is copied before it is
//! requested.

use std::time::Duration;

use http::{Method, Request, header};
use kube::client::Body;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Cluster, ClusterError, encode, from_kube, service::Patience};

/// A server that has sent nothing by then sends nothing more: it aborts a list after a minute
/// itself.
const PATIENCE: Duration = Duration::from_secs(90);

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// The number of items; 0 for all.
    pub limit: u32,
    /// Where the previous page ended; empty for the first.
    pub token: String,
    /// A label selector; empty selects all.
    pub labels: String,
    /// A field selector; empty selects all.
    pub fields: String,
    /// Whether the metadata of the items is enough; a server that does not support this sends whole items.
    pub metadata_only: bool,
}

/// A page as the server sent it.
#[derive(Debug)]
pub struct Page(Vec<u8>);

/// The content of a page.
#[derive(Debug)]
pub struct PageItems<'a> {
    /// The items, each as sent; the items of a list have no kind.
    pub items: Vec<&'a RawValue>,
    /// The continue token; empty if this is the last page.
    pub token: String,
    /// The number of items after this page, if the server counts them.
    pub remaining: Option<u64>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListMeta {
    #[serde(default, rename = "continue")]
    token: String,
    remaining_item_count: Option<u64>,
}

/// Items on a page, as in kubectl.
pub const LIMIT: u32 = 500;
/// Items on a page of ImageStreams: one with the history of its tags is ten times as long as other objects.
pub const STREAM_LIMIT: u32 = 50;

impl PageQuery {
    /// Pages of the usual length, of all items.
    pub fn all() -> Self {
        Self {
            limit: LIMIT,
            ..Self::default()
        }
    }

    /// The path with this query.
    pub fn of(&self, path: &str) -> String {
        let mut parts = Vec::new();
        if self.limit > 0 {
            parts.push(format!("limit={}", self.limit));
        }
        for (name, value) in [
            ("continue", &self.token),
            ("labelSelector", &self.labels),
            ("fieldSelector", &self.fields),
        ] {
            if !value.is_empty() {
                parts.push(format!("{name}={}", encode(value)));
            }
        }
        if parts.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", parts.join("&"))
        }
    }
}

impl Page {
    /// The content of the page.
    ///
    /// # Errors
    /// If it is not a list. The message quotes nothing of it.
    pub fn items(&self) -> Result<PageItems<'_>, ClusterError> {
        let list: List<'_> = serde_json::from_slice(&self.0)
            .map_err(|error| from_kube(kube::Error::SerdeError(error)))?;
        Ok(PageItems {
            items: list.items.unwrap_or_default(),
            token: list.metadata.token,
            remaining: list.metadata.remaining_item_count,
        })
    }

    /// The whole page, as text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn text(&self) -> Result<&str, ClusterError> {
        str::from_utf8(&self.0)
            .map_err(|_| ClusterError::failed("the server's answer is not UTF-8"))
    }

    /// Its length, in bytes.
    pub fn size(&self) -> usize {
        self.0.len()
    }
}

impl Cluster {
    /// Any path of the API, as it is sent.
    pub async fn page(&self, path: &str) -> Result<Page, ClusterError> {
        self.page_as(path, "application/json").await
    }

    /// The same for a list, with only the metadata of its items (a server that does not support this
    /// sends whole items).
    pub async fn page_of_metadata(&self, path: &str) -> Result<Page, ClusterError> {
        let accept =
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
        self.page_as(path, accept).await
    }

    async fn page_as(&self, path: &str, accept: &str) -> Result<Page, ClusterError> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(header::ACCEPT, accept)
            .extension(Patience(PATIENCE))
            .body(Body::empty())
            .map_err(|e| ClusterError::failed(format!("cannot request {path}: {e}")))?;
        let (_, body) = self.receive(request, Some(PATIENCE)).await?;
        Ok(Page(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_parsed_in_place() {
        let page = |text: &str| Page(text.as_bytes().to_vec());
        let first = page(
            r#"{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"a=","remainingItemCount":3},
                "items":[{"metadata":{"name":"a"}}, {"metadata":{"name":"b"}}]}"#,
        );
        let items = first.items().unwrap();
        assert_eq!(items.items[1].get(), r#"{"metadata":{"name":"b"}}"#);
        assert_eq!((items.token.as_str(), items.remaining), ("a=", Some(3)));
        for last in [r#"{"items":null}"#, r#"{"metadata":{},"items":[]}"#] {
            let last = page(last);
            let items = last.items().unwrap();
            assert!(items.items.is_empty() && items.token.is_empty());
        }
        let error = page(r#"{"items":[canary]}"#).items().unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[test]
    fn queries() {
        let query = PageQuery {
            limit: 500,
            token: "a=b".to_owned(),
            labels: "app in (x)".to_owned(),
            fields: "type=kubernetes.io/dockercfg".to_owned(),
            metadata_only: true,
        };
        assert_eq!(
            query.of("/api/v1/pods"),
            "/api/v1/pods?limit=500&continue=a%3Db&labelSelector=app%20in%20%28x%29\
             &fieldSelector=type%3Dkubernetes.io%2Fdockercfg"
        );
        assert_eq!(PageQuery::default().of("/version"), "/version");
    }
}
