use extreg_snapshot::TagRecord;
use extreg_snapshot::testing::{stream, tag};

use super::*;
use crate::testing::world::{HUB, RunCheck as _, World};

const EXR008: CheckId = CheckId::Exr008;

/// Scheduled tags `a`, `b`, `c` and so on, with as many platforms each.
fn tags(platforms: &[Option<usize>]) -> World {
    let tags = ('a'..)
        .zip(platforms)
        .map(|(name, platforms)| TagRecord {
            scheduled: true,
            platforms: *platforms,
            ..tag(&name.to_string(), "docker.io/acme/feed:1")
        })
        .collect();
    World::new().stream(stream("data", "feeds", tags))
}

#[test]
fn the_limit_decides() {
    let feeds = "imagestream.image.openshift.io/feeds";
    for (platforms, want) in [
        (&[Some(1); 4][..], vec![]),
        (&[Some(1); 5], vec![format!("anonymous {feeds} e")]),
        (&[Some(2); 3], vec![format!("anonymous {feeds} c")]),
        (&[None; 2], vec![]),
        (&[None; 3], vec![format!("anonymous? {feeds} c")]),
        (&[None; 5], vec![format!("anonymous {feeds} e")]),
    ] {
        assert_eq!(tags(platforms).lines(EXR008), want, "{platforms:?}");
    }
    let account = |count| tags(&vec![Some(1); count]).secret("data", "hub", HUB);
    assert_eq!(account(8).lines(EXR008), [""; 0]);
    assert_eq!(account(9).lines(EXR008), [format!("account {feeds} i")]);
}

#[test]
fn a_free_or_paid_account_has_both_limits_explained() {
    let found = tags(&[Some(1); 9]).secret("data", "hub", HUB).judge(EXR008);
    assert_eq!(found[0].severity, Severity::Medium);
    assert_eq!(
        found[0].message,
        "9 scheduled docker.io tags need 216 pulls per 6 hours as acme; the limit is 200"
    );
    assert_eq!(
        found[0].why,
        "If acme is a free account, its limit is 200 pulls \
         (https://docs.docker.com/docker-hub/usage/, 2025-03-27); a paid account has no limit. \
         Above the limit, imports and pulls fail with toomanyrequests. Tags above the limit: \
         feeds:i in data; unschedule tags that need no updates, or import them with another \
         account"
    );
    assert_eq!(found[0].fix.actions().len(), 1, "{found:?}");
}

#[test]
fn the_tags_above_the_limit_are_named() {
    let found = tags(&[Some(1); 12]).judge(EXR008);
    assert_eq!(found[0].severity, Severity::High);
    assert!(
        found[0].why.contains(
            "Tags above the limit: feeds:e in data, feeds:f in data, feeds:g in data, feeds:h in \
             data, feeds:i in data and 3 more; give imports a credential"
        ),
        "{}",
        found[0].why
    );
}

#[test]
fn an_unknown_identity_is_inconclusive() {
    let feeds = "imagestream.image.openshift.io/feeds";
    let unknown = |count| {
        let world = tags(&vec![Some(1); count]);
        world.elided("data", "hub").lines(EXR008)
    };
    assert_eq!(unknown(4), [""; 0]);
    assert_eq!(unknown(5), [format!("unknown-identity? {feeds} a")]);
    let other = vec![TagRecord {
        scheduled: true,
        platforms: Some(1),
        ..tag("x", "docker.io/acme/x:1")
    }];
    let beside = tags(&[Some(1); 4]).elided("data", "hub");
    assert_eq!(
        beside.stream(stream("other", "x", other)).lines(EXR008),
        [format!("unknown-identity? {feeds} a")]
    );
}
