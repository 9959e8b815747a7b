//! The page that is shown without arguments.

use extreg_remedy::Caller;

/// One screen, examples first.
pub fn overview(caller: Caller) -> String {
    let host = caller.program();
    format!(
        "\
Set up, enforce and audit OpenShift builds that push to an external registry.

  # Create all that an application needs: project, push secret, build, image stream, workload
  {caller} setup python-lyapp -n snow --image docker.io/ably77/python-lyapp \\
    --source https://github.com/ably77/python-lyapp

  # Dry run on the server (--dry-run=server), or print YAML without a cluster (--export)
  {caller} setup python-lyapp -n snow --image docker.io/ably77/python-lyapp --no-build --export

  # Show why the new image is not running
  {caller} status python-lyapp -n snow

  # Show how OpenShift reads an image reference, and which credential matches it
  {caller} resolve ably77/python-lyapp:v1

  # Show what the webhook would do to these files
  {caller} check -f app.yaml

  # Audit all images: their registries, credentials and problems
  {caller} audit -A

  # Complete new objects of the cluster; mode audit only counts them at first
  {caller} webhook install --mode audit
  {caller} webhook check

  # Remove the objects that setup created
  {caller} teardown python-lyapp -n snow

More: {caller} --help; {caller} COMMAND --help. Flags go after \"{host} extreg\".
"
    )
}
