//! Properties of all checks on any snapshot: the order in which it was read makes no difference, and no
//! finding lacks a text.

use extreg_remedy::Outcome;
use extreg_snapshot::TagRecord;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::testing::{self, build_config, object, stream, tag, workload};
use proptest::prelude::*;

use super::*;
use crate::testing::world::{HUB, NOW, World};

/// One of nearly every kind of finding.
fn world() -> World {
    let scheduled = |name: &str| TagRecord {
        scheduled: true,
        ..tag(name, "docker.io/acme/feed:1")
    };
    let tags = ["a", "b", "c", "d", "e"].map(scheduled).to_vec();
    let mut web = workload(
        object(Kind::Deployment, "shop", "web"),
        &[
            ("web", "docker.io/acme/web:1"),
            ("side", "quay.io/acme/side:1"),
        ],
    );
    web.triggers = vec![testing::trigger("shop", "web:gone", &["side"])];
    let mut named = build_config("shop", "named", "docker.io/acme/named:1");
    named.push_secret = "gone".into();
    World::new()
        .secret("shop", "hub", HUB)
        .secret(
            "shop",
            "hub-two",
            r#"{"auths":{"docker.io":{"auth":"b3RoZXI6eA=="}}}"#,
        )
        .secret("other", "hub", HUB)
        .secret(
            "other",
            "bad",
            r#"{"auths":{"https://index.docker.io/v1":{"auth":"YWNtZTp4"}}}"#,
        )
        .unreadable("data", "broken")
        .elided("legacy", "hub")
        .account("shop", "default", &[])
        .account("shop", "builder", &["gone"])
        .stream(stream("data", "feeds", tags.clone()))
        .stream(stream("free", "feeds", tags))
        .stream(stream(
            "shop",
            "web",
            vec![tag("v1", "docker.io/acme/web:1")],
        ))
        .stream(stream(
            "legacy",
            "old",
            vec![tag("v1", "docker.io/acme/old:1")],
        ))
        .workload(web)
        .workload(workload(
            object(Kind::CronJob, "legacy", "nightly"),
            &[("job", "docker.io/acme/nightly:latest")],
        ))
        .build(named)
        .build_on(
            build_config("other", "app", "docker.io/acme/app:1"),
            "docker.io/library/go:1",
        )
}

const CHECKS_WITH_FINDINGS: [CheckId; 7] = [
    CheckId::Exr005,
    CheckId::Exr006,
    CheckId::Exr007,
    CheckId::Exr008,
    CheckId::Exr009,
    CheckId::Exr012,
    CheckId::Exr014,
];

fn findings(world: World) -> Vec<Finding> {
    let options = Options {
        checks: CHECKS_WITH_FINDINGS.into(),
        caller: Caller::Oc,
        now: NOW,
    };
    judge(world.0, &options).findings
}

#[test]
fn every_check_finds_something_and_fills_every_text() {
    let found = findings(world());
    for check in CHECKS_WITH_FINDINGS {
        assert!(
            found.iter().any(|finding| finding.check == check),
            "{check}"
        );
    }
    assert!(
        found
            .iter()
            .any(|finding| finding.outcome == Outcome::Unknown)
    );
    for finding in &found {
        let known = finding.check.rules().any(|rule| rule.slug == finding.rule);
        assert!(known, "{} {}", finding.check, finding.rule);
        for text in [&finding.message, &finding.why, &finding.fix_text()] {
            assert!(!text.is_empty() && !text.contains('\n'), "{finding:?}");
        }
        assert!(!finding.message.ends_with('.'), "{}", finding.message);
        assert!(!finding.why.ends_with('.'), "{}", finding.why);
    }
}

#[test]
fn every_finding_has_its_own_fingerprint() {
    let found = findings(world());
    let prints: BTreeSet<_> = found.iter().map(Finding::fingerprint).collect();
    assert_eq!(prints.len(), found.len());
}

proptest! {
    #[test]
    fn the_order_of_what_was_read_makes_no_difference(
        streams in Just((0..4).collect::<Vec<usize>>()).prop_shuffle(),
        uses in any::<prop::sample::Index>(),
    ) {
        let want = findings(world());
        let mut shuffled = world();
        let snapshot = &mut shuffled.0;
        snapshot.streams = streams.iter().map(|at| snapshot.streams[*at].clone()).collect();
        snapshot.workloads.reverse();
        snapshot.builds.reverse();
        let middle = uses.index(snapshot.uses.len());
        snapshot.uses.rotate_left(middle);
        prop_assert_eq!(findings(shuffled), want);
    }
}
