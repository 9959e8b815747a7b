use extreg_core::policy::{Mode, Policy, PolicySet};
use extreg_core::verdict::Reason;
use extreg_snapshot::testing::{build_config, object, stream, tag};
use extreg_snapshot::{BuildPhase, Injection, InjectionOutcome};

use super::*;
use crate::testing::world::{RunCheck as _, World, names};

const EXR014: CheckId = CheckId::Exr014;

fn sound() -> WebhookRecord {
    WebhookRecord {
        name: WebhookRecord::NAME.into(),
        origin: Origin::Cluster,
        namespace: "extreg-system".into(),
        reach: extreg_core::facts::Reach::default(),
        fails_closed: true,
        has_ca: true,
        resources: names(&RESOURCES),
        ca_not_after: "2027-11-20T00:00:00Z".into(),
    }
}

fn installed(change: impl FnOnce(&mut WebhookRecord)) -> World {
    let mut record = sound();
    change(&mut record);
    World::new().with(|s| s.cluster.webhook = Known::Known(Some(record)))
}

type Change<'a> = &'a dyn Fn(&mut WebhookRecord);

fn rules(world: World) -> Vec<String> {
    let mark = |finding: &Finding| match finding.outcome {
        Outcome::Fail => format!("{} {}", finding.rule, finding.severity),
        Outcome::Unknown => format!("{}?", finding.rule),
    };
    world.judge(EXR014).iter().map(mark).collect()
}

#[test]
fn absent_is_reported_only_if_known() {
    let unread = || World::new().with(|s| s.cluster.webhook = Known::Unknown);
    assert_eq!(rules(World::new()), ["absent info"]);
    let asked_for = World::new().with(|s| s.coverage.count(Kind::RegistryPolicy));
    assert_eq!(rules(asked_for), ["absent medium"]);
    let files = World::new().in_files();
    assert_eq!(rules(files), [""; 0]);
    assert_eq!(rules(unread()), [""; 0]);
    let gap = unread().gap(Kind::MutatingWebhookConfiguration, "");
    assert_eq!(rules(gap), ["absent?"]);
}

#[test]
fn faults_of_the_configuration() {
    let cases: [(Change<'_>, &[&str]); 6] = [
        (&|_| (), &[]),
        (&|record| record.fails_closed = false, &["fails-open info"]),
        (&|record| record.has_ca = false, &["no-ca high"]),
        (
            &|record| (record.has_ca, record.fails_closed) = (false, false),
            &["no-ca medium", "fails-open info"],
        ),
        (
            &|record| record.resources = names(&["imagestreams.image.openshift.io"]),
            &["missing-resource medium"],
        ),
        (
            &|record| record.resources = names(&[]),
            &["missing-resource medium"],
        ),
    ];
    for (change, want) in cases {
        assert_eq!(rules(installed(change)), want);
    }
    let found = installed(|record| {
        record
            .resources
            .retain(|of| !of.starts_with("imagestreamt") && !of.starts_with("imaget"));
    })
    .judge(EXR014);
    assert_eq!(
        found[0].message,
        "the webhook is not called for imagestreamtags.image.openshift.io, \
         imagetags.image.openshift.io"
    );
}

/// Now is noon of 20 November 2026.
#[test]
fn an_expired_or_expiring_certificate_is_found() {
    for (until, want) in [
        ("2026-12-20T12:00:01Z", &[][..]),
        ("2026-12-20T12:00:00Z", &[]),
        ("2026-12-20T11:59:59Z", &["ca-expires medium"]),
        ("2026-11-20T12:00:01Z", &["ca-expires medium"]),
        ("2026-11-20T12:00:00Z", &["ca-expired high"]),
        ("2025-01-01T00:00:00+01:00", &["ca-expired high"]),
        ("", &["ca-expires?"]),
        ("tomorrow", &["ca-expires?"]),
    ] {
        let world = installed(|record| record.ca_not_after = until.into());
        assert_eq!(rules(world), want, "{until}");
    }
    let soon = installed(|record| record.ca_not_after = "2026-12-01T12:00:00Z".into());
    assert_eq!(
        soon.judge(EXR014)[0].message,
        "the webhook's CA expires in 11 days, on 2026-12-01T12:00:00Z"
    );
}

fn injection(outcome: InjectionOutcome, warnings: &[&str]) -> Injection {
    let object = object(Kind::BuildConfig, "shop", "app");
    Injection {
        place: extreg_snapshot::testing::place(&object, "", "spec.output.pushSecret"),
        image: "docker.io/u/a:1".into(),
        policy: Some(Policy::BUILTIN.into()),
        outcome,
        words: "set to {name: dockerhub}".into(),
        warnings: warnings.iter().map(|text| (*text).to_owned()).collect(),
    }
}

fn seen(injection: Injection) -> World {
    installed(|_| ())
        .build(build_config("shop", "app", "docker.io/u/a:1"))
        .with(|s| {
            s.policies = PolicySet::builtin(Mode::Enforce);
            s.injections.push(injection);
        })
}

#[test]
fn a_missed_object_is_reported_in_the_engines_words() {
    let found = seen(injection(InjectionOutcome::Sets, &["extreg: w"])).judge(EXR014);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&*found[0].message, &*found[0].fix_text()),
        (
            "the webhook missed app: spec.output.pushSecret set to {name: dockerhub}",
            r#"oc patch buildconfig.build.openshift.io/app --type=merge -p '{"spec":{"output":{"pushSecret":{"name":"dockerhub"}}}}' -n shop"#
        )
    );
    assert!(found[0].why.ends_with("Its warnings: extreg: w"));

    let mut tagged = injection(InjectionOutcome::Sets, &[]);
    tagged.place.object = object(Kind::ImageStream, "shop", "app");
    tagged.place.part = "v1".into();
    let world = seen(tagged).stream(stream("shop", "app", vec![tag("v1", "docker.io/u/a:1")]));
    assert_eq!(
        world.judge(EXR014)[0].fix_text(),
        r#"oc patch imagestream.image.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/tags/0/name","value":"v1"},{"op":"add","path":"/spec/tags/0/importPolicy/scheduled","value":true}]' -n shop"#
    );
}

#[test]
fn its_warnings_are_reported_too() {
    let kept = InjectionOutcome::Keeps(Reason::LinkedSecret);
    let said = seen(injection(
        kept,
        &["extreg: push secret not set", "extreg: linked"],
    ));
    let found = said.judge(EXR014);
    assert_eq!(found[0].rule, "warned");
    assert_eq!(found[0].why, "extreg: push secret not set; extreg: linked");
    assert_eq!(rules(seen(injection(kept, &[]))), [""; 0]);
    assert_eq!(
        rules(seen(injection(
            InjectionOutcome::WouldSet,
            &["extreg: would"]
        ))),
        ["warned info"]
    );
}

#[test]
fn only_an_object_in_the_cluster_is_missed() {
    let file = Origin::File {
        path: "app.yaml".into(),
        line: 1,
    };
    let mut planned = injection(InjectionOutcome::Sets, &[]);
    planned.place.origin = file;
    assert_eq!(rules(seen(planned.clone())), [""; 0]);
    planned.place.origin = Origin::File {
        path: "must-gather/namespaces/shop/builds.yaml".into(),
        line: 1,
    };
    assert_eq!(rules(seen(planned)), ["missed low"]);
    let over = seen(injection(InjectionOutcome::Sets, &[])).with(|s| {
        s.builds[0].phase = Some(BuildPhase {
            phase: "Failed".into(),
            reason: "".into(),
            message: "".into(),
            pushed: "".into(),
        });
    });
    assert_eq!(rules(over), [""; 0]);
}
