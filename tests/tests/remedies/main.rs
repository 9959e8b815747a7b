//! Every command that `audit` and `status` suggest, run on a real API server in the state that it is suggested for:
//! afterwards the finding or the broken link is resolved, nothing else has changed, and the audit has no new findings.
//!
//! [`coverage`] lists for each action the case that runs it here, or why none can.
#![cfg(test)]

mod bench;
mod cases;
mod coverage;
mod objects;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use extreg_remedy::{Caller, Remedy};
use extreg_tests::ControlPlane;
use tokio::sync::OnceCell;

use self::bench::Bench;
use self::cases::{Case, Ends};

/// The number of concurrent cases.
const WORKERS: usize = 3;

#[tokio::test]
async fn each_command_resolves_its_finding_and_changes_nothing_else() {
    let (plane, failed) = plane().await;
    let all = cases::of_a_namespace();
    let next = AtomicUsize::new(0);
    let shared = Mutex::new(failed.to_vec());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = run(plane, case) {
                        shared.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    let failed = shared.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} cases fail:\n\n{}",
        failed.len(),
        failed.join("\n\n")
    );
}

/// The control plane, after the cases of the cluster: each changes shared objects, and counts all of them. Returns the
/// failures.
async fn plane() -> (&'static ControlPlane, &'static [String]) {
    static FAILED: OnceCell<Vec<String>> = OnceCell::const_new();
    let plane = ControlPlane::shared().await.unwrap();
    let of_the_cluster = || async {
        let mut failed = Vec::new();
        for case in cases::of_the_cluster() {
            failed.extend(run(plane, &case).err());
            Bench::new(plane, &case).clean().unwrap();
        }
        failed
    };
    (plane, FAILED.get_or_init(of_the_cluster).await)
}

/// Cases by name, and the resource that the suggested command would write.
const REFUSED: [(&str, &str); 6] = [
    ("build that waits for its secret", "secrets"),
    ("push secret that does not exist", "secrets"),
    ("two secrets of one registry", "secrets"),
    ("secret linked for mounts", "serviceaccounts"),
    ("insecure tag", "imagestreams"),
    ("next push without a secret", "buildconfigs"),
];

#[tokio::test]
async fn no_command_is_suggested_that_needs_a_denied_permission() {
    let (plane, _) = plane().await;
    let all = cases::of_a_namespace();
    for (name, resource) in REFUSED {
        let case = all.iter().find(|case| case.name == name).unwrap();
        let mut bench = Bench::new(plane, case);
        bench.namespace.push_str("-refused");
        bench.prepare(case).unwrap();
        let (before, _) = bench.suggested(&case.source).unwrap();
        assert!(
            before.iter().any(|text| is_command(text)),
            "{name}: {before:?}"
        );
        bench.without(resource).unwrap();
        let (suggested, _) = bench.suggested(&case.source).unwrap();
        let shown: Vec<_> = suggested.iter().filter(|text| is_command(text)).collect();
        assert!(shown.is_empty(), "{name} without {resource}: {shown:?}");
    }
}

fn is_command(text: &str) -> bool {
    !text.starts_with('[')
}

/// Why a case fails.
fn run(plane: &ControlPlane, case: &Case) -> Result<(), String> {
    let bench = Bench::new(plane, case);
    bench
        .prepare(case)
        .and_then(|()| judge(&bench, case))
        .map_err(|why| format!("{} ({}): {why}", case.name, bench.namespace))
}

fn judge(bench: &Bench<'_>, case: &Case) -> Result<(), String> {
    let wanted = Remedy::Run(case.actions.clone())
        .command(&Caller::Kubectl.into())
        .unwrap_or_default();
    let wanted = bench.placed(&wanted);
    let (found, findings) = bench.suggested(&case.source)?;
    if found.len() != 1 || found[0] != wanted {
        return Err(format!(
            "suggests {found:#?}\nand not {wanted}\nof {findings:#?}"
        ));
    }
    let before = bench.dump()?;
    bench.paste(&wanted)?;
    let after = bench.dump()?;
    let mut unmet: Vec<&str> = case.changed.to_vec();
    for (object, at, value) in before.symmetric_difference(&after) {
        let place = format!("{object} {at}");
        let met = case.changed.iter().filter(|part| is_in(&place, part));
        let met: Vec<_> = met.collect();
        if met.is_empty() {
            return Err(format!("{wanted}\nchanges {place}: {value}"));
        }
        unmet.retain(|part| !met.iter().any(|of| **of == *part));
    }
    if !unmet.is_empty() {
        return Err(format!("{wanted}\ndoes not change {unmet:?}"));
    }
    let (left, findings_after) = bench.suggested(&case.source)?;
    match case.ends {
        Ends::Now if !left.is_empty() => {
            return Err(format!("{wanted}\ndoes not end it: {left:#?}"));
        }
        Ends::Later(_) if left.contains(&wanted) => {
            return Err(format!("{wanted}\nis suggested again"));
        }
        Ends::Now | Ends::Later(_) => {}
    }
    let new = findings_after.difference(&findings);
    let new: Vec<_> = new
        .filter(|finding| !case.brings.iter().any(|rule| finding.starts_with(rule)))
        .collect();
    if new.is_empty() {
        Ok(())
    } else {
        Err(format!("{wanted}\nbrings {new:#?}"))
    }
}

/// Whether a place is a field, or in it.
fn is_in(place: &str, field: &str) -> bool {
    place
        .strip_prefix(field)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || field.ends_with(' '))
}

#[test]
fn case_names_are_unique() {
    let all = cases::all();
    let names: std::collections::BTreeSet<_> = all.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), all.len());
    for case in &all {
        assert!(
            !case.actions.is_empty() && !case.changed.is_empty(),
            "{}",
            case.name
        );
    }
}
