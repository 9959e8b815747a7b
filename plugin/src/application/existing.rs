//! A secret that is there: whether it can serve.

use extreg_cluster::Object;
use extreg_core::credential::{Consumer, DockerConfigKeys, SecretMember};
use extreg_terminal::Printer;

use super::{objects, settings::Settings};
use crate::{credential::docker_config, error::Error};

/// Whether a credential can be written into a secret: its type cannot be changed.
///
/// # Errors
/// [`Error::Failed`] if it is of another type than ours.
pub(crate) fn check_type(secret: &Object) -> Result<(), Error> {
    let (name, kind) = (secret.text("/metadata/name"), secret.text("/type"));
    if kind == objects::SECRET_TYPE {
        return Ok(());
    }
    Err(Error::failed(format!(
        "secret \"{name}\" is of type {kind}, which cannot be changed, so nothing was changed: use \
         it as it is with --secret {name}, or have another made with --push-secret NAME"
    )))
}

/// Checks whether the consumers of the flow find a credential for the image in a secret that exists. A
/// secret that serves no import or pull is used anyway: the image may be public.
///
/// # Errors
/// [`Error::Failed`] if a build would not find one for its push.
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
            "secret \"{name}\" is of type {kind}, which imports and pods do not read"
        ));
        return Ok(());
    };
    if keys(secret, member).is_none() {
        printer.warn(&format!(
            "secret \"{name}\" holds no readable docker config"
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

    /// What is said of a secret: a warning, or an error.
    fn said(args: &str, kind: &str, field: &str, config: &str) -> String {
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
        said("app --image u/a --no-build", kind, field, config)
    }

    #[test]
    fn a_build_without_a_key_for_its_push_is_not_set_up() {
        let pushed = |kind: &str, field: &str, config: &str| {
            said("app --image u/a --source https://x/y", kind, field, config)
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
            let said = pushed(kind, field, &config);
            assert!(
                said.contains("no key that the push"),
                "{kind} {field}: {said}"
            );
            assert!(said.contains("nothing was changed") && said.contains("--push-secret s"));
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
            let said = pushed("Opaque", field, &config);
            assert!(
                said.contains("imports and pods do not read"),
                "{field}: {said}"
            );
        }
    }

    #[test]
    fn a_secret_of_another_type_is_not_written_over() {
        let secret = |kind: &str| Object::new(Kind::SECRET, "snow", "s", json!({"type": kind}));
        assert!(check_type(&secret("kubernetes.io/dockerconfigjson")).is_ok());
        let error = check_type(&secret("kubernetes.io/dockercfg")).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("--secret s") && said.contains("--push-secret"),
            "{said}"
        );
    }

    #[test]
    fn a_secret_that_cannot_serve_is_warned_about() {
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
        assert!(warned(json, ".dockerconfigjson", "no").contains("no readable docker config"));
        assert!(warned(json, "other", &good).contains("no readable docker config"));
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
