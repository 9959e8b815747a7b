//! Whether another controller manages a secret, and would restore the old credential.

use extreg_cluster::{MANAGED_BY, MANAGER, Object};
use serde_json::Value;

/// Labels and annotations by which controllers mark their objects, and the controllers.
const MARKS: [(&str, &str); 9] = [
    ("argocd.argoproj.io/instance", "Argo CD"),
    ("argocd.argoproj.io/tracking-id", "Argo CD"),
    ("external-secrets.io/type", "External Secrets"),
    ("helm.toolkit.fluxcd.io/name", "Flux"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("meta.helm.sh/release-name", "Helm"),
    ("reconcile.external-secrets.io/managed", "External Secrets"),
    (
        "reconcile.external-secrets.io/data-hash",
        "External Secrets",
    ),
    ("sealedsecrets.bitnami.com/managed", "Sealed Secrets"),
];
/// The copy of the applied file that `oc apply` stores.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The manager of a secret; none if it is not managed.
pub(super) fn manager(secret: &Object) -> Option<String> {
    if let Some(owner) = secret.list("/metadata/ownerReferences").next() {
        let text = |name: &str| owner.get(name).and_then(Value::as_str).unwrap_or("?");
        return Some(format!("{} {}", text("kind"), text("name")));
    }
    for (mark, whose) in MARKS {
        if let Some(name) = marked(secret, mark) {
            return Some(match name {
                "" | "true" => whose.to_owned(),
                _ if mark.ends_with("hash") || mark.ends_with("tracking-id") => whose.to_owned(),
                name => format!("{whose} ({name})"),
            });
        }
    }
    marked(secret, MANAGED_BY)
        .filter(|by| !by.is_empty() && *by != MANAGER)
        .map(str::to_owned)
}

/// Whether the secret was applied from a file, which restores the old credential when it is applied
/// again.
pub(super) fn is_applied(secret: &Object) -> bool {
    marked(secret, LAST_APPLIED).is_some()
}

/// The value of a label or an annotation.
fn marked<'a>(secret: &'a Object, mark: &str) -> Option<&'a str> {
    ["labels", "annotations"].into_iter().find_map(|map| {
        let map = secret.body.get("metadata")?.get(map)?;
        map.get(mark)?.as_str()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use extreg_cluster::Kind;

    #[test]
    fn the_manager_of_a_secret_is_found() {
        for (metadata, want) in [
            (json!({}), None),
            (json!({"labels": {MANAGED_BY: MANAGER}}), None),
            (json!({"annotations": {LAST_APPLIED: "{}"}}), None),
            (json!({"labels": {MANAGED_BY: "Helm"}}), Some("Helm")),
            (
                json!({"annotations": {"meta.helm.sh/release-name": "shop"}}),
                Some("Helm (shop)"),
            ),
            (
                json!({"labels": {"reconcile.external-secrets.io/managed": "true"}}),
                Some("External Secrets"),
            ),
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "a:/Secret:b/c"}}),
                Some("Argo CD"),
            ),
            (
                json!({"ownerReferences": [{"kind": "SealedSecret", "name": "hub"}]}),
                Some("SealedSecret hub"),
            ),
        ] {
            let secret = Object {
                kind: Kind::SECRET,
                body: json!({"metadata": metadata}),
            };
            assert_eq!(manager(&secret).as_deref(), want, "{metadata}");
        }
    }
}
