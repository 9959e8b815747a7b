//! What the audit and `status` suggest for image triggers.

use extreg_remedy::Action;
use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use super::Case;
use crate::bench::Source::{Finding, Link};
use crate::objects::{
    DIGEST, HUB, IMAGE, NEWER, arc, change, config, entries, entry, field, followed, id, reference,
    secret, showing, stream, tag, workload,
};

const ANNOTATED: [Kind; 4] = [
    Kind::CronJob,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::StatefulSet,
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = ANNOTATED.into_iter().flat_map(of_annotation).collect();
    cases.extend(of_config());
    cases
}

/// A workload of two containers.
fn two(kind: Kind, triggers: Option<&str>, image: &str) -> Value {
    let side = format!("quay.io/x/side@{DIGEST}");
    workload(kind, triggers, &[("web", image), ("side", &side)])
}

fn set(kind: Kind, was: Option<&str>, text: String) -> Action {
    Action::SetTriggers {
        workload: id(kind, "web"),
        was: was.map(Into::into),
        text,
    }
}

/// Fields of the annotation with image triggers, which is compared entry by entry.
macro_rules! annotation {
    ($kind:expr, $($rest:literal),+) => {
        match $kind {
            Kind::CronJob => &[$(concat!("cronjob/web /metadata/annotations/image.openshift.io~1triggers", $rest)),+],
            Kind::DaemonSet => &[$(concat!("daemonset/web /metadata/annotations/image.openshift.io~1triggers", $rest)),+],
            Kind::StatefulSet => &[$(concat!("statefulset/web /metadata/annotations/image.openshift.io~1triggers", $rest)),+],
            _ => &[$(concat!("deployment/web /metadata/annotations/image.openshift.io~1triggers", $rest)),+],
        }
    };
}

fn of_annotation(kind: Kind) -> Vec<Case> {
    let named = |name: &str| format!("{name} of a {}", reference(kind));
    let (web, side) = (field(kind, "web"), field(kind, "side"));
    let healthy = entry(&web, r#","note":1"#);
    let paused = entry(&web, r#","note":1,"paused":true"#);
    let quoted = entry(&side.replace('"', "'"), "");
    let stray = entry("foo.bar", "");
    let follows = entries(&[&entry(&web, "")]);
    let beside = entries(&[&entry(&side, ""), &entry(&web, "")]);
    let base = |workload| vec![workload, followed(), secret("hub", HUB)];
    let mut cases = vec![
        Case::new(
            named("paused trigger"),
            Finding("EXR006", "tag"),
            base(two(kind, Some(&entries(&[&paused])), IMAGE)),
            vec![set(kind, Some(&entries(&[&paused])), entries(&[&healthy]))],
            annotation!(kind, "/0/paused"),
        ),
        Case::new(
            named("bypassing container"),
            Finding("EXR012", "bypass"),
            base(two(kind, None, IMAGE)),
            vec![set(kind, None, follows.clone())],
            annotation!(kind, "/0"),
        ),
        Case::new(
            named("second bypassing container"),
            Finding("EXR012", "bypass"),
            base(two(kind, Some(&entries(&[&entry(&side, "")])), IMAGE)),
            vec![set(kind, Some(&entries(&[&entry(&side, "")])), beside)],
            annotation!(kind, "/1"),
        ),
        Case::new(
            named("tag without a trigger"),
            Finding("EXR006", "tag"),
            base(two(kind, None, IMAGE)),
            vec![set(kind, None, follows.clone())],
            annotation!(kind, "/0"),
        ),
        Case::new(
            named("single quotes in a trigger"),
            Finding("EXR012", "broken-trigger"),
            base(two(kind, Some(&entries(&[&healthy, &quoted])), IMAGE)),
            vec![set(
                kind,
                Some(&entries(&[&healthy, &quoted])),
                entries(&[&healthy, &entry(&side, "")]),
            )],
            annotation!(kind, "/1/fieldPath"),
        ),
        Case::new(
            named("stray trigger"),
            Finding("EXR012", "broken-trigger"),
            base(two(kind, Some(&entries(&[&healthy, &stray])), IMAGE)),
            vec![set(
                kind,
                Some(&entries(&[&healthy, &stray])),
                entries(&[&healthy]),
            )],
            annotation!(kind, "/1"),
        ),
        Case::new(
            named("container by name in status"),
            Link("trigger", "ByName"),
            base(two(kind, None, IMAGE)),
            vec![set(kind, None, follows.clone())],
            annotation!(kind, "/0"),
        ),
        Case::new(
            named("pinned container in status"),
            Link("trigger", "Pinned"),
            base(two(kind, None, &format!("docker.io/u/a@{DIGEST}"))),
            vec![set(kind, None, follows)],
            annotation!(kind, "/0"),
        ),
        Case::new(
            named("malformed trigger in status"),
            Link("trigger", "WrongContainer"),
            base(workload(
                kind,
                Some(&entries(&[&entry(&field(kind, "wob"), "")])),
                &[("web", IMAGE)],
            )),
            vec![set(
                kind,
                Some(&entries(&[&entry(&field(kind, "wob"), "")])),
                entries(&[&entry(&web, "")]),
            )],
            annotation!(kind, "/0/fieldPath"),
        ),
    ];
    let newer = || {
        let policy = json!({"importPolicy": {"scheduled": true}});
        showing(stream(&[tag(&policy)]), &[NEWER, DIGEST])
    };
    cases.push(Case::new(
        named("paused trigger in status"),
        Link("trigger", "Paused"),
        vec![
            two(
                kind,
                Some(&entries(&[&paused])),
                &format!("docker.io/u/a@{DIGEST}"),
            ),
            newer(),
        ],
        vec![set(kind, Some(&entries(&[&paused])), entries(&[&healthy]))],
        annotation!(kind, "/0/paused"),
    ));
    cases
}

fn of_config() -> Vec<Case> {
    let me = || id(Kind::DeploymentConfig, "web");
    let base = |triggers: Value| vec![config(&triggers), followed(), secret("hub", HUB)];
    let own = || json!({"type": "ConfigChange"});
    let add = |has_list| Action::AddConfigTrigger {
        workload: me(),
        has_list,
        tag: arc("app:v1"),
        namespace: None,
        containers: vec![arc("web")],
    };
    let resume = |index| Action::ResumeConfigTrigger {
        workload: me(),
        index,
        tag: arc("app:v1"),
    };
    let repoint = |index| Action::RepointConfigTrigger {
        workload: me(),
        index,
        tag: arc("app:v1"),
        container: arc("web"),
    };
    const AUTOMATIC: &[&str] =
        &["deploymentconfig/web /spec/triggers/1/imageChangeParams/automatic"];
    const CONTAINER: &[&str] =
        &["deploymentconfig/web /spec/triggers/1/imageChangeParams/containerNames/0"];
    vec![
        Case::new(
            "paused trigger of a config",
            Finding("EXR006", "tag"),
            base(json!([own(), change("web", false)])),
            vec![resume(1)],
            AUTOMATIC,
        ),
        Case::new(
            "paused trigger of a config in status",
            Link("trigger", "Paused"),
            base(json!([own(), change("web", false)])),
            vec![resume(1)],
            AUTOMATIC,
        ),
        Case::new(
            "bypassing config",
            Finding("EXR012", "bypass"),
            base(json!([own()])),
            vec![add(true)],
            &["deploymentconfig/web /spec/triggers/1"],
        ),
        Case::new(
            "bypassing config without triggers",
            Finding("EXR012", "bypass"),
            base(json!(null)),
            vec![add(false)],
            &["deploymentconfig/web /spec/triggers"],
        ),
        Case::new(
            "tag of a config without a trigger",
            Finding("EXR006", "tag"),
            base(json!([own()])),
            vec![add(true)],
            &["deploymentconfig/web /spec/triggers/1"],
        ),
        Case::new(
            "container by name of a config in status",
            Link("trigger", "ByName"),
            base(json!([own()])),
            vec![add(true)],
            &["deploymentconfig/web /spec/triggers/1"],
        ),
        Case::new(
            "wrong container of a config",
            Finding("EXR012", "broken-trigger"),
            base(json!([own(), change("wob", true)])),
            vec![repoint(1)],
            CONTAINER,
        ),
        Case::new(
            "wrong container of a config in status",
            Link("trigger", "WrongContainer"),
            base(json!([own(), change("wob", true)])),
            vec![repoint(1)],
            CONTAINER,
        ),
    ]
}
