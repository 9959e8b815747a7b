//! A realistic report.

#![expect(clippy::unwrap_used, reason = "a test panics to fail")]

use std::collections::{BTreeMap, BTreeSet};

use extreg_audit::check::{CheckId, Severity};
use extreg_audit::finding::{BaselineState, Finding, Suppression};
use extreg_audit::report::{Report, Section, sort_key};
use extreg_audit::saved::{KnownFinding, SavedPlace};
use extreg_core::verdict::Reason;
use extreg_remedy::{Caller, Outcome, Remedy};
use extreg_snapshot::coverage::{Coverage, Gap, GapReason, GapSubject};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ImageName, ObjectId, Origin, Place};
use extreg_snapshot::{ImageUse, Injection, InjectionOutcome, Meaning, OptOut, UseRole};

pub(crate) const DIGEST: &str =
    "sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";

pub(crate) fn place(kind: Kind, namespace: &str, name: &str, part: &str, field: &str) -> Place {
    Place {
        object: ObjectId {
            namespace: namespace.into(),
            kind,
            name: name.into(),
        },
        part: part.into(),
        field: field.into(),
        origin: Origin::Cluster,
    }
}

pub(crate) fn image(written: &str, registry: &str, repository: &str) -> ImageName {
    ImageName {
        written: written.into(),
        registry: registry.into(),
        repository: repository.into(),
        digest: written.split_once('@').map_or("", |(_, id)| id).into(),
    }
}

pub(crate) fn finding(check: CheckId, rule: &'static str, place: Place) -> Finding {
    Finding {
        check,
        rule,
        severity: check.severity(),
        outcome: Outcome::Fail,
        place,
        image: None,
        message: String::new(),
        why: String::new(),
        fix: Remedy::default(),
        invocation: Caller::Oc.into(),
        suppression: None,
        baseline: None,
    }
}

fn with_texts(mut finding: Finding, message: &str, why: &str, fix: &str) -> Finding {
    finding.message = message.into();
    finding.why = why.into();
    finding.fix = Remedy::instruct(fix);
    finding
}

pub(crate) fn used(place: Place, role: UseRole, image: ImageName) -> ImageUse {
    ImageUse {
        owned: place.object.kind == Kind::Pod,
        place,
        role,
        image,
        meaning: Meaning::External,
    }
}

fn findings() -> Vec<Finding> {
    let proxy = |part| {
        place(
            Kind::Deployment,
            "legacy",
            "proxy",
            part,
            "spec.template.spec.containers[0].image",
        )
    };
    let nginx = image("nginx:latest", "docker.io", "library/nginx");
    let hub = "Docker Hub allows 100 pulls in 6 hours to one address without a credential, and all \
               nodes behind one gateway share them";
    let mut all = vec![
        with_texts(
            finding(
                CheckId::Exr004,
                "tag-insecure",
                place(
                    Kind::ImageStream,
                    "legacy",
                    "mixed",
                    "quay",
                    "spec.tags[3].importPolicy.insecure",
                ),
            ),
            "Tag quay is imported without checking the certificate of quay.io",
            "An attacker between the cluster and the registry can replace the image",
            "oc patch imagestream mixed -n legacy --type json -p '[{\"op\":\"remove\",\"path\":\"/spec/tags/3/importPolicy/insecure\"}]'",
        ),
        with_texts(
            finding(
                CheckId::Exr002,
                "absent",
                place(
                    Kind::ImageConfig,
                    "",
                    "cluster",
                    "",
                    "spec.registrySources.allowedRegistries",
                ),
            ),
            "The cluster pulls from every registry there is",
            "A pod of any user may run an image of anybody",
            "oc edit image.config.openshift.io/cluster",
        ),
    ];
    for (namespace, name) in [
        ("shop", "cart"),
        ("shop", "search"),
        ("data", "feeds"),
        ("legacy", "batch"),
    ] {
        let mut of = with_texts(
            finding(
                CheckId::Exr007,
                "anonymous-pull",
                place(
                    Kind::Deployment,
                    namespace,
                    name,
                    "web",
                    "spec.template.spec.containers[0].image",
                ),
            ),
            "Pulled from docker.io without a credential",
            hub,
            &format!("oc secrets link default dockerhub --for=pull -n {namespace}"),
        );
        of.image = Some(nginx.clone());
        of.baseline = Some(if name == "feeds" {
            BaselineState::New
        } else {
            BaselineState::Unchanged
        });
        all.push(of);
    }
    let mut short = with_texts(
        finding(CheckId::Exr010, "short-name", proxy("proxy")),
        "nginx:latest names no registry",
        "The node queries the search registries in order and uses the first one that has it",
        "oc set image deployment/proxy proxy=docker.io/library/nginx:latest -n legacy",
    );
    short.image = Some(nginx);
    all.push(short);
    let mut push = with_texts(
        finding(
            CheckId::Exr011,
            "output-outside",
            place(
                Kind::BuildConfig,
                "legacy",
                "batch",
                "output",
                "spec.output.to.name",
            ),
        ),
        "Pushes to acme/batch:v1, which no policy allows",
        "What a build pushes leaves the cluster",
        "oc set build-secret --push bc/batch dockerhub -n legacy",
    );
    push.image = Some(image("acme/batch:v1", "docker.io", "acme/batch"));
    push.place.origin = Origin::File {
        path: "manifests/legacy/batch.yaml".into(),
        line: 12,
    };
    all.push(push);
    let mut stale = with_texts(
        finding(
            CheckId::Exr005,
            "not-scheduled",
            place(Kind::ImageStream, "shop", "cart", "v1", "spec.tags[1]"),
        ),
        "Tag v1 is never imported again",
        "A rebuilt image under the same tag does not reach the cluster",
        "oc tag docker.io/acme/cart:v1 shop/cart:v1 --scheduled",
    );
    stale.image = Some(image("docker.io/acme/cart:v1", "docker.io", "acme/cart"));
    stale.suppression = Some(Suppression {
        by: "exceptions.yaml:12".to_owned(),
        reason: "v1 is frozen until the move to v2 is over".to_owned(),
        expires: "2027-03-31".to_owned(),
    });
    all.push(stale);
    let mut unknown = with_texts(
        finding(
            CheckId::Exr009,
            "key-unknown",
            place(Kind::Secret, "data", "hub", "", ""),
        ),
        "The registries of the keys in secret hub are unknown",
        "This source does not contain the values of secrets",
        "oc get secret hub -n data -o jsonpath='{.type}'",
    );
    unknown.outcome = Outcome::Unknown;
    all.push(unknown);
    all.push(with_texts(
        finding(
            CheckId::Exr015,
            "legacy-mirror",
            place(Kind::ImageContentSourcePolicy, "", "mirror", "", "spec"),
        ),
        "ImageContentSourcePolicy mirror is of a kind that OpenShift gives up",
        "An upgrade that drops the kind drops the mirrors",
        "oc adm migrate icsp mirror.yaml --dest-dir .",
    ));
    all.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    all
}

fn uses() -> Vec<ImageUse> {
    let nginx = || image("nginx:latest", "docker.io", "library/nginx");
    let mut uses = Vec::new();
    for namespace in ["data", "legacy", "shop"] {
        for number in 0..13 {
            let pod = place(
                Kind::Pod,
                namespace,
                &format!("web-{number}"),
                "web",
                "spec.containers[0].image",
            );
            let mut of = used(pod, UseRole::Run, nginx());
            if number % 2 == 0 {
                of.image.digest = DIGEST.into();
            }
            uses.push(of);
        }
        let deployment = place(
            Kind::Deployment,
            namespace,
            "web",
            "web",
            "spec.template.spec.containers[0].image",
        );
        uses.push(used(deployment, UseRole::Run, nginx()));
    }
    let tag = |name: &str, at: usize| {
        place(
            Kind::ImageStream,
            "shop",
            "cart",
            name,
            &format!("spec.tags[{at}].from.name"),
        )
    };
    uses.push(used(
        tag("latest", 0),
        UseRole::Import,
        image("docker.io/acme/cart:latest", "docker.io", "acme/cart"),
    ));
    uses.push(used(
        tag("v1", 1),
        UseRole::Import,
        image("docker.io/acme/cart:v1", "docker.io", "acme/cart"),
    ));
    let side = format!("ghcr.io/acme/side@{DIGEST}");
    uses.push(used(
        place(
            Kind::Deployment,
            "legacy",
            "proxy",
            "side",
            "spec.template.spec.containers[1].image",
        ),
        UseRole::Run,
        image(&side, "ghcr.io", "acme/side"),
    ));
    let mut inner = used(
        place(
            Kind::BuildConfig,
            "shop",
            "inner",
            "output",
            "spec.output.to",
        ),
        UseRole::Push,
        image(
            "image-registry.openshift-image-registry.svc:5000/shop/inner:latest",
            "image-registry.openshift-image-registry.svc:5000",
            "shop/inner",
        ),
    );
    inner.meaning = Meaning::Internal;
    uses.push(inner);
    uses.sort();
    uses
}

fn injections() -> Vec<Injection> {
    let at = |name: &str| {
        place(
            Kind::BuildConfig,
            "shop",
            name,
            "",
            "spec.output.pushSecret",
        )
    };
    vec![
        Injection {
            place: at("search"),
            image: "docker.io/acme/search:latest".into(),
            policy: Some("dockerhub".into()),
            outcome: InjectionOutcome::Sets,
            words: "sets spec.output.pushSecret to dockerhub".into(),
            warnings: vec![
                "extreg: secret dockerhub has no key for the image, the push will fail".to_owned(),
            ],
        },
        Injection {
            place: at("cart"),
            image: "docker.io/acme/cart:latest".into(),
            policy: Some("dockerhub".into()),
            outcome: InjectionOutcome::Keeps(Reason::AlreadySet),
            words: "unchanged: already set".into(),
            warnings: Vec::new(),
        },
    ]
}

fn coverage() -> Coverage {
    let mut coverage = Coverage {
        read: BTreeMap::from([
            (Kind::BuildConfig, 4),
            (Kind::Deployment, 6),
            (Kind::ImageConfig, 1),
            (Kind::ImageStream, 7),
            (Kind::Namespace, 3),
            (Kind::Pod, 39),
            (Kind::ServiceAccount, 9),
        ]),
        not_served: BTreeSet::from([Kind::BuildRun, Kind::ShipwrightBuild, Kind::Task]),
        others: BTreeMap::from([
            ("configmap".to_owned(), 12),
            ("route.route.openshift.io".to_owned(), 3),
        ]),
        ..Coverage::default()
    };
    coverage.gaps.insert(Gap {
        what: GapSubject::List {
            kind: Kind::Secret,
            namespace: "data".into(),
        },
        why: GapReason::Forbidden,
        message: "secrets is forbidden: User \"ci\" cannot list resource \"secrets\" in the namespace \"data\"".to_owned(),
    });
    coverage.gaps.insert(Gap {
        what: GapSubject::Fact("the global pull secret".to_owned()),
        why: GapReason::NotCollected,
        message: String::new(),
    });
    coverage
}

/// A report with something of everything in it.
pub(crate) fn report() -> Report {
    let mut report = Report {
        generated: "2026-11-24T09:30:00Z".to_owned(),
        version: "0.1.0".to_owned(),
        sections: vec![Section {
            source: "prod-eu".to_owned(),
            findings: findings(),
            uses: uses(),
            injections: injections(),
            opt_outs: vec![
                OptOut {
                    place: place(Kind::Namespace, "", "sandbox", "", ""),
                    by: "label extreg.io/ignore",
                },
                OptOut {
                    place: place(Kind::ImageStream, "shop", "cart", "v1", "spec.tags[1]"),
                    by: "annotation extreg.io/scheduled",
                },
            ],
            ..Section::default()
        }],
        checks: CheckId::ALL.to_vec(),
        unused_exceptions: vec![
            "exceptions.yaml:20: EXR007 deployment.apps/gone in shop".to_owned(),
        ],
        notices: vec!["exceptions.yaml:12 lapses on 2026-12-04".to_owned()],
        fixed: vec![KnownFinding {
            source: "prod".to_owned(),
            check: "EXR005".to_owned(),
            rule: "not-scheduled".to_owned(),
            place: SavedPlace::of(&place(Kind::ImageStream, "shop", "cart", "old", "")),
            fingerprint: "00c0ffee00c0ffee".to_owned(),
            message: "Tag old is never imported again".to_owned(),
        }],
    };
    for section in &mut report.sections {
        section.coverage = coverage();
    }
    report
}

/// A report of nothing wrong, with nothing left out.
pub(crate) fn clean() -> Report {
    let mut report = report();
    for section in &mut report.sections {
        section.findings.clear();
        section.coverage.gaps.clear();
    }
    report
}

/// A report with that many open findings.
pub(crate) fn large(findings: usize) -> Report {
    let mut report = clean();
    let section = report.sections.first_mut().unwrap();
    for number in 0..findings {
        let name = format!("service-{number:05}");
        let namespace = format!("team-{:03}", number % 200);
        let check = CheckId::ALL.into_iter().nth(number % 15).unwrap();
        let mut of = with_texts(
            finding(
                check,
                "rule",
                place(
                    Kind::Deployment,
                    &namespace,
                    &name,
                    "web",
                    "spec.template.spec.containers[0].image",
                ),
            ),
            "Pulled from docker.io without a credential",
            "Docker Hub allows 100 pulls in 6 hours to one address without a credential",
            &format!("oc secrets link default dockerhub --for=pull -n {namespace}"),
        );
        of.severity = Severity::ALL.into_iter().nth(number % 5).unwrap();
        of.image = Some(image(
            "docker.io/acme/service:1",
            "docker.io",
            "acme/service",
        ));
        section.findings.push(of);
    }
    section
        .findings
        .sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    report
}
