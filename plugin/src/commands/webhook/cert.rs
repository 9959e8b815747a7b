//! `webhook cert`: the serving certificate of a webhook in the cluster with its own CA.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Subcommand;
use extreg_cluster::{Cluster, DryRun, Object, Verb, set};
use extreg_terminal::Exit;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::{
    args::DryRunArgs,
    context::Context,
    error::Error,
    installation::{
        installed::{Installed, Target},
        kinds,
        tls::{self, Issuer},
    },
    print::Report,
};

/// Renew the webhook's certificate if service-ca does not issue it
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Cert,
}

#[derive(Clone, Debug, Subcommand)]
enum Cert {
    Rotate(Rotate),
}

/// Issue a new CA and certificate; the old CA is trusted until it expires
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  oc extreg webhook cert rotate

The API servers first get both CAs, then the pods get the new certificate, so that no call \
fails meanwhile. The pods load it automatically within two minutes.")]
struct Rotate {
    #[command(flatten)]
    dry_run: DryRunArgs,
}

/// Runs the command.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let Cert::Rotate(Rotate {
        dry_run: DryRunArgs { dry_run },
    }) = args.command;
    let cluster = context.cluster().await?;
    let live = Installed::read(&cluster).await?;
    rotate(&cluster, &live, dry_run, context).await?;
    Ok(Exit::Done)
}

async fn rotate(
    cluster: &Cluster,
    live: &Installed,
    dry_run: DryRun,
    context: &Context,
) -> Result<(), Error> {
    let (configuration, secret, namespace) = ours(cluster, live).await?;
    let bundle = live.ca_bundle().unwrap_or_default();
    let own = tls::rotate(&bundle, &namespace, Timestamp::now())?;

    let encoded = |text: &str| json!(STANDARD.encode(text));
    let mut trusting = configuration;
    if let Some(entry) = trusting.body.pointer_mut("/webhooks/0") {
        set(
            entry,
            &["clientConfig", "caBundle"],
            encoded(own.bundle.as_pem()),
        );
    }
    let mut serving = secret;
    let key = own.pair.key.expose_secret();
    set(
        &mut serving.body,
        &["data", "tls.crt"],
        encoded(&own.pair.chain),
    );
    set(&mut serving.body, &["data", "tls.key"], encoded(key));

    context
        .journal
        .advise("run the same command again: both CAs are trusted meanwhile");
    let mut report = Report::new(&context.printer, None, dry_run);
    for object in [&trusting, &serving] {
        let reference = object.reference();
        if dry_run != DryRun::Client {
            context.journal.begin(reference.to_string());
            cluster.replace(object, dry_run).await?;
            context
                .journal
                .done(format!("{reference} {}", Verb::Configured));
        }
        report.add(&reference, Verb::Configured, None);
    }
    report.finish()
}

/// The configuration, the secret and the namespace of a webhook with its own CA.
async fn ours(cluster: &Cluster, live: &Installed) -> Result<(Object, Object, String), Error> {
    let (Some(configuration), Some(target)) = (&live.configuration, live.target()) else {
        return Err(Error::refused(format!(
            "{} does not exist: the webhook is not installed",
            kinds::configuration()
        )));
    };
    let Target::Service { namespace, .. } = target else {
        return Err(Error::refused(
            "the webhook, and therefore its certificate, is outside the cluster",
        ));
    };
    let secret = cluster.get(&kinds::secret(&namespace)).await?;
    match secret {
        Some(secret) if Issuer::from_secret(&secret) == Issuer::Own => {
            Ok((configuration.clone(), secret, namespace))
        }
        Some(secret) => {
            let issuer = Issuer::from_secret(&secret);
            Err(Error::refused(if issuer.renews() {
                format!(
                    "{} issues the webhook's certificate, and renews it automatically",
                    issuer.as_str()
                )
            } else {
                format!(
                    "webhook install did not create {}: renew the certificate with the program that created it",
                    secret.reference()
                )
            }))
        }
        None => Err(Error::refused(format!(
            "{} does not exist: run \"webhook install\" again",
            kinds::secret(&namespace)
        ))),
    }
}
