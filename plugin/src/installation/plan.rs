//! The objects to apply, compared with the existing ones; refused as a whole before the first write.

use extreg_cluster::{Cluster, Kind, Object, ObjectRef, Owned, is_owned, set};
use extreg_manifests::{
    FollowBuilds, Manifest, Phase, RenderError, Settings, Tls, install, names, serving_secret,
};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    audit_job,
    choices::{Apply, Choices},
    expectation::Expectations,
    importer,
    installed::Installed,
    kinds,
    owner::{Goal, Owner},
    settings::{self, cap_of},
    wait,
};
use crate::error::Error;

/// The consequence if an external webhook does not authenticate its clients. Whether this one does cannot be determined
/// from here.
pub(crate) const ANSWERS_EVERYONE: &str = "Unless it is started with --client-ca, the webhook answers every client \
     that can connect to its URL, and so reveals whether a namespace has the push secret that a policy names. Let only the \
     API servers connect, or authenticate them with --client-ca and --client-name.";

/// Marks a namespace that existed before: it is never removed.
pub(crate) const ADOPTED: &str = "extreg.io/adopted";

/// The objects to apply.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) settings: Settings,
    pub(crate) steps: Vec<Step>,
    /// Objects of an installation that are no longer requested: removed after everything else.
    pub(crate) removals: Vec<Object>,
    /// The required behavior of the webhook after the apply.
    pub(crate) expectations: Expectations,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    /// Existing objects that are being deleted, so that they cannot be created again yet.
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
    /// Overwrite fields of other managers: the user requested it.
    pub(crate) force: bool,
}

/// Creates the plan.
///
/// # Errors
/// [`Error::Refused`] if something prevents the installation: nothing is written then.
pub(crate) async fn make(
    cluster: &Cluster,
    choices: &Choices,
    apply: &Apply,
    live: &Installed,
) -> Result<Plan, Error> {
    if let Some(owner) = live.owner() {
        owner.refuse(Goal::Change)?;
    }
    if !cluster.serves(Kind::IMAGE_STREAM).await? {
        return Err(Error::refused(
            "this cluster has no ImageStreams: the webhook has nothing to change here",
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
            "--monitoring: this cluster has no ServiceMonitors, so the Prometheus operator is not installed",
        ));
    }
    if settings.audit.is_some() && !audit_job::can_publish(cluster).await? {
        return Err(Error::refused(
            "--audit-schedule: this cluster does not serve openreports.io/v1alpha1, so the audit cannot publish its \
             findings; install its definitions first",
        ));
    }
    for step in &mut steps {
        mark_adopted(step);
    }
    let expectations = Expectations {
        policies: Some(policies_after(live, &steps)),
        cap: match &settings.tls {
            // An external webhook is started separately: its mode must be proven.
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

/// The installed objects for following builds and for audits that are no longer requested. None of those of an external
/// webhook are ours.
async fn removals(
    cluster: &Cluster,
    settings: &Settings,
    steps: &[Step],
) -> Result<Vec<Object>, Error> {
    if matches!(settings.tls, Tls::External { .. }) {
        return Ok(Vec::new());
    }
    let programs = [
        (
            importer::everything(cluster, settings).await?,
            settings.follow_builds != FollowBuilds::No,
        ),
        (
            audit_job::everything(cluster, settings).await?,
            settings.audit.is_some(),
        ),
    ];
    let mut removals = Vec::new();
    for (objects, is_requested) in programs {
        removals.extend(objects.into_iter().filter(|object| {
            let reference = object.reference();
            // Monitoring is not removed when the flag is omitted, unless its target is removed.
            let is_kept = is_requested && kinds::is_monitoring(&reference);
            let mut desired = steps.iter().map(|step| step.desired.reference());
            !is_kept && desired.all(|other| other != reference)
        }));
    }
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

/// The initial policy, unless the cluster has policies. For our existing policy only the mode changes, if requested:
/// the rest belongs to the user.
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
            "the cluster has its own policies, which are unchanged: {}",
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

/// Refuses objects of other tools. One that would undo the changes cannot be adopted from; only what such a tool keeps
/// after it removed an installation can: the definition of the policy.
fn check_owned(steps: &[Step], apply: &Apply) -> Result<(), Error> {
    let mut installed = steps.iter().filter(|step| step.phase != Phase::Definition);
    installed.try_for_each(|step| match &step.current {
        Some(current) => Owner::from_object(current).refuse(Goal::Change),
        None => Ok(()),
    })?;
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
        "not created by oc extreg, so nothing was changed: {}; adopt them with --adopt",
        foreign.join(", ")
    )))
}

/// An adopted namespace is marked as adopted.
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

/// Whether the namespace of an object does not exist.
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
