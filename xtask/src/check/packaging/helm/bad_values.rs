//! Values that make no sense: Helm refuses them before it creates anything, and names the value.

use std::ffi::OsStr;

use anyhow::{Result, ensure};

use super::Helm;
use crate::console;

/// The arguments, and parts of the message.
const BAD: [(&[&str], &[&str]); 24] = [
    (&["--set", "replica=3"], &["replica", "additional propert"]),
    (&["--set", "replicas=0"], &["replicas", "minimum"]),
    (&["--set", "replicas=100"], &["replicas", "maximum"]),
    (
        &["--set-string", "replicas=2"],
        &["replicas", "got string, want integer"],
    ),
    (
        &["--set", "mode=enforce"],
        &["mode", "'Audit', 'Warn', 'Enforce'"],
    ),
    (
        &["--set", "failurePolicy=Allow"],
        &["failurePolicy", "'Ignore', 'Fail'"],
    ),
    (
        &["--set", "timeoutSeconds=31"],
        &["timeoutSeconds", "maximum"],
    ),
    (
        &["--set", "image.repository=quay.io/acme/webhook:1.0"],
        &["/image/repository", "pattern"],
    ),
    (
        &["--set", "image.digest=latest"],
        &["/image/digest", "pattern"],
    ),
    (
        &["--set", "image.pullPolicy=Sometimes"],
        &["pullPolicy", "'IfNotPresent'"],
    ),
    (
        &["--set", "imagePullSecrets[0]=quay"],
        &["imagePullSecrets/0", "want object"],
    ),
    (
        &["--set", "tls.mode=genCA"],
        &["/tls/mode", "'service-ca', 'cert-manager', 'secret'"],
    ),
    (
        &["--set", "tls.mode=secret"],
        &["tls.mode secret needs tls.caBundle", "--set-file"],
    ),
    (
        &["--set", "tls.caBundle=ca.crt"],
        &["/tls/caBundle", "pattern"],
    ),
    (
        &[
            "--set",
            "tls.caBundle=-----BEGIN CERTIFICATE----- -----BEGIN PRIVATE KEY-----",
        ],
        &["/tls/caBundle", "not"],
    ),
    (
        &["--set", "tls.issuerRef.kind=Issuer"],
        &["/tls/issuerRef", "name"],
    ),
    (
        &["--set", "secrets[0]=Docker_Hub"],
        &["/secrets/0", "pattern"],
    ),
    (&["--set", "policies[0].name=hub"], &["/policies/0", "spec"]),
    (
        &[
            "--set",
            "policies[0].name=hub,policies[0].spec.registry=https://docker.io",
        ],
        &["/policies/0/spec/registry", "pattern"],
    ),
    (
        &[
            "--set",
            "policies[0].name=hub,policies[0].spec.registy=docker.io",
        ],
        &["/policies/0/spec", "registy"],
    ),
    // Unquoted, Off is a boolean.
    (
        &[
            "--set",
            "policies[0].name=hub,policies[0].spec.registry=quay.io,policies[0].spec.mode=false",
        ],
        &["/policies/0/spec/mode", "string"],
    ),
    (
        &["--set", "commonLabels.app\\.kubernetes\\.io/name=x"],
        &["/commonLabels/app.kubernetes.io~1name", "false schema"],
    ),
    (
        &["--set", "followBuilds.namespaces[0]=Shop"],
        &["/followBuilds/namespaces/0", "pattern"],
    ),
    (
        &["--set", "resources.limits.memory=1 GB"],
        &["/resources/limits/memory", "pattern"],
    ),
];

/// Checks the table.
pub(super) fn check(helm: &Helm) -> Result<()> {
    for (args, parts) in BAD {
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        let output = helm.template(&args)?;
        let message = String::from_utf8_lossy(&output.stderr);
        ensure!(!output.status.success(), "{args:?} is accepted");
        ensure!(output.stdout.is_empty(), "{args:?} renders something");
        for part in parts {
            ensure!(
                message.contains(part),
                "{args:?}: {part:?} is not in: {message}"
            );
        }
    }
    console::line(&format!("{} bad values are refused", BAD.len()));
    Ok(())
}
