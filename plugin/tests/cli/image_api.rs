//! A cluster with ImageStreams, and runs of commands that change tags against it.

use extreg_fakes::{Answer, Api, Objects, Seen, status};
use serde_json::{Value, json};

use super::common::{Ran, extreg};

const ROOT: &str = "/apis/image.openshift.io/v1/namespaces/snow";

/// The answer of a registry about an image: its digest, or a reason with a message.
pub(crate) type InRegistry = Result<&'static str, (&'static str, &'static str)>;

/// An API server with these streams in namespace snow.
pub(crate) fn with(streams: &[Value]) -> Api {
    start(streams, |_, _| None)
}

/// The same, but `first` can answer instead.
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

/// The write requests: method with the path after the namespace, and the body.
pub(crate) fn writes(api: &Api) -> Vec<(String, Value)> {
    let writes = api.writes().into_iter();
    writes
        .map(|(line, body)| (line.replace(ROOT, ""), body))
        .collect()
}

/// Runs `oc-extreg WORDS` against a cluster and reads its tags.
pub(crate) trait Tags {
    fn run(&self, words: &str) -> Ran;

    /// A stored stream.
    fn stream(&self, name: &str) -> Value;

    /// A stored tag of `spec`.
    fn tag(&self, stream: &str, tag: &str) -> Value;
}

impl Tags for Api {
    fn run(&self, words: &str) -> Ran {
        let mut command = extreg();
        command.args(words.split_whitespace()).args(["-n", "snow"]);
        Ran::from_command(command.env("KUBECONFIG", self.kubeconfig()))
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

/// A stream with these tags in `spec` and `status`.
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
