//! The importer in a cluster: the program that follows builds, its namespaces, and its health.

use std::{collections::BTreeSet, time::Duration};

use extreg_cluster::{Cluster, Kind, Object, ObjectRef, Owned, encode, is_owned};
use extreg_core::{
    follow::may_follow,
    policy::{Labels, Selector, SelectorDocument},
};
use extreg_manifests::{
    DnsLabel, FORMER_RIGHTS, FollowBuilds, RenderError, Settings, importer, importer_monitoring,
    names,
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;
use serde::{Deserialize as _, Serialize};
use serde_json::{Value, json};

use super::{kinds, wait};
use crate::error::Error;

/// A holder renews its Lease every five seconds; after this time without a renewal it hangs or is gone.
const RENEWED_WITHIN: Duration = Duration::from_mins(1);

/// The program that follows builds.
#[derive(Debug)]
pub(crate) enum Follower {
    /// No program does.
    None,
    /// The importer; its Deployment.
    Importer(Object),
    /// The webhook's own pods, as in versions before the importer; their Deployment.
    Webhook(Object),
}

impl Follower {
    /// Reads it from the namespace of the webhook.
    pub(crate) async fn read(cluster: &Cluster, home: &str) -> Result<Self, Error> {
        if let Some(deployment) = cluster.get(&kinds::importer(home)).await? {
            return Ok(Self::Importer(deployment));
        }
        let webhook = cluster.get(&kinds::deployment(home)).await?;
        let webhook = webhook.filter(|webhook| args(webhook).any(|arg| arg == "--follow-builds"));
        Ok(webhook.map_or(Self::None, Self::Webhook))
    }

    /// Whether builds are followed at all.
    pub(crate) const fn exists(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// The selected namespaces; `None` for all.
    ///
    /// # Errors
    /// If the selector cannot be read.
    pub(crate) fn selector(&self) -> Result<Option<Selector>, ()> {
        let (deployment, flag) = match self {
            Self::None => return Ok(None),
            Self::Importer(deployment) => (deployment, "--namespace-selector="),
            Self::Webhook(deployment) => (deployment, "--follow-namespaces="),
        };
        let json = args(deployment).find_map(|arg| arg.strip_prefix(flag));
        let Some(json) = json else {
            return Ok(None);
        };
        let document: SelectorDocument = serde_json::from_str(json).map_err(|_| ())?;
        Selector::compile(&document).map_err(|_| ())
    }
}

/// The health of the importer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    image: String,
    pub(crate) replicas: i64,
    pub(crate) available: i64,
    /// The replica that holds the Lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leader: Option<String>,
    /// The time of the last renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) renewed: Option<String>,
    /// The namespaces in which it has its permissions; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespaces: Option<BTreeSet<String>>,
    #[serde(skip)]
    pub(crate) problems: Vec<String>,
}

/// Examines the importer whose Deployment this is.
///
/// # Errors
/// If a request fails or is forbidden.
pub(crate) async fn examine(
    cluster: &Cluster,
    home: &str,
    deployment: &Object,
    follower: &Follower,
) -> Result<Report, Error> {
    let number = |pointer: &str| {
        let value = deployment.body.pointer(pointer);
        value.and_then(Value::as_i64).unwrap_or_default()
    };
    let mut problems = Vec::new();
    let reference = deployment.reference();
    if let Some(why) = wait::not_rolled_out(deployment) {
        problems.push(format!("{reference}: {why}"));
    }
    let lease = Lease::read(cluster, &kinds::follow_lease(home)).await?;
    problems.extend(lease.problem("builds are not followed"));
    let namespaces = bound(cluster, follower, &mut problems).await?;
    Ok(Report {
        image: deployment
            .text("/spec/template/spec/containers/0/image")
            .to_owned(),
        replicas: number("/spec/replicas"),
        available: number("/status/availableReplicas"),
        leader: lease.holder,
        renewed: lease.renewed,
        namespaces,
        problems,
    })
}

/// The namespaces in which the importer has its permissions; `None` for all.
async fn bound(
    cluster: &Cluster,
    follower: &Follower,
    problems: &mut Vec<String>,
) -> Result<Option<BTreeSet<String>>, Error> {
    let missing = |binding: &ObjectRef| {
        format!(
            "{binding} does not exist, so builds cannot be followed; run \"webhook install \
             --follow-builds\""
        )
    };
    let builds = kinds::importer_binding(names::IMPORTER);
    if cluster.get(&builds).await?.is_none() {
        problems.push(missing(&builds));
    }
    let everywhere = kinds::importer_binding(names::IMPORTER_NAMESPACE);
    if cluster.get(&everywhere).await?.is_some() {
        return Ok(None);
    }
    let Ok(Some(selector)) = follower.selector() else {
        problems.push(missing(&everywhere));
        return Ok(None);
    };
    let bound: BTreeSet<String> = bindings(cluster)
        .await?
        .iter()
        .map(|binding| binding.text("/metadata/namespace").to_owned())
        .collect();
    let selected = selected(cluster, Some(&selector)).await?;
    let unbound: Vec<&str> = selected
        .iter()
        .map(DnsLabel::as_str)
        .filter(|name| !bound.contains(*name))
        .collect();
    if !unbound.is_empty() {
        problems.push(format!(
            "the importer has no permissions in {}, which the namespace selector matches; run \
             \"upgrade --yes\"",
            unbound.join(", ")
        ));
    }
    Ok(Some(bound))
}

/// A Lease, and the time since its renewal by the API server's clock.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    holder: Option<String>,
    renewed: Option<String>,
    age: Option<SignedDuration>,
}

impl Lease {
    /// Reads it; empty if it does not exist.
    pub(crate) async fn read(cluster: &Cluster, lease: &ObjectRef) -> Result<Self, Error> {
        let (body, date) = match cluster.get_dated(&lease.path()).await {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let text = |pointer: &str| {
            let text = body.pointer(pointer).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let renewed = text("/spec/renewTime");
        let date = date.and_then(|date| rfc2822::parse(&date).ok());
        let now = date.map_or_else(Timestamp::now, |date| date.timestamp());
        let at = renewed.as_deref().and_then(|at| at.parse().ok());
        Ok(Self {
            holder: text("/spec/holderIdentity"),
            renewed,
            age: at.map(|at: Timestamp| now.duration_since(at)),
        })
    }

    /// Whether it exists.
    pub(crate) const fn exists(&self) -> bool {
        self.age.is_some()
    }

    /// Why no replica does the work of the Lease, if none does.
    pub(crate) fn problem(&self, consequence: &str) -> Option<String> {
        let Some(holder) = &self.holder else {
            return Some(format!("no replica holds the Lease: {consequence}"));
        };
        let age = self.age?;
        (age > SignedDuration::try_from(RENEWED_WITHIN).ok()?).then(|| {
            format!(
                "{holder} has not renewed its Lease for {} s, so it hangs or is gone: {consequence}",
                age.as_secs()
            )
        })
    }
}

/// The namespaces in which the importer gets its permissions: those that match the requirements now.
///
/// # Errors
/// If namespaces cannot be listed.
pub(crate) async fn rights(
    cluster: &Cluster,
    requirements: &[LabelSelectorRequirement],
) -> Result<FollowBuilds, Error> {
    if requirements.is_empty() {
        return Ok(FollowBuilds::Everywhere);
    }
    let wrong = |why: String| Error::failed(format!("the namespace selector: {why}"));
    let document = json!({ "matchExpressions": requirements });
    let document = SelectorDocument::deserialize(document).map_err(|e| wrong(e.to_string()))?;
    let selector = Selector::compile(&document).map_err(|e| wrong(e.to_string()))?;
    Ok(FollowBuilds::In(
        selected(cluster, selector.as_ref()).await?,
    ))
}

async fn selected(
    cluster: &Cluster,
    selector: Option<&Selector>,
) -> Result<BTreeSet<DnsLabel>, Error> {
    let namespaces = cluster.list(Kind::NAMESPACE, "", "").await?;
    let selected = namespaces.iter().filter(|namespace| {
        let labels = labels(namespace);
        !wait::is_going(namespace)
            && may_follow(namespace.text("/metadata/name"), &labels, selector)
    });
    Ok(selected
        .filter_map(|namespace| namespace.text("/metadata/name").parse().ok())
        .collect())
}

/// The labels of an object.
pub(crate) fn labels(object: &Object) -> Labels {
    let labels = object.body.pointer("/metadata/labels");
    labels
        .and_then(|labels| Labels::deserialize(labels).ok())
        .unwrap_or_default()
}

/// All objects of any installation for following builds that are ours and not being deleted, in the order of their
/// removal: the importer, the bindings of its permissions in single namespaces, and the permissions that versions
/// before it gave the webhook.
///
/// # Errors
/// If a request fails.
pub(crate) async fn everything(
    cluster: &Cluster,
    settings: &Settings,
) -> Result<Vec<Object>, Error> {
    let settings = Settings {
        follow_builds: FollowBuilds::Everywhere,
        ..settings.clone()
    };
    let unwritable = |error: RenderError| Error::failed(error.to_string());
    let mut manifests = importer(&settings).map_err(unwritable)?;
    manifests.extend(importer_monitoring(&settings).map_err(unwritable)?);
    let mut references = Vec::new();
    for manifest in manifests.iter().rev() {
        references.push(kinds::reference(&manifest.object)?);
    }
    references.extend(FORMER_RIGHTS.iter().filter_map(|right| {
        let namespace = if right.namespaced {
            settings.namespace.as_str()
        } else {
            ""
        };
        kinds::right(right.kind, namespace, names::FOLLOW_BUILDS)
    }));
    let mut found = bindings(cluster).await?;
    for reference in references {
        found.extend(cluster.get(&reference).await?);
    }
    found.retain(|object| is_owned(object) == Owned::Ours && !wait::is_going(object));
    Ok(found)
}

/// The bindings of the importer's permissions in single namespaces.
async fn bindings(cluster: &Cluster) -> Result<Vec<Object>, Error> {
    let kind = kinds::ROLE_BINDING;
    let selector = format!("{}={}", names::NAME_LABEL, names::IMPORTER);
    let path = format!("{}?labelSelector={}", kind.path(None), encode(&selector));
    let mut list = cluster.get_path(&path).await?;
    let items = list.get_mut("items").map(Value::take);
    let items = items.as_ref().and_then(Value::as_array);
    let all = items.into_iter().flatten().map(|body| Object {
        kind,
        body: body.clone(),
    });
    Ok(all
        .filter(|binding| binding.text("/metadata/name") == names::IMPORTER_NAMESPACE)
        .collect())
}

fn args(deployment: &Object) -> impl Iterator<Item = &str> {
    let args = "/spec/template/spec/containers/0/args";
    let args = deployment.body.pointer(args).and_then(Value::as_array);
    args.into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: Option<&str>, seconds: i64) -> Lease {
        Lease {
            holder: holder.map(str::to_owned),
            renewed: None,
            age: Some(SignedDuration::from_secs(seconds)),
        }
    }

    #[test]
    fn expired_lease_is_a_problem() {
        assert_eq!(lease(Some("pod-1"), 5).problem("x"), None);
        // Within the difference of two machines' clocks.
        assert_eq!(lease(Some("pod-1"), -5).problem("x"), None);
        let stale = lease(Some("pod-1"), 300).problem("builds are not followed");
        assert_eq!(
            stale.as_deref(),
            Some(
                "pod-1 has not renewed its Lease for 300 s, so it hangs or is gone: builds are not followed"
            )
        );
        for none in [lease(None, 5), Lease::default()] {
            let none = none.problem("builds are not followed").unwrap();
            assert!(none.starts_with("no replica holds the Lease"), "{none}");
        }
    }

    #[test]
    fn selector_of_both_layouts_is_read() {
        let deployment = |arg: &str| {
            let containers = json!([{"args": ["--x", arg]}]);
            let spec = json!({"template": {"spec": {"containers": containers}}});
            Object::new(Kind::DEPLOYMENT, "n", "d", json!({ "spec": spec }))
        };
        let selector = r#"{"matchLabels":{"team":"a"}}"#;
        let matches = |follower: &Follower| {
            let labels = [("team".to_owned(), "a".to_owned())].into();
            let selector = follower.selector().unwrap().unwrap();
            selector.matches(&labels) && !selector.matches(&Labels::default())
        };
        let importer = deployment(&format!("--namespace-selector={selector}"));
        assert!(matches(&Follower::Importer(importer)));
        let webhook = deployment(&format!("--follow-namespaces={selector}"));
        assert!(matches(&Follower::Webhook(webhook)));
        let all = Follower::Importer(deployment("--y"));
        assert!(all.selector().unwrap().is_none());
        let odd = Follower::Importer(deployment("--namespace-selector=team"));
        assert!(odd.selector().is_err());
    }
}
