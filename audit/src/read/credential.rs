//! ServiceAccounts and secrets. Of a secret only the keys of its docker config are kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_core::credential::{DockerConfigFormat, DockerConfigKeys};
use extreg_core::facts::MANAGED_SECRET_ANNOTATION;
use extreg_core::object::Text;

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
    let (format, encoded, plain) = match &*view.kind {
        "kubernetes.io/dockerconfigjson" => (
            DockerConfigFormat::ConfigJson,
            &view.data.config_json,
            &view.string_data.config_json,
        ),
        "kubernetes.io/dockercfg" => (
            DockerConfigFormat::Dockercfg,
            &view.data.dockercfg,
            &view.string_data.dockercfg,
        ),
        _ => {
            item.body = Body::OtherSecret;
            return Ok(item);
        }
    };
    let annotations = &view.metadata.annotations;
    item.body = Body::Secret(Box::new(SecretRecord {
        object: item.id.clone(),
        origin: item.origin.clone(),
        kind: site.names.get(&view.kind),
        managed: is_managed(&view.metadata),
        excluded: annotations.get(key::EXCLUDE_SECRET) == Some("true"),
        keys: match values {
            SecretValues::Elided => SecretKeys::Elided,
            SecretValues::Present => keys(format, encoded.as_ref(), plain.as_ref()),
        },
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

/// The keys of a docker config. `stringData` is written over `data` (Kubernetes
/// `pkg/registry/core/secret/strategy.go`).
fn keys(
    format: DockerConfigFormat,
    encoded: Option<&Text<'_>>,
    plain: Option<&Text<'_>>,
) -> SecretKeys {
    let decoded = match (plain, encoded) {
        (Some(plain), _) => plain.as_bytes().to_vec(),
        (None, Some(encoded)) => match STANDARD.decode(without_line_ends(encoded)) {
            Ok(decoded) => decoded,
            Err(_) if is_elided(encoded.as_bytes()) => return SecretKeys::Elided,
            Err(_) => return SecretKeys::Unreadable,
        },
        (None, None) => return SecretKeys::Unreadable,
    };
    match DockerConfigKeys::parse(&decoded, format) {
        _ if is_elided(&decoded) => SecretKeys::Elided,
        Ok(keys) => SecretKeys::Known(keys),
        Err(_) => SecretKeys::Unreadable,
    }
}

/// Go's base64 skips line ends, and so does the API server (`encoding/base64` `decodeQuantum`).
fn without_line_ends(encoded: &str) -> Vec<u8> {
    let bytes = encoded.bytes();
    bytes
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect()
}

/// What `oc adm inspect` puts in the place of a value: `214 bytes long`
/// (oc `pkg/cli/admin/inspect/secret.go`); or a parameter of a Template that has no value yet.
fn is_elided(value: &[u8]) -> bool {
    let text = str::from_utf8(value).unwrap_or_default();
    if text.starts_with("${") && text.ends_with('}') {
        return true;
    }
    text.strip_suffix(" bytes long")
        .is_some_and(|count| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
}
