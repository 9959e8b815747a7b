//! Which tags of a stream are imported, and why the rest is skipped. Pure.

use std::collections::BTreeSet;

use extreg_remedy::Caller;

use super::settings::Wanted;
use crate::{
    error::Error,
    stream::{Origin, SpecTag, Stream},
};

/// The plan for a stream's tags: in their order, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan<'a> {
    pub(super) imports: Vec<Import<'a>>,
    pub(super) skipped: Vec<Skipped>,
}

/// A tag to import.
#[derive(Clone, Copy, Debug)]
pub(super) struct Import<'a> {
    pub(super) tag: &'a str,
    /// The image that it follows, as in the stream.
    pub(super) image: &'a str,
    pub(super) spec: SpecTag<'a>,
    /// The digest that it shows; empty if none.
    pub(super) before: &'a str,
}

/// A tag that is not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    pub(super) tag: String,
    pub(super) why: String,
}

/// Plans for the stream called `name` in `namespace`.
///
/// # Errors
/// [`Error::Failed`] if a tag does not exist, or no default tag can be determined.
pub(super) fn plan<'a>(
    stream: &'a Stream,
    name: &str,
    namespace: &str,
    wanted: &'a Wanted,
    caller: Caller,
) -> Result<Plan<'a>, Error> {
    let mut tags: BTreeSet<&str> = BTreeSet::new();
    match wanted {
        Wanted::All => tags.extend(stream.spec_tags()),
        Wanted::These(these) => tags.extend(these.iter().map(String::as_str)),
        Wanted::Default(these) => {
            tags.extend(these.iter().map(String::as_str));
            tags.insert(default_tag(stream, name)?);
        }
    }
    let mut plan = Plan::default();
    for tag in tags {
        let spec = match (stream.spec_tag(tag), stream.shown(tag)) {
            (Some(spec), _) => spec,
            (None, Some(_)) => {
                plan.skip(
                    tag,
                    "it is pushed to, and follows no image that can be imported",
                );
                continue;
            }
            (None, None) => {
                let other_tags = stream.spec_tags().join(", ");
                let has = if other_tags.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has: {other_tags}")
                };
                return Err(Error::failed(format!(
                    "ImageStream {name} has no tag {tag}; {has}; to create it: {caller} tag IMAGE \
                     {name}:{tag} -n {namespace}"
                )));
            }
        };
        match skip_reason(spec) {
            Some(why) => plan.skip(tag, why),
            None => plan.imports.extend(import(stream, tag, spec)),
        }
    }
    Ok(plan)
}

impl Plan<'_> {
    fn skip(&mut self, tag: &str, why: impl Into<String>) {
        self.skipped.push(Skipped {
            tag: tag.to_owned(),
            why: why.into(),
        });
    }
}

fn import<'a>(stream: &'a Stream, tag: &'a str, spec: SpecTag<'a>) -> Option<Import<'a>> {
    let Origin::Image(image) = spec.origin() else {
        return None;
    };
    Some(Import {
        tag,
        image,
        spec,
        before: stream.shown(tag).map_or("", |shown| shown.digest),
    })
}

/// Why a tag is skipped: an import onto an alias turns it into a separate tag or, with a schedule,
/// fails the whole request (openshift-apiserver `imagestreamimport/rest.go` `importSuccessful`).
fn skip_reason(spec: SpecTag<'_>) -> Option<String> {
    match spec.origin() {
        Origin::Image(_) if spec.is_reference() => {
            Some("it is a reference tag, which is never imported".to_owned())
        }
        Origin::Image(_) => None,
        Origin::StreamImage(image) => Some(format!("it is pinned to {image}")),
        Origin::StreamTag(tag) => Some(format!("it is an alias of {tag}")),
        Origin::None => {
            Some("it is pushed to, and follows no image that can be imported".to_owned())
        }
    }
}

/// The default tag.
fn default_tag<'a>(stream: &'a Stream, name: &str) -> Result<&'a str, Error> {
    let tags: Vec<&str> = stream
        .spec_tags()
        .into_iter()
        .filter(|tag| {
            let spec = stream.spec_tag(tag);
            spec.is_some_and(|spec| skip_reason(spec).is_none())
        })
        .collect();
    match tags.as_slice() {
        [only] => Ok(only),
        [] => Err(Error::failed(format!(
            "no tag of ImageStream {name} follows an image that can be imported"
        ))),
        many if many.contains(&"latest") => Ok("latest"),
        many => Err(Error::failed(format!(
            "ImageStream {name} has no tag latest but {}: specify one of them, or all with --all",
            many.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn stream(tags: &Value) -> Stream {
        Stream::new(json!({
            "spec": {"tags": tags},
            "status": {"tags": [
                {"tag": "v1", "items": [{"image": "sha256:1"}]},
                {"tag": "pushed", "items": [{"image": "sha256:2"}]},
            ]},
        }))
    }

    fn image(tag: &str) -> Value {
        json!({"name": tag, "from": {"kind": "DockerImage", "name": format!("d:{tag}")}})
    }

    fn planned(stream: &Stream, wanted: &Wanted) -> Result<(Vec<String>, Vec<String>), Error> {
        let plan = plan(stream, "app", "snow", wanted, Caller::Oc)?;
        let imports = plan
            .imports
            .iter()
            .map(|import| format!("{} {} {}", import.tag, import.image, import.before))
            .collect();
        let skipped = plan
            .skipped
            .iter()
            .map(|skipped| format!("{} {}", skipped.tag, skipped.why))
            .collect();
        Ok((imports, skipped))
    }

    #[test]
    fn trap_4_and_5_only_importable_tags_are_imported() {
        let stream = stream(&json!([
            image("v1"),
            {"name": "alias", "from": {"kind": "ImageStreamTag", "name": "app:v1"}},
            {"name": "held", "from": {"kind": "ImageStreamImage", "name": "app@sha256:1"}},
            {"name": "ref", "reference": true, "from": {"kind": "DockerImage", "name": "d:ref"}},
            {"name": "noted", "annotations": {"a": "b"}},
        ]));
        let (imports, skipped) = planned(&stream, &Wanted::All).unwrap();
        assert_eq!(imports, ["v1 d:v1 sha256:1"]);
        assert_eq!(
            skipped,
            [
                "alias it is an alias of app:v1",
                "held it is pinned to app@sha256:1",
                "noted it is pushed to, and follows no image that can be imported",
                "ref it is a reference tag, which is never imported",
            ]
        );
        let named = Wanted::These(BTreeSet::from(["pushed".to_owned()]));
        let (imports, skipped) = planned(&stream, &named).unwrap();
        assert!(imports.is_empty() && skipped[0].starts_with("pushed it is pushed to"));
    }

    #[test]
    fn a_stream_without_a_tag_means_its_only_tag_or_latest() {
        let default = |tags: Value| {
            planned(&stream(&tags), &Wanted::Default(BTreeSet::new()))
                .map(|(imports, _)| imports.join(","))
        };
        let alias = json!({"name": "latest", "from": {"kind": "ImageStreamTag", "name": "app:v1"}});
        assert_eq!(
            default(json!([image("v1"), alias])).unwrap(),
            "v1 d:v1 sha256:1"
        );
        assert_eq!(
            default(json!([image("v1"), image("latest")])).unwrap(),
            "latest d:latest "
        );
        for (tags, expected) in [
            (json!([image("v1"), image("v2")]), "v1, v2: specify one"),
            (json!([alias]), "no tag of ImageStream app"),
            (json!(null), "no tag of ImageStream app"),
        ] {
            let error = default(tags).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
        let gone = Wanted::These(BTreeSet::from(["gone".to_owned()]));
        let error = planned(&stream(&json!([image("v1")])), &gone)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("it has: v1; to create it: oc extreg tag IMAGE app:gone -n snow"),
            "{error}"
        );
    }
}
