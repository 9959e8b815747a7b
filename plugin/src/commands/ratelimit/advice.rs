//! Fixes for an exceeded budget: one remedy for each option.

use extreg_audit::budget::Identity;
use extreg_core::registry::RegistryHost;
use extreg_remedy::{Action, Inspection, Invocation, Remedy, Rendered};
use extreg_snapshot::{kind::Kind, place::ObjectId};
use serde::Serialize;

use crate::{installation::following::Following, pulls::budget::Load};

/// One option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// What the option does.
    pub(crate) what: String,
    /// The command or instruction.
    pub(crate) fix: Rendered,
    /// The same in one line.
    #[serde(skip)]
    pub(crate) text: String,
}

/// The options for the imports of one identity; none if they are within the limit.
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
        let what = "unschedule tags that do not need to be up to date";
        steps.push(step(what, &Remedy::run(action)));
    }
    match load.identity {
        Identity::Anonymous => steps.push(step(
            "configure an account for the imports of a namespace",
            &Remedy::run(set_credential(registry, &tag.namespace)),
        )),
        Identity::Account(_) => {}
        Identity::Unknown => steps.push(step(
            "run the same command again with permission to read secrets",
            &Remedy::Inspect(Inspection::AuditRights),
        )),
    }
    if *follows != Following::Yes {
        let what = "import images that are built here when they are pushed instead of on schedule";
        let text = "let the webhook follow builds (webhook install --follow-builds)";
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
