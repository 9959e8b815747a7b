//! What holds of any findings: strategies for the property tests of this crate, and what a
//! fingerprint survives.

use std::sync::Arc;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::check::{CheckId, Severity};
use crate::finding::{Finding, ImageName, Outcome, Place};
use crate::kind::Kind;
use crate::place::{ObjectId, Origin};

const RULES: [&str; 3] = ["not-allowed", "mutable", "anonymous"];

/// No seed file: a failure prints what it shrank to.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Arc<str>> {
    select(words).prop_map(Arc::from)
}

fn any_object() -> impl Strategy<Value = ObjectId> {
    let kinds = select(&[
        Kind::Build,
        Kind::ShipwrightBuild,
        Kind::Deployment,
        Kind::ImageStream,
        Kind::Pod,
    ]);
    (word(&["", "dev", "prod"]), kinds, word(&["web", "web-2"])).prop_map(
        |(namespace, kind, name)| ObjectId {
            namespace,
            kind,
            name,
        },
    )
}

fn any_origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Cluster),
        (word(&["a.yaml", "b/c.yaml"]), 1..99_usize)
            .prop_map(|(path, line)| Origin::File { path, line }),
    ]
}

fn any_image() -> impl Strategy<Value = ImageName> {
    let registries = word(&["docker.io", "docker.io.evil.com", "quay.io"]);
    let repositories = word(&["library/nginx", "acme/app"]);
    let digests = word(&["", "sha256:aa", "sha256:bb"]);
    (registries, repositories, "[a-z0-9]{1,3}", digests).prop_map(
        |(registry, repository, tag, digest)| ImageName {
            written: format!("{registry}/{repository}:{tag}").into(),
            registry,
            repository,
            digest,
        },
    )
}

fn any_place() -> impl Strategy<Value = Place> {
    (any_object(), word(&["", "web", "init"]), any_origin()).prop_map(|(object, part, origin)| {
        Place {
            object,
            part,
            field: "spec".into(),
            origin,
        }
    })
}

/// Any finding, out of few words so that findings often share them.
pub(crate) fn any_finding() -> impl Strategy<Value = Finding> {
    (
        select(&CheckId::ALL),
        select(&RULES),
        select(&Severity::ALL),
        prop_oneof![3 => Just(Outcome::Fail), 1 => Just(Outcome::Unknown)],
        any_place(),
        option::of(any_image()),
        "[a-z ]{1,12}",
    )
        .prop_map(
            |(check, rule, severity, outcome, place, image, message)| Finding {
                check,
                rule,
                severity,
                outcome,
                place,
                image,
                message,
                why: "why".to_owned(),
                fix: "oc fix".to_owned(),
                suppression: None,
                baseline: None,
            },
        )
}

/// What a fingerprint is made of.
fn identity(finding: &Finding) -> impl PartialEq + '_ {
    let image = finding.image.as_ref();
    (
        finding.check,
        finding.rule,
        &finding.place.object,
        &finding.place.part,
        image.map_or("", |image| &image.registry),
        image.map_or("", |image| &image.repository),
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_fingerprint_survives_what_comes_and_goes(
        finding in any_finding(),
        other in any_finding(),
        tag in "[a-z0-9]{1,8}",
    ) {
        let mut later = finding.clone();
        // The file moved, or the container is another in the list.
        later.place.origin = other.place.origin;
        later.place.field = "spec.template.spec.containers[7].image".into();
        // The tag was bumped, and another digest runs.
        if let Some(image) = &mut later.image {
            image.written = format!("{}/{}:{tag}", image.registry, image.repository).into();
            image.digest = format!("sha256:{tag}").into();
        }
        // Another version words and weighs it in another way.
        later.severity = other.severity;
        later.outcome = other.outcome;
        later.message = other.message;
        later.why = other.why;
        later.fix = tag;
        prop_assert_eq!(finding.fingerprint(), later.fingerprint());
    }

    #[test]
    fn what_is_about_something_else_has_another_fingerprint(
        a in any_finding(),
        other in any_finding(),
        change in 0..6_usize,
    ) {
        let mut b = a.clone();
        match change {
            0 => b.check = other.check,
            1 => b.rule = other.rule,
            2 => b.place.object.kind = other.place.object.kind,
            3 => b.place.object.namespace = other.place.object.namespace,
            4 => b.place.part = other.place.part,
            _ => b.image = other.image,
        }
        let same = identity(&a) == identity(&b);
        prop_assert_eq!(same, a.fingerprint() == b.fingerprint());
    }
}

#[test]
fn builds_of_openshift_and_of_shipwright_are_two_things() {
    let finding = |kind| Finding {
        check: CheckId::Exr011,
        rule: "outside-policy",
        severity: Severity::High,
        outcome: Outcome::Fail,
        place: crate::testing::place(&crate::testing::object(kind, "shop", "app"), "", "spec"),
        image: None,
        message: String::new(),
        why: String::new(),
        fix: String::new(),
        suppression: None,
        baseline: None,
    };
    assert_ne!(
        finding(Kind::Build).fingerprint(),
        finding(Kind::ShipwrightBuild).fingerprint()
    );
}
