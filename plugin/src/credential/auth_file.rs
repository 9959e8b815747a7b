//! The entry of a docker or podman auth file for an image.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use extreg_core::credential::{Consumer, DockerConfigFormat, DockerConfigKeys};
use serde_json::Value;

use super::Credential;

const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Finds the credential that podman would use for `image`: the entry of its repository, then of each folder above it,
/// then of its host, then of any spelling of the host (containers/image `pkg/docker/config`).
///
/// # Errors
/// The reason, without any part of a credential.
pub(crate) fn find(text: &[u8], image: &str) -> Result<Credential, String> {
    let file: Value = serde_json::from_slice(text)
        .map_err(|e| format!("not a valid auth file: not JSON: {e}"))?;
    let keys = DockerConfigKeys::parse(text, DockerConfigFormat::ConfigJson)
        .map_err(|e| format!("not a valid auth file: {e}"))?;
    let found = keys.matching(Consumer::ContainersImage, image);
    let Some(key) = found.first() else {
        return Err(nothing(&file, image));
    };
    let key = key.as_written();
    let entry = file.get("auths").and_then(|auths| auths.get(key));
    let field = |name: &str| entry.and_then(|e| e.get(name)).and_then(Value::as_str);
    if field("identitytoken").is_some_and(|token| !token.is_empty()) {
        return Err(format!(
            "the entry for \"{key}\" is an identity token, which Kubernetes cannot use; \
             give an access token with --password-stdin"
        ));
    }
    let auth = field("auth").unwrap_or_default();
    ANY_PADDING
        .decode(auth.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (username, password) = text.split_once(':')?;
            // Docker pads with NUL, which its own reader also removes.
            let password = password.trim_matches('\0');
            Some(Credential {
                username: username.to_owned(),
                password: password.to_owned().into(),
            })
        })
        .ok_or_else(|| format!("the entry for \"{key}\" has no username and password"))
}

/// The credential helper that stores the passwords of an auth file, if any.
pub(crate) fn helper(file: &Value) -> Option<&str> {
    let store = file.get("credsStore").and_then(Value::as_str);
    store.or_else(|| {
        file.get("credHelpers")?
            .as_object()?
            .values()
            .next()?
            .as_str()
    })
}

fn nothing(file: &Value, image: &str) -> String {
    match helper(file) {
        Some(helper) => format!(
            "no password for {image}: the credential helper \"{helper}\" stores the passwords; \
             give an access token with --password-stdin"
        ),
        None => format!("no entry for {image}: log in with podman or docker first"),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    // a:x and b:y and c:z
    const FILE: &str = r#"{"auths": {
        "docker.io/ably77/app": {"auth": "YTp4"},
        "docker.io/ably77": {"auth": "Yjp5"},
        "https://index.docker.io/v1/": {"auth": "Yzp6"},
        "quay.io": {"auth": "YTp4", "identitytoken": "t"}
    }}"#;

    #[test]
    fn nearest_entry_is_used() {
        let cases = [
            ("docker.io/ably77/app:v1", "a", "x"),
            ("docker.io/ably77/other:v1", "b", "y"),
            ("docker.io/someone/app:v1", "c", "z"),
        ];
        for (image, username, password) in cases {
            let found = find(FILE.as_bytes(), image).unwrap();
            assert_eq!(
                (found.username.as_str(), found.password.expose_secret()),
                (username, password)
            );
        }
    }

    #[test]
    fn missing_password_gives_the_reason() {
        let cases = [
            (FILE, "ghcr.io/u/a:v1", "no entry for ghcr.io/u/a:v1"),
            (FILE, "quay.io/u/a:v1", "identity token"),
            (
                r#"{"auths": {"docker.io": {}}, "credsStore": "desktop"}"#,
                "docker.io/u/a:v1",
                "helper \"desktop\"",
            ),
            ("nonsense", "docker.io/u/a:v1", "not JSON"),
            ("{}", "docker.io/u/a:v1", "no entry"),
        ];
        for (file, image, expected) in cases {
            let why = find(file.as_bytes(), image).unwrap_err();
            assert!(why.contains(expected), "{image}: {why}");
        }
    }
}
