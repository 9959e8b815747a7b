//! `audit rbac`: the permissions that the user lacks for an audit, and the ClusterRole that grants them.

use extreg_cluster::{
    Cluster, DryRun, Kind as ApiKind, Object,
    collect::{Served, Version},
};
use extreg_manifests::{audit_cluster_role, names::AUDIT_ROLE};
use extreg_snapshot::kind::{Api, Kind};
use extreg_terminal::{Exit, Table, Text};
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::{context::Context, error::Error};

const REVIEW: ApiKind = ApiKind::global(
    "authorization.k8s.io",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
);

/// Show the permissions that you lack for an audit, and print a ClusterRole for them
///
/// Checks your permission to list each resource, in all namespaces or in that of -n. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # Your permissions\n  \
    oc extreg audit rbac\n\n  \
    # Let an administrator grant you the missing permissions\n  \
    oc extreg audit rbac --export | oc apply -f -\n  \
    oc adm policy add-cluster-role-to-user extreg-audit USER\n\n  \
    # All permissions of an audit, without a query to a cluster\n  \
    oc extreg audit rbac --export --all\n\n\
    The exit code is 3 if a permission is missing, unless --export is given.")]
pub(super) struct Args {
    /// Print the ClusterRole with the missing permissions as YAML; with all if none is missing
    #[arg(long)]
    export: bool,
    /// Exclude the permission to list secrets, for audit --without-secrets
    #[arg(long)]
    without_secrets: bool,
    /// Include permissions that you have; do not query a cluster
    #[arg(long, requires = "export")]
    all: bool,
}

/// Whether the user can list a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Given,
    Missing,
    NotServed,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let mut kinds = Kind::ALL.to_vec();
    kinds.retain(|kind| *kind != Kind::Secret || !args.without_secrets);
    if args.all {
        return export(&kinds, context);
    }
    let cluster = context.cluster().await?;
    let namespace = context.namespace.as_deref().unwrap_or_default();
    let rights = rights(&cluster, &kinds, namespace).await?;
    let is_missing = |(kind, right): &(Kind, Right)| (*right == Right::Missing).then_some(*kind);
    let missing: Vec<Kind> = rights.iter().filter_map(is_missing).collect();
    if args.export {
        if missing.is_empty() {
            context.printer.note(
                "you have all permissions that an audit needs; this role grants them to another user",
            );
            let is_served =
                |(kind, right): &(Kind, Right)| (*right != Right::NotServed).then_some(*kind);
            let served: Vec<Kind> = rights.iter().filter_map(is_served).collect();
            return export(&served, context);
        }
        return export(&missing, context);
    }
    print(&rights, context);
    Ok(if missing.is_empty() {
        Exit::Done
    } else {
        Exit::No
    })
}

async fn rights(
    cluster: &Cluster,
    kinds: &[Kind],
    namespace: &str,
) -> Result<Vec<(Kind, Right)>, Error> {
    let served = Served::default();
    let reviews = kinds.iter().map(async |kind| {
        let _turn = cluster.turn().await;
        Ok::<_, Error>((*kind, right(cluster, *kind, namespace, &served).await?))
    });
    try_join_all(reviews).await
}

async fn right(
    cluster: &Cluster,
    kind: Kind,
    namespace: &str,
    served: &Served,
) -> Result<Right, Error> {
    let Api {
        group,
        version,
        plural,
        namespaced,
        ..
    } = kind.api();
    let namespace = if namespaced { namespace } else { "" };
    let attributes = json!({
        "verb": "list", "group": group, "resource": plural, "namespace": namespace,
    });
    let review = Object::new(
        REVIEW,
        "",
        "",
        json!({ "spec": { "resourceAttributes": attributes } }),
    );
    let answer = cluster.create(&review, DryRun::None).await?;
    if answer.body.pointer("/status/allowed") == Some(&Value::Bool(true)) {
        return Ok(Right::Given);
    }
    Ok(match served.version(cluster, kind, version).await? {
        Version::None => Right::NotServed,
        Version::Same | Version::Other(_) | Version::Unknown => Right::Missing,
    })
}

fn print(rights: &[(Kind, Right)], context: &Context) {
    let printer = &context.printer;
    let mut table = Table::new(&["RESOURCE", "LIST"]);
    for (kind, right) in rights {
        let word = match right {
            Right::Given => "yes",
            Right::Missing => "no",
            Right::NotServed => "not served",
        };
        table.row([kind.api().resource(), word.to_owned()]);
    }
    table.print(printer);
    if rights.iter().any(|(_, right)| *right == Right::Missing) {
        let command = format!("{} audit rbac --export", context.caller);
        printer.note(Text::new().plain("next: ").bold(command));
    }
}

fn export(kinds: &[Kind], context: &Context) -> Result<Exit, Error> {
    let yaml = audit_cluster_role(kinds)
        .and_then(|role| role.yaml())
        .map_err(|error| Error::failed(error.to_string()))?;
    let host = context.caller.program();
    let printer = &context.printer;
    printer.raw("---\n");
    if kinds.contains(&Kind::Secret) {
        printer.raw(
            "# The permission to list secrets is a permission to read all of them. Without it, checks\n\
             # that depend on credentials are inconclusive: audit --without-secrets.\n",
        );
    }
    printer.raw(&yaml);
    printer.note(format!(
        "apply it, then grant it to a user: {host} create clusterrolebinding {AUDIT_ROLE} \
         --clusterrole={AUDIT_ROLE} --user=USER"
    ));
    Ok(Exit::Done)
}
