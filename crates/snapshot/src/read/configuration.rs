//! The configuration of the cluster: registries, mirrors, signatures.

use super::item::{Body, ImagesItem, Item, Site};
use super::reader::all;
use super::view::{ConfigView, ImageConfig, MirrorSet, Signatures};
use crate::snapshot::{AllowedRegistry, MirrorKind, MirrorRule, RegistrySources, SignaturePolicy};

/// The one object of its kind that counts.
const CLUSTER: &str = "cluster";

/// Reads an `images.config.openshift.io`.
pub(super) fn read_images(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: ConfigView<'_, ImageConfig<'_>> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    if &*item.id.name != CLUSTER {
        return Ok(item);
    }
    let names = &mut *site.names;
    let has_status = view.status.is_some();
    let status = view.status.unwrap_or_default();
    let sources = &view.spec.registry_sources;
    let imports = view.spec.allowed_registries_for_import.iter();
    let external = status.external_registry_hostnames.iter();
    item.body = Body::Images(Box::new(ImagesItem {
        sources: RegistrySources {
            origin: item.origin.clone(),
            allowed_for_import: imports
                .map(|location| AllowedRegistry {
                    domain: names.get(&location.domain_name),
                    insecure: location.insecure,
                })
                .collect(),
            allowed: all(names, sources.allowed_registries.iter().map(|host| &**host)),
            blocked: all(names, sources.blocked_registries.iter().map(|host| &**host)),
            insecure: all(
                names,
                sources.insecure_registries.iter().map(|host| &**host),
            ),
            search: all(
                names,
                sources
                    .container_runtime_search_registries
                    .iter()
                    .map(|host| &**host),
            ),
        },
        has_status,
        internal: names.get(&status.internal_registry_hostname),
        external: all(names, external.map(|host| &**host)),
    }));
    Ok(item)
}

/// Reads an ImageDigestMirrorSet, an ImageTagMirrorSet or an ImageContentSourcePolicy.
pub(super) fn read_mirrors(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: ConfigView<'_, MirrorSet<'_>> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    let names = &mut *site.names;
    let MirrorSet {
        image_digest_mirrors,
        image_tag_mirrors,
        repository_digest_mirrors,
    } = &view.spec;
    let mut rules = Vec::new();
    for (list, kind) in [
        (image_digest_mirrors, MirrorKind::Digest),
        (image_tag_mirrors, MirrorKind::Tag),
        (repository_digest_mirrors, MirrorKind::LegacyDigest),
    ] {
        rules.extend(list.iter().map(|mirror| MirrorRule {
            object: item.id.clone(),
            origin: item.origin.clone(),
            kind,
            source: names.get(&mirror.source),
            mirrors: all(names, mirror.mirrors.iter().map(|host| &**host)),
            never_source: &*mirror.mirror_source_policy == "NeverContactSource",
        }));
    }
    item.body = Body::Mirrors(rules);
    Ok(item)
}

/// Reads an ImagePolicy or a ClusterImagePolicy.
pub(super) fn read_signatures(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: ConfigView<'_, Signatures<'_>> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    item.body = Body::Signatures(SignaturePolicy {
        object: item.id.clone(),
        scopes: all(site.names, view.spec.scopes.iter().map(|scope| &**scope)),
    });
    Ok(item)
}
