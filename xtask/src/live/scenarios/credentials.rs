//! `secret check`, `link` and `rotate` of the plugin, and the state of the cluster after each.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Scenario, Stage, build_config, docker_image};
use crate::live::cluster::{Answer, Cluster, until};
use crate::live::namespaces::Ground;
use crate::live::need::Need;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "linked credential is found by all consumers",
        needs: &[Need::Builds],
        run: linked,
    },
    Scenario {
        name: "rotated credential is used by the next import",
        needs: &[Need::Import],
        run: rotated,
    },
];

/// The two keys, of which every consumer finds one.
const KEYS: [&str; 2] = ["docker.io", "https://index.docker.io/v1/"];

/// A namespace without secrets of the policy.
struct Room<'a> {
    cluster: &'a Cluster,
    namespace: String,
}

impl<'a> Room<'a> {
    fn new(stage: &Stage<'a>) -> Result<Self> {
        Ok(Self {
            cluster: stage.cluster,
            namespace: stage.namespaces.pair(Ground::Bare)?.plain,
        })
    }

    fn plugin(&self, words: &str, input: Option<&str>) -> Result<Answer> {
        let words = format!("secret {words} -n {}", self.namespace);
        self.cluster.plugin(&words, input)
    }

    fn oc(&self, words: &str, input: Option<&str>) -> Result<Answer> {
        let words = format!("-n {} {words}", self.namespace);
        self.cluster.oc(&words, input)?.ok()
    }

    /// A secret with an invalid credential; the images are public.
    fn make_secret(&self, name: &str) -> Result<()> {
        let entry = json!({"username": "ann", "password": "old", "auth": "YW5uOm9sZA=="});
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name},
            "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson":
                json!({"auths": {KEYS[0]: entry, KEYS[1]: entry}}).to_string()},
        });
        self.oc("create -f -", Some(&secret.to_string()))?;
        Ok(())
    }

    fn object(&self, plural: &str, name: &str) -> Result<Value> {
        let namespace = &self.namespace;
        self.cluster
            .get(&format!("/api/v1/namespaces/{namespace}/{plural}/{name}"))
    }
}

fn shows(answer: &Answer, words: &str) -> Result<()> {
    let printed = answer.output();
    ensure!(
        printed.contains(words),
        "does not contain \"{words}\": {printed}"
    );
    Ok(())
}

fn linked(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room::new(stage)?;
    room.make_secret("linked")?;
    let config = build_config("credential", &docker_image("IMAGE"));
    room.oc("create -f -", Some(&config.to_string()))?;
    until("the accounts exist", || {
        let accounts = ["builder", "default"].map(|name| room.object("serviceaccounts", name));
        Ok(accounts
            .into_iter()
            .all(|account| account.is_ok())
            .then_some(()))
    })?;
    // Only an import finds a credential that is not linked.
    let before = room
        .plugin("check --image IMAGE --no-registry", None)?
        .refused()?;
    shows(&before, "cannot work")?;
    let builder = room.object("serviceaccounts", "builder")?;
    let link = room.plugin("link linked", None)?.ok()?;
    shows(&link, "serviceaccount/builder linked")?;
    shows(&link, "serviceaccount/default linked")?;
    let again = room.plugin("link linked", None)?.ok()?;
    shows(&again, "serviceaccount/builder unchanged")?;
    let after = room.object("serviceaccounts", "builder")?;
    for list in ["imagePullSecrets", "secrets"] {
        let names = |account: &Value| -> Vec<Value> {
            let entries = account.get(list).and_then(Value::as_array);
            entries.cloned().unwrap_or_default()
        };
        let (had, has) = (names(&builder), names(&after));
        ensure!(
            had.iter().all(|entry| has.contains(entry)) && has.contains(&json!({"name": "linked"})),
            "{list} was {had:?} and is {has:?}"
        );
    }
    let check = room
        .plugin("check --image IMAGE --no-registry", None)?
        .ok()?;
    shows(&check, "buildconfig.build.openshift.io/credential")?;
    // OpenShift's own build controller finds it, too.
    room.oc("start-build credential", None)?;
    let push_secret = until("the build has a push secret", || {
        let path = format!(
            "/apis/build.openshift.io/v1/namespaces/{}/builds/credential-1",
            room.namespace
        );
        let build = stage.cluster.get(&path)?;
        let name = build.pointer("/spec/output/pushSecret/name");
        Ok(name.and_then(Value::as_str).map(str::to_owned))
    })?;
    ensure!(push_secret == "linked", "it pushes with {push_secret}");
    room.oc("delete buildconfig/credential secret/linked", None)?;
    Ok(())
}

fn rotated(stage: &mut Stage<'_>) -> Result<()> {
    let room = Room::new(stage)?;
    room.make_secret("rotated")?;
    let plan = room.plugin("rotate rotated", None)?.ok()?;
    shows(&plan, "would be rotated")?;
    let before = room.object("secrets", "rotated")?;
    let rotate = "rotate rotated --password-stdin --no-verify --yes";
    let done = room.plugin(rotate, Some("new"))?.ok()?;
    shows(&done, "Now revoke the old credential of ann")?;
    let again = room.plugin(rotate, Some("new"))?.ok()?;
    shows(&again, "unchanged")?;
    let after = room.object("secrets", "rotated")?;
    let version = |secret: &Value| secret.pointer("/metadata/resourceVersion").cloned();
    ensure!(
        version(&before) != version(&after),
        "the secret is unchanged"
    );
    let name = |secret: &Value| secret.pointer("/metadata/uid").cloned();
    ensure!(name(&before) == name(&after), "the secret was replaced");

    // Even if docker.io refuses the credential, a public image can be imported.
    room.oc("tag --source=docker IMAGE rotated:latest", None)?;
    let words = format!("import rotated:latest -n {}", room.namespace);
    let import = stage.cluster.plugin(&words, None)?.ok()?;
    let shown = until("the tag shows its image", || {
        let path = format!(
            "/apis/image.openshift.io/v1/namespaces/{}/imagestreams/rotated",
            room.namespace
        );
        let stream = stage.cluster.get(&path)?;
        let image = stream.pointer("/status/tags/0/items/0/image");
        Ok(image.and_then(Value::as_str).map(str::to_owned))
    });
    shown.with_context(|| import.output())?;
    room.oc("delete imagestream/rotated secret/rotated", None)?;
    Ok(())
}
