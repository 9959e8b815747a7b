//! The commands that mend a link, as the caller would type them.

use serde_json::{Value, json};

use crate::{
    caller::Caller,
    commands::status::{
        flow::Name,
        read::{TRIGGERS, Workload},
    },
};

/// Makes commands for a caller.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands::status) struct Mend {
    pub(in crate::commands::status) caller: Caller,
}

impl Mend {
    /// Starts a build.
    pub(super) fn start_build(namespace: &str, config: &str) -> String {
        format!("oc start-build {config} -n {namespace}")
    }

    /// Shows the log of a build or of a workload.
    pub(super) fn logs(self, namespace: &str, of: &str) -> String {
        let host = match of.split_once('/') {
            Some(("build" | "deploymentconfig", _)) => "oc",
            _ => self.caller.program(),
        };
        format!("{host} logs {of} -n {namespace}")
    }

    /// Imports a tag.
    pub(super) fn import(self, tag: Name<'_>) -> String {
        format!("{} import {tag} -n {}", self.caller, tag.namespace)
    }

    /// Imports a tag as soon as the registry gives it.
    pub(super) fn import_when_there(self, tag: Name<'_>) -> String {
        format!("{} --wait", self.import(tag))
    }

    /// Lets a tag follow an image on a schedule.
    pub(super) fn tag(self, image: &str, tag: Name<'_>) -> String {
        let image = word(image);
        format!(
            "{} tag {image} {tag} --scheduled -n {}",
            self.caller, tag.namespace
        )
    }

    /// Has an ordinary tag in place of one that only names its image.
    pub(super) fn no_reference(self, image: &str, tag: Name<'_>) -> String {
        let image = word(image);
        format!(
            "{} tag {image} {tag} --reference=false -n {}",
            self.caller, tag.namespace
        )
    }

    /// Makes a secret of a docker config.
    pub(super) fn create_secret(self, namespace: &str, name: &str) -> String {
        format!(
            "{} create secret generic {name} -n {namespace} \
             --type=kubernetes.io/dockerconfigjson \
             --from-file=.dockerconfigjson=$HOME/.docker/config.json",
            self.caller.program()
        )
    }

    /// Lets the pods of an account pull with a secret.
    pub(super) fn link_secret(self, namespace: &str, account: &str, secret: &str) -> String {
        let account = match account {
            "default" => String::new(),
            account => format!(" --account {account}"),
        };
        format!(
            "{} secret link {secret} --for pull{account} -n {namespace}",
            self.caller
        )
    }

    /// Says why a login is not taken for an image: expired, another account's, or without the right.
    pub(super) fn check_secret(self, namespace: &str, secret: &str, image: &str) -> String {
        let image = word(image);
        format!(
            "{} secret check {secret} --image {image} -n {namespace}",
            self.caller
        )
    }

    /// Says who would look where for a login for an image, and finds what.
    pub(super) fn check_image(self, namespace: &str, image: &str) -> String {
        format!(
            "{} secret check --image {} -n {namespace}",
            self.caller,
            word(image)
        )
    }

    /// Says what a registry lets be pulled, and what takes it.
    pub(super) fn rate_limit(self, namespace: &str, host: &str) -> String {
        format!(
            "{} ratelimit --budget --registry {host} -n {namespace}",
            self.caller
        )
    }

    /// Has a BuildConfig push with a secret.
    pub(super) fn push_secret(namespace: &str, config: &str, secret: &str) -> String {
        format!("oc set build-secret --push buildconfig/{config} {secret} -n {namespace}")
    }

    /// Makes a stream.
    pub(super) fn create_stream(namespace: &str, stream: &str) -> String {
        format!("oc create imagestream {stream} -n {namespace}")
    }

    /// Has a BuildConfig push to an image.
    pub(super) fn push_to(self, namespace: &str, config: &str, image: &str) -> String {
        let patch = json!({"spec": {"output": {"to": {
            "kind": "DockerImage", "name": image, "namespace": null}}}});
        self.patch(namespace, &format!("buildconfig/{config}"), &patch)
    }

    /// Merges a patch into an object.
    pub(super) fn patch(self, namespace: &str, object: &str, patch: &Value) -> String {
        format!(
            "{} patch {object} -n {namespace} --type=merge -p {}",
            self.caller.program(),
            word(&patch.to_string())
        )
    }

    /// Has the containers of a workload follow a tag, in place of whatever its triggers are.
    pub(super) fn triggers(
        self,
        workload: &Workload,
        tag: Name<'_>,
        containers: &[&str],
    ) -> String {
        let namespace = &workload.namespace;
        let from = if tag.namespace == namespace {
            json!({"kind": "ImageStreamTag", "name": tag.to_string()})
        } else {
            json!({"kind": "ImageStreamTag", "name": tag.to_string(), "namespace": tag.namespace})
        };
        let triggers: Vec<Value> = containers
            .iter()
            .map(|name| {
                let list = match workload.container(name) {
                    Some(container) if container.is_init => "initContainers",
                    _ => "containers",
                };
                // The exact form that library-go parses: this spacing and these quotes.
                let path = workload.kind.pod_path();
                json!({"from": from, "fieldPath": format!("{path}.{list}[?(@.name==\"{name}\")].image")})
            })
            .collect();
        let value = Value::Array(triggers).to_string();
        format!(
            "{} annotate {} -n {namespace} --overwrite {}",
            self.caller.program(),
            workload.reference(),
            word(&format!("{TRIGGERS}={value}"))
        )
    }

    /// Has the containers of a DeploymentConfig follow a tag.
    pub(super) fn config_trigger(
        workload: &Workload,
        tag: Name<'_>,
        containers: &[&str],
    ) -> String {
        let namespace = &workload.namespace;
        format!(
            "oc set triggers {} --from-image={} --containers={} -n {namespace}",
            workload.reference(),
            tag.seen_from(namespace),
            containers.join(",")
        )
    }

    /// Has triggers that are paused go on.
    pub(super) fn unpause_triggers(workload: &Workload) -> String {
        let (reference, namespace) = (workload.reference(), &workload.namespace);
        format!("oc set triggers {reference} --auto -n {namespace}")
    }

    /// `rollout VERB` of a workload.
    pub(super) fn rollout(self, verb: &str, workload: &Workload) -> String {
        let host = match workload.kind {
            crate::commands::status::read::WorkloadKind::DeploymentConfig => "oc",
            _ => self.caller.program(),
        };
        let (reference, namespace) = (workload.reference(), &workload.namespace);
        format!("{host} rollout {verb} {reference} -n {namespace}")
    }

    /// Shows what an object says of itself.
    pub(super) fn describe(self, namespace: &str, object: &str) -> String {
        format!("{} describe {object} -n {namespace}", self.caller.program())
    }

    /// Shows which registries the cluster allows.
    pub(super) fn allowed(self) -> String {
        format!(
            "{} get image.config.openshift.io cluster -o yaml",
            self.caller.program()
        )
    }
}

/// A word as a POSIX shell takes it for one.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_ours_is_one() {
        let mend = Mend { caller: Caller::Oc };
        let tag = Name {
            namespace: "snow",
            stream: "app",
            tag: "v1",
        };
        let image = "docker.io/u/a:v1";
        for command in [
            mend.import(tag),
            mend.import_when_there(tag),
            mend.tag(image, tag),
            mend.no_reference(image, tag),
            mend.link_secret("snow", "default", "hub"),
            mend.link_secret("snow", "web", "hub"),
            mend.check_secret("snow", "hub", image),
            mend.check_image("snow", image),
            mend.rate_limit("snow", "docker.io"),
        ] {
            let words = command.strip_prefix("oc extreg ").unwrap().split(' ');
            let parsed = crate::cli::command(Caller::Oc)
                .try_get_matches_from(std::iter::once("oc-extreg").chain(words));
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
        }
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        for (text, want) in [
            ("docker.io/u/a:v1", "docker.io/u/a:v1"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(x)'y", r"'$(x)'\''y'"),
        ] {
            assert_eq!(word(text), want);
        }
    }
}
