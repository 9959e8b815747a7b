//! Runs every check on a snapshot: pure, deterministic, in a fixed order.

mod anonymous;
mod budget;
mod build_policy;
mod bypass;
mod cluster_allow_list;
mod credential;
mod followers;
mod following;
mod found;
mod images;
mod import_allow_list;
mod index;
mod insecure;
mod mirror;
mod mutable_tag;
mod opt_outs;
mod outside_policy;
mod remedy;
mod schedule;
mod short_name;
mod signature;
pub(crate) mod support;
#[cfg(test)]
mod tests;
mod webhook;

use std::collections::BTreeSet;
use std::sync::Arc;

use extreg_core::rule::is_system_namespace;
use extreg_remedy::{Caller, Invocation, Outcome, SnapshotScene};
use extreg_snapshot::place::Origin;
use extreg_snapshot::{Snapshot, SourceKind};

pub use self::credential::{CredentialUse, credential_uses};
use crate::approval::is_unapproved;
use crate::check::CheckId;
use crate::finding::Finding;
use crate::report::{Section, sort_key};

/// The options of an audit.
#[derive(Clone, Debug)]
pub struct Options {
    /// The checks to run.
    pub checks: BTreeSet<CheckId>,
    /// The program that suggested commands are written for.
    pub caller: Caller,
    /// Now, in seconds since 1970. Staleness and expiry are measured from here.
    pub now: i64,
}

/// Runs the checks and returns the part of the report about this snapshot. Nothing is
/// suppressed yet.
pub fn judge(mut snapshot: Snapshot, options: &Options) -> Section {
    // The checks find records by object, so the order in which they were read does not matter.
    snapshot.builds.sort_by(|a, b| a.object.cmp(&b.object));
    snapshot.streams.sort_by(|a, b| a.object.cmp(&b.object));
    snapshot.workloads.sort_by(|a, b| a.object.cmp(&b.object));
    let findings = findings(&snapshot, options);
    let owners = snapshot.owners();
    let inconclusive = findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Unknown)
        .map(|finding| finding.check);
    Section {
        inconclusive: inconclusive.collect(),
        kind: snapshot.source,
        source: snapshot.cluster_name,
        findings,
        uses: snapshot.uses,
        injections: snapshot.injections,
        opt_outs: snapshot.opt_outs,
        annotations: snapshot.annotations,
        owners,
        coverage: snapshot.coverage,
    }
}

/// The findings of the checks, in the order of a report.
pub fn findings(snapshot: &Snapshot, options: &Options) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in &options.checks {
        run(*check, snapshot, options, &mut findings);
    }
    // Files hold no cluster configuration, so the checks of the cluster are not run on them.
    if snapshot.source == SourceKind::Files {
        findings.retain(|finding| finding.place.origin != Origin::Cluster);
    }
    // The policy does not apply to platform namespaces; neither does the webhook.
    let is_requested = |namespace: &str| {
        let requested = snapshot.coverage.scope.namespaces.as_ref();
        requested.is_some_and(|names| names.contains(namespace))
    };
    findings.retain(|finding| {
        let namespace = &*finding.place.object.namespace;
        !(is_of_policy(finding.check) && is_system_namespace(namespace) && !is_requested(namespace))
    });
    let is_unapproved = |image: &str| is_unapproved(snapshot, image);
    let scene = SnapshotScene::new(snapshot, &is_unapproved);
    for finding in &mut findings {
        let fix = std::mem::take(&mut finding.fix);
        finding.invocation = Invocation {
            caller: options.caller,
            connection: Arc::clone(&snapshot.connection),
        };
        finding.fix = fix.checked(&scene, finding.outcome, &finding.place.origin);
    }
    findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    findings.dedup();
    findings
}

/// Whether a check reports what a policy requires of an object, rather than what is unsafe about it.
const fn is_of_policy(check: CheckId) -> bool {
    matches!(
        check,
        CheckId::Exr005 | CheckId::Exr006 | CheckId::Exr007 | CheckId::Exr012 | CheckId::Exr014
    )
}

fn run(check: CheckId, snapshot: &Snapshot, options: &Options, findings: &mut Vec<Finding>) {
    match check {
        CheckId::Exr001 => outside_policy::check(snapshot, findings),
        CheckId::Exr002 => cluster_allow_list::check(snapshot, findings),
        CheckId::Exr003 => import_allow_list::check(snapshot, findings),
        CheckId::Exr004 => insecure::check(snapshot, findings),
        CheckId::Exr005 => schedule::check(snapshot, findings),
        CheckId::Exr006 => mutable_tag::check(snapshot, findings),
        CheckId::Exr007 => anonymous::check(snapshot, findings),
        CheckId::Exr008 => budget::check(snapshot, findings),
        CheckId::Exr009 => credential::check(snapshot, findings),
        CheckId::Exr010 => short_name::check(snapshot, findings),
        CheckId::Exr011 => build_policy::check(snapshot, findings),
        CheckId::Exr012 => bypass::check(snapshot, findings),
        CheckId::Exr013 => signature::check(snapshot, findings),
        CheckId::Exr014 => webhook::check(snapshot, options.now, findings),
        CheckId::Exr015 => mirror::check(snapshot, findings),
    }
}
