use std::borrow::Cow;

use extreg_core::object::{Metadata as Labelled, opt_out};
use extreg_core::views;

use super::item::{Body, Item, OptedOut, Site};
use super::view::Metadata;
use crate::snapshot::NamespaceRecord;

/// The opt-out label of a namespace or an object, as a report names it.
pub(super) const BY_LABEL: &str = "label extreg.io/ignore";

/// Reads a Namespace: its labels determine which policies apply there.
pub(super) fn read(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: View<'_> = serde_json::from_str(json)?;
    let labels: Labels<'_> = serde_json::from_str(json)?;
    let mut item = site.item(view.metadata.as_ref().unwrap_or(&Metadata::default()));
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
    let status = view.status.unwrap_or_default();
    item.body = Body::Namespace(NamespaceRecord {
        labels,
        terminating: status.phase.as_deref() == Some("Terminating"),
        origin: site.origin.clone(),
    });
    Ok(item)
}

/// The opt-out of a whole object.
pub(super) fn opted_out(site: &mut Site<'_>) -> OptedOut {
    OptedOut {
        part: std::sync::Arc::default(),
        field: site.names.get("metadata.labels"),
        by: BY_LABEL,
    }
}

views! {
    struct View<'a> {
        metadata: Option<Metadata<'a>>,
        status: Option<Status<'a>>,
    }

    struct Status<'a> {
        phase: Option<Cow<'a, str>>,
    }

    struct Labels<'a> {
        metadata: Option<Labelled<'a>>,
    }
}
