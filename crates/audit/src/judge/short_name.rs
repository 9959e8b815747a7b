//! EXR010: an image is named without its registry.
//!
//! The same short name has three meanings. In an import and in a push it is docker.io
//! (openshift-apiserver `pkg/image/apiserver/importer/importer.go`, openshift/builder
//! `pkg/build/builder/daemonless.go`). In a build's base it is the first registry of the builder's search
//! list that has it. In a container it is the first of the node's list, which
//! `containerRuntimeSearchRegistries` of `image.config.openshift.io/cluster` sets. Searching is worse: the
//! owner of the name in the first searched registry chooses the image.
//!
//! Some names look short but are not: OpenShift reads `node.js:18` as a registry without a repository
//! and `User/app` as a namespace, where the importer, the builder and the kubelet read `User` as a
//! host (library-go `pkg/image/reference/reference.go`, distribution
//! `reference.ParseNormalizedNamed`).

use extreg_core::facts::Known;
use extreg_core::image::ImageRef;
use extreg_core::registry::{InvalidRef, RefRole, Resolution, resolve};
use extreg_remedy::{Action, Remedy};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ObjectId, Origin};
use extreg_snapshot::{ImageUse, Meaning, Snapshot, UseRole};

use super::support::{Draft, by_hand, judged, trigger_of};
use crate::approval::{Target, search_list};
use crate::check::{CheckId, Severity};
use crate::finding::Finding;

/// The text for a name whose meaning is unknown.
const FULL: &str = "its full name, REGISTRY/REPOSITORY:TAG";

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    findings.extend(judged(snapshot).filter_map(|used| match used.meaning {
        Meaning::External => implied(used),
        Meaning::Searched => searched(snapshot, used),
        Meaning::Invalid => misread(snapshot, used),
        Meaning::Internal | Meaning::Parameter | Meaning::Unset => None,
    }));
}

/// A short name that certainly means docker.io.
fn implied(used: &ImageUse) -> Option<Finding> {
    let written = &*used.image.written;
    let image = ImageRef::parse(written).ok()?;
    if !image.registry().is_empty() || image.is_registry_only() {
        return None;
    }
    let full = Target::of(&image, "docker.io");
    let why = match used.role {
        UseRole::Push if image.namespace().is_empty() => {
            "Docker Hub reserves library/, so it denies the push: use your own repository."
        }
        UseRole::Push => {
            "A push with a short name ignores the push secret's key docker.io; only the \
             key https://index.docker.io/v1/ matches."
        }
        _ => {
            "In a workload or a build, the same name is searched in other registries, so it can mean \
             two images."
        }
    };
    let draft = Draft {
        check: CheckId::Exr010,
        rule: "implied",
        message: format!(
            "{written} names no registry: {} reads it as {}",
            if used.role == UseRole::Push {
                "a push"
            } else {
                "an import"
            },
            full.reference()
        ),
        why: why.to_owned(),
        fix: Remedy::instruct(match used.role {
            // No user can push there.
            UseRole::Push if image.namespace().is_empty() => {
                by_hand(&used.place, "a repository of your own, with its registry")
            }
            _ => by_hand(
                &used.place,
                &format!("its full name, currently {}", full.reference()),
            ),
        }),
    };
    Some(draft.of(used).with_severity(Severity::Low))
}

/// A short name that is searched.
fn searched(snapshot: &Snapshot, used: &ImageUse) -> Option<Finding> {
    if trigger_of(snapshot, used).is_some() {
        return None;
    }
    let written = &*used.image.written;
    let image = ImageRef::parse(written).ok()?;
    let stream = stream_of(snapshot, used, &image);
    if stream.as_ref().is_some_and(|found| found.looks_up) {
        return None;
    }
    let list = match search_list(used.role, &snapshot.cluster) {
        Known::Known(hosts) => format!("it is searched for in {}", hosts.join(", ")),
        Known::Unknown => {
            "it is searched for in the cluster's list, which could not be read".to_owned()
        }
    };
    // Resolved by its short name, it is the image of the stream of that name.
    let fix = match stream {
        Some(found) => Remedy::run(Action::SetLookup {
            stream: found.object,
        }),
        None => Remedy::instruct(by_hand(&used.place, FULL)),
    };
    let why = match used.role {
        UseRole::Base | UseRole::Source => {
            "The first registry that has the name wins, so its owner there decides what is \
             built."
        }
        _ => {
            "The first registry that has the name wins, so its owner there decides what \
             runs; newer nodes refuse a name that can mean several images."
        }
    };
    let draft = Draft {
        check: CheckId::Exr010,
        rule: "searched",
        message: format!("{written} names no registry: {list}"),
        why: why.to_owned(),
        fix,
    };
    Some(draft.of(used))
}

/// A stream that has the short name.
struct Named {
    object: ObjectId,
    /// Whether lookup is enabled for that name: admission replaces it by the stream's image.
    looks_up: bool,
}

/// The stream of the namespace with that one-segment name, if it has the tag or will
/// have it. Lookup applies to streams that enable it, and to all names of an object that enables it
/// (apiserver-library-go `pkg/admission/imagepolicy/imagepolicy.go`, `resolveImageReference` and
/// `resolveImageStreamTag`); if the tag does not exist yet, the stream's repository replaces it.
fn stream_of(snapshot: &Snapshot, used: &ImageUse, image: &ImageRef<'_>) -> Option<Named> {
    let object = &used.place.object;
    // Builds of Shipwright are not OpenShift builds.
    let is_shipwright = matches!(object.kind, Kind::BuildRun | Kind::ShipwrightBuild);
    let is_resolved = match used.role {
        UseRole::Run => true,
        UseRole::Base | UseRole::Source => !is_shipwright,
        UseRole::Import | UseRole::Push | UseRole::Volume => false,
    };
    let is_local = image.registry().is_empty() && image.namespace().is_empty();
    if !is_resolved || !is_local || !image.id().is_empty() {
        return None;
    }
    let id = ObjectId {
        namespace: object.namespace.clone(),
        kind: Kind::ImageStream,
        name: image.name().into(),
    };
    let first = snapshot
        .streams
        .partition_point(|record| record.object < id);
    let stream = snapshot
        .streams
        .get(first)
        .filter(|record| record.object == id)?;
    let tag = match image.tag() {
        "" => "latest",
        tag => tag,
    };
    let name = format!("{}:{tag}", image.name());
    let has_tag = stream.tags.iter().any(|known| {
        // Files have no status.
        *known.name == *tag && (!known.digest.is_empty() || stream.origin != Origin::Cluster)
    });
    let is_written = || {
        let mut written = snapshot
            .builds
            .iter()
            .filter_map(|build| build.writes.as_ref());
        written.any(|(namespace, tag)| *namespace == object.namespace && **tag == *name)
    };
    let means_it = !stream.repository.is_empty() || has_tag || is_written();
    means_it.then(|| Named {
        looks_up: stream.looks_up || resolves_names(snapshot, object),
        object: id,
    })
}

fn resolves_names(snapshot: &Snapshot, object: &ObjectId) -> bool {
    let workloads = &snapshot.workloads;
    let first = workloads.partition_point(|workload| workload.object < *object);
    workloads
        .get(first)
        .is_some_and(|workload| workload.object == *object && workload.resolves_names)
}

/// A name that is misread or invalid.
fn misread(snapshot: &Snapshot, used: &ImageUse) -> Option<Finding> {
    let written = &*used.image.written;
    let Resolution::Invalid(reason) = resolve(written, role(used.role), &snapshot.cluster.internal)
    else {
        return None;
    };
    let (rule, message) = match reason {
        InvalidRef::UpperCase => {
            let host = written.split('/').next().unwrap_or_default();
            (
                "misread",
                format!(
                    "the API server reads {written} as a repository of docker.io, but pulls use the registry \
                     {host}"
                ),
            )
        }
        InvalidRef::RegistryOnly => (
            "misread",
            format!("{written} is read as a registry without a repository"),
        ),
        InvalidRef::Syntax(error) => (
            "invalid",
            format!("{written} is not a valid image reference: {error}"),
        ),
    };
    let draft = Draft {
        check: CheckId::Exr010,
        rule,
        message,
        why: "The image is pulled from another registry, or not at all.".to_owned(),
        fix: Remedy::instruct(by_hand(&used.place, FULL)),
    };
    Some(draft.of(used))
}

const fn role(role: UseRole) -> RefRole {
    match role {
        UseRole::Import => RefRole::Import,
        UseRole::Push => RefRole::Push,
        UseRole::Base => RefRole::BasePull,
        UseRole::Source => RefRole::SourcePull,
        UseRole::Run | UseRole::Volume => RefRole::WorkloadPull,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{
        build_config, image_use, object, openshift, place, stream, tag, workload,
    };

    fn used(role: UseRole, written: &str, meaning: Meaning) -> ImageUse {
        let (kind, part, field) = match role {
            UseRole::Import => (Kind::ImageStream, "v1", "spec.tags[0].from.name"),
            UseRole::Push => (Kind::BuildConfig, "", "spec.output.to.name"),
            UseRole::Base => (
                Kind::BuildConfig,
                "",
                "spec.strategy.dockerStrategy.from.name",
            ),
            _ => (
                Kind::Deployment,
                "web",
                "spec.template.spec.containers[0].image",
            ),
        };
        let mut used = image_use(
            place(&object(kind, "shop", "cart"), part, field),
            role,
            "docker.io/x",
        );
        used.image.written = written.into();
        used.meaning = meaning;
        used
    }

    fn one(mut snapshot: Snapshot, used: ImageUse) -> Option<Finding> {
        snapshot.uses = vec![used];
        let mut findings = Vec::new();
        check(&snapshot, &mut findings);
        assert!(findings.len() < 2, "{findings:?}");
        findings.pop()
    }

    #[test]
    fn each_field_resolves_short_names_differently() {
        for (role, written, meaning, rule, severity, message, fix) in [
            (
                UseRole::Import,
                "nginx",
                Meaning::External,
                "implied",
                Severity::Low,
                "nginx names no registry: an import reads it as docker.io/library/nginx",
                "set spec.tags[0].from.name of imagestream.image.openshift.io/cart in shop to its full \
                 name, currently docker.io/library/nginx",
            ),
            (
                UseRole::Push,
                "acme/batch:v1",
                Meaning::External,
                "implied",
                Severity::Low,
                "acme/batch:v1 names no registry: a push reads it as docker.io/acme/batch:v1",
                "set spec.output.to.name of buildconfig.build.openshift.io/cart in shop to its full name, \
                 currently docker.io/acme/batch:v1",
            ),
            (
                UseRole::Push,
                "batch:v1",
                Meaning::External,
                "implied",
                Severity::Low,
                "batch:v1 names no registry: a push reads it as docker.io/library/batch:v1",
                "set spec.output.to.name of buildconfig.build.openshift.io/cart in shop to a repository \
                 of your own, with its registry",
            ),
            (
                UseRole::Run,
                "myhost:5000",
                Meaning::Searched,
                "searched",
                Severity::Medium,
                "myhost:5000 names no registry: it is searched for in registry.access.redhat.com, \
                 docker.io",
                "set spec.template.spec.containers[0].image of deployment.apps/cart in shop to its \
                 full name, REGISTRY/REPOSITORY:TAG",
            ),
            (
                UseRole::Base,
                "python:3",
                Meaning::Searched,
                "searched",
                Severity::Medium,
                "python:3 names no registry: it is searched for in registry.redhat.io, \
                 registry.access.redhat.com, quay.io, docker.io",
                "set spec.strategy.dockerStrategy.from.name of buildconfig.build.openshift.io/cart in \
                 shop to its full name, REGISTRY/REPOSITORY:TAG",
            ),
            (
                UseRole::Run,
                "User/App:V1",
                Meaning::Invalid,
                "invalid",
                Severity::Medium,
                "User/App:V1 is not a valid image reference: repository name must be lowercase",
                "set spec.template.spec.containers[0].image of deployment.apps/cart in shop to its \
                 full name, REGISTRY/REPOSITORY:TAG",
            ),
            (
                UseRole::Run,
                "User/app:V1",
                Meaning::Invalid,
                "misread",
                Severity::Medium,
                "the API server reads User/app:V1 as a repository of docker.io, but pulls use the registry \
                 User",
                "set spec.template.spec.containers[0].image of deployment.apps/cart in shop to its \
                 full name, REGISTRY/REPOSITORY:TAG",
            ),
            (
                UseRole::Run,
                "node.js:18",
                Meaning::Invalid,
                "misread",
                Severity::Medium,
                "node.js:18 is read as a registry without a repository",
                "set spec.template.spec.containers[0].image of deployment.apps/cart in shop to its \
                 full name, REGISTRY/REPOSITORY:TAG",
            ),
        ] {
            let finding = one(openshift(&[], &[]), used(role, written, meaning)).unwrap();
            assert_eq!(
                (
                    finding.rule,
                    finding.severity,
                    &*finding.message,
                    &*finding.fix_text()
                ),
                (rule, severity, message, fix)
            );
        }
    }

    #[test]
    fn a_stream_with_lookup_is_used_or_suggested() {
        let base = || {
            let mut snapshot = openshift(&[], &[]);
            snapshot.streams = vec![stream(
                "shop",
                "app",
                vec![tag("v1", "docker.io/acme/app:v1")],
            )];
            snapshot
        };
        let run = || used(UseRole::Run, "app:v1", Meaning::Searched);
        // Without lookup, the fix names the stream, not an image of Docker Hub.
        let finding = one(base(), run()).unwrap();
        let invocation = extreg_remedy::Caller::Kubectl.into();
        assert_eq!(finding.fix_text(), "oc set image-lookup app -n shop");
        assert_eq!(
            finding.fix.text(&invocation),
            r#"kubectl patch imagestream.image.openshift.io/app --type=merge -p '{"spec":{"lookupPolicy":{"local":true}}}' -n shop"#
        );
        let mut local = base();
        local.streams[0].looks_up = true;
        assert_eq!(one(local, run()), None);
        // The annotation on the workload or its template does the same.
        let mut annotated = base();
        let mut cart = workload(
            object(Kind::Deployment, "shop", "cart"),
            &[("web", "app:v1")],
        );
        cart.resolves_names = true;
        annotated.workloads = vec![cart];
        assert_eq!(one(annotated, run()), None);
        // A tag that a build writes does not exist yet.
        let mut written = base();
        written.streams[0].tags.clear();
        written.streams[0].looks_up = true;
        assert!(one(written.clone(), run()).is_some());
        let mut build = build_config("shop", "app", "");
        build.writes = Some(("shop".into(), "app:v1".into()));
        written.builds = vec![build];
        assert_eq!(one(written, run()), None);
        // Files have no status: a tag of spec counts.
        let mut file = base();
        file.streams[0].looks_up = true;
        file.streams[0].tags[0].digest = "".into();
        assert!(one(file.clone(), run()).is_some());
        file.streams[0].origin = Origin::File {
            path: "a.yaml".into(),
            line: 1,
        };
        assert_eq!(one(file, run()), None);
    }

    #[test]
    fn a_stream_name_with_lookup_is_not_a_short_name() {
        let mut snapshot = openshift(&[], &[]);
        let mut tags = vec![
            tag("v1", "docker.io/acme/app:v1"),
            tag("v2", "docker.io/acme/app:v2"),
        ];
        tags[1].digest = "".into();
        let mut app = stream("shop", "app", tags);
        app.looks_up = true;
        app.repository = "".into();
        snapshot.streams = vec![stream("shop", "aaa", Vec::new()), app.clone()];
        let found = |snapshot: &Snapshot, role, written: &str| {
            one(snapshot.clone(), used(role, written, Meaning::Searched)).is_some()
        };
        for (role, written, want) in [
            (UseRole::Run, "app:v1", false),
            (UseRole::Base, "app:v1", false),
            // No image yet, no tag, another stream, a namespace, a digest, and a field without admission.
            (UseRole::Run, "app:v2", true),
            (UseRole::Run, "app", true),
            (UseRole::Run, "aaa:v1", true),
            (UseRole::Run, "shop/app:v1", true),
            (UseRole::Volume, "app:v1", true),
        ] {
            assert_eq!(found(&snapshot, role, written), want, "{role:?} {written}");
        }
        // With an integrated registry the name means the stream whether or not the tag exists.
        snapshot.streams[1].repository = "image-registry:5000/shop/app".into();
        assert!(!found(&snapshot, UseRole::Run, "app"));
        snapshot.streams[1].looks_up = false;
        assert!(found(&snapshot, UseRole::Run, "app:v1"));
        let mut elsewhere = used(UseRole::Run, "app:v1", Meaning::Searched);
        elsewhere.place.object.namespace = "other".into();
        snapshot.streams[1].looks_up = true;
        assert!(one(snapshot, elsewhere).is_some());
    }

    #[test]
    fn a_short_name_is_found_even_if_the_list_is_unknown() {
        let finding = one(
            Snapshot::default(),
            used(UseRole::Run, "nginx", Meaning::Searched),
        )
        .unwrap();
        assert!(
            finding.message.ends_with("could not be read"),
            "{}",
            finding.message
        );
    }

    #[test]
    fn full_names_and_unset_images_are_skipped() {
        for (written, meaning) in [
            ("docker.io/library/nginx", Meaning::External),
            ("index.docker.io/nginx", Meaning::External),
            ("localhost/app", Meaning::External),
            ("${IMAGE}", Meaning::Parameter),
            (" ", Meaning::Unset),
            ("app", Meaning::Internal),
        ] {
            for role in [UseRole::Import, UseRole::Run] {
                let finding = one(openshift(&[], &[]), used(role, written, meaning));
                assert_eq!(finding, None, "{written}");
            }
        }
        let mut snapshot = openshift(&[], &[]);
        let mut samples = stream("shop", "cart", vec![tag("v1", "nginx")]);
        samples.managed = true;
        snapshot.streams.push(samples);
        assert_eq!(
            one(snapshot, used(UseRole::Import, "nginx", Meaning::External)),
            None
        );
    }
}
