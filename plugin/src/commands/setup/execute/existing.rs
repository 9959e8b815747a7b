//! A secret that is there: whether it can serve.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_core::credential::{Consumer, DockerConfigFormat, DockerConfigKeys};

use super::Settings;
use crate::{api::Object, commands::setup::objects, error::Error, printer::Printer};

/// Whether a credential can be written into a secret: its type cannot be changed.
///
/// # Errors
/// [`Error::Failed`] if it is of another type than ours.
pub(super) fn check_type(secret: &Object) -> Result<(), Error> {
    let (name, kind) = (secret.text("/metadata/name"), secret.text("/type"));
    if kind == objects::SECRET_TYPE {
        return Ok(());
    }
    Err(Error::failed(format!(
        "secret \"{name}\" is of type {kind}, which cannot be changed, so nothing was changed: use \
         it as it is with --secret {name}, or have another made with --push-secret NAME"
    )))
}

/// Warns if no consumer of the flow would find a credential for the image in a secret. The secret
/// is used all the same: who named it may be about to mend it.
pub(super) fn check_secret(secret: &Object, settings: &Settings, printer: &Printer) {
    let name = secret.text("/metadata/name");
    let (field, format) = match secret.text("/type") {
        "kubernetes.io/dockerconfigjson" => (".dockerconfigjson", DockerConfigFormat::ConfigJson),
        "kubernetes.io/dockercfg" => (".dockercfg", DockerConfigFormat::Dockercfg),
        other => {
            printer.warn(&format!(
                "secret \"{name}\" is of type {other}, which neither builds nor imports read"
            ));
            return;
        }
    };
    let keys = secret
        .body
        .get("data")
        .and_then(|data| data.get(field)?.as_str())
        .and_then(|data| STANDARD.decode(data).ok())
        .and_then(|config| DockerConfigKeys::parse(&config, format).ok());
    let Some(keys) = keys else {
        printer.warn(&format!(
            "secret \"{name}\" holds no docker config that can be read"
        ));
        return;
    };
    let image = settings.target.to_string();
    let misses: Vec<&str> = [
        (Consumer::BuildPush, "the push of a build"),
        (Consumer::Import, "the import"),
        (Consumer::Kubelet, "the pull of a pod"),
    ]
    .into_iter()
    .filter(|(consumer, _)| !keys.matching(*consumer, &image).is_matched())
    .map(|(_, what)| what)
    .collect();
    if !misses.is_empty() {
        printer.warn(&format!(
            "secret \"{name}\" has no key that {} would find for {image}; it needs \"{}\"",
            misses.join(", "),
            settings.target.config_keys().join("\" and \""),
        ));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        api::Kind,
        commands::setup::settings::testing::settings,
        printer::{Quiet, testing::printer},
    };

    fn warned(kind: &str, field: &str, config: &str) -> String {
        let settings = settings("app --image u/a --no-build").unwrap();
        let fields = json!({"type": kind, "data": {field: STANDARD.encode(config)}});
        let secret = Object::new(Kind::SECRET, "snow", "s", fields);
        let (printer, _, err) = printer(Quiet::No, 0);
        check_secret(&secret, &settings, &printer);
        err.text()
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
            other.contains("the push of a build, the import, the pull of a pod"),
            "{other}"
        );
        assert!(warned("Opaque", "x", "").contains("type Opaque"));
        assert!(warned(json, ".dockerconfigjson", "no").contains("can be read"));
        assert!(warned(json, "other", &good).contains("can be read"));
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
