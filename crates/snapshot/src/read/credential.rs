//! ServiceAccounts and secrets. Of a secret only the keys of its docker config are kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_core::credential::{DockerConfig, Keep, SecretConfigs, SecretMember, SecretReader};
use extreg_core::facts::MANAGED_SECRET_ANNOTATION;

use super::SecretValues;
use super::item::{Body, Item, Site};
use super::reader::all;
use super::view::{AccountView, Metadata, SecretView, key};
use crate::snapshot::{AccountRecord, SecretKeys, SecretRecord};

/// Reads a Secret.
pub(super) fn read_secret(
    json: &str,
    values: SecretValues,
    site: &mut Site<'_>,
) -> Result<Item, serde_json::Error> {
    let view: SecretView<'_> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    let configs = match values {
        SecretValues::Present => configs(&view),
        SecretValues::Elided => elided(&view.kind),
    };
    let push = SecretKeys::from(configs.push);
    if SecretMember::of_type(&view.kind).is_none() {
        item.body = Body::OtherSecret(push);
        return Ok(item);
    }
    let annotations = &view.metadata.annotations;
    item.body = Body::Secret(Box::new(SecretRecord {
        object: item.id.clone(),
        origin: item.origin.clone(),
        kind: site.names.get(&view.kind),
        managed: is_managed(&view.metadata),
        excluded: annotations.get(key::EXCLUDE_SECRET) == Some("true"),
        keys: configs.typed.into(),
        push,
    }));
    Ok(item)
}

/// Reads a ServiceAccount.
pub(super) fn read_account(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: AccountView<'_> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    let pull_secrets = view.image_pull_secrets.iter().map(|link| &*link.name);
    let secrets = view.secrets.iter().map(|link| &*link.name);
    let managed = view.metadata.annotations.get(MANAGED_SECRET_ANNOTATION);
    let named = |name: &&str| !name.is_empty();
    item.body = Body::Account(AccountRecord {
        object: item.id.clone(),
        origin: item.origin.clone(),
        pull_secrets: all(site.names, pull_secrets.filter(named)),
        secrets: all(site.names, secrets.filter(named)),
        managed: managed.map(|name| site.names.get(name)),
    });
    Ok(item)
}

/// Whether OpenShift made it for the integrated registry (openshift-controller-manager
/// `pkg/internalregistry/controllers`).
fn is_managed(metadata: &Metadata<'_>) -> bool {
    [key::MANAGED_FOR, key::MANAGED_TOKEN]
        .into_iter()
        .any(|key| metadata.annotations.get(key).is_some())
}

/// The docker configs of a secret with values.
fn configs(view: &SecretView<'_>) -> SecretConfigs {
    let mut reader = SecretReader::new(Keep::All);
    for (member, value) in view.data.members() {
        let decoded = STANDARD.decode(value.as_bytes());
        if is_elided(value.as_bytes()) || decoded.is_ok_and(|decoded| is_elided(&decoded)) {
            reader.elided(member);
        } else {
            reader.data(member, value);
        }
    }
    for (member, value) in view.string_data.members() {
        if is_elided(value.as_bytes()) {
            reader.elided(member);
        } else {
            reader.plain(member, value);
        }
    }
    reader.finish(&view.kind)
}

/// The docker configs of a secret without values.
fn elided(kind: &str) -> SecretConfigs {
    SecretConfigs {
        push: Some(DockerConfig::Unknown),
        typed: SecretMember::of_type(kind).map(|_| DockerConfig::Unknown),
    }
}

/// The text that `oc adm inspect` writes in place of a value: `214 bytes long`
/// (oc `pkg/cli/admin/inspect/secret.go`); or a parameter of a Template that has no value yet.
fn is_elided(value: &[u8]) -> bool {
    let text = str::from_utf8(value).unwrap_or_default();
    if text.starts_with("${") && text.ends_with('}') {
        return true;
    }
    text.strip_suffix(" bytes long")
        .is_some_and(|count| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
}
