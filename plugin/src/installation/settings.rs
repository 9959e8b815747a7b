//! The settings of an installation: the requested values, else the existing ones, else the defaults.

use std::collections::BTreeSet;

use extreg_cluster::{Cluster, Object};
use extreg_core::policy::{Mode, Policy};
use extreg_manifests::{
    DnsLabel, DnsName, FailurePolicy, FollowBuilds, InstallMode, Replicas, Settings,
    TimeoutSeconds, Tls, names,
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;
use serde::Deserialize as _;
use serde_json::Value;

use super::{
    args::TlsSource,
    choices::{Choices, Place},
    importer,
    installed::{self, Installed, Target},
    kinds, tls,
};
use crate::error::Error;

/// The requirements that the configuration's namespaceSelector always has, and first.
const BUILT_IN_REQUIREMENTS: usize = 3;

/// The settings, and the serving pair if we issue it.
///
/// # Errors
/// [`Error::Refused`] if the webhook is installed in another place.
pub(crate) async fn resolve(
    cluster: &Cluster,
    choices: &Choices,
    live: &Installed,
) -> Result<(Settings, Option<tls::Pair>), Error> {
    let namespace = namespace(choices, live)?;
    let deployment = cluster.get(&kinds::deployment(namespace.as_str())).await?;
    let secret = cluster.get(&kinds::secret(namespace.as_str())).await?;
    let mut settings = settings(choices, live, deployment.as_ref(), namespace)?;
    let pair = place(cluster, choices, live, secret.as_ref(), &mut settings).await?;
    Ok((settings, pair))
}

/// The namespace of the webhook: the existing one, else the requested one, else the default.
fn namespace(choices: &Choices, live: &Installed) -> Result<DnsLabel, Error> {
    let moving = |what: String| {
        Err(Error::refused(format!(
            "{what}; uninstall it first (\"webhook uninstall\" keeps the policies)"
        )))
    };
    let requested = choices.namespace.clone();
    match (live.target(), &choices.place) {
        (Some(Target::Service { namespace, .. }), Place::Cluster { .. }) => match requested {
            Some(requested) if requested.as_str() != namespace => moving(format!(
                "the webhook is installed in namespace {namespace}, not {requested}"
            )),
            _ => namespace
                .parse()
                .map_err(|error| Error::failed(format!("the configuration's service: {error}"))),
        },
        (Some(Target::Service { namespace, .. }), Place::Elsewhere { .. }) => moving(format!(
            "the webhook is installed in namespace {namespace}, not at a URL"
        )),
        (Some(Target::Url(url)), Place::Cluster { .. }) => {
            moving(format!("the webhook is installed at {url}, by --url"))
        }
        (Some(Target::Url(_)) | None, _) => Ok(requested.unwrap_or_default()),
    }
}

/// The settings except where the webhook runs: the requested values, else the existing ones.
fn settings(
    choices: &Choices,
    live: &Installed,
    deployment: Option<&Object>,
    namespace: DnsLabel,
) -> Result<Settings, Error> {
    let defaults = Settings::default();
    let replicas = deployment
        .and_then(|d| d.body.pointer("/spec/replicas")?.as_i64())
        .and_then(|count| Replicas::try_from(i32::try_from(count).ok()?).ok());
    let failure_policy = match live
        .entry()
        .and_then(|entry| entry["failurePolicy"].as_str())
    {
        Some("Fail") => FailurePolicy::Fail,
        _ => FailurePolicy::Ignore,
    };
    let mut usual = Settings::default();
    usual.namespace.clone_from(&namespace);
    // An image of the default location is replaced by that of this version.
    let place = |image: &str| image.rsplit_once(':').map(|(place, _)| place.to_owned());
    let image = deployment
        .map(|d| d.text("/spec/template/spec/containers/0/image"))
        .filter(|image| !image.is_empty() && place(image) != place(&usual.image()));
    Ok(Settings {
        namespace,
        image: image.map(str::to_owned),
        replicas: replicas.unwrap_or(defaults.replicas),
        mode: choices
            .mode
            .or_else(|| deployment.and_then(mode_cap))
            .or_else(|| mode_of_policy(live))
            .unwrap_or(InstallMode::Audit),
        failure_policy: choices.failure_policy.unwrap_or(failure_policy),
        timeout: choices
            .timeout
            .or_else(|| timeout(live))
            .unwrap_or(defaults.timeout),
        namespace_selector: choices
            .selector
            .clone()
            .unwrap_or_else(|| extra_requirements(live)),
        secrets: secrets(live)?,
        ..defaults
    })
}

/// Sets where the webhook runs; returns the serving pair if we issue it.
async fn place(
    cluster: &Cluster,
    choices: &Choices,
    live: &Installed,
    secret: Option<&Object>,
    settings: &mut Settings,
) -> Result<Option<tls::Pair>, Error> {
    let (image, replicas, source) = match &choices.place {
        Place::Elsewhere { url, ca } => {
            settings.tls = Tls::External {
                url: url.clone(),
                ca: ca.clone(),
            };
            return Ok(None);
        }
        Place::Cluster {
            image,
            replicas,
            tls,
            monitoring,
            follow_builds,
            audit,
        } => {
            settings.monitoring = *monitoring;
            settings.console_dashboard =
                *monitoring && cluster.get(&kinds::console_namespace()).await?.is_some();
            settings.audit.clone_from(audit);
            settings.follow_builds = if *follow_builds {
                importer::rights(cluster, &settings.namespace_selector).await?
            } else {
                FollowBuilds::No
            };
            (image, replicas, tls)
        }
    };
    if image.is_some() {
        settings.image.clone_from(image);
    }
    settings.replicas = replicas.unwrap_or(settings.replicas);
    let by_service_ca = match source {
        TlsSource::ServiceCa => true,
        TlsSource::Own => false,
        TlsSource::Auto => tls::has_service_ca(cluster).await?,
    };
    if by_service_ca {
        settings.tls = Tls::ServiceCa;
        return Ok(None);
    }
    let now = Timestamp::now();
    let namespace = settings.namespace.as_str();
    let own = match tls::current(secret, live.ca_bundle().as_deref(), namespace, now) {
        Some((own, _)) => own,
        None => tls::issue(&settings.namespace, now)?,
    };
    settings.tls = Tls::OwnCa(own.bundle);
    Ok(Some(own.pair))
}

/// The secrets that the policies name: the webhook gets permission to read these. Without policies those of the policy
/// to install.
fn secrets(live: &Installed) -> Result<BTreeSet<DnsName>, Error> {
    let policies = live.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        return Ok(BTreeSet::from([DnsName::default()]));
    }
    let set = live.policy_set();
    let names: BTreeSet<&str> = set.iter().flat_map(Policy::secrets).collect();
    names
        .into_iter()
        .map(|name| {
            name.parse()
                .map_err(|error| Error::failed(format!("the secret of a policy: {error}")))
        })
        .collect()
}

/// The time limit of the configuration, if it is one that we would set.
fn timeout(live: &Installed) -> Option<TimeoutSeconds> {
    let seconds = live.entry()?.get("timeoutSeconds")?.as_i64()?;
    i32::try_from(seconds).ok()?.try_into().ok()
}

/// The requirements of the configuration's namespaceSelector that `--namespace-selector` has added.
pub(crate) fn extra_requirements(live: &Installed) -> Vec<LabelSelectorRequirement> {
    let requirements = live.entry().and_then(|entry| {
        entry
            .pointer("/namespaceSelector/matchExpressions")?
            .as_array()
    });
    let requirements = requirements.map(Vec::as_slice).unwrap_or_default();
    requirements
        .iter()
        .skip(BUILT_IN_REQUIREMENTS)
        .filter_map(|requirement| LabelSelectorRequirement::deserialize(requirement).ok())
        .collect()
}

/// The cap in the arguments of a Deployment's pods.
pub(crate) fn mode_cap(deployment: &Object) -> Option<InstallMode> {
    args(deployment).find_map(|arg| parse_mode(arg.strip_prefix("--mode-cap=")?))
}

fn args(deployment: &Object) -> impl Iterator<Item = &str> {
    let args = "/spec/template/spec/containers/0/args";
    let args = deployment.body.pointer(args).and_then(Value::as_array);
    args.into_iter().flatten().filter_map(Value::as_str)
}

fn mode_of_policy(live: &Installed) -> Option<InstallMode> {
    let policies = live.policies.as_deref()?;
    let ours = policies
        .iter()
        .find(|policy| policy.text("/metadata/name") == names::DEFAULT_POLICY)?;
    Some(match installed::spec(ours)?.mode {
        Mode::Enforce => InstallMode::Enforce,
        Mode::Warn => InstallMode::Warn,
        Mode::Audit | Mode::Off => InstallMode::Audit,
    })
}

fn parse_mode(text: &str) -> Option<InstallMode> {
    [InstallMode::Audit, InstallMode::Warn, InstallMode::Enforce]
        .into_iter()
        .find(|mode| mode.as_str().eq_ignore_ascii_case(text))
}

/// The mode as a type of the engine.
pub(crate) const fn cap_of(mode: InstallMode) -> Mode {
    match mode {
        InstallMode::Audit => Mode::Audit,
        InstallMode::Warn => Mode::Warn,
        InstallMode::Enforce => Mode::Enforce,
    }
}
