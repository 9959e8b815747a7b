//! What is to be applied, compared with what is there; refused as a whole before anything is written.

use extreg_cluster::{Cluster, Kind, Object, ObjectRef, Owned, is_owned, set};
use extreg_manifests::{
    FollowBuilds, Manifest, Phase, RenderError, Settings, Tls, install, names, serving_secret,
};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    choices::{Apply, Choices},
    expectation::Expectations,
    importer,
    installed::Installed,
    kinds,
    settings::{self, cap_of},
    wait,
};
use crate::error::Error;

/// What it means that a webhook that runs elsewhere does not authenticate its clients. Whether this one does cannot be seen
/// from here.
pub(crate) const ANSWERS_EVERYONE: &str = "Unless it is started with --client-ca, the webhook answers every client that can connect to \
     its URL, and so tells whether a namespace has the push secret that a policy names. Let only the API servers connect, or \
     authenticate them with --client-ca and --client-name.";

/// Marks a namespace that was there before: it is never removed.
pub(crate) const ADOPTED: &str = "extreg.io/adopted";

/// What is to be applied.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) steps: Vec<Step>,
    /// What was installed and is not asked for any more: removed when all else is done.
    pub(crate) removals: Vec<Object>,
    /// What the webhook has to do when all is applied.
    pub(crate) expectations: Expectations,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// What is there and being deleted, so that nothing can be made of it.
    pub(crate) fn going(&self) -> Vec<ObjectRef> {
        let current = self.steps.iter().filter_map(|step| step.current.as_ref());
        let going = current.filter(|current| wait::is_going(current));
        going.map(Object::reference).collect()
    }
}

/// One object.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) phase: Phase,
    pub(crate) desired: Object,
    pub(crate) current: Option<Object>,
    /// Take fields from others: the user asked for them by name.
    pub(crate) force: bool,
}

/// Makes the plan.
///
/// # Errors
/// [`Error::Refused`] if something is in the way: then nothing has been written.
pub(crate) async fn make(
    cluster: &Cluster,
    choices: &Choices,
    apply: &Apply,
    live: &Installed,
) -> Result<Plan, Error> {
    if !cluster.serves(Kind::IMAGE_STREAM).await? {
        return Err(Error::refused(
            "this cluster has no ImageStreams: there is nothing here that the webhook could change",
        ));
    }
    let (settings, pair) = settings::resolve(cluster, choices, live).await?;

    let mut notes = Vec::new();
    if matches!(settings.tls, Tls::External { .. }) {
        notes.push(ANSWERS_EVERYONE.to_owned());
    }
    let mut steps = Vec::new();
    let unwritable = |error: RenderError| Error::failed(error.to_string());
    for manifest in install(&settings).map_err(unwritable)? {
        if manifest.phase == Phase::Workload
            && manifest.object.name == names::WEBHOOK
            && let Some(pair) = &pair
        {
            let key = pair.key.expose_secret();
            let secret = serving_secret(&settings, &pair.chain, key).map_err(unwritable)?;
            steps.push(step(cluster, secret).await?);
        }
        if manifest.phase == Phase::Policy {
            steps.extend(policy(manifest, choices, live, &mut notes)?);
        } else {
            steps.push(step(cluster, manifest).await?);
        }
    }
    check_owned(&steps, apply)?;
    if settings.monitoring && !cluster.serves(kinds::SERVICE_MONITOR).await? {
        return Err(Error::refused(
            "--monitoring: this cluster has no ServiceMonitors, so there is no Prometheus operator",
        ));
    }
    for step in &mut steps {
        mark_adopted(step);
    }
    let expectations = Expectations {
        policies: Some(policies_after(live, &steps)),
        cap: match &settings.tls {
            // It is started elsewhere: what was asked for has to be proven.
            Tls::External { .. } => choices.mode.map(cap_of),
            Tls::OwnCa(_) | Tls::ServiceCa => Some(cap_of(settings.mode)),
        },
    };
    Ok(Plan {
        removals: removals(cluster, &settings, &steps).await?,
        settings,
        steps,
        expectations,
        notes,
    })
}

/// What was installed for following builds and is not asked for any more. Of a webhook outside the
/// cluster nothing of it is ours.
async fn removals(
    cluster: &Cluster,
    settings: &Settings,
    steps: &[Step],
) -> Result<Vec<Object>, Error> {
    if matches!(settings.tls, Tls::External { .. }) {
        return Ok(Vec::new());
    }
    let mut removals = importer::everything(cluster, settings).await?;
    // Monitoring is not removed by leaving it out, where there is still something to scrape.
    let monitor = kinds::pod_monitor(settings.namespace.as_str());
    removals.retain(|object| {
        let reference = object.reference();
        let is_scraped = settings.follow_builds != FollowBuilds::No && reference == monitor;
        !is_scraped
            && steps
                .iter()
                .all(|step| step.desired.reference() != reference)
    });
    Ok(removals)
}

async fn step(cluster: &Cluster, manifest: Manifest) -> Result<Step, Error> {
    let phase = manifest.phase;
    let desired = kinds::object(manifest)?;
    let current = cluster.get(&desired.reference()).await?;
    Ok(Step {
        phase,
        desired,
        current,
        force: false,
    })
}

/// The policy to start with, unless the cluster has some. Of ours that is there only the mode is
/// changed, if that was asked for: the rest belongs to the user.
fn policy(
    manifest: Manifest,
    choices: &Choices,
    live: &Installed,
    notes: &mut Vec<String>,
) -> Result<Option<Step>, Error> {
    let phase = manifest.phase;
    let mut desired = kinds::object(manifest)?;
    let policies = live.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        return Ok(Some(Step {
            phase,
            desired,
            current: None,
            force: false,
        }));
    }
    let reference = desired.reference();
    let ours = policies
        .iter()
        .find(|policy| policy.reference() == reference && is_owned(policy) == Owned::Ours);
    let Some(ours) = ours else {
        let names: Vec<&str> = policies.iter().map(|p| p.text("/metadata/name")).collect();
        notes.push(format!(
            "the cluster has policies of its own, which stay as they are: {}",
            names.join(", ")
        ));
        return Ok(None);
    };
    let mut spec = ours.body.get("spec").cloned().unwrap_or_else(|| json!({}));
    if let Some(mode) = choices.mode {
        set(&mut spec, &["mode"], json!(mode.as_str()));
    }
    set(&mut desired.body, &["spec"], spec);
    Ok(Some(Step {
        phase,
        desired,
        current: Some(ours.clone()),
        force: true,
    }))
}

fn policies_after(live: &Installed, steps: &[Step]) -> Vec<Object> {
    let mut policies = live.policies.clone().unwrap_or_default();
    let ours = steps.iter().filter(|step| step.phase == Phase::Policy);
    for Step { desired, .. } in ours {
        policies.retain(|policy| policy.reference() != desired.reference());
        policies.push(desired.clone());
    }
    policies
}

fn check_owned(steps: &[Step], apply: &Apply) -> Result<(), Error> {
    if apply.adopt {
        return Ok(());
    }
    let foreign: Vec<String> = steps
        .iter()
        .filter_map(|step| step.current.as_ref())
        .filter(|current| is_owned(current) == Owned::Theirs)
        .map(|current| current.reference().to_string())
        .collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(Error::refused(format!(
        "not made by oc extreg, so nothing was changed: {}; take over with --adopt",
        foreign.join(", ")
    )))
}

/// A namespace that is adopted says so from then on.
fn mark_adopted(step: &mut Step) {
    let Some(current) = step.current.as_ref().filter(|c| c.kind == Kind::NAMESPACE) else {
        return;
    };
    let annotations = current.body.pointer("/metadata/annotations");
    let is_marked = annotations.is_some_and(|all| all.get(ADOPTED).is_some());
    if is_marked || is_owned(current) == Owned::Theirs {
        step.desired = step.desired.clone().annotation(ADOPTED, "true");
    }
}

/// Whether an object goes into a namespace that is not there.
pub(crate) fn is_homeless(step: &Step, steps: &[Step]) -> bool {
    let ObjectRef {
        kind, namespace, ..
    } = step.desired.reference();
    kind.namespaced
        && steps.iter().any(|other| {
            other.desired.kind == Kind::NAMESPACE
                && other.current.is_none()
                && other.desired.text("/metadata/name") == namespace
        })
}
