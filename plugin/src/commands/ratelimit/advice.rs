//! What to do about a budget that is exceeded: one command for each way out.

use extreg_audit::{budget::Identity, judge::shell_word};
use extreg_core::registry::RegistryHost;
use serde::Serialize;

use super::budget::{Load, TagCost};
use crate::{caller::Caller, commands::webhook::Following};

/// One way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// What it does.
    pub(crate) what: String,
    /// A command to paste.
    pub(crate) command: String,
}

/// The ways out for what one identity imports; none where it fits.
pub(crate) fn steps(load: &Load, registry: &str, follows: &Following, caller: Caller) -> Vec<Step> {
    let Some(tag) = load.over.first() else {
        return Vec::new();
    };
    let step = |what: &str, command: String| Step {
        what: what.to_owned(),
        command,
    };
    let mut steps = vec![step(
        "unschedule what need not be fresh",
        unschedule(tag, caller),
    )];
    match load.identity {
        Identity::Anonymous => steps.push(step(
            "give the imports of a namespace an account",
            create_secret(registry, &tag.namespace, caller),
        )),
        Identity::Account(_) => {}
        Identity::Unknown => steps.push(step(
            "look again with the right to read secrets",
            format!("{caller} audit rbac --export"),
        )),
    }
    if *follows != Following::Yes {
        steps.push(step(
            "import what is built here when it is pushed, and not on schedule",
            format!("{caller} webhook install --follow-builds"),
        ));
    }
    steps
}

/// Takes a tag's schedule away.
pub(crate) fn unschedule(tag: &TagCost, caller: Caller) -> String {
    format!(
        "{caller} tag {} {} --no-schedule -n {}",
        shell_word(&tag.image),
        shell_word(&tag.name()),
        shell_word(&tag.namespace),
    )
}

/// Makes a secret for imports. The account and its token are for the user to fill in.
fn create_secret(registry: &str, namespace: &str, caller: Caller) -> String {
    let (name, server) = match RegistryHost::of(registry) {
        RegistryHost::DockerHub => ("dockerhub", "https://index.docker.io/v1/"),
        RegistryHost::Other(host) => ("registry", host),
    };
    format!(
        "{} create secret docker-registry {name} --docker-server={} --docker-username=USER \
         --docker-password=TOKEN -n {}",
        caller.program(),
        shell_word(server),
        shell_word(namespace),
    )
}
