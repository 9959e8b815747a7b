//! Checks that every rule makes first.

use crate::facts::{Called, Facts};
use crate::image::ImageRef;
use crate::note::Note;
use crate::object::Subject;
use crate::object::opt_out;
use crate::policy::{Mode, Policy, Selection};
use crate::registry::{InvalidRef, RefRole, Resolution, before_tag_parameter, resolve};
use crate::verdict::Reason;
use crate::work::{Exhausted, Work};

/// The user name of openshift-apiserver's own client: it updates a BuildConfig and creates the
/// Build when a build is started (`pkg/build/apiserver/buildgenerator`).
pub const SYSTEM_API_SERVER: &str = "system:apiserver";
/// The user that imports tags on schedule (openshift-controller-manager `pkg/image/controller`).
pub const IMPORT_CONTROLLER: &str = "system:serviceaccount:openshift-infra:image-import-controller";

const RUN_LEVEL: &str = "openshift.io/run-level";

/// Whether a namespace belongs to the platform, by its name alone.
pub fn is_system_namespace(name: &str) -> bool {
    matches!(name, "default" | "openshift")
        || name.starts_with("openshift-")
        || name.starts_with("kube-")
}

/// Why the whole object is skipped; `None` if it is not.
pub(super) fn exemption(subject: &Subject<'_>, facts: &Facts<'_>) -> Option<Reason> {
    let namespace = subject.namespace.as_str();
    let own = facts.cluster.own_namespace.as_deref();
    let label = |key| {
        facts
            .namespace
            .labels()
            .known()
            .and_then(|labels| labels.get(key))
    };
    if is_system_namespace(namespace) || own.is_some_and(|own| own == namespace) {
        return Some(Reason::SystemNamespace);
    }
    if label(RUN_LEVEL).is_some_and(|level| matches!(level.as_str(), "0" | "1")) {
        return Some(Reason::SystemNamespace);
    }
    let opted_out =
        subject.opts_out() || label(opt_out::LABEL).is_some_and(|value| value == "true");
    if opted_out {
        return Some(Reason::OptedOut);
    }
    let reach = &facts.cluster.reach;
    match reach.namespace(namespace, facts.namespace.labels().known()) {
        Called::Yes if reach.object(subject.body.metadata()) => None,
        Called::Yes | Called::No => Some(Reason::NotCalled),
        Called::Unknown => Some(Reason::NamespaceUnknown),
    }
}

/// The image of a place and the policy in force for it, or why no policy is. The place is counted.
pub(super) fn govern<'a, 'i>(
    image: &'i str,
    role: RefRole,
    facts: &'a Facts<'_>,
    work: &mut Work<'a>,
) -> Result<(&'a Policy, ImageRef<'i>), (Reason, Option<Note<'a>>)> {
    if work.place(image.len()).is_err() {
        return Err((Reason::WorkLimit, Some(Note::WorkLimit)));
    }
    let internal = &facts.cluster.internal;
    let resolution = match (resolve(image, role, internal), before_tag_parameter(image)) {
        (Resolution::Parameter, Some(repository)) => resolve(repository, role, internal),
        (resolution, _) => resolution,
    };
    let (host, reference) = match resolution {
        Resolution::Certain(host, reference) => (host, reference),
        Resolution::FirstOf(..) => return Err((Reason::ShortName, None)),
        Resolution::Internal(_) => return Err((Reason::Internal, None)),
        Resolution::Parameter => return Err((Reason::Parameter, None)),
        Resolution::Invalid(InvalidRef::UpperCase) => {
            let note = Note::UpperCase {
                image: image.to_owned(),
            };
            return Err((Reason::Invalid, Some(note)));
        }
        Resolution::Invalid(_) => return Err((Reason::Invalid, None)),
    };
    match work.select(host, &reference.repository_path()) {
        Err(Exhausted) => Err((Reason::WorkLimit, Some(Note::WorkLimit))),
        Ok(Selection::Policy(policy)) if policy.mode() == Mode::Off => {
            Err((Reason::PolicyOff, None))
        }
        Ok(Selection::Policy(policy)) => Ok((policy, reference)),
        Ok(Selection::None) => Err((Reason::OtherRegistry, None)),
        Ok(Selection::NamespaceUnknown(policy)) => {
            let note = Note::NamespaceUnknown {
                policy: policy.name(),
            };
            Err((Reason::NamespaceUnknown, Some(note)))
        }
    }
}
