//! The policies to check with: of a file, of the cluster, or the built-in one.

use std::{collections::BTreeSet, path::PathBuf};

use extreg_cluster::{Json as _, Kind};
use extreg_core::policy::{KIND, Mode, Policy, PolicySet, PolicySpec, SECRETS_UNKNOWN};
use extreg_documents::{FoundObject, Origin, Source};
use extreg_terminal::Printer;
use serde_json::Value;

use crate::error::Error;

/// The kind of policies in the API.
pub(crate) const REGISTRY_POLICY: Kind = extreg_snapshot::kind::Kind::RegistryPolicy.api();

/// The fields of a policy besides its spec.
const MEMBERS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

/// Reads a file of policies. Any other kind or an unknown field is an error.
///
/// # Errors
/// [`Error::Usage`] with the file, the line and the field.
pub(crate) fn of_file(source: Source) -> Result<PolicySet, Error> {
    let name = source.name();
    let policies = of_source(source, |_| Ok(false))?;
    if policies.is_empty() {
        return Err(Error::usage(format!(
            "--policy: {name} contains no {KIND}; omit the flag to use the built-in policy"
        )));
    }
    Ok(PolicySet::new(policies))
}

/// The source of `--policy`.
///
/// # Errors
/// [`Error::Usage`] for stdin.
pub(crate) fn source(path: PathBuf) -> Result<Source, Error> {
    if path.as_os_str() == "-" {
        return Err(Error::usage(
            "--policy requires a file; stdin is reserved for -f -",
        ));
    }
    Ok(Source::File { path, named: true })
}

/// The policies of a source. `take` gets each object first, and returns whether it consumed the object.
///
/// # Errors
/// [`Error::Usage`] with the file, the line and the field.
pub(crate) fn of_source(
    source: Source,
    mut take: impl FnMut(&FoundObject<'_>) -> Result<bool, String>,
) -> Result<Vec<Policy>, Error> {
    let mut policies: Vec<Policy> = Vec::new();
    for document in extreg_documents::read(vec![source]) {
        let document = document.map_err(|error| Error::usage(format!("--policy: {error}")))?;
        let objects = document
            .objects()
            .map_err(|error| Error::usage(format!("--policy: {error}")))?;
        for object in objects {
            let wrong = |what: String| wrong(&document.origin, &object, &what);
            if take(&object).map_err(wrong)? {
                continue;
            }
            let policy = of_object(&object).map_err(wrong)?;
            if policies.iter().any(|other| other.name() == policy.name()) {
                return Err(wrong("an earlier policy has this name".to_owned()));
            }
            policies.push(policy);
        }
    }
    Ok(policies)
}

/// The policies in force in a cluster; `None` if it does not know the kind. An invalid policy is skipped, as in the
/// webhook.
pub(crate) fn of_cluster(list: Option<&[Value]>, printer: &Printer) -> PolicySet {
    let Some(list) = list else {
        return PolicySet::of_cluster(None);
    };
    let mut policies = Vec::new();
    for body in list {
        let name = body.text("/metadata/name");
        match policy(name, body.text("/metadata/creationTimestamp"), body) {
            Ok(policy) => policies.push(policy),
            Err(error) => printer.warn(&format!("policy {name} is not in force: {error}")),
        }
    }
    PolicySet::of_cluster(Some(policies))
}

/// The secrets that the webhook cannot read, from the status of the policies that name them.
pub(crate) fn unreadable_secrets(list: &[Value]) -> BTreeSet<String> {
    let named = |body: &Value| {
        let is_unreadable = body
            .condition("Ready")
            .is_some_and(|ready| ready.text("/reason") == SECRETS_UNKNOWN);
        let fields = ["/spec/push/secretName", "/spec/pull/secretName"];
        let names = fields.map(|field| body.pointer(field).and_then(Value::as_str));
        is_unreadable.then(|| {
            names
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
    };
    list.iter().filter_map(named).flatten().collect()
}

/// Warns about policies that tie, with the one that wins.
pub(crate) fn warn_about_ties(policies: &PolicySet, printer: &Printer) {
    for (winner, loser) in policies.conflicts() {
        printer.warn(&conflict(winner, loser));
    }
}

/// The description of a tie.
pub(crate) fn conflict(winner: &Policy, loser: &Policy) -> String {
    format!(
        "policies {} and {} select the same images and neither is more specific: {} wins (the \
         older one, otherwise the first by name)",
        winner.name(),
        loser.name(),
        winner.name()
    )
}

/// The names of the secrets that policies use.
pub(crate) fn secrets(policies: &PolicySet) -> BTreeSet<String> {
    policies
        .iter()
        .filter(|policy| policy.mode() != Mode::Off)
        .flat_map(Policy::secrets)
        .map(str::to_owned)
        .collect()
}

/// Reads one policy of a file.
///
/// # Errors
/// The field and the problem.
pub(crate) fn of_object(object: &FoundObject<'_>) -> Result<Policy, String> {
    let api_version = REGISTRY_POLICY.api_version();
    if object.kind != KIND || object.api_version != api_version {
        return Err(format!("not a {KIND} of {api_version}"));
    }
    let name = object.body.text("/metadata/name");
    if name.is_empty() {
        return Err("metadata.name: missing".to_owned());
    }
    let unknown = object
        .body
        .as_object()
        .and_then(|members| members.keys().find(|key| !MEMBERS.contains(&key.as_str())));
    if let Some(key) = unknown {
        return Err(format!(
            "{key}: unknown field, expected one of spec, metadata"
        ));
    }
    let created = object.body.text("/metadata/creationTimestamp");
    policy(name, created, &object.body)
}

/// Reads the spec of a policy.
///
/// # Errors
/// The field and the problem.
pub(crate) fn policy(name: &str, created: &str, body: &Value) -> Result<Policy, String> {
    let spec = body.get("spec").ok_or("spec: missing")?;
    let spec: PolicySpec = serde_path_to_error::deserialize(spec).map_err(|error| {
        let path = error.path().to_string();
        let path = match path.as_str() {
            "." => "spec".to_owned(),
            path => format!("spec.{path}"),
        };
        format!("{path}: {}", error.inner())
    })?;
    Policy::compile(name, created, &spec).map_err(|error| error.to_string())
}

fn wrong(origin: &Origin, object: &FoundObject<'_>, what: &str) -> Error {
    Error::usage(format!(
        "--policy: {origin}: {} {}: {what}",
        object.kind,
        object.name()
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use extreg_terminal::{Quiet, testing::printer};

    const POLICY: &str = "apiVersion: extreg.io/v1alpha1\nkind: RegistryPolicy\n\
        metadata: {name: NAME}\nspec:\n  registry: docker.io\n  push: {secretName: hub}\n";

    fn read(text: &str) -> Result<PolicySet, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.yaml");
        fs::write(&path, text).unwrap();
        let root = format!("{}/", folder.path().display());
        of_file(Source::File { path, named: true }).map_err(|e| e.to_string().replace(&root, ""))
    }

    fn named(name: &str) -> String {
        POLICY.replace("NAME", name)
    }

    #[test]
    fn several_documents_and_lists_are_read() {
        let list = r#"{"kind":"List","items":[{"apiVersion":"extreg.io/v1alpha1","kind":"RegistryPolicy","metadata":{"name":"c"},"spec":{"registry":"quay.io"},"status":{}}]}"#;
        let text = format!(
            "---\n{}---\n# none\n---\n{}---\n{list}\n",
            named("a"),
            named("b")
        );
        let set = read(&text).unwrap();
        assert_eq!(
            set.iter().map(Policy::name).collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
        assert_eq!(secrets(&set), BTreeSet::from(["hub".to_owned()]));
        let (printer, _, err) = printer(Quiet::No, 0);
        warn_about_ties(&set, &printer);
        assert!(
            err.text()
                .contains("policies a and b select the same images"),
            "{}",
            err.text()
        );
    }

    #[test]
    fn errors_name_file_line_and_field() {
        for (text, want) in [
            (
                named("a").replace("registry:", "registery:"),
                "p.yaml:1: RegistryPolicy a: spec.registery: unknown field `registery`",
            ),
            (
                named("a").replace("secretName", "secretNam"),
                "spec.push.secretNam: unknown field `secretNam`",
            ),
            (named("a") + "mode: Warn\n", "mode: unknown field"),
            (
                named("a") + "  mode: warn\n",
                "spec.mode: unknown variant `warn`",
            ),
            (
                named("a").replace("docker.io", "docker"),
                "spec.registry: Invalid value: \"docker\"",
            ),
            (
                format!("{}---\n{}", named("a"), named("a")),
                "p.yaml:8: RegistryPolicy a: an earlier policy",
            ),
            (
                named("a").replace("RegistryPolicy", "Secret"),
                "not a RegistryPolicy of extreg.io/v1alpha1",
            ),
            (
                named("a").replace("  push:", "\tpush:"),
                "p.yaml:6:1: a tab",
            ),
            ("# nothing\n".to_owned(), "contains no RegistryPolicy"),
            ("a: 1\n".to_owned(), "has no kind"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }

    #[test]
    fn invalid_policy_of_the_cluster_is_skipped() {
        let (printer, _, err) = printer(Quiet::No, 0);
        let bad = serde_json::json!({"metadata": {"name": "x"}, "spec": {"registry": ""}});
        assert_eq!(of_cluster(Some(&[bad]), &printer).iter().count(), 0);
        assert!(
            err.text()
                .starts_with("Warning: policy x is not in force: spec.registry")
        );
        assert_eq!(of_cluster(Some(&[]), &printer).iter().count(), 0);
        let names: Vec<_> = of_cluster(None, &printer)
            .iter()
            .map(|p| p.name().to_owned())
            .collect();
        assert_eq!(names, [Policy::BUILTIN]);
    }
}
