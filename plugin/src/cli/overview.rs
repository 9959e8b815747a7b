//! The page that is shown when nothing was asked.

use extreg_remedy::Caller;

/// One screen, examples first.
pub fn overview(caller: Caller) -> String {
    let host = caller.program();
    format!(
        "\
Builds that push to docker.io or another external registry, set up and kept true.

  # Everything an application needs: project, push secret, build, image stream, workload
  {caller} setup python-lyapp -n snow --image docker.io/ably77/python-lyapp \\
    --source https://github.com/ably77/python-lyapp

  # The same tried on the server (--dry-run=server), or as YAML without a cluster (--export)
  {caller} setup python-lyapp -n snow --image docker.io/ably77/python-lyapp --no-build --export

  # Why the new image is not running
  {caller} status python-lyapp -n snow

  # How OpenShift reads an image reference, and which credential would match it
  {caller} resolve ably77/python-lyapp:v1

  # What the webhook would do to these files
  {caller} check -f app.yaml

  # Which images come from which registries, under whose credentials, and what is wrong with it
  {caller} audit -A

  # Have the cluster enforce it for everybody
  {caller} webhook install --mode audit
  {caller} webhook check

  # Take away what setup made
  {caller} teardown python-lyapp -n snow

More: {caller} --help; {caller} COMMAND --help. Flags go after \"{host} extreg\".
"
    )
}
