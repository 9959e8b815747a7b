//! The calling program: `oc` or `kubectl`.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use extreg_remedy::Caller;
use serde_json::Value;

/// The time limit for the version of a program.
const PATIENCE: Duration = Duration::from_secs(5);

/// The version that a host reports, e.g. `v1.34.2`; `None` if the host does not exist or reports none.
pub(crate) async fn version(caller: Caller) -> Option<String> {
    let run = tokio::task::spawn_blocking(move || {
        Command::new(caller.program())
            .args(["version", "--client", "-o", "json"])
            .stdin(Stdio::null())
            .output()
    });
    let output = tokio::time::timeout(PATIENCE, run).await.ok()?.ok()?.ok()?;
    let answer: Value = serde_json::from_slice(&output.stdout).ok()?;
    // oc has its own version besides that of its kubectl.
    let pointers = ["/releaseClientVersion", "/clientVersion/gitVersion"];
    let found = pointers.iter().find_map(|at| answer.pointer(at)?.as_str());
    found.map(str::to_owned)
}
