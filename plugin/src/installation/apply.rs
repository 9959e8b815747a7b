//! Applying one object of an installation.

use extreg_cluster::{
    Applied, ApplyOptions, Cluster, ClusterError, DryRun, MANAGER, Owned, is_owned,
};

use super::{choices::Apply, plan::Step};

/// Applies it. Overwrites fields of an adopted object, and fields that we wrote by other means than applying.
///
/// # Errors
/// If the server refuses it.
pub(crate) async fn apply_step(
    cluster: &Cluster,
    step: &Step,
    apply: &Apply,
    dry_run: DryRun,
) -> Result<Applied, ClusterError> {
    let is_adopted = step
        .current
        .as_ref()
        .is_some_and(|current| is_owned(current) == Owned::Theirs);
    let options = |force| ApplyOptions { dry_run, force };
    let (desired, current) = (&step.desired, step.current.as_ref());
    let force = step.force || apply.force || is_adopted;
    match extreg_cluster::apply(cluster, desired, current, options(force)).await {
        Err(ClusterError::Api { message, .. }) if is_conflict_with_ourselves(&message) => {
            extreg_cluster::apply(cluster, desired, current, options(true)).await
        }
        Err(ClusterError::Api {
            code: code @ 409,
            reason,
            message,
        }) => Err(ClusterError::Api {
            code,
            reason,
            message: format!("{message}; --force-conflicts overwrites these fields"),
        }),
        other => other,
    }
}

/// Fields that we wrote by other means than applying, such as a rotated bundle, are ours too.
fn is_conflict_with_ourselves(message: &str) -> bool {
    let mut managers = message
        .split(" with \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .peekable();
    message.starts_with("Apply failed")
        && managers.peek().is_some()
        && managers.all(|manager| manager == MANAGER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_conflicts_with_our_own_manager_are_overwritten() {
        let table = [
            (
                r#"Apply failed with 1 conflict: conflict with "oc-extreg" using v1: .data.tls.crt"#,
                true,
            ),
            (
                "Apply failed with 2 conflicts: conflicts with \"oc-extreg\":\n- .a\nconflicts with \"kubectl-edit\" using v1:\n- .b",
                false,
            ),
            (
                r#"Apply failed with 1 conflict: conflict with "kubectl-scale": .spec.replicas"#,
                false,
            ),
            ("the object has been modified", false),
        ];
        for (message, ours) in table {
            assert_eq!(is_conflict_with_ourselves(message), ours, "{message}");
        }
    }
}
