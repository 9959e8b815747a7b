//! Where a mirrored image comes from.

use extreg_snapshot::{MirrorKind, MirrorRule};

use crate::approval::{Scope, Target};

/// What mirrors do to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mirrored<'a> {
    /// The rules that apply, all of one source.
    pub(crate) rules: Vec<&'a MirrorRule>,
    /// The image in each mirror, in the order in which they are tried.
    pub(crate) images: Vec<Target>,
    /// Whether the source itself is never contacted.
    pub(crate) never_source: bool,
}

/// What mirrors do to an image, if they apply.
///
/// The longest source that the name begins with decides, whatever its kind; of its rules, those for
/// the way of the pull apply: IDMS and ICSP by digest, ITMS by tag (containers/image
/// `pkg/sysregistriesv2/system_registries_v2.go`, `FindRegistry` and `PullSourcesFromReference`).
pub(crate) fn mirrored<'a>(rules: &'a [MirrorRule], target: &Target) -> Option<Mirrored<'a>> {
    let matching = |rule: &MirrorRule| Scope(&rule.source).prefix_of(target);
    let longest = rules.iter().filter_map(matching).max()?;
    let rules: Vec<_> = rules
        .iter()
        .filter(|rule| matching(rule) == Some(longest) && applies(rule.kind, target))
        .collect();
    let images: Vec<_> = rules
        .iter()
        .flat_map(|rule| {
            let rest = Scope(&rule.source).rest_of(target);
            rule.mirrors
                .iter()
                .filter_map(move |mirror| in_mirror(mirror, &rest, target))
        })
        .collect();
    (!images.is_empty()).then(|| Mirrored {
        never_source: rules.iter().any(|rule| rule.never_source),
        rules,
        images,
    })
}

fn applies(kind: MirrorKind, target: &Target) -> bool {
    match kind {
        MirrorKind::Digest | MirrorKind::LegacyDigest => !target.digest.is_empty(),
        MirrorKind::Tag => target.digest.is_empty(),
    }
}

fn in_mirror(mirror: &str, rest: &str, target: &Target) -> Option<Target> {
    let name = format!("{mirror}{rest}");
    let (host, repository) = name.split_once('/')?;
    Some(Target {
        host: host.to_owned(),
        repository: repository.to_owned(),
        ..target.clone()
    })
}

#[cfg(test)]
mod tests {
    use extreg_core::image::ImageRef;

    use super::*;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::mirror;

    fn names(rules: &[MirrorRule], written: &str) -> Vec<String> {
        let image = ImageRef::parse(written).unwrap();
        let target = Target::of(&image, image.registry());
        mirrored(rules, &target)
            .map(|found| found.images.iter().map(Target::name).collect())
            .unwrap_or_default()
    }

    #[test]
    fn the_longest_source_decides_and_the_kind_of_pull_selects() {
        let pinned = format!("quay.io/acme/app@sha256:{}", "a".repeat(64));
        let rules = [
            mirror(Kind::ImageDigestMirrorSet, "a", "quay.io", &["m.corp/quay"]),
            mirror(
                Kind::ImageDigestMirrorSet,
                "b",
                "quay.io/acme",
                &["m.corp/acme", "n.corp"],
            ),
            mirror(Kind::ImageTagMirrorSet, "c", "quay.io/tags", &["t.corp/x"]),
        ];
        assert_eq!(names(&rules, &pinned), ["m.corp/acme/app", "n.corp/app"]);
        assert!(names(&rules, "quay.io/acme/app:1").is_empty());
        assert_eq!(names(&rules, "quay.io/tags/app"), ["t.corp/x/app"]);
        assert!(names(&rules, "quay.io/other/app:1").is_empty());
        assert!(names(&rules, "quay.io.evil.com/tags/app").is_empty());
    }

    #[test]
    fn a_wildcard_source_keeps_the_path() {
        let rules = [mirror(
            Kind::ImageTagMirrorSet,
            "a",
            "*.example.com",
            &["m.corp/all"],
        )];
        assert_eq!(
            names(&rules, "eu.example.com/acme/app:1"),
            ["m.corp/all/acme/app"]
        );
        assert!(names(&rules, "example.com/acme/app:1").is_empty());
    }
}
