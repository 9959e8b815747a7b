//! Whether an existing secret can be used.

use extreg_cluster::Object;
use extreg_core::credential::{Consumer, DockerConfigKeys, SecretMember};
use extreg_terminal::Printer;

use super::{objects, settings::Settings};
use crate::{credential::docker_config, error::Error};

/// Whether a credential can be written into a secret: its type is immutable.
///
/// # Errors
/// [`Error::Failed`] if the secret has another type than ours.
pub(crate) fn check_type(secret: &Object) -> Result<(), Error> {
    let (name, kind) = (secret.text("/metadata/name"), secret.text("/type"));
    if kind == objects::SECRET_TYPE {
        return Ok(());
    }
    Err(Error::failed(format!(
        "secret \"{name}\" has type {kind}, which is immutable, so nothing was changed: use \
         it unchanged with --secret {name}, or create another one with --push-secret NAME"
    )))
}

/// Checks whether an existing secret has a credential for the image that the consumers of the flow can use. A secret
/// that no import or pull can use is only a warning: the image may be public.
///
/// # Errors
/// [`Error::Failed`] if a build would not find a credential for its push.
pub(crate) fn check_secret(
    secret: &Object,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Error> {
    let name = secret.text("/metadata/name");
    let image = settings.target.to_string();
    let needed = settings.target.config_keys().join("\" and \"");
    let has = |member, consumer| {
        keys(secret, member).is_some_and(|keys| keys.matching(consumer, &image).is_matched())
    };
    if settings.build.is_some()
        && !SecretMember::ALL
            .into_iter()
            .any(|member| has(member, Consumer::BuildPush))
    {
        return Err(Error::failed(format!(
            "secret \"{name}\" has no key that the push of a build would find for {image}, so nothing was \
             changed: it needs \"{needed}\". Give a credential to add it with --push-secret {name} \
             --username USER --password-stdin, or name another secret"
        )));
    }
    let kind = secret.text("/type");
    let Some(member) = SecretMember::of_type(kind) else {
        printer.warn(&format!(
            "secret \"{name}\" has type {kind}, which imports and pods do not read"
        ));
        return Ok(());
    };
    if keys(secret, member).is_none() {
        printer.warn(&format!(
            "secret \"{name}\" does not contain a readable docker config"
        ));
        return Ok(());
    }
    let misses: Vec<&str> = [
        (Consumer::Import, "the import"),
        (Consumer::Kubelet, "the pull of a pod"),
    ]
    .into_iter()
    .filter(|(consumer, _)| !has(member, *consumer))
    .map(|(_, what)| what)
    .collect();
    if !misses.is_empty() {
        printer.warn(&format!(
            "secret \"{name}\" has no key that {} would find for {image}; it needs \"{needed}\"",
            misses.join(" and "),
        ));
    }
    Ok(())
}

fn keys(secret: &Object, member: SecretMember) -> Option<DockerConfigKeys> {
    DockerConfigKeys::parse(&docker_config(secret, member)?, member.format()).ok()
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde_json::json;

    use super::*;
    use crate::application::settings::testing::settings;
    use extreg_cluster::Kind;
    use extreg_terminal::{Quiet, testing::printer};

    /// The warning or error for a secret.
    fn message(args: &str, kind: &str, field: &str, config: &str) -> String {
        let settings = settings(args).unwrap();
        let fields = json!({"type": kind, "data": {field: STANDARD.encode(config)}});
        let secret = Object::new(Kind::SECRET, "snow", "s", fields);
        let (printer, _, err) = printer(Quiet::No, 0);
        match check_secret(&secret, &settings, &printer) {
            Ok(()) => err.text(),
            Err(error) => error.to_string(),
        }
    }

    fn warned(kind: &str, field: &str, config: &str) -> String {
        message("app --image u/a --no-build", kind, field, config)
    }

    #[test]
    fn build_without_a_key_for_its_push_is_refused() {
        let pushed = |kind: &str, field: &str, config: &str| {
            message("app --image u/a --source https://x/y", kind, field, config)
        };
        let entry = |key: &str| format!(r#"{{"auths": {{"{key}": {{"auth": "YTp4"}}}}}}"#);
        let json = "kubernetes.io/dockerconfigjson";
        assert_eq!(pushed(json, ".dockerconfigjson", &entry("docker.io")), "");
        for (kind, field, config) in [
            (json, ".dockerconfigjson", entry("quay.io")),
            (json, ".dockerconfigjson", "no".to_owned()),
            (json, "other", entry("docker.io")),
            ("Opaque", "x", String::new()),
        ] {
            let message = pushed(kind, field, &config);
            assert!(
                message.contains("no key that the push"),
                "{kind} {field}: {message}"
            );
            assert!(message.contains("nothing was changed") && message.contains("--push-secret s"));
        }
        // The builder reads a secret of any type.
        for (field, config) in [
            ("config.json", entry("docker.io")),
            (".dockerconfigjson", entry("docker.io")),
            (
                ".dockercfg",
                r#"{"docker.io": {"auth": "YTp4"}}"#.to_owned(),
            ),
        ] {
            let message = pushed("Opaque", field, &config);
            assert!(
                message.contains("imports and pods do not read"),
                "{field}: {message}"
            );
        }
    }

    #[test]
    fn secret_of_another_type_is_not_overwritten() {
        let secret = |kind: &str| Object::new(Kind::SECRET, "snow", "s", json!({"type": kind}));
        assert!(check_type(&secret("kubernetes.io/dockerconfigjson")).is_ok());
        let error = check_type(&secret("kubernetes.io/dockercfg")).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("--secret s") && message.contains("--push-secret"),
            "{message}"
        );
    }

    #[test]
    fn unusable_secret_gives_a_warning() {
        let json = "kubernetes.io/dockerconfigjson";
        let entry = |key: &str| format!(r#"{{"auths": {{"{key}": {{"auth": "YTp4"}}}}}}"#);
        let good = entry("docker.io");
        assert_eq!(warned(json, ".dockerconfigjson", &good), "");
        let other = warned(json, ".dockerconfigjson", &entry("quay.io"));
        assert!(
            other.contains("the import and the pull of a pod"),
            "{other}"
        );
        assert!(warned("Opaque", "x", "").contains("type Opaque"));
        assert!(
            warned(json, ".dockerconfigjson", "no")
                .contains("not contain a readable docker config")
        );
        assert!(warned(json, "other", &good).contains("not contain a readable docker config"));
        assert_eq!(
            warned(
                "kubernetes.io/dockercfg",
                ".dockercfg",
                r#"{"docker.io": {"auth": "YTp4"}}"#
            ),
            ""
        );
    }
}
