//! What to do about a budget that is exceeded: one remedy for each way out.

use extreg_audit::budget::Identity;
use extreg_core::registry::RegistryHost;
use extreg_remedy::{Action, Inspection, Invocation, Remedy, Rendered};
use extreg_snapshot::{kind::Kind, place::ObjectId};
use serde::Serialize;

use crate::{installation::following::Following, pulls::budget::Load};

/// One way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// What it does.
    pub(crate) what: String,
    /// How.
    pub(crate) fix: Rendered,
    /// The same in one line.
    #[serde(skip)]
    pub(crate) text: String,
}

/// The ways out for what one identity imports; none where it fits.
pub(crate) fn steps(
    load: &Load,
    registry: &str,
    follows: &Following,
    invocation: &Invocation,
) -> Vec<Step> {
    let Some(tag) = load.over.first() else {
        return Vec::new();
    };
    let step = |what: &str, remedy: &Remedy| Step {
        what: what.to_owned(),
        fix: remedy.rendered(invocation),
        text: remedy.text(invocation),
    };
    let mut steps = Vec::new();
    if let Some(tag) = &tag.spec {
        let action = Action::SetSchedule {
            tag: tag.clone(),
            scheduled: false,
        };
        let what = "unschedule what does not have to be fresh";
        steps.push(step(what, &Remedy::run(action)));
    }
    match load.identity {
        Identity::Anonymous => steps.push(step(
            "give the imports of a namespace an account",
            &Remedy::run(set_credential(registry, &tag.namespace)),
        )),
        Identity::Account(_) => {}
        Identity::Unknown => steps.push(step(
            "run the same command again with the right to read secrets",
            &Remedy::Inspect(Inspection::AuditRights),
        )),
    }
    if *follows != Following::Yes {
        let what = "import what is built here when it is pushed, and not on schedule";
        let text = "have the webhook follow builds (webhook install --follow-builds)";
        steps.push(step(what, &Remedy::instruct(text)));
    }
    steps
}

fn set_credential(registry: &str, namespace: &str) -> Action {
    Action::SetCredential {
        secret: ObjectId {
            namespace: namespace.into(),
            kind: Kind::Secret,
            name: RegistryHost::of(registry).secret_name().into(),
        },
        registry: registry.into(),
    }
}
