//! The permissions of the user: to set up an application, check files, install the webhook.

use std::fmt;

use extreg_cluster::{Cluster, Kind, Right};

use crate::{
    checklist::{Checks, Group, plain},
    context::Context,
    error::Error,
    installation::{installed, kinds},
    project::{How, Project},
};

const GROUP: Group = Group::Rights;
/// The maximum number of names in a line.
const NAMED: usize = 4;

/// The severity of a missing permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// For information.
    Noted,
    /// The requested action is not possible.
    Fatal,
}

/// Checks the permissions that `setup` needs in the namespace, or to create it; `lack` is the severity if one is
/// missing.
pub(crate) async fn setup(
    cluster: &Cluster,
    user: &str,
    lack: Lack,
    context: &Context,
    checks: &mut Checks,
) {
    let namespace = cluster.namespace();
    let user = if user.is_empty() { "USER" } else { user };
    let host = context.caller.program();
    let hint = match host {
        "kubectl" => format!(
            "kubectl create rolebinding {user} --clusterrole=edit --user={user} -n {namespace}"
        ),
        _ => format!("oc adm policy add-role-to-user edit {user} -n {namespace}"),
    };
    match may_make(cluster, namespace).await {
        Ok(true) => {
            let message = format!("namespace {namespace} does not exist; you can create it");
            return checks.ok(GROUP, "setup", message);
        }
        Ok(false) => {}
        Err(error) => return unknown("setup", &error, checks),
    }
    match extreg_cluster::missing(cluster, of_setup(namespace)).await {
        Ok(missing) if missing.is_empty() => {
            let message = format!("you can set up applications in namespace {namespace}");
            checks.ok(GROUP, "setup", message);
        }
        Ok(missing) => {
            let message = format!(
                "you cannot set up applications in namespace {namespace}: {}",
                named(&missing)
            );
            match lack {
                Lack::Noted => checks.warn(GROUP, "setup", message, hint),
                Lack::Fatal => checks.fail(GROUP, "setup", message, hint),
            }
        }
        Err(error) => unknown("setup", &error, checks),
    }
}

/// Checks the permissions that `webhook install` needs in the whole cluster. Few users have them, so this is only
/// noted.
pub(crate) async fn install(cluster: &Cluster, context: &Context, checks: &mut Checks) {
    let rights = match kinds::rights() {
        Ok(rights) => rights,
        Err(error) => return unknown("webhook", &error, checks),
    };
    match extreg_cluster::missing(cluster, rights).await {
        Ok(missing) if missing.is_empty() => {
            checks.ok(GROUP, "webhook", "you can install the webhook");
        }
        Ok(missing) => checks.skip(
            GROUP,
            "webhook",
            format!("you cannot install the webhook: {}", named(&missing)),
            Some(format!("{} webhook install --export", context.caller)),
        ),
        Err(error) => unknown("webhook", &error, checks),
    }
}

/// Checks the permissions for what `check` reads to decide as the webhook does.
pub(crate) async fn judge(cluster: &Cluster, context: &Context, checks: &mut Checks) {
    let namespace = cluster.namespace();
    let rights = vec![
        Right::new("list", installed::POLICY, ""),
        Right::new("get", Kind::NAMESPACE, "").of(namespace),
        Right::new("get", Kind::SECRET, namespace),
        Right::new("get", Kind::SERVICE_ACCOUNT, namespace),
        Right::new("get", Kind::IMAGE_STREAM, namespace),
    ];
    match extreg_cluster::missing(cluster, rights).await {
        Ok(missing) if missing.is_empty() => {
            checks.ok(GROUP, "check", "you can read what check needs");
        }
        Ok(missing) => checks.warn(
            GROUP,
            "check",
            format!("check has incomplete information: {}", named(&missing)),
            format!("{} check --policy FILE -f FILE", context.caller),
        ),
        Err(error) => unknown("check", &error, checks),
    }
}

/// Whether a namespace does not exist and the user can create it, which includes all permissions in it.
async fn may_make(cluster: &Cluster, namespace: &str) -> Result<bool, Error> {
    let kind = match Project::look(cluster, namespace).await? {
        Project::Absent(How::Request) => Kind::PROJECT_REQUEST,
        Project::Absent(How::Namespace) => Kind::NAMESPACE,
        Project::Present(_) | Project::Unreadable(_) => return Ok(false),
    };
    Ok(extreg_cluster::may(cluster, &Right::new("create", kind, "")).await?)
}

fn of_setup(namespace: &str) -> Vec<Right> {
    let written = [
        Kind::SECRET,
        Kind::BUILD_CONFIG,
        Kind::IMAGE_STREAM,
        Kind::DEPLOYMENT,
    ];
    let mut rights = Vec::new();
    for kind in written {
        for verb in ["get", "create", "patch"] {
            rights.push(Right::new(verb, kind, namespace));
        }
    }
    for verb in ["get", "update"] {
        rights.push(Right::new(verb, Kind::SERVICE_ACCOUNT, namespace));
    }
    rights
}

/// `create secrets, patch secrets and 3 more`.
fn named(missing: &[Right]) -> String {
    let mut names: Vec<String> = missing
        .iter()
        .take(NAMED)
        .map(|right| format!("{} {}", right.verb, right.resource()))
        .collect();
    if let Some(more) = missing.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(format!("and {more} more"));
    }
    format!("missing permissions: {}", names.join(", "))
}

fn unknown(name: &'static str, error: &impl fmt::Display, checks: &mut Checks) {
    checks.skip(GROUP, name, plain(error), None);
}
