//! The location of a result: a file and its line, an object by its names. Code scanning rejects a whole file
//! for one result without a path, so an object of a cluster has a fixed one, such as
//! `k8s/shop/deployment/cart.yaml`.

use extreg_audit::saved::KnownFinding;
use extreg_snapshot::place::{Origin, Place};

use super::model::{ArtifactLocation, Location, LogicalLocation, PhysicalLocation, Region};
use crate::uri::{COMPONENT, PATH, encoded};

/// The place in a source. Its name has no lines, so that it survives an edit.
pub(super) fn of(source: &str, place: &Place) -> Location {
    let object = &place.object;
    Location {
        physical_location: match &place.origin {
            Origin::File { path, line } => physical(file_uri(path), *line),
            Origin::Cluster => {
                let kind = object.kind.api().kind;
                let path = object_path(&object.namespace, kind, &object.name);
                physical((path, true), 1)
            }
        },
        logical_locations: [logical(source, place)],
    }
}

/// The previous place of a fixed finding.
pub(super) fn gone(known: &KnownFinding) -> Location {
    let place = &known.place;
    let names = [
        &*known.source,
        &place.namespace,
        &place.kind,
        &place.name,
        &place.part,
    ];
    Location {
        physical_location: physical(
            (
                object_path(&place.namespace, &place.kind, &place.name),
                true,
            ),
            1,
        ),
        logical_locations: [named(names)],
    }
}

/// A URI, and whether it is relative.
type Uri = (String, bool);

fn physical((uri, relative): Uri, line: usize) -> PhysicalLocation {
    let line = line.max(1);
    PhysicalLocation {
        artifact_location: ArtifactLocation {
            uri,
            uri_base_id: relative.then_some("%SRCROOT%"),
        },
        region: Region {
            start_line: line,
            start_column: 1,
            end_line: line,
            end_column: 2,
        },
    }
}

fn file_uri(path: &str) -> Uri {
    let encoded = encoded(path, PATH);
    if path.starts_with('/') {
        return (format!("file://{encoded}"), false);
    }
    match path.as_bytes() {
        [drive, b':', b'/', ..] if drive.is_ascii_alphabetic() => (
            format!("file:///{}", encoded.replacen("%3A", ":", 1)),
            false,
        ),
        _ => (encoded.trim_start_matches("./").to_owned(), true),
    }
}

/// `k8s/shop/deployment/cart.yaml`.
fn object_path(namespace: &str, kind: &str, name: &str) -> String {
    format!(
        "k8s/{}/{}/{}.yaml",
        segment(namespace),
        segment(&kind.to_lowercase()),
        segment(name)
    )
}

/// A nonempty segment that does not change the folder.
fn segment(text: &str) -> String {
    match text {
        "" | "." | ".." => "_".to_owned(),
        text => encoded(text, COMPONENT),
    }
}

fn logical(source: &str, place: &Place) -> LogicalLocation {
    let object = &place.object;
    let kind = object.kind.api().kind;
    named([source, &object.namespace, kind, &object.name, &place.part])
}

/// `cluster/shop/Deployment/cart/web`, each name encoded.
fn named(names: [&str; 5]) -> LogicalLocation {
    let [.., name, _] = names;
    let encoded: Vec<_> = names
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(|name| encoded(name, COMPONENT))
        .collect();
    LogicalLocation {
        name: name.to_owned(),
        fully_qualified_name: encoded.join("/"),
        kind: "resource",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{object, place};

    #[test]
    fn a_path_is_a_uri() {
        for (path, want) in [
            ("deploy/cart.yaml", ("deploy/cart.yaml", true)),
            ("./deploy/my cart.yaml", ("deploy/my%20cart.yaml", true)),
            ("../x#1.yaml", ("../x%231.yaml", true)),
            ("/tmp/a.yaml", ("file:///tmp/a.yaml", false)),
            ("C:/tmp/a.yaml", ("file:///C:/tmp/a.yaml", false)),
            ("a:b/c.yaml", ("a%3Ab/c.yaml", true)),
        ] {
            assert_eq!(file_uri(path), (want.0.to_owned(), want.1));
        }
    }

    #[test]
    fn an_object_has_a_name_and_a_path() {
        let cart = object(Kind::Deployment, "shop", "cart");
        let web = place(&cart, "web", "spec.template.spec.containers[0].image");
        let location = of("prod/a", &web);
        assert_eq!(
            location.logical_locations[0].fully_qualified_name,
            "prod%2Fa/shop/Deployment/cart/web"
        );
        let uri = location.physical_location.artifact_location.uri;
        assert_eq!(uri, "k8s/shop/deployment/cart.yaml");
        assert_eq!(object_path("", "Namespace", ".."), "k8s/_/namespace/_.yaml");
    }
}
