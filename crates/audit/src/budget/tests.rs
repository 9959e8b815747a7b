use extreg_snapshot::MirrorRule;
use extreg_snapshot::testing::{mirror, stream, tag};
use proptest::prelude::*;

use super::*;
use crate::testing::world::{HUB, World};

fn scheduled(name: &str, image: &str) -> TagRecord {
    TagRecord {
        scheduled: true,
        ..tag(name, image)
    }
}

/// Registry, identity and pulls of each load.
fn loads(world: &World) -> Vec<String> {
    Budget::of(&world.0, &Allowances::published())
        .loads
        .iter()
        .map(|load| {
            format!(
                "{} tags of {} {}: {}",
                load.tags.len(),
                load.registry,
                load.identity,
                load.pulls()
            )
        })
        .collect()
}

#[test]
fn an_import_costs_its_manifests() {
    for (platforms, preserves, want) in [
        (Some(0), false, "1"),
        (Some(1), true, "1"),
        (Some(3), false, "2"),
        (Some(3), true, "4"),
        (None, false, "1 to 2"),
        (None, true, "at least 1"),
    ] {
        let mut record = scheduled("v1", "docker.io/u/a:v1");
        record.platforms = platforms;
        record.preserves_original = preserves;
        assert_eq!(
            manifests(&record).to_string(),
            want,
            "{platforms:?} {preserves}"
        );
    }
}

#[test]
fn only_repeated_imports_cost() {
    let digest =
        "docker.io/u/a@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    let with = |change: &dyn Fn(&mut TagRecord)| {
        let mut record = scheduled("v1", "docker.io/u/a:v1");
        change(&mut record);
        loads(&World::new().stream(stream("shop", "app", vec![record])))
    };
    let one = ["1 tags of docker.io anonymously: 24 to 48"];
    assert_eq!(with(&|_| ()), one);
    assert_eq!(with(&|tag| tag.scheduled = false), [""; 0]);
    assert_eq!(with(&|tag| tag.reference = true), [""; 0]);
    assert_eq!(
        with(&|tag| tag.from = TagOrigin::Image("quay.io/u/a".into())),
        [""; 0]
    );
    assert_eq!(
        with(&|tag| tag.from = TagOrigin::Image("nginx".into())),
        one
    );
    let pinned = TagOrigin::Image(digest.into());
    assert_eq!(with(&|tag| tag.from = pinned.clone()), [""; 0]);
    assert_eq!(
        with(&|tag| (tag.from, tag.digest) = (pinned.clone(), "".into())),
        one
    );
}

#[test]
fn an_account_is_shared_by_all_namespaces() {
    let of = |namespace| {
        let tags = vec![scheduled("v1", "docker.io/u/a:v1")];
        stream(namespace, "app", tags)
    };
    let world = World::new()
        .stream(of("a"))
        .stream(of("b"))
        .stream(of("c"))
        .stream(of("d"))
        .stream(of("e"))
        .secret("a", "hub", HUB)
        .secret("b", "other", HUB)
        .elided("d", "hub")
        .unreadable("e", "hub");
    assert_eq!(
        loads(&world),
        [
            "2 tags of docker.io as acme: 48 to 96",
            "1 tags of docker.io anonymously: 24 to 48",
            "1 tags of docker.io with unknown credentials: 24 to 48",
        ]
    );
}

#[test]
fn a_mirror_removes_the_cost() {
    let with = |never_source| {
        let kind = extreg_snapshot::kind::Kind::ImageTagMirrorSet;
        let rule = MirrorRule {
            never_source,
            ..mirror(kind, "hub", "docker.io", &["mirror.example.com/hub"])
        };
        let tags = vec![scheduled("v1", "docker.io/u/a:v1")];
        let world = World::new().stream(stream("shop", "app", tags));
        loads(&world.with(|snapshot| {
            snapshot.cluster.mirrors = extreg_core::facts::Known::Known(vec![rule]);
        }))
    };
    assert_eq!(with(true), [""; 0]);
    assert_eq!(with(false), ["1 tags of docker.io anonymously: 0 to 48"]);
}

#[test]
fn the_last_tags_exceed_the_limit() {
    let mut tags: Vec<_> = ["e", "d", "c", "b", "a"]
        .into_iter()
        .map(|name| scheduled(name, "docker.io/u/a:v1"))
        .collect();
    let over = |tags: &[TagRecord], limit| {
        let world = World::new().stream(stream("shop", "app", tags.to_vec()));
        let budget = Budget::of(&world.0, &Allowances::published());
        let load = &budget.loads[0];
        let names: Vec<_> = load
            .over(limit)
            .iter()
            .map(|load| load.tag.name.to_string())
            .collect();
        (load.pulls().against(limit), names.join(" "))
    };
    assert_eq!(
        over(&tags, 100),
        (Standing::Exceeds, "e".to_owned()),
        "120 to 240"
    );
    assert_eq!(
        over(&tags, 120),
        (Standing::MayExceed, "c d e".to_owned()),
        "of 48 each"
    );
    assert_eq!(over(&tags, 240), (Standing::Within, String::new()));
    tags.reverse();
    assert_eq!(over(&tags, 100), (Standing::Exceeds, "e".to_owned()));
}

fn any_tag() -> impl Strategy<Value = TagRecord> {
    let image = proptest::sample::select(vec![
        "docker.io/u/a:v1",
        "nginx",
        "quay.io/u/a",
        "docker.io/u/a@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc",
    ]);
    let platforms = proptest::option::of(0_usize..5);
    ("[a-z]{1,3}", image, platforms, any::<[bool; 3]>()).prop_map(
        |(name, image, platforms, [scheduled, preserves, imported])| TagRecord {
            scheduled,
            platforms,
            preserves_original: preserves,
            digest: if imported { "sha256:aa" } else { "" }.into(),
            ..tag(&name, image)
        },
    )
}

proptest! {
    /// No tag makes anything cheaper.
    #[test]
    fn another_tag_never_costs_less(
        tags in proptest::collection::vec(any_tag(), 0..8),
        more in any_tag(),
    ) {
        let pulls = |tags: Vec<TagRecord>| {
            let world = World::new().stream(stream("shop", "app", tags));
            let budget = Budget::of(&world.0, &Allowances::published());
            let none = Pulls::EXACTLY_NONE;
            budget.loads.iter().fold(none, |sum, load| sum + load.pulls())
        };
        let before = pulls(tags.clone());
        let after = pulls(tags.into_iter().chain([more]).collect());
        prop_assert!(after.least >= before.least);
        prop_assert!(after.most.unwrap_or(u64::MAX) >= before.most.unwrap_or(u64::MAX));
        prop_assert!(after.against(100) >= before.against(100));
    }

    /// The budget does not depend on the order of what it is made from.
    #[test]
    fn order_does_not_matter(tags in proptest::collection::vec(any_tag(), 0..6)) {
        let said = |tags: Vec<TagRecord>| {
            // Names of tags are unique in a stream.
            let tags: BTreeMap<_, _> =
                tags.into_iter().map(|tag| (tag.name.clone(), tag)).collect();
            tags.into_values().collect::<Vec<_>>()
        };
        let over = |tags: Vec<TagRecord>| {
            let world = World::new().stream(stream("shop", "app", tags));
            let budget = Budget::of(&world.0, &Allowances::published());
            let over = budget.loads.iter().flat_map(|load| load.over(50));
            over.map(|load| load.tag.name.clone()).collect::<Vec<_>>()
        };
        let tags = said(tags);
        let reversed: Vec<_> = tags.iter().rev().cloned().collect();
        prop_assert_eq!(over(tags), over(reversed));
    }
}
