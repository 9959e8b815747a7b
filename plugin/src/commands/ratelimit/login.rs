//! The login for the request, from an auth file or a secret.

use extreg_cluster::{Cluster, Kind, ObjectRef};
use extreg_core::credential::Consumer;
use extreg_registry::{Login, Logins, logins};

use super::settings::{LoginSource, Settings, Wanted};
use crate::{credential, error::Error};

/// Finds the login; none if none is requested.
///
/// # Errors
/// [`Error::Usage`] if the auth file has no login for the registry, [`Error::Failed`] if the secret has
/// none.
pub(super) async fn find(
    settings: &Settings,
    cluster: Option<&Cluster>,
) -> Result<Option<Login>, Error> {
    let image = image(settings);
    match (&settings.login, cluster) {
        (LoginSource::AuthFile(path), _) => {
            let wrong =
                |why: String| Error::usage(format!("--auth-file {}: {why}", path.display()));
            let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let logins =
                logins(&text).map_err(|error| wrong(format!("invalid auth file: {error}")))?;
            let consumers = [Consumer::ContainersImage, Consumer::Import];
            pick(&logins, &consumers, &settings.registry, &image)
                .map(Some)
                .map_err(wrong)
        }
        (LoginSource::Secret(name), Some(cluster)) => {
            let namespace = cluster.namespace();
            let wrong = |why: String| {
                Error::failed(format!("secret \"{name}\" in namespace {namespace}: {why}"))
            };
            let reference = ObjectRef::new(Kind::SECRET, namespace, name);
            let Some(secret) = cluster.get(&reference).await? else {
                return Err(wrong("not found".to_owned()));
            };
            let config = credential::either_docker_config(&secret)
                .ok_or_else(|| wrong("it holds no docker config".to_owned()))?;
            let logins = logins(&config).map_err(|error| wrong(error.to_string()))?;
            pick(&logins, &[Consumer::Import], &settings.registry, &image)
                .map(Some)
                .map_err(wrong)
        }
        _ => Ok(None),
    }
}

/// The image for the login, in the form that an import uses.
fn image(settings: &Settings) -> String {
    match &settings.measure {
        Wanted::Image(probe) => format!("{}/{}", settings.registry, probe.repository),
        Wanted::Unnamed | Wanted::Nothing => settings.registry.clone(),
    }
}

/// The login for an image, else the first for any repository of its registry: the limit belongs to the
/// account.
fn pick(
    logins: &Logins,
    consumers: &[Consumer],
    registry: &str,
    image: &str,
) -> Result<Login, String> {
    let found = consumers
        .iter()
        .find_map(|consumer| logins.of(*consumer, image))
        .or_else(|| {
            logins.iter().find(|found| {
                let key = found.key.normalized();
                let path = key.as_deref().and_then(|key| key.strip_prefix(registry));
                path.is_some_and(|path| path.is_empty() || path.starts_with('/'))
            })
        });
    let Some(found) = found else {
        return Err(format!("it has no login for {registry}"));
    };
    found.login.cloned().ok_or_else(|| {
        format!(
            "its entry \"{}\" has no username and password",
            found.key.as_written()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_for_the_registry_is_found() {
        // a:x and b:y
        for (config, expected) in [
            (r#"{"auths": {"docker.io": {"auth": "YTp4"}}}"#, Ok("a")),
            (
                r#"{"auths": {"https://index.docker.io/v1/": {"auth": "Yjp5"}}}"#,
                Ok("b"),
            ),
            (
                r#"{"auths": {"docker.io/acme": {"auth": "YTp4"}, "quay.io": {"auth": "Yjp5"}}}"#,
                Ok("a"),
            ),
            (
                r#"{"auths": {"docker.io.example.com": {"auth": "YTp4"}}}"#,
                Err("no login for docker.io"),
            ),
            (
                r#"{"auths": {"docker.io": {"identitytoken": "t"}}}"#,
                Err("no username and password"),
            ),
        ] {
            let logins = logins(config.as_bytes()).unwrap();
            let all = [Consumer::ContainersImage, Consumer::Import];
            let found = pick(
                &logins,
                &all,
                "docker.io",
                "docker.io/ratelimitpreview/test",
            );
            match expected {
                Ok(username) => assert_eq!(found.unwrap().username(), Some(username), "{config}"),
                Err(why) => {
                    let found = found.unwrap_err();
                    assert!(found.contains(why), "{config}: {found}");
                }
            }
        }
    }
}
