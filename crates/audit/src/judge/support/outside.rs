//! Images that the policy does not allow: EXR001 for images that run or are imported, and EXR011 for
//! builds.

use extreg_core::facts::Known;
use extreg_remedy::Remedy;
use extreg_snapshot::{ImageUse, Meaning, Snapshot, UseRole};

use super::{Draft, by_hand, configuration, is_external, judged, mirrored, trigger_of};
use crate::approval::{Allowance, List, Target, targets};
use crate::check::CheckId;
use crate::finding::Finding;
use crate::judge::remedy;

/// The objection to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Objection {
    /// The list does not have it.
    NotAllowed,
    /// The cluster blocks it.
    Blocked,
    /// The list does not have the mirror that it comes from.
    MirrorNotAllowed,
}

/// Checks every field for whose role `rule` returns a rule.
///
/// `unknown` is the rule of the one finding for an unreadable list of the cluster.
pub(crate) fn check_outside(
    snapshot: &Snapshot,
    check: CheckId,
    rule: impl Fn(UseRole, Objection) -> Option<&'static str>,
    unknown: &'static str,
    findings: &mut Vec<Finding>,
) {
    let allowance = Allowance::of(snapshot);
    let mut asked = false;
    for used in judged(snapshot) {
        if !is_external(used) || rule(used.role, Objection::NotAllowed).is_none() {
            continue;
        }
        // An image that a trigger sets is a placeholder until it is a full name.
        if used.meaning == Meaning::Searched && trigger_of(snapshot, used).is_some() {
            continue;
        }
        asked = true;
        let Known::Known(candidates) = targets(used, &snapshot.cluster) else {
            if let (List::Given(_), Some(rule)) =
                (allowance.list, rule(used.role, Objection::NotAllowed))
            {
                findings.push(unknown_search(check, rule, used));
            }
            continue;
        };
        for (objection, targets) in objections(snapshot, &allowance, used, &candidates) {
            if let Some(rule) = rule(used.role, objection) {
                let draft = Draft {
                    check,
                    rule,
                    message: message(&allowance, used, objection, &targets),
                    why: why(&allowance, used.role, objection),
                    fix: fix(&allowance, used),
                };
                findings.push(draft.of(used));
            }
        }
    }
    if asked && allowance.list == List::Unknown {
        let draft = Draft {
            check,
            rule: unknown,
            message:
                "inconclusive: allowed and blocked registries in image.config.openshift.io/cluster \
                      could not be read"
                    .to_owned(),
            why: "Its allowedRegistries and blockedRegistries decide what nodes and builds pull."
                .to_owned(),
            fix: remedy::inspect_image_config(),
        };
        let place = configuration(snapshot, "", "spec.registrySources");
        findings.push(draft.at(place).unknown());
    }
}

/// The objection to what a field can mean, and the registries that it applies to.
fn objections(
    snapshot: &Snapshot,
    allowance: &Allowance<'_>,
    used: &ImageUse,
    candidates: &[Target],
) -> Vec<(Objection, Vec<Target>)> {
    let of = |wanted: &dyn Fn(&Target) -> bool| -> Vec<Target> {
        candidates.iter().filter(|t| wanted(t)).cloned().collect()
    };
    let mirrors = match (&snapshot.cluster.mirrors, used.role) {
        (Known::Known(rules), role) if role != UseRole::Push => rules.as_slice(),
        _ => &[],
    };
    let mut all = Vec::new();

    let not_allowed = of(&|target| allowance.approves(target) == Some(false));
    // Nodes and builds skip a registry that they must not use and try the next; a list of ours
    // alone does not restrict them.
    let enforced = matches!(allowance.list, List::Cluster(_));
    let is_outside =
        !not_allowed.is_empty() && (!enforced || not_allowed.len() == candidates.len());
    // A blocked source is still served by its mirrors.
    let blocked = of(&|target| allowance.blocks(target) && mirrored(mirrors, target).is_none());
    if is_outside {
        all.push((Objection::NotAllowed, not_allowed));
    } else if !blocked.is_empty() && blocked.len() == candidates.len() {
        all.push((Objection::Blocked, blocked));
    }

    let from_mirrors: Vec<_> = candidates
        .iter()
        .filter_map(|target| {
            mirrored(mirrors, target).filter(|found| found.never_source || allowance.blocks(target))
        })
        .flat_map(|found| found.images)
        .filter(|image| allowance.approves(image) == Some(false))
        .collect();
    if !from_mirrors.is_empty() {
        all.push((Objection::MirrorNotAllowed, from_mirrors));
    }
    all
}

fn unknown_search(check: CheckId, rule: &'static str, used: &ImageUse) -> Finding {
    let draft = Draft {
        check,
        rule,
        message: format!(
            "{} is a short name, and the registries that nodes search could not be read",
            used.image.written
        ),
        why: "The first registry that has the image decides whether it is approved.".to_owned(),
        fix: remedy::inspect_image_config(),
    };
    draft.of(used).unknown()
}

fn message(
    allowance: &Allowance<'_>,
    used: &ImageUse,
    objection: Objection,
    targets: &[Target],
) -> String {
    let written = &used.image.written;
    let names = targets.iter().map(Target::name).collect::<Vec<_>>();
    let list = match allowance.list {
        List::Given(approved) => format!("the list {} does not approve", approved.name()),
        _ => "allowedRegistries of the cluster does not have".to_owned(),
    };
    let verdict = match objection {
        Objection::NotAllowed | Objection::MirrorNotAllowed => list,
        Objection::Blocked => "blockedRegistries of the cluster blocks".to_owned(),
    };
    let names = names.join(" or ");
    match (objection, used.meaning) {
        (Objection::MirrorNotAllowed, _) => {
            format!("{written} comes from its mirror {names}, which {verdict}")
        }
        (_, Meaning::Searched) => format!("{written} can come from {names}, which {verdict}"),
        _ => format!("{written} comes from {names}, which {verdict}"),
    }
}

fn why(allowance: &Allowance<'_>, role: UseRole, objection: Objection) -> String {
    let enforced = objection == Objection::Blocked || matches!(allowance.list, List::Cluster(_));
    let text = match (role, enforced) {
        (UseRole::Run | UseRole::Volume, true) => {
            "Nodes refuse the pull, so a pod does not start on a node that does not have the image."
        }
        (UseRole::Run | UseRole::Volume, false) => {
            "The image runs in the cluster and its registry is not approved."
        }
        (UseRole::Import, true) => {
            "The import can succeed because the importer ignores allowedRegistries and matches \
             blockedRegistries by exact host; nodes then refuse to pull the image."
        }
        (UseRole::Import, false) => {
            "Images of this registry become a tag of the cluster that workloads and builds \
             follow."
        }
        (UseRole::Base | UseRole::Source, true) => {
            "Build pods have the same rules as nodes and refuse the pull, so the build fails."
        }
        (UseRole::Base | UseRole::Source, false) => {
            "The result contains an image whose registry is not approved."
        }
        (UseRole::Push, true) => {
            "The image goes to a registry that the cluster's own policy excludes, and \
             nodes cannot pull it from there."
        }
        (UseRole::Push, false) => {
            "The image goes to a registry that is not approved, whose owner \
             can change it."
        }
    };
    text.to_owned()
}

/// A person chooses the replacement: an approved registry does not necessarily have
/// a copy.
fn fix(allowance: &Allowance<'_>, used: &ImageUse) -> Remedy {
    /// More entries than these are counted.
    const SHOWN: usize = 3;
    let entries: Vec<&str> = match allowance.list {
        List::Given(approved) => approved.entries().iter().map(String::as_str).collect(),
        List::Cluster(entries) => entries.iter().map(|entry| &**entry).collect(),
        List::Absent | List::Unknown => Vec::new(),
    };
    let mut shown = entries
        .iter()
        .take(SHOWN)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if entries.len() > SHOWN {
        shown = format!("{shown} and {} more", entries.len() - SHOWN);
    }
    let approved = match &*shown {
        "" => "a registry that is not blocked".to_owned(),
        shown => format!("an approved registry ({shown})"),
    };
    Remedy::instruct(by_hand(
        &used.place,
        &format!("an image of {approved}; copy it there first if it has none"),
    ))
}
