//! The meaning of a path in a tree: oc's `pkg/cli/admin/inspect` writes
//! `namespaces/NS/GROUP/RESOURCE.yaml` or `…/RESOURCE/NAME.yaml`, `cluster-scoped-resources/…` the
//! same without a namespace, and `core` for the empty group.

/// The number of folders above `namespaces`: one of the must-gather, one by image digest.
const MAX_ABOVE: usize = 3;

/// The objects in a file of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreePlace {
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// The API group, empty for the core group.
    pub group: String,
    /// The resource, as in a URL.
    pub resource: String,
}

/// The meaning of a path of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathKind {
    /// A file with objects.
    Objects(TreePlace),
    /// The list of all resources that the API serves: `aggregated-discovery-api(s).yaml`.
    Discovery,
    /// Not read.
    Other,
}

/// The meaning of these components of a path below the root.
pub(crate) fn path_kind(components: &[&str]) -> PathKind {
    if let Some(name) = components.last()
        && components.len() <= MAX_ABOVE + 1
        && matches!(
            *name,
            "aggregated-discovery-api.yaml" | "aggregated-discovery-apis.yaml"
        )
    {
        return PathKind::Discovery;
    }
    objects(components).map_or(PathKind::Other, PathKind::Objects)
}

/// Whether a folder can contain files to read. Logs are below a pod's folder.
pub(crate) fn may_hold(components: &[&str]) -> bool {
    match start(components) {
        // `namespaces/NS/pods/POD` is the deepest folder with objects.
        Some(rest) => rest.len() <= 4,
        None => components.len() <= MAX_ABOVE,
    }
}

fn start<'c, 'p>(components: &'c [&'p str]) -> Option<&'c [&'p str]> {
    let at = components
        .iter()
        .take(MAX_ABOVE + 1)
        .position(|name| matches!(*name, "namespaces" | "cluster-scoped-resources"))?;
    components.get(at..)
}

fn objects(components: &[&str]) -> Option<TreePlace> {
    let place = |namespace: &str, group: &str, resource: &str| {
        let group = if group == "core" { "" } else { group };
        Some(TreePlace {
            namespace: namespace.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
        })
    };
    match start(components)? {
        ["namespaces", namespace, file] => {
            (stem(file)? == *namespace).then(|| place("", "core", "namespaces"))?
        }
        ["namespaces", namespace, "pods", pod, file] => {
            (stem(file)? == *pod).then(|| place(namespace, "core", "pods"))?
        }
        ["namespaces", namespace, group, file] => place(namespace, group, stem(file)?),
        ["namespaces", namespace, group, resource, file] => {
            stem(file)?;
            place(namespace, group, resource)
        }
        ["cluster-scoped-resources", group, file] => place("", group, stem(file)?),
        ["cluster-scoped-resources", group, resource, file] => {
            stem(file)?;
            place("", group, resource)
        }
        _ => None,
    }
}

fn stem(file: &str) -> Option<&str> {
    [".yaml", ".yml", ".json"]
        .into_iter()
        .find_map(|ending| file.strip_suffix(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(path: &str) -> String {
        let components: Vec<&str> = path.split('/').collect();
        match path_kind(&components) {
            PathKind::Objects(place) => {
                format!("{}|{}|{}", place.namespace, place.group, place.resource)
            }
            PathKind::Discovery => "discovery".to_owned(),
            PathKind::Other => String::new(),
        }
    }

    #[test]
    fn paths_identify_the_content_of_a_file() {
        for (path, want) in [
            (
                "namespaces/shop/apps/deployments.yaml",
                "shop|apps|deployments",
            ),
            ("namespaces/shop/core/secrets/hub.yaml", "shop||secrets"),
            ("namespaces/shop/shop.yaml", "||namespaces"),
            ("namespaces/shop/other.yaml", ""),
            ("namespaces/shop/pods/a-1/a-1.yaml", "shop||pods"),
            ("namespaces/shop/pods/a-1/app/app/logs/current.log", ""),
            ("namespaces/shop/all_events.html", ""),
            (
                "cluster-scoped-resources/config.openshift.io/images.yaml",
                "|config.openshift.io|images",
            ),
            (
                "cluster-scoped-resources/config.openshift.io/images/cluster.yaml",
                "|config.openshift.io|images",
            ),
            (
                "must-gather.local.1/quay-io-sha256-ab/namespaces/a/core/pods.yaml",
                "a||pods",
            ),
            (
                "must-gather.local.1/quay-io-sha256-ab/aggregated-discovery-apis.yaml",
                "discovery",
            ),
            ("a/b/c/d/namespaces/a/core/pods.yaml", ""),
            ("namespaces/namespaces/core/pods.yaml", "namespaces||pods"),
            ("timestamp", ""),
        ] {
            assert_eq!(described(path), want, "{path}");
        }
    }

    #[test]
    fn folders_of_logs_are_not_entered() {
        for (path, want) in [
            ("", true),
            ("x/sha256-ab", true),
            ("a/b/c/d", false),
            ("namespaces/shop/pods/a-1", true),
            ("namespaces/shop/pods/a-1/app", false),
            ("cluster-scoped-resources/core/nodes", true),
        ] {
            let components: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
            assert_eq!(may_hold(&components), want, "{path}");
        }
    }
}
