//! A cluster with ImageStreams, and runs of what changes their tags against it.

use extreg_fakes::{Answer, Api, Objects, Seen, status};
use serde_json::{Value, json};

use super::common::{Ran, extreg};

const ROOT: &str = "/apis/image.openshift.io/v1/namespaces/snow";

/// What a registry answers about an image: its digest, or a reason and its words.
pub(crate) type InRegistry = Result<&'static str, (&'static str, &'static str)>;

/// An API server with these streams of namespace snow.
pub(crate) fn with(streams: &[Value]) -> Api {
    start(streams, |_, _| None)
}

/// The same, where `first` may answer instead.
pub(crate) fn start(
    streams: &[Value],
    first: impl Fn(&Seen, &mut Objects) -> Option<Answer> + Send + Sync + 'static,
) -> Api {
    serving(streams).unless(first).start()
}

/// The same, with a registry.
pub(crate) fn importing(
    streams: &[Value],
    registry: impl Fn(&str) -> InRegistry + Send + Sync + 'static,
) -> Api {
    serving(streams).importing(registry).start()
}

fn serving(streams: &[Value]) -> Api {
    let plurals = ["imagestreams", "imagestreamtags"];
    Api::with(streams).serving("/apis/image.openshift.io/v1", &plurals)
}

/// The requests that could change something: method and path after the namespace, and the body.
pub(crate) fn writes(api: &Api) -> Vec<(String, Value)> {
    let writes = api.writes().into_iter();
    writes
        .map(|(line, body)| (line.replace(ROOT, ""), body))
        .collect()
}

/// Runs `oc-extreg WORDS` against a cluster, and its tags.
pub(crate) trait Tags {
    fn run(&self, words: &str) -> Ran;

    /// A stream as it is kept.
    fn stream(&self, name: &str) -> Value;

    /// A tag of `spec` as it is kept.
    fn tag(&self, stream: &str, tag: &str) -> Value;
}

impl Tags for Api {
    fn run(&self, words: &str) -> Ran {
        let mut command = extreg();
        command.args(words.split_whitespace()).args(["-n", "snow"]);
        Ran::of(command.env("KUBECONFIG", self.kubeconfig()))
    }

    fn stream(&self, name: &str) -> Value {
        self.object(&format!("{ROOT}/imagestreams/{name}"))
    }

    fn tag(&self, stream: &str, tag: &str) -> Value {
        let stream = self.stream(stream);
        let tags = stream["spec"]["tags"].as_array().unwrap();
        tags.iter()
            .find(|kept| kept["name"] == tag)
            .unwrap()
            .clone()
    }
}

/// A stream with these tags of `spec` and these of `status`.
pub(crate) fn stream(name: &str, spec: &Value, status: &Value) -> Value {
    json!({
        "kind": "ImageStream", "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": name, "namespace": "snow", "resourceVersion": "458", "uid": "u"},
        "spec": {"lookupPolicy": {"local": false}, "tags": spec},
        "status": {"tags": status},
    })
}

/// The answer 404.
pub(crate) fn not_found() -> Answer {
    status(404, "NotFound", "not found")
}

/// The answer 403.
pub(crate) fn forbidden(what: &str) -> Answer {
    status(403, "Forbidden", &format!("user cannot {what}"))
}

/// The answer 405.
pub(crate) fn not_allowed() -> Answer {
    status(405, "MethodNotAllowed", "no such verb")
}

/// The answer 409.
pub(crate) fn conflict() -> Answer {
    status(409, "Conflict", "it was changed")
}
