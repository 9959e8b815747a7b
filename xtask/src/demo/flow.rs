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
    Stage::scene("a project");
    stage.kubectl("create namespace snow", None, Want::Success)?;
    stage.apply(ACCOUNTS)?;

    Stage::scene("install the webhook and prove that it works");
    let install = format!(
        "extreg webhook install --url {} --ca-file {} --mode enforce",
        webhook.url(),
        webhook.ca_file().display()
    );
    stage.kubectl(&install, None, Want::Success)?;

    Stage::scene("create the credential for docker.io manually");
    stage.kubectl(
        "create secret docker-registry dockerhub -n snow --docker-server=https://index.docker.io/v1/ \
         --docker-username=ably77 --docker-password=demo",
        None,
        Want::Contains("secret/dockerhub created"),
    )?;

    Stage::scene("a BuildConfig without a push secret gets one");
    stage.apply(BUILD_CONFIG)?;
    stage.shows("buildconfig/python-lyapp", PUSH_SECRET, "dockerhub")?;

    Stage::scene("an ImageStream without a schedule gets one");
    stage.apply(IMAGE_STREAM)?;
    stage.shows("imagestream/python-lyapp", SCHEDULED, "true")?;

    Stage::scene("a compliant object is unchanged");
    stage.apply(COMPLIANT)?;
    stage.shows("buildconfig/compliant", PUSH_SECRET, "my-own")?;

    Stage::scene("a tag that follows another tag, and a digest, are unchanged too");
    stage.apply(ALIAS_AND_DIGEST)?;
    stage.shows("imagestream/pinned", SCHEDULED, "")?;

    Stage::scene("set up a second application with one command");
    let setup = "extreg setup second -n snow --image docker.io/ably77/second:latest \
                 --source https://github.com/ably77/second --secret dockerhub";
    stage.kubectl(
        setup,
        None,
        Want::Contains("buildconfig.build.openshift.io/second created"),
    )?;
    stage.shows("buildconfig/second", PUSH_SECRET, "dockerhub")?;
    stage.shows("imagestream/second", SCHEDULED, "true")?;
    Stage::scene("a second run changes nothing");
    stage.kubectl(
        setup,
        None,
        Want::Contains("buildconfig.build.openshift.io/second unchanged"),
    )?;

    Stage::scene("kill the webhook: requests succeed, nothing is injected");
    webhook.kill();
    stage.apply(AFTER)?;
    stage.shows("buildconfig/after", PUSH_SECRET, "")
}

/// Uninstalls the webhook while it is down.
pub(super) fn uninstall(stage: &Stage<'_>) -> Result<()> {
    Stage::scene("uninstall while the webhook is down");
    stage.kubectl("extreg webhook uninstall --yes", None, Want::Success)?;
    stage.kubectl(
        "get mutatingwebhookconfigurations",
        None,
        Want::Contains("No resources found"),
    )
}
