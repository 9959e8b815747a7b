//! `secret set`: stores a credential for a registry in a secret, and keeps its other content.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_cluster::{Cluster, DryRun, Kind, Object, ObjectRef, Verb};
use extreg_core::credential::{DockerConfigKey, SecretMember};
use extreg_registry::logins;
use extreg_terminal::Exit;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::{
    document::{self, HUB_KEYS, Unchangeable},
    managed::manager,
    registry_host,
    verify::Verifier,
    write::{Ready, write},
};
use crate::{
    args::{DryRunArgs, EndpointArgs, OutputArgs},
    context::Context,
    credential::{self, Credential, CredentialSource, Wanted, docker_config},
    error::Error,
    names,
    print::{ObjectFormat, Report},
};

/// How to provide the credential.
const WAYS: &str = "use --username and --password-stdin, or --auth-file";
/// The type of a secret that is created.
const TYPE: &str = "kubernetes.io/dockerconfigjson";

/// Store a credential for a registry in a secret, and keep its other keys
///
/// Creates the secret if it does not exist. Reads the token from a prompt, stdin or an auth file, so
/// that it does not appear in the shell history; from an auth file, only the login for the registry is stored.
/// Tests the login at the registry first. A key with another credential is not replaced:
/// use secret rotate.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Prompt for account and access token of docker.io
  oc extreg secret set dockerhub -n snow

  # Read the token from a password store
  pass hub | oc extreg secret set dockerhub -n snow --username ably77 --password-stdin

  # Store the login of another registry from an auth file
  oc extreg secret set quay --registry quay.io --auth-file auth.json -n snow

A second run changes nothing and reports the secret as unchanged.")]
pub(super) struct Args {
    /// Secret to store the credential in
    #[arg(value_name = "NAME")]
    name: String,
    /// Registry of the credential [default: docker.io]
    #[arg(
        long,
        value_name = "HOST",
        default_value = "docker.io",
        hide_default_value = true
    )]
    registry: String,

    /// Read the credential from a docker or podman auth file
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["password_stdin", "username"],
        help_heading = "Credential"
    )]
    auth_file: Option<PathBuf>,
    /// Read the password or access token from stdin
    #[arg(long, requires = "username", help_heading = "Credential")]
    password_stdin: bool,
    /// Account at the registry
    #[arg(long, value_name = "NAME", help_heading = "Credential")]
    username: Option<String>,
    /// Image to test the credential with [default: test the login only]
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with = "no_verify",
        help_heading = "Credential"
    )]
    image: Option<String>,
    /// Do not test the credential at the registry
    #[arg(long, help_heading = "Credential")]
    no_verify: bool,

    /// Also change secrets that another controller manages and may change back
    #[arg(long, help_heading = "Apply")]
    managed: bool,
    #[command(flatten)]
    dry_run: DryRunArgs,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
    #[command(flatten)]
    endpoints: EndpointArgs,
}

/// The planned content of a secret.
enum Plan {
    Create(Object),
    Change(Ready),
    Unchanged(Object),
}

/// Stores the credential, or runs a dry run.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    names::subdomain("secret", &args.name)?;
    let registry = registry_host(&args.registry)?;
    context.named_namespace()?;
    let cluster = context.cluster().await?;
    let reference = ObjectRef::new(Kind::SECRET, cluster.namespace(), &args.name);
    let now = cluster.get(&reference).await?;
    if let Some(secret) = &now {
        check(secret, &reference, args.managed)?;
    }
    let credential = obtain(&args, &registry, context).await?;
    let plan = plan(now, &reference, &registry, &credential, context)?;
    if !args.no_verify && !matches!(plan, Plan::Unchanged(_)) {
        let image = args.image.as_deref();
        let mut verifier = Verifier::new(&registry, image, &args.endpoints, &credential, context)?;
        verifier.login().await?;
        verifier.report();
    }
    let journal = &context.journal;
    journal.begin(reference.to_string());
    let DryRunArgs { dry_run } = args.dry_run;
    let applied = apply(plan, &cluster, dry_run).await;
    let (verb, object) = match applied {
        Ok(applied) => applied,
        Err(error) => {
            journal.failed(&error);
            return Err(journal.ended_by(error));
        }
    };
    if verb.is_change() && dry_run == DryRun::None {
        journal.done(format!("{reference} {verb}"));
    } else {
        journal.nothing_done();
    }
    let mut report = Report::new(&context.printer, args.output.format, dry_run);
    report.add(&reference, verb, object.as_ref());
    report.finish()?;
    Ok(Exit::Done)
}

/// Refuses a secret that cannot hold the credential, before the prompt.
fn check(secret: &Object, reference: &ObjectRef, managed: bool) -> Result<(), Error> {
    let refuse = |why: String| {
        Err(Error::failed(format!(
            "{reference} {why}; nothing was changed"
        )))
    };
    let kind = secret.text("/type");
    if SecretMember::of_type(kind).is_none() {
        return refuse(format!(
            "is of type {kind}, which holds no docker config, and a type cannot be changed: use another \
             name"
        ));
    }
    if secret.body.get("immutable") == Some(&Value::Bool(true)) {
        return refuse("is immutable: use another name".to_owned());
    }
    match manager(secret) {
        Some(manager) if !managed => refuse(format!(
            "is managed by {manager}, which would change it back: change it there, or also here with \
             --managed"
        )),
        _ => Ok(()),
    }
}

async fn obtain(args: &Args, registry: &str, context: &Context) -> Result<Credential, Error> {
    let source = match (&args.auth_file, args.password_stdin, &args.username) {
        (Some(path), _, _) => CredentialSource::AuthFile(path.clone()),
        (None, true, Some(username)) => CredentialSource::Stdin {
            username: username.clone(),
        },
        (None, _, username) => CredentialSource::Unsaid {
            username: username.clone(),
        },
    };
    let any = format!("{registry}/any/any");
    let wanted = Wanted {
        host: registry,
        image: args.image.as_deref().unwrap_or(&any),
        account: "",
        ways: WAYS,
    };
    credential::obtain(&source, wanted, context).await
}

fn plan(
    now: Option<Object>,
    reference: &ObjectRef,
    registry: &str,
    credential: &Credential,
    context: &Context,
) -> Result<Plan, Error> {
    // Builds find Docker Hub's credential only under the second key, other consumers under the first.
    let keys: Vec<&str> = match registry {
        "docker.io" => HUB_KEYS.to_vec(),
        host => vec![host],
    };
    let Some(secret) = now else {
        let entry = Value::Object(credential.entry());
        let auths: Map<String, Value> = keys
            .iter()
            .map(|key| ((*key).to_owned(), entry.clone()))
            .collect();
        let config = SecretString::from(json!({ "auths": auths }).to_string());
        let data = json!({
            "type": TYPE,
            "data": {".dockerconfigjson": STANDARD.encode(config.expose_secret())},
        });
        return Ok(Plan::Create(Object::new(
            Kind::SECRET,
            &reference.namespace,
            &reference.name,
            data,
        )));
    };
    let unreadable = || Error::failed(format!("{reference}: {}", Unchangeable::Unreadable));
    let member = SecretMember::of_type(secret.text("/type")).ok_or_else(unreadable)?;
    let config = docker_config(&secret, member).ok_or_else(unreadable)?;
    let login = credential.login();
    let held = logins(&config).map_err(|_| unreadable())?;
    let is_wanted = |key: &DockerConfigKey| keys.contains(&key.as_written());
    let tokens = document::keys_of_tokens(&config, member.format())
        .map_err(|why| Error::failed(format!("{reference}: {why}")))?;
    // An empty key is overwritten.
    let differs = held.iter().find(|one| {
        let is_another = match one.login {
            Some(other) => !other.is(&login),
            None => tokens.iter().any(|key| key == one.key.as_written()),
        };
        is_wanted(one.key) && is_another
    });
    if let Some(one) = differs {
        return Err(Error::failed(format!(
            "{reference} holds another credential under {}, so nothing was changed; to replace it: {} \
             secret rotate {} -n {} --registry {registry}",
            one.key.as_written(),
            context.caller,
            reference.name,
            reference.namespace
        )));
    }
    let replaced = document::replace(
        &config,
        member.format(),
        &credential.entry(),
        is_wanted,
        &keys,
    )
    .map_err(|why| Error::failed(format!("{reference}: {why}")))?;
    if replaced.added.is_empty() && replaced.changed.is_empty() {
        return Ok(Plan::Unchanged(secret));
    }
    Ok(Plan::Change(Ready {
        reference: reference.clone(),
        field: member.name(),
        version: secret.text("/metadata/resourceVersion").to_owned(),
        document: replaced.document,
    }))
}

async fn apply(
    plan: Plan,
    cluster: &Cluster,
    dry_run: DryRun,
) -> Result<(Verb, Option<Object>), Error> {
    match plan {
        Plan::Unchanged(secret) => Ok((Verb::Unchanged, Some(secret))),
        Plan::Create(secret) if dry_run == DryRun::Client => Ok((Verb::Created, Some(secret))),
        Plan::Create(secret) => {
            let created = cluster.create(&secret, dry_run).await?;
            Ok((Verb::Created, Some(created)))
        }
        Plan::Change(_) if dry_run == DryRun::Client => Ok((Verb::Configured, None)),
        Plan::Change(ready) => {
            write(&ready, cluster, dry_run).await?;
            Ok((Verb::Configured, None))
        }
    }
}
