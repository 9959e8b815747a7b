//! The flow of a team that builds on OpenShift and stores its image on docker.io.

use anyhow::Result;
use extreg_tests::WebhookServer;

use super::stage::{Stage, Want};

const BUILD_CONFIG: &str = "\
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: python-lyapp, namespace: snow}
spec:
  source: {type: Git, git: {uri: https://github.com/ably77/python-lyapp}}
  strategy: {type: Docker, dockerStrategy: {}}
  output: {to: {kind: DockerImage, name: docker.io/ably77/python-lyapp:latest}}
";

const IMAGE_STREAM: &str = "\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: python-lyapp, namespace: snow}
spec:
  tags:
  - {name: latest, from: {kind: DockerImage, name: docker.io/ably77/python-lyapp:latest}}
";

const COMPLIANT: &str = "\
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: compliant, namespace: snow}
spec:
  source: {type: Git, git: {uri: https://github.com/ably77/compliant}}
  strategy: {type: Docker, dockerStrategy: {}}
  output: {to: {kind: DockerImage, name: docker.io/ably77/compliant:latest}, pushSecret: {name: my-own}}
";

const ALIAS_AND_DIGEST: &str = "\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: pinned, namespace: snow}
spec:
  tags:
  - {name: prod, from: {kind: ImageStreamTag, name: python-lyapp:latest}}
  - name: v1
    from: {kind: DockerImage, name: docker.io/ably77/python-lyapp@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc}
";

const AFTER: &str = "\
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: after, namespace: snow}
spec:
  source: {type: Git, git: {uri: https://github.com/ably77/after}}
  strategy: {type: Docker, dockerStrategy: {}}
  output: {to: {kind: DockerImage, name: docker.io/ably77/after:latest}}
";

/// The accounts that OpenShift's controllers create in each project; no controller runs here.
const ACCOUNTS: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: builder, namespace: snow}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: snow}
";

const PUSH_SECRET: &str = ".spec.output.pushSecret.name";
const SCHEDULED: &str = ".spec.tags[*].importPolicy.scheduled";

/// The whole flow except the uninstall; the webhook is down at the end.
pub(super) fn run(stage: &Stage<'_>, webhook: &mut WebhookServer) -> Result<()> {
    Stage::scene(
        "A team gets a project. On OpenShift, the platform also creates its service accounts.",
    );
    stage.kubectl("create namespace snow", None, Want::Success)?;
    stage.apply(ACCOUNTS)?;

    Stage::scene(
        "An administrator installs the webhook. A server-side dry run proves that the API server calls it.",
    );
    let install = format!(
        "extreg webhook install --url {} --ca-file {} --mode enforce",
        webhook.url(),
        webhook.ca_file().display()
    );
    stage.kubectl(&install, None, Want::Success)?;

    Stage::scene("A developer stores the credential of the team for docker.io.");
    stage.kubectl(
        "create secret docker-registry dockerhub -n snow --docker-server=https://index.docker.io/v1/ \
         --docker-username=ably77 --docker-password=demo",
        None,
        Want::Contains("secret/dockerhub created"),
    )?;

    Stage::scene("A new BuildConfig names no push secret: the webhook adds it.");
    stage.apply(BUILD_CONFIG)?;
    stage.shows("buildconfig/python-lyapp", PUSH_SECRET, "dockerhub")?;

    Stage::scene(
        "A new tag has no schedule: the webhook adds it, and OpenShift imports the tag every 15 minutes.",
    );
    stage.apply(IMAGE_STREAM)?;
    stage.shows("imagestream/python-lyapp", SCHEDULED, "true")?;

    Stage::scene("A field that is set is never replaced: this BuildConfig keeps its own secret.");
    stage.apply(COMPLIANT)?;
    stage.shows("buildconfig/compliant", PUSH_SECRET, "my-own")?;

    Stage::scene(
        "A tag that follows another tag, and a digest, need no schedule: they are unchanged.",
    );
    stage.apply(ALIAS_AND_DIGEST)?;
    stage.shows("imagestream/pinned", SCHEDULED, "")?;

    Stage::scene("One command sets up a second application completely.");
    let setup = "extreg setup second -n snow --image docker.io/ably77/second:latest \
                 --source https://github.com/ably77/second --secret dockerhub";
    stage.kubectl(
        setup,
        None,
        Want::Contains("buildconfig.build.openshift.io/second created"),
    )?;
    stage.shows("buildconfig/second", PUSH_SECRET, "dockerhub")?;
    stage.shows("imagestream/second", SCHEDULED, "true")?;
    Stage::scene("The same command again changes nothing.");
    stage.kubectl(
        setup,
        None,
        Want::Contains("buildconfig.build.openshift.io/second unchanged"),
    )?;

    Stage::scene("The webhook is down: requests still succeed, and nothing is added.");
    webhook.kill();
    stage.apply(AFTER)?;
    stage.shows("buildconfig/after", PUSH_SECRET, "")?;

    Stage::scene("What the webhook missed is completed afterwards.");
    stage.kubectl(
        "extreg fix -n snow --yes",
        None,
        Want::Contains("buildconfig.build.openshift.io/after in snow patched"),
    )?;
    stage.shows("buildconfig/after", PUSH_SECRET, "dockerhub")
}

/// Uninstalls the webhook while it is down.
pub(super) fn uninstall(stage: &Stage<'_>) -> Result<()> {
    Stage::scene("Uninstalling works while the webhook is down. The added fields remain.");
    stage.kubectl("extreg webhook uninstall --yes", None, Want::Success)?;
    stage.kubectl(
        "get mutatingwebhookconfigurations",
        None,
        Want::Contains("No resources found"),
    )
}
