//! `secret link`: adds a secret to the lists of service accounts that consumers search.

use extreg_cluster::{Cluster, DryRun, Kind, ObjectRef};
use extreg_core::credential::{DockerConfigKeys, SecretMember};
use extreg_terminal::Exit;

use crate::{
    args::{DryRunArgs, OutputArgs},
    context::Context,
    credential::{docker_config, link::Link},
    error::Error,
    fanout::{Fanout, Refusal},
    names,
    print::{ObjectFormat, Report},
};

/// The default account of builds.
const BUILDER: &str = "builder";
/// The default account of pods.
const DEFAULT: &str = "default";

/// Link a secret to service accounts, where builds and pods find it
///
/// The account of builds gets the secret for pulls and for mounts: for a push, OpenShift searches an
/// account's imagePullSecrets since some 4.15.z, and its secrets before. The account of the
/// workload gets it for pulls. Existing links are unchanged.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Link for builds (account builder) and for pods (account default)
  oc extreg secret link dockerhub -n snow

  # Link for the pods of another account
  oc extreg secret link dockerhub -n snow --for pull --account web

  # Link for builds that run as another account
  oc extreg secret link dockerhub -n snow --for push --account ci

A second run changes nothing and reports the links as unchanged.")]
pub(super) struct Args {
    /// Secret to link, of a docker type
    #[arg(value_name = "NAME")]
    name: String,
    /// Use of the secret: push (builds), pull (pods) or all [default: all]
    #[arg(
        long = "for",
        value_enum,
        value_name = "WHAT",
        default_value_t,
        hide_default_value = true
    )]
    uses: Uses,
    /// Account of the pods, or with --for push of the builds; repeatable [default: default, or builder]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    account: Vec<String>,
    #[command(flatten)]
    dry_run: DryRunArgs,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// `--for`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Uses {
    #[default]
    All,
    Pull,
    Push,
}

/// Links the secret, or runs a dry run.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    names::subdomain("secret", &args.name)?;
    for account in &args.account {
        names::subdomain("service account", account)?;
    }
    let links = links(&args);
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    check_secret(&cluster, &namespace, &args.name, context).await?;
    for link in &links {
        let account = link.reference(&namespace);
        if cluster.get(&account).await?.is_none() {
            return Err(Error::failed(format!(
                "{account} does not exist in namespace {namespace}, so nothing was changed: specify an \
                 existing one with --account, or create it: {} create serviceaccount {} -n \
                 {namespace}",
                context.caller.program(),
                link.account,
            )));
        }
    }
    let DryRunArgs { dry_run } = args.dry_run;
    let journal = &context.journal;
    journal.advise("run the same command again to continue: finished changes are skipped");
    let mut report = Report::new(&context.printer, args.output.format, dry_run);
    let mut fanout = Fanout::default();
    let mut stopped = None;
    for link in &links {
        let reference = link.reference(&namespace);
        journal.begin(reference.to_string());
        match link.apply(&cluster, &namespace, dry_run, false).await {
            Ok((verb, account)) => {
                if verb.is_change() && dry_run == DryRun::None {
                    journal.done(format!("{reference} {verb}"));
                } else {
                    journal.nothing_done();
                }
                fanout.written();
                report.add(&reference, verb, Some(&account));
            }
            Err(error) => {
                journal.failed(&error);
                match Refusal::from_error(error) {
                    Ok(refusal) => fanout.refused(reference.to_string(), &namespace, refusal),
                    Err(error) => {
                        stopped = Some(error);
                        break;
                    }
                }
            }
        }
    }
    report.finish()?;
    fanout.report(&context.printer);
    match stopped {
        Some(error) => Err(journal.ended_by(error)),
        None => Ok(fanout.exit()),
    }
}

/// The links, builds first.
fn links(args: &Args) -> Vec<Link> {
    let link = |account: &str, mount| Link {
        account: account.to_owned(),
        secret: args.name.clone(),
        mount,
    };
    let named = |or: &str, mount: bool| -> Vec<Link> {
        if args.account.is_empty() {
            return vec![link(or, mount)];
        }
        args.account.iter().map(|name| link(name, mount)).collect()
    };
    let mut links = match args.uses {
        Uses::Push => named(BUILDER, true),
        Uses::Pull => named(DEFAULT, false),
        Uses::All => [vec![link(BUILDER, true)], named(DEFAULT, false)].concat(),
    };
    let mut seen = std::collections::BTreeSet::new();
    links.retain(|link| seen.insert(link.account.clone()));
    links
}

/// Refuses a secret that no consumer can use, and warns about one that cannot be read.
async fn check_secret(
    cluster: &Cluster,
    namespace: &str,
    name: &str,
    context: &Context,
) -> Result<(), Error> {
    let reference = ObjectRef::new(Kind::SECRET, namespace, name);
    let caller = context.caller;
    let Some(secret) = cluster.get(&reference).await? else {
        return Err(Error::failed(format!(
            "{reference} not found in namespace {namespace}, so nothing was linked; to create it: \
             {caller} secret set {name} -n {namespace}"
        )));
    };
    let kind = secret.text("/type");
    let Some(member) = SecretMember::of_type(kind) else {
        return Err(Error::failed(format!(
            "{reference} is of type {kind}, which is not read as a registry credential by builds, imports or \
             pods, so nothing was linked; a type cannot be changed: to create another secret: \
             {caller} secret set NAME -n {namespace}"
        )));
    };
    if docker_config(&secret, member)
        .and_then(|config| DockerConfigKeys::parse(&config, member.format()).ok())
        .is_none()
    {
        context.printer.warn(&format!(
            "{reference} holds no readable docker config: accounts that use it cannot pull or \
             push"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(uses: Uses, accounts: &[&str]) -> Vec<String> {
        let args = Args {
            name: "hub".to_owned(),
            uses,
            account: accounts.iter().map(|name| (*name).to_owned()).collect(),
            dry_run: DryRunArgs::default(),
            output: OutputArgs::default(),
        };
        links(&args)
            .into_iter()
            .map(|link| {
                let how = if link.mount { "pull,mount" } else { "pull" };
                format!("{} {how}", link.account)
            })
            .collect()
    }

    #[test]
    fn trap_28_and_54_each_account_gets_the_links_that_its_consumers_search() {
        for (uses, accounts, want) in [
            (
                Uses::All,
                &[][..],
                &["builder pull,mount", "default pull"][..],
            ),
            (
                Uses::All,
                &["web", "web"],
                &["builder pull,mount", "web pull"],
            ),
            (Uses::All, &["builder"], &["builder pull,mount"]),
            (Uses::Pull, &[], &["default pull"]),
            (Uses::Pull, &["web", "cron"], &["web pull", "cron pull"]),
            (Uses::Push, &[], &["builder pull,mount"]),
            (Uses::Push, &["ci"], &["ci pull,mount"]),
        ] {
            assert_eq!(described(uses, accounts), want, "{uses:?} {accounts:?}");
        }
    }
}
