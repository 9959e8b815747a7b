//! `secret set`: a credential for a registry in one secret, beside what it holds.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_audit::credentials::registry_of_key;
use extreg_core::{
    credential::{DockerConfigFormat, DockerConfigKey, DockerConfigKeys},
    registry::RegistryHost,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::{
    link::{docker_config, docker_field},
    rotate::{document, managed},
};
use crate::{
    api::{Cluster, DryRun, Kind, Object, ObjectRef},
    commands::setup::{
        credential::{Credential, CredentialSource, Wanted, obtain},
        names,
    },
    context::Context,
    error::Error,
    exit::Exit,
    registry::{Action, Client, Endpoints, Login, RegistryError},
};

/// The keys by which every consumer finds a credential of Docker Hub.
const HUB_KEYS: [&str; 2] = ["docker.io", "https://index.docker.io/v1/"];

/// Write a credential for a registry into a secret, and keep its other keys
///
/// A secret that does not exist is created. Of one that exists every key of another registry stays;
/// the credential of another account is never replaced: secret rotate does that. The credential is
/// tried at the registry first, and is asked for, so that it stays out of the shell's history.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Ask for account and access token, try them at docker.io, write them
  oc extreg secret set dockerhub -n snow

  # For another registry, with the token from elsewhere
  pass quay | oc extreg secret set quay --registry quay.io --username acme+robot --password-stdin

A second run with the same credential changes nothing and says so.")]
pub(super) struct Args {
    /// Secret to write
    #[arg(value_name = "NAME")]
    name: String,
    /// Registry that the credential is for [default: docker.io]
    #[arg(
        long,
        value_name = "HOST",
        default_value = "docker.io",
        hide_default_value = true
    )]
    registry: String,
    /// Account of the credential
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "auth_file",
        help_heading = "Credential"
    )]
    username: Option<String>,
    /// Take the password or access token from stdin
    #[arg(long, requires = "username", help_heading = "Credential")]
    password_stdin: bool,
    /// Take the credential from a docker or podman auth file
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "password_stdin",
        help_heading = "Credential"
    )]
    auth_file: Option<PathBuf>,
    /// Do not try the credential at the registry
    #[arg(long, help_heading = "Credential")]
    no_verify: bool,
    /// Dry run: "client" computes the result locally, "server" submits it without persisting
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    dry_run: DryRun,
    #[command(flatten)]
    endpoints: Endpoints,
}

/// Writes it, or tries to.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    names::subdomain("secret", &args.name)?;
    let host = args.registry.trim();
    if host.is_empty() || host.contains(['/', '@']) || host.contains(char::is_whitespace) {
        return Err(Error::usage(format!(
            "--registry {host}: name the registry's host, e.g. docker.io"
        )));
    }
    let registry = RegistryHost::of(host);
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    let reference = ObjectRef::new(Kind::SECRET, &namespace, &args.name);
    let current = match cluster.get(&reference).await? {
        Some(secret) => Some(Current::read(&secret, registry)?),
        None => None,
    };
    let credential = credential(&args, registry, context).await?;
    if let Some(other) = current
        .as_ref()
        .and_then(|current| current.other_than(&credential.username))
    {
        return Err(Error::refused(format!(
            "secret/{} holds a credential of {other} for {registry}, so nothing was changed: \
             {} secret rotate {} --username {} -n {namespace} replaces it",
            args.name, context.caller, args.name, credential.username
        )));
    }
    if !args.no_verify {
        verify(&args, registry, &credential, context).await?;
    }
    let changed = match current {
        Some(current) => {
            change(&args, registry, &credential, current, &reference, &cluster).await?
        }
        None => create(&args, registry, &credential, &reference, &cluster).await?,
    };
    context.printer.line(format!(
        "secret/{} {changed}{}",
        args.name,
        args.dry_run.suffix()
    ));
    Ok(Exit::Done)
}

/// A secret as it is.
struct Current {
    field: &'static str,
    format: DockerConfigFormat,
    config: Vec<u8>,
    version: String,
    /// The accounts of its keys for the registry.
    accounts: Vec<String>,
}

impl Current {
    fn read(secret: &Object, registry: RegistryHost<'_>) -> Result<Self, Error> {
        let name = secret.text("/metadata/name");
        let unchanged =
            |why: String| Error::refused(format!("secret/{name} was not changed: {why}"));
        let kind = secret.text("/type");
        let (field, format) = docker_field(kind).ok_or_else(|| {
            unchanged(format!(
                "it is of type {kind}; create a docker secret under another name"
            ))
        })?;
        if secret.body.get("immutable") == Some(&Value::Bool(true)) {
            return Err(unchanged("it is immutable".to_owned()));
        }
        if let Some(manager) = managed::manager(secret) {
            return Err(unchanged(format!(
                "{manager} manages it and would change it back: change it there"
            )));
        }
        let unreadable = || unchanged("it holds no docker config that can be read".to_owned());
        let config = docker_config(secret, field).ok_or_else(unreadable)?;
        let keys = DockerConfigKeys::parse(&config, format).map_err(|_| unreadable())?;
        let accounts = keys
            .iter()
            .filter(|key| is_of(key, registry))
            .map(|key| key.username().to_owned())
            .collect();
        Ok(Self {
            field,
            format,
            version: secret.text("/metadata/resourceVersion").to_owned(),
            config,
            accounts,
        })
    }

    /// Another account that it holds a credential of.
    fn other_than(&self, username: &str) -> Option<&str> {
        let mut accounts = self.accounts.iter().map(String::as_str);
        accounts.find(|account| !account.is_empty() && *account != username)
    }
}

async fn credential(
    args: &Args,
    registry: RegistryHost<'_>,
    context: &Context,
) -> Result<Credential, Error> {
    let source = match (&args.auth_file, args.password_stdin, &args.username) {
        (Some(file), _, _) => CredentialSource::AuthFile(file.clone()),
        (None, true, Some(username)) => CredentialSource::Stdin {
            username: username.clone(),
        },
        (None, _, username) => CredentialSource::Unsaid {
            username: username.clone(),
        },
    };
    let host = registry.as_str();
    let wanted = Wanted {
        host,
        image: &format!("{host}/extreg/extreg"),
        account: args.username.as_deref().unwrap_or_default(),
        ways: "run it in a terminal, or give --username with --password-stdin, or --auth-file",
    };
    obtain(&source, wanted, context).await
}

/// Whether the registry takes the login; what it allows depends on the repository.
async fn verify(
    args: &Args,
    registry: RegistryHost<'_>,
    credential: &Credential,
    context: &Context,
) -> Result<(), Error> {
    let client = Client::new(&args.endpoints, context)?;
    let login = Login::Basic {
        username: credential.username.clone(),
        password: credential.password.clone(),
    };
    let (host, username) = (registry.as_str(), &credential.username);
    let repository = format!("{}/extreg", username.to_lowercase());
    match client
        .grants(host, &repository, &[Action::Pull], &login)
        .await
    {
        Ok(_) => Ok(()),
        Err(
            error @ (RegistryError::Unauthorized | RegistryError::Denied | RegistryError::NotFound),
        ) => Err(Error::refused(format!(
            "{host} refuses the credential of {username}, so nothing was changed: {error}"
        ))),
        Err(error) => Err(Error::failed(format!(
            "cannot check the credential of {username} at {host}, so nothing was changed: {error}; \
             --no-verify skips the check"
        ))),
    }
}

async fn change(
    args: &Args,
    registry: RegistryHost<'_>,
    credential: &Credential,
    current: Current,
    reference: &ObjectRef,
    cluster: &Cluster,
) -> Result<&'static str, Error> {
    let wanted = keys(registry);
    let is_ours = |key: &DockerConfigKey| is_of(key, registry);
    let replaced = document::replace(
        &current.config,
        current.format,
        &credential.entry(),
        is_ours,
        &wanted,
    )
    .map_err(|why| Error::refused(why.to_string()))?;
    if replaced.changed.is_empty() && replaced.added.is_empty() {
        return Ok("unchanged");
    }
    if args.dry_run != DryRun::Client {
        let encoded = SecretString::from(STANDARD.encode(replaced.document.expose_secret()));
        let operations = [
            json!({"op": "test", "path": "/metadata/resourceVersion", "value": current.version}),
            json!({"op": "replace", "path": format!("/data/{}", current.field),
                "value": encoded.expose_secret()}),
        ];
        cluster
            .json_patch(reference, &operations, args.dry_run)
            .await?;
    }
    Ok("configured")
}

async fn create(
    args: &Args,
    registry: RegistryHost<'_>,
    credential: &Credential,
    reference: &ObjectRef,
    cluster: &Cluster,
) -> Result<&'static str, Error> {
    let entry = Value::Object(credential.entry());
    let auths: Map<String, Value> = keys(registry)
        .into_iter()
        .map(|key| (key.to_owned(), entry.clone()))
        .collect();
    let config = SecretString::from(json!({ "auths": auths }).to_string());
    let fields = json!({
        "type": "kubernetes.io/dockerconfigjson",
        "data": { ".dockerconfigjson": STANDARD.encode(config.expose_secret()) },
    });
    let secret = Object::new(Kind::SECRET, &reference.namespace, &reference.name, fields);
    if args.dry_run != DryRun::Client {
        cluster.create(&secret, args.dry_run).await?;
    }
    Ok("created")
}

/// The keys that every consumer of a registry finds.
fn keys(registry: RegistryHost<'_>) -> Vec<&str> {
    match registry {
        RegistryHost::DockerHub => HUB_KEYS.to_vec(),
        RegistryHost::Other(host) => vec![host],
    }
}

fn is_of(key: &DockerConfigKey, registry: RegistryHost<'_>) -> bool {
    key.normalised()
        .is_some_and(|normalised| registry_of_key(&normalised) == registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(kind: &str, config: &str) -> Object {
        let field = if kind.ends_with("cfg") {
            ".dockercfg"
        } else {
            ".dockerconfigjson"
        };
        let fields = json!({"type": kind, "data": {field: STANDARD.encode(config)}});
        Object::new(Kind::SECRET, "snow", "hub", fields)
    }

    #[test]
    fn another_account_of_the_registry_is_told_from_other_registries() {
        let config = r#"{"auths":{"docker.io":{"auth":"dTpw"},"quay.io":{"auth":"bzpw"}}}"#;
        let secret = secret("kubernetes.io/dockerconfigjson", config);
        let of = |host| Current::read(&secret, RegistryHost::of(host)).ok().unwrap();
        assert_eq!(of("docker.io").other_than("u"), None);
        assert_eq!(of("docker.io").other_than("o"), Some("u"));
        assert_eq!(of("ghcr.io").other_than("o"), None);
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for (kind, config) in [
            ("Opaque", "{}"),
            ("kubernetes.io/dockerconfigjson", "nonsense"),
        ] {
            let secret = secret(kind, config);
            let read = Current::read(&secret, RegistryHost::DockerHub);
            assert!(read.is_err(), "{kind}");
        }
    }
}
