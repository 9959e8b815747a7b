use extreg_core::object::{Metadata as Labelled, opt_out};
use serde::Deserialize;

use super::item::{Body, Item, OptedOut, Site};
use super::view::Metadata;
use crate::snapshot::NamespaceRecord;

/// The label by which a namespace or an object opts out, as a report names it.
pub(super) const BY_LABEL: &str = "label extreg.io/ignore";

/// Reads a Namespace: its labels decide which policies hold there.
pub(super) fn read(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: View<'_> = serde_json::from_str(json)?;
    let labels: Labels<'_> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata.unwrap_or_default());
    let labels = labels.metadata.unwrap_or_default().labels;
    let labels: std::collections::BTreeMap<String, String> = labels
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    if labels
        .get(opt_out::LABEL)
        .is_some_and(|value| value == "true")
    {
        item.opt_outs.push(opted_out(site));
    }
    item.body = Body::Namespace(NamespaceRecord {
        labels,
        origin: site.origin.clone(),
    });
    Ok(item)
}

/// The opt-out of all of an object.
pub(super) fn opted_out(site: &mut Site<'_>) -> OptedOut {
    OptedOut {
        part: std::sync::Arc::default(),
        field: site.names.get("metadata.labels"),
        by: BY_LABEL,
    }
}

#[derive(Deserialize)]
struct View<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Labels<'a> {
    #[serde(borrow)]
    metadata: Option<Labelled<'a>>,
}
