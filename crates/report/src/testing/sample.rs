//! Reports for tests of formats.

use extreg_audit::check::{CheckId, Severity};
use extreg_audit::finding::{BaselineState, Finding, Suppression};
use extreg_audit::report::{Report, Section, sort_key};
use extreg_audit::saved::{KnownFinding, SavedFile, SavedPlace};
use extreg_core::verdict::Reason;
use extreg_remedy::{Action, Caller, ClusterList, Inspection, Outcome, Remedy};
use extreg_snapshot::coverage::{Coverage, Gap, GapReason, GapSubject};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use extreg_snapshot::testing::{image, image_use, object, place};
use extreg_snapshot::{ImageUse, Injection, InjectionOutcome, OptOut, UseRole};

const DIGEST: &str = "sha256:2f5b8d0e1c3a4b6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5";
const FIELD: &str = "spec.template.spec.containers[0].image";

/// Hostile names, and names that are hostile by accident.
pub(crate) const HOSTILE: [&str; 26] = [
    "",
    " ",
    "\u{1b}[31mred\u{1b}]8;;https://evil.example\u{7}",
    "\u{9b}2J\u{0}\u{8}\u{7f}",
    "two\nlines\r\nthree\rfour\tfive",
    "gpj.\u{202e}exe \u{200b}\u{200d}\u{feff}\u{2066}\u{e0041}",
    "\u{2028}\u{2029}\u{85}\u{fffe}\u{ffff}\u{e000}",
    "it's \"quoted\" `so`",
    "a,b;c\td|e",
    "</script><script>alert(1)</script>",
    "]]><!-- --> <![CDATA[ <?xml ?> &amp; &#0; <!DOCTYPE x>",
    "=HYPERLINK(\"https://evil.example\",\"x\")",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "| --- | **b** _i_ # h\n# h",
    "---\n- &a *a !t {x: y} [z] # c",
    "${TAG} {0} {{1}}",
    "\\ \\\\ \\n \\\" \\| C:\\x",
    "../../etc/passwd",
    "https://evil.example/#?a=b&c=%00",
    "yes",
    "漢字 ümlaut 😀",
];

/// Every kind of report, with its name.
pub(crate) fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("clean", clean()),
        ("findings", findings()),
        ("suppressed only", suppressed_only()),
        ("gaps", gaps()),
        ("nothing read", nothing_read()),
        ("empty", empty()),
        ("everything", everything()),
    ]
}

/// Nothing: no source.
pub(crate) fn empty() -> Report {
    Report {
        generated: "2026-11-24T10:00:00Z".to_owned(),
        version: "0.1.0".to_owned(),
        checks: CheckId::ALL.into(),
        ..Report::default()
    }
}

/// A source without objects.
pub(crate) fn nothing_read() -> Report {
    with(Section {
        source: "files".to_owned(),
        ..Section::default()
    })
}

/// Everything was read and nothing found.
pub(crate) fn clean() -> Report {
    with(section())
}

pub(crate) fn findings() -> Report {
    with(Section {
        findings: vec![
            finding(CheckId::Exr001, "cart", "web"),
            finding(CheckId::Exr001, "cart", "sidecar"),
            of_cluster(),
            of_file(),
        ],
        ..section()
    })
}

pub(crate) fn suppressed_only() -> Report {
    with(Section {
        findings: vec![suppressed()],
        ..section()
    })
}

pub(crate) fn gaps() -> Report {
    with(Section {
        coverage: incomplete(),
        ..section()
    })
}

/// Two sources with every kind of content.
pub(crate) fn everything() -> Report {
    let cart = object(Kind::Deployment, "shop", "cart");
    let mut again = finding(CheckId::Exr001, "cart", "web");
    again.message = "another tag of the same image".to_owned();
    let mut known = finding(CheckId::Exr007, "web", "web");
    known.baseline = Some(BaselineState::Unchanged);
    let mut new = finding(CheckId::Exr015, "web", "web");
    new.baseline = Some(BaselineState::New);
    new.severity = Severity::Info;
    new.image = None;
    let first = Section {
        findings: vec![
            finding(CheckId::Exr001, "cart", "web"),
            again,
            known,
            new,
            unknown(),
            suppressed(),
            of_cluster(),
        ],
        injections: vec![Injection {
            place: place(&cart, "", "spec.output.pushSecret"),
            image: "docker.io/acme/cart:latest".into(),
            policy: Some("docker-hub".into()),
            outcome: InjectionOutcome::Keeps(Reason::OptedOut),
            words: "unchanged: opted out".into(),
            warnings: vec!["secret dockerhub is missing in shop".to_owned()],
        }],
        opt_outs: vec![OptOut {
            place: place(&cart, "", "metadata.labels"),
            by: "label extreg.io/ignore",
        }],
        coverage: incomplete(),
        ..section()
    };
    let second = Section {
        source: "deploy".to_owned(),
        findings: vec![of_file()],
        ..section()
    };
    let mut report = with(first);
    report.sections.push(second);
    report.unused_exceptions = vec!["exceptions.yaml:40: EXR002 for the cluster".to_owned()];
    report.notices = vec!["exceptions.yaml:12 expires in 9 days".to_owned()];
    report.fixed = vec![KnownFinding {
        source: "prod".to_owned(),
        check: "EXR007".to_owned(),
        rule: "anonymous".to_owned(),
        place: SavedPlace::of(&place(&cart, "web", FIELD)),
        fingerprint: "00000000deadbeef".to_owned(),
        message: "image was anonymous".to_owned(),
    }];
    report
}

/// N findings with long texts.
pub(crate) fn many_findings(number: usize) -> Report {
    let mut section = section();
    for at in 0..number {
        let mut finding = finding(CheckId::Exr001, &format!("cart-{at:05}"), "web");
        finding.why = "A long text. ".repeat(20);
        section.findings.push(finding);
    }
    with(section)
}

/// A report with this text in every text field.
pub(crate) fn hostile(text: &str) -> Report {
    let mut report = everything();
    report.version = text.to_owned();
    report.generated = text.to_owned();
    report.unused_exceptions = vec![text.to_owned()];
    report.notices = vec![text.to_owned()];
    for known in &mut report.fixed {
        known.source = text.to_owned();
        known.place.namespace = text.to_owned();
        known.place.name = text.to_owned();
        known.place.part = text.to_owned();
        known.place.file = Some(SavedFile {
            path: text.to_owned(),
        });
        known.message = text.to_owned();
    }
    for (at, section) in report.sections.iter_mut().enumerate() {
        // A report cannot have two sources of one name.
        section.source = format!("{text}{at}");
        for finding in &mut section.findings {
            poison(finding, text);
        }
        for image_use in &mut section.uses {
            image_use.place = poisoned(&image_use.place, text);
            image_use.image.written = text.into();
            image_use.image.registry = text.into();
            image_use.image.repository = text.into();
            image_use.image.digest = text.into();
        }
        for injection in &mut section.injections {
            injection.place = poisoned(&injection.place, text);
            injection.image = text.into();
            injection.policy = Some(text.into());
            injection.words = text.into();
            injection.warnings = vec![text.to_owned()];
        }
        for opt_out in &mut section.opt_outs {
            opt_out.place = poisoned(&opt_out.place, text);
        }
        let coverage = &mut section.coverage;
        coverage.scope.namespaces = Some([text.into()].into());
        coverage.scope.selector = text.to_owned();
        coverage.others = [(text.to_owned(), 1)].into();
        let subjects = [
            GapSubject::Document(text.to_owned()),
            GapSubject::Fact(text.to_owned()),
            GapSubject::List {
                kind: Kind::Secret,
                namespace: text.into(),
            },
        ];
        coverage.gaps = subjects
            .into_iter()
            .map(|what| Gap {
                what,
                why: GapReason::Failed,
                message: text.to_owned(),
            })
            .collect();
    }
    report
}

fn poison(finding: &mut Finding, text: &str) {
    finding.place = poisoned(&finding.place, text);
    if let Some(image) = &mut finding.image {
        image.written = text.into();
        image.registry = text.into();
        image.repository = text.into();
        image.digest = text.into();
    }
    finding.message = text.to_owned();
    finding.why = text.to_owned();
    finding.fix = Remedy::Instruct {
        text: text.to_owned(),
        inspect: Some(Inspection::Get(object(Kind::Secret, text, text))),
    };
    if let Some(said) = &mut finding.suppression {
        said.by = text.to_owned();
        said.reason = text.to_owned();
        said.expires = text.to_owned();
    }
}

fn poisoned(place: &extreg_snapshot::place::Place, text: &str) -> extreg_snapshot::place::Place {
    let mut place = place.clone();
    place.object.name = text.into();
    if place.object.kind.api().namespaced {
        place.object.namespace = text.into();
    }
    place.part = text.into();
    place.field = text.into();
    if let Origin::File { path, .. } = &mut place.origin {
        *path = text.into();
    }
    place
}

fn with(mut section: Section) -> Report {
    section
        .findings
        .sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    Report {
        sections: vec![section],
        ..empty()
    }
}

/// A cluster with two images in use.
fn section() -> Section {
    let cart = object(Kind::Deployment, "shop", "cart");
    let running = format!("docker.io/acme/cart:1@{DIGEST}");
    let mut coverage = Coverage::default();
    for kind in [Kind::Deployment, Kind::Pod, Kind::ImageStream] {
        coverage.count(kind);
    }
    coverage.not_served.insert(Kind::Task);
    coverage.others.insert("ConfigMap".to_owned(), 3);
    Section {
        source: "prod".to_owned(),
        uses: vec![
            image_use(
                place(&cart, "web", FIELD),
                UseRole::Run,
                "quay.io/acme/web:2",
            ),
            ImageUse {
                owned: true,
                ..image_use(
                    place(&object(Kind::Pod, "shop", "cart-1"), "web", "spec"),
                    UseRole::Run,
                    &running,
                )
            },
        ],
        coverage,
        ..Section::default()
    }
}

fn incomplete() -> Coverage {
    let mut coverage = section().coverage;
    let subjects = [
        (
            GapSubject::List {
                kind: Kind::Secret,
                namespace: "shop".into(),
            },
            GapReason::Forbidden,
        ),
        (
            GapSubject::List {
                kind: Kind::ServiceAccount,
                namespace: "".into(),
            },
            GapReason::NotCollected,
        ),
        (
            GapSubject::Document("deploy/bad.yaml:3".to_owned()),
            GapReason::Unreadable,
        ),
        (
            GapSubject::Fact("the global pull secret".to_owned()),
            GapReason::Elided,
        ),
    ];
    for (what, why) in subjects {
        coverage.gaps.insert(Gap {
            what,
            why,
            message: "message of the server".to_owned(),
        });
    }
    coverage
}

fn finding(check: CheckId, name: &str, part: &str) -> Finding {
    Finding {
        check,
        rule: "not-allowed",
        severity: check.severity(),
        outcome: Outcome::Fail,
        place: place(&object(Kind::Deployment, "shop", name), part, FIELD),
        image: Some(image("docker.io/acme/cart:1")),
        message: "docker.io/acme/cart:1 is not of an allowed registry".to_owned(),
        why: "Any user can push to docker.io. A node runs the images that it pulls.".to_owned(),
        fix: Remedy::run(Action::SetPushSecret {
            build: object(Kind::BuildConfig, "shop", "cart"),
            secret: "hub".into(),
        }),
        invocation: Caller::Oc.into(),
        suppression: None,
        baseline: None,
    }
}

fn suppressed() -> Finding {
    Finding {
        suppression: Some(Suppression {
            by: "exceptions.yaml:12".to_owned(),
            reason: "moved in January".to_owned(),
            expires: "2027-01-31".to_owned(),
        }),
        message: "docker.io/acme/cart:1 follows a tag".to_owned(),
        ..finding(CheckId::Exr006, "cart", "web")
    }
}

fn unknown() -> Finding {
    Finding {
        outcome: Outcome::Unknown,
        place: place(
            &object(Kind::ServiceAccount, "shop", "builder"),
            "dockerhub",
            "imagePullSecrets[0]",
        ),
        message: "cannot determine the access of secret dockerhub".to_owned(),
        ..finding(CheckId::Exr009, "cart", "web")
    }
}

fn of_cluster() -> Finding {
    Finding {
        place: place(
            &object(Kind::ImageConfig, "", "cluster"),
            "",
            "spec.registrySources.allowedRegistries",
        ),
        image: None,
        message: "the cluster has no allow-list".to_owned(),
        fix: Remedy::run(Action::SetClusterList {
            list: ClusterList::Allowed,
            registries: vec!["quay.io".to_owned()],
        }),
        ..finding(CheckId::Exr002, "", "")
    }
}

fn of_file() -> Finding {
    let mut finding = finding(CheckId::Exr010, "web", "web");
    finding.message = "nginx can come from one of several registries".to_owned();
    finding.place.origin = Origin::File {
        path: "deploy/web.yaml".into(),
        line: 7,
    };
    finding
}
