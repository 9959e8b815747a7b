//! Compares files with the cluster: objects of any kind that the cluster serves.

use std::collections::BTreeMap;

use extreg_cluster::{Cluster, ClusterError, Json as _};
use extreg_documents::{FoundObject, InputError, find_sources};
use extreg_terminal::inert;
use serde_json::Value;

use crate::{context::Context, difference::Difference, error::Error};

/// The API path of a kind.
#[derive(Clone, Debug)]
struct Resource {
    kind: String,
    plural: String,
    namespaced: bool,
}

/// Resolves kinds; discovers each version of a group once.
struct Finder<'a> {
    cluster: &'a Cluster,
    known: BTreeMap<String, Vec<Resource>>,
}

/// Compares every object of the files. Reports objects that cannot be compared and returns their number.
pub(super) async fn differences(
    files: &[String],
    recursive: bool,
    context: &Context,
) -> Result<(Vec<Difference>, usize), Error> {
    let found = find_sources(files, recursive, &[])?;
    let cluster = context.cluster().await?;
    let mut finder = Finder {
        cluster: &cluster,
        known: BTreeMap::new(),
    };
    let mut differences = Vec::new();
    let mut failed = found.errors.len();
    let mut skipped = found.skipped;
    let say = |message: String| context.printer.error(&format!("error: {message}"));
    for error in found.errors {
        say(error.to_string());
    }
    let mut documents = extreg_documents::stream(found.sources);
    while let Some(document) = documents.recv().await {
        if let Err(InputError::NotManifest { name, reason, .. }) = &document {
            skipped.add(*reason, name.into());
            continue;
        }
        let objects = document.as_ref().map_err(ToString::to_string);
        let objects = objects.and_then(|document| match document.objects() {
            Ok(objects) => Ok((document, objects)),
            Err(InputError::NotManifest { name, reason, .. }) => {
                skipped.add(reason, name.into());
                Ok((document, Vec::new()))
            }
            Err(error) => Err(error.to_string()),
        });
        let (document, objects) = match objects {
            Ok(found) => found,
            Err(why) => {
                failed += 1;
                say(why);
                continue;
            }
        };
        for object in objects {
            match finder.compare(&object).await {
                Ok(difference) => differences.push(difference),
                Err(error @ Error::Cluster(ClusterError::NotLoggedIn(_))) => return Err(error),
                Err(error) => {
                    failed += 1;
                    let text = error.to_string();
                    let origin = document.origin_of(&object);
                    say(format!(
                        "{origin}: {} {}: {}",
                        object.kind,
                        object.name(),
                        text.trim_start_matches("error: ")
                    ));
                }
            }
        }
    }
    if let Some(summary) = skipped.summary() {
        context.printer.note(summary);
    }
    if differences.is_empty() && failed == 0 {
        return Err(Error::failed("no object found"));
    }
    Ok((differences, failed))
}

impl Finder<'_> {
    async fn compare(&mut self, object: &FoundObject<'_>) -> Result<Difference, Error> {
        let name = object
            .body
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .filter(|name| is_segment(name))
            .ok_or_else(|| Error::failed("cannot compare an object without metadata.name"))?;
        if let Some(parameter) = object.unresolved.first() {
            return Err(Error::failed(format!(
                "the Template gives no value for {parameter}: oc process -p …"
            )));
        }
        let resource = self.resource(&object.api_version, &object.kind).await?;
        let namespace = match object.namespace() {
            "" => self.cluster.namespace(),
            named if is_segment(named) => named,
            named => {
                let named = inert(named).into_owned();
                return Err(Error::failed(format!(
                    "\"{named}\" is not a valid namespace"
                )));
            }
        };
        let root = group_path(&object.api_version);
        let plural = &resource.plural;
        let (path, place) = if resource.namespaced {
            (
                format!("{root}/namespaces/{namespace}/{plural}/{name}"),
                format!("{namespace}/"),
            )
        } else {
            (format!("{root}/{plural}/{name}"), String::new())
        };
        let live = match self.cluster.get_path(&path).await {
            Ok(live) => Some(live),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        let desired = match self.cluster.try_apply(&path, &object.body).await {
            Ok(desired) => desired,
            // The same files create its namespace, which does not exist yet.
            Err(error) if error.is_not_found() && live.is_none() => {
                object.body.clone().into_owned()
            }
            Err(error) => return Err(error.into()),
        };
        let group = match object.api_version.split_once('/') {
            Some((group, _)) => format!(".{group}"),
            None => String::new(),
        };
        let kind = object.kind.to_lowercase();
        Ok(Difference {
            name: format!("{place}{kind}{group}/{name}"),
            live,
            desired: Some(desired),
        })
    }

    async fn resource(&mut self, api_version: &str, kind: &str) -> Result<Resource, Error> {
        if !self.known.contains_key(api_version) {
            let served = if api_version.split('/').all(is_segment) {
                match self.cluster.get_path(&group_path(api_version)).await {
                    Ok(list) => resources(&list),
                    Err(error) if error.is_not_found() => Vec::new(),
                    Err(error) => return Err(error.into()),
                }
            } else {
                Vec::new()
            };
            self.known.insert(api_version.to_owned(), served);
        }
        let served = self.known.get(api_version).into_iter().flatten();
        let mut of_kind = served.filter(|resource| resource.kind == kind);
        of_kind.next().cloned().ok_or_else(|| {
            let version = inert(api_version);
            Error::failed(format!("the cluster does not serve this kind in {version}"))
        })
    }
}

fn group_path(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

/// The resources of a list that are not subresources such as `deployments/status`.
fn resources(list: &Value) -> Vec<Resource> {
    list.list("/resources")
        .filter_map(|resource| {
            let text = |key: &str| resource.get(key)?.as_str().map(str::to_owned);
            Some(Resource {
                kind: text("kind")?,
                plural: text("name").filter(|name| !name.contains('/'))?,
                namespaced: resource.get("namespaced")?.as_bool()?,
            })
        })
        .collect()
}

/// Whether a text of a file is valid as one segment of a path.
fn is_segment(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    !text.is_empty() && text != "." && text != ".." && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn subresources_are_skipped() {
        let list = json!({"resources": [
            {"name": "deployments", "kind": "Deployment", "namespaced": true},
            {"name": "deployments/status", "kind": "Deployment", "namespaced": true},
            {"name": "broken"},
        ]});
        let found = resources(&list);
        let names: Vec<&str> = found.iter().map(|found| found.plural.as_str()).collect();
        assert_eq!(names, ["deployments"]);
    }

    #[test]
    fn a_name_cannot_reach_other_objects() {
        let table = [
            ("app", true),
            ("system:node", true),
            ("a.b-c", true),
            ("", false),
            ("..", false),
            ("a/b", false),
            ("a?b", false),
            ("a%2Fb", false),
        ];
        for (text, expected) in table {
            assert_eq!(is_segment(text), expected, "{text}");
        }
    }
}
