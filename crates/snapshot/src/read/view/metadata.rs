//! `metadata`, and the few relevant labels and annotations.

use std::fmt;

use extreg_core::object::Text;
use extreg_core::views;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::List;

/// Labels and annotations that are read besides those under `extreg.io/`.
pub(in crate::read) mod key {
    /// `*` if every short name of the object is resolved among ImageStreams (openshift/api
    /// `image/v1`, `ResolveNamesAnnotation`).
    pub(in crate::read) const RESOLVE_NAMES: &str = "alpha.image.policy.openshift.io/resolve-names";
    /// `"true"` on a secret that imports exclude (openshift-apiserver `imagesecret/rest.go`).
    pub(in crate::read) const EXCLUDE_SECRET: &str = "openshift.io/image.excludeSecret";
    /// On a secret that OpenShift manages for an account, since 4.16.
    pub(in crate::read) const MANAGED_FOR: &str =
        "openshift.io/internal-registry-auth-token.service-account";
    /// On a secret that OpenShift manages for an account, before that.
    pub(in crate::read) const MANAGED_TOKEN: &str = "openshift.io/token-secret.name";
    /// `"true"` on a stream of the samples operator.
    pub(in crate::read) const SAMPLE: &str = "samples.operator.openshift.io/managed";
    /// The BuildConfig of a Build (openshift-apiserver `buildgenerator/generator.go`).
    pub(in crate::read) const BUILD_CONFIG: &str = "openshift.io/build-config.name";
    /// On the pods with which OpenShift rolls out a DeploymentConfig and runs its hooks
    /// (openshift/api `apps/v1` `consts.go`, `DeployerPodForDeploymentLabel`).
    pub(in crate::read) const DEPLOYER: &str = "openshift.io/deployer-pod-for.name";

    /// Which build of its BuildConfig a Build is.
    pub(in crate::read) const BUILD_NUMBER: &str = "openshift.io/build.number";
    /// When a stream was last imported without a change.
    pub(in crate::read) const REPOSITORY_CHECK: &str = "openshift.io/image.dockerRepositoryCheck";
    /// The end of the name of the ReplicaSet of a pod.
    pub(in crate::read) const TEMPLATE_HASH: &str = "pod-template-hash";
    /// The DeploymentConfig of a pod (openshift/api `apps/v1` `consts.go`).
    pub(in crate::read) const DEPLOYMENT_CONFIG: &str = "deploymentconfig";

    pub(super) const ALL: [&str; 13] = [
        crate::trigger::ANNOTATION,
        RESOLVE_NAMES,
        EXCLUDE_SECRET,
        MANAGED_FOR,
        MANAGED_TOKEN,
        SAMPLE,
        BUILD_CONFIG,
        DEPLOYER,
        BUILD_NUMBER,
        REPOSITORY_CHECK,
        TEMPLATE_HASH,
        DEPLOYMENT_CONFIG,
        extreg_core::facts::MANAGED_SECRET_ANNOTATION,
    ];
}

views! {
    /// `metadata`.
    pub(in crate::read) struct Metadata<'a> {
        pub(in crate::read) name: Text<'a>,
        pub(in crate::read) generate_name: Text<'a>,
        pub(in crate::read) namespace: Text<'a>,
        pub(in crate::read) uid: Text<'a>,
        pub(in crate::read) creation_timestamp: Text<'a>,
        pub(in crate::read) deletion_timestamp: Text<'a>,
        pub(in crate::read) generation: i64,
        pub(in crate::read) labels: Chosen<'a>,
        pub(in crate::read) annotations: Chosen<'a>,
        pub(in crate::read) owner_references: List<OwnerReference<'a>>,
    }

    /// `metadata` of a template, whose name is irrelevant.
    pub(in crate::read) struct Template<'a> {
        pub(in crate::read) annotations: Chosen<'a>,
    }

    /// An element of `metadata.ownerReferences`.
    pub(in crate::read) struct OwnerReference<'a> {
        pub(in crate::read) api_version: Text<'a>,
        pub(in crate::read) kind: Text<'a>,
        pub(in crate::read) name: Text<'a>,
        pub(in crate::read) controller: bool,
    }
}

/// The relevant labels or annotations. The rest is skipped: it can contain a copy of
/// the whole object, including secrets.
#[derive(Clone, Debug, Default)]
pub(in crate::read) struct Chosen<'a>(Vec<(Text<'a>, Text<'a>)>);

impl Chosen<'_> {
    /// Whether they enable resolving every short name among ImageStreams.
    pub(in crate::read) fn resolve_names(&self) -> bool {
        self.get(key::RESOLVE_NAMES) == Some("*")
    }

    /// The value of `key`; as in Go's decoder, the last wins if a key is repeated.
    pub(in crate::read) fn get(&self, key: &str) -> Option<&str> {
        let pairs = self.0.iter().rev();
        pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// Those whose key begins with `prefix`, with the rest of the key.
    pub(in crate::read) fn below<'s>(
        &'s self,
        prefix: &'s str,
    ) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.0.iter().filter_map(move |(name, value)| {
            Some((name.as_str().strip_prefix(prefix)?, value.as_str()))
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Chosen<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChosenVisitor).map(Self)
    }
}

struct ChosenVisitor;

impl<'de> Visitor<'de> for ChosenVisitor {
    type Value = Vec<(Text<'de>, Text<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut chosen = Vec::new();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            if name.starts_with("extreg.io/") || key::ALL.contains(&name.as_str()) {
                chosen.push((name, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(chosen)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn irrelevant_annotations_are_not_kept() {
        let json = r#"{"kubectl.kubernetes.io/last-applied-configuration":"canary","a":7,
            "extreg.io/ignore-checks":"EXR001","openshift.io/image.excludeSecret":"false",
            "openshift.io/image.excludeSecret":"true"}"#;
        let chosen: Chosen<'_> = serde_json::from_str(json).unwrap();
        assert!(!format!("{chosen:?}").contains("canary"));
        assert_eq!(chosen.get(key::EXCLUDE_SECRET), Some("true"));
        assert_eq!(
            chosen.below("extreg.io/").collect::<Vec<_>>(),
            [("ignore-checks", "EXR001")]
        );
        serde_json::from_str::<Chosen<'_>>(r#"{"extreg.io/x":true}"#).unwrap_err();
    }
}
