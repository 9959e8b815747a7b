use extreg_snapshot::Snapshot;
use extreg_snapshot::coverage::{Gap, GapReason, GapSubject};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::testing::{object, openshift, stream, tag};

use super::*;
use crate::{Caller, ClusterList, Inspection, SnapshotScene, SpecTag};

/// A namespace that was read, with one stream.
fn snapshot() -> Snapshot {
    let mut snapshot = openshift(&[], &[]);
    snapshot.streams = vec![stream("shop", "app", vec![tag("v1", "docker.io/u/a:1")])];
    for kind in Kind::ALL {
        snapshot.listed.add(kind, "shop".into());
    }
    snapshot
}

fn create(namespace: &str, name: &str, tag: &str, image: &str) -> Action {
    Action::CreateTag {
        stream: object(Kind::ImageStream, namespace, name),
        tag: tag.into(),
        image: image.into(),
    }
}

fn output(image: &str) -> Action {
    Action::SetOutput {
        build: object(Kind::ImageStream, "shop", "app"),
        was: "x".into(),
        image: image.into(),
    }
}

fn list() -> Action {
    Action::SetClusterList {
        list: ClusterList::Allowed,
        registries: vec!["quay.io".to_owned()],
    }
}

fn scene(snapshot: &Snapshot) -> SnapshotScene<'_> {
    SnapshotScene::new(snapshot, &|_| false)
}

fn shown(snapshot: &Snapshot, action: Action) -> bool {
    shown_in(scene(snapshot), action)
}

fn shown_in(scene: SnapshotScene<'_>, action: Action) -> bool {
    let remedy = Remedy::run(action).checked(&scene, Outcome::Fail, &Origin::Cluster);
    !remedy.actions().is_empty()
}

#[test]
fn a_command_is_shown_only_if_it_is_safe() {
    let one = snapshot();
    let image = "docker.io/u/a:1";
    for (action, want) in [
        (create("shop", "new", "v1", image), true),
        (create("shop", "app", "v2", image), true),
        // It exists, and the command would change it.
        (create("shop", "app", "v1", image), false),
        // It was not read.
        (create("other", "app", "v2", image), false),
        (
            Action::SetLookup {
                stream: object(Kind::ImageStream, "other", "app"),
            },
            false,
        ),
        // In a namespace of the platform.
        (create("openshift", "app", "v2", image), false),
        (create("kube-system", "app", "v2", image), false),
        // A name without a registry.
        (create("shop", "new", "v1", "nginx"), false),
        (create("shop", "new", "v1", "u/a:1"), false),
        (create("shop", "new", "v1", "docker.io/library/nginx"), true),
        // No user can push there.
        (output("docker.io/u/a:1"), true),
        (output("docker.io/app"), false),
        (output("index.docker.io/library/app"), false),
        (output("quay.io/app"), true),
        (list(), false),
    ] {
        assert_eq!(shown(&one, action.clone()), want, "{action:?}");
    }
    let mut whole = snapshot();
    for kind in Kind::ALL {
        whole.listed.add(kind, "".into());
    }
    assert!(shown(&whole, list()));
    whole.coverage.gaps.insert(Gap {
        what: GapSubject::List {
            kind: Kind::ImageStream,
            namespace: "shop".into(),
        },
        why: GapReason::Forbidden,
        message: String::new(),
    });
    assert!(!shown(&whole, list()));
    // A user who cannot list streams probably cannot write one.
    let lookup = Action::SetLookup {
        stream: object(Kind::ImageStream, "shop", "app"),
    };
    assert!(!shown(&whole, lookup));
    let listed = snapshot();
    let shown_in_list = |action| {
        let is_unapproved = |image: &str| !image.starts_with("quay.io/");
        shown_in(SnapshotScene::new(&listed, &is_unapproved), action)
    };
    let scheduled = |scheduled| Action::SetSchedule {
        tag: SpecTag {
            stream: object(Kind::ImageStream, "shop", "app"),
            name: "v1".into(),
            index: 0,
            has_import_policy: true,
            has_annotations: false,
            from: image.into(),
        },
        scheduled,
    };
    assert!(!shown_in_list(create("shop", "new", "v1", image)));
    assert!(!shown_in_list(scheduled(true)));
    assert!(shown_in_list(scheduled(false)));
}

#[test]
fn refused_commands_become_instructions() {
    let one = snapshot();
    let remedy = |namespace: &str| Remedy::run(create(namespace, "db", "9", "docker.io/u/db:9"));
    let text = |remedy: Remedy| remedy.text(&Caller::Oc.into());
    let platform = remedy("openshift").checked(&scene(&one), Outcome::Fail, &Origin::Cluster);
    assert_eq!(
        text(platform),
        "contact a cluster administrator: openshift belongs to the platform"
    );
    let unknown = remedy("shop").checked(&scene(&one), Outcome::Unknown, &Origin::Cluster);
    assert!(unknown.actions().is_empty());
    let file = |path: &str| Origin::File {
        path: path.into(),
        line: 3,
    };
    let in_file = remedy("shop").checked(&scene(&one), Outcome::Fail, &file("deploy/a.yaml"));
    assert_eq!(
        text(in_file),
        "in deploy/a.yaml:3: add the tag 9 to imagestream.image.openshift.io/db in shop, imported \
         from docker.io/u/db:9 on schedule"
    );
    let gathered = remedy("shop").checked(
        &scene(&one),
        Outcome::Fail,
        &file("x/namespaces/shop/a.yaml"),
    );
    assert_eq!(
        text(gathered),
        "oc extreg tag docker.io/u/db:9 db:9 --scheduled -n shop"
    );
    // A command that changes nothing is shown for inconclusive findings too.
    let get = Remedy::Inspect(Inspection::Get(object(
        Kind::ImageStream,
        "openshift",
        "db",
    )));
    assert_eq!(
        get.clone()
            .checked(&scene(&one), Outcome::Unknown, &Origin::Cluster),
        get
    );
}

#[test]
fn commands_and_text_are_in_different_fields() {
    let run = Remedy::run(create("shop", "db", "9", "docker.io/u/db:9"));
    let rendered = serde_json::to_value(run.rendered(&Caller::Kubectl.into())).unwrap();
    assert_eq!(
        rendered,
        serde_json::json!({"command": "kubectl extreg tag docker.io/u/db:9 db:9 --scheduled -n shop"})
    );
    let after = Remedy::instruct_after("decide", Inspection::Inventory);
    let rendered = serde_json::to_value(after.rendered(&Caller::Oc.into())).unwrap();
    assert_eq!(
        rendered,
        serde_json::json!({"instruction": "decide", "inspect": "oc extreg inventory -A"})
    );
    // Names come from a cluster.
    let hostile = Remedy::run(create("shop", "a;b", "$(x)", "docker.io/u/db:9"));
    assert_eq!(
        hostile.command(&Caller::Oc.into()).unwrap(),
        "oc extreg tag docker.io/u/db:9 'a;b:$(x)' --scheduled -n shop"
    );
}
