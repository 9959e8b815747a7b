//! Applies the plan: phase by phase, waits if the next phase needs it, tests the webhook at the end,
//! and rolls everything back if it fails.

use std::time::Duration;

use extreg_cluster::{Cluster, DryRun, Object, Verb, show_if_slow};
use extreg_manifests::{FollowBuilds, Phase, Tls, mutating_webhook_configuration};
use extreg_terminal::Exit;

use crate::{
    commands::webhook::undo::Undo,
    context::Context,
    error::Error,
    installation::{
        apply::apply_step,
        choices::{Apply, Choices},
        installed::Installed,
        kinds,
        plan::{self, Plan, Step},
        proof::{self, CALL},
        site::{self, Site},
        wait,
    },
    print::Report,
};

/// For the definition to be served.
const DEFINITION_LIMIT: Duration = Duration::from_mins(1);
/// For the deletion of objects of an earlier uninstall.
const GONE_LIMIT: Duration = Duration::from_mins(1);
/// For pods to be pulled and ready.
const READY_LIMIT: Duration = Duration::from_mins(5);
/// For the API servers to load a configuration and to reach the webhook, and for the webhook to
/// load the policies.
const PROOF_LIMIT: Duration = Duration::from_secs(20);
/// The same for a URL: no Service is published, and no bundle is injected.
const URL_LIMIT: Duration = Duration::from_secs(8);
/// The namespace of a dry run: it is not created.
const ANY_NAMESPACE: &str = "default";

/// Installs the webhook, or runs a dry run.
pub(super) async fn run(
    choices: &Choices,
    apply: &Apply,
    context: &Context,
) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let live = Installed::read(&cluster).await?;
    let plan = plan::make(&cluster, choices, apply, &live).await?;
    let going = plan.going();
    if !going.is_empty() && apply.dry_run == DryRun::None {
        let names: Vec<String> = going.iter().map(ToString::to_string).collect();
        let printer = &context.printer;
        printer.note(format!("waiting for the deletion of {}", names.join(", ")));
        wait::gone(&cluster, &going, wait::limit(context, GONE_LIMIT), printer).await?;
        return Box::pin(run(choices, apply, context)).await;
    }
    let site = choose_site(&cluster, &plan, apply).await?;
    for note in &plan.notes {
        context.printer.note(note.clone());
    }
    let mut report = Report::new(&context.printer, apply.format, apply.dry_run);
    if apply.dry_run != DryRun::None {
        dry_run(&cluster, &plan, apply, context, &mut report).await?;
        report.finish()?;
        return Ok(Exit::Done);
    }
    let caller = context.caller;
    context.journal.advise(format!(
        "run the same command again to continue, or roll back: {caller} webhook uninstall --all --yes"
    ));
    let mut runner = Runner {
        cluster: &cluster,
        apply,
        context,
        report,
        undo: Undo::default(),
    };
    match runner.carry_out(&plan, site.as_ref()).await {
        Ok(()) => {
            runner.report.finish()?;
            Ok(Exit::Done)
        }
        Err(error) => Err(runner.undo.roll_back(&cluster, context, error).await),
    }
}

struct Runner<'a> {
    cluster: &'a Cluster,
    apply: &'a Apply,
    context: &'a Context,
    report: Report<'a>,
    undo: Undo,
}

impl Runner<'_> {
    async fn carry_out(&mut self, plan: &Plan, site: Option<&Site>) -> Result<(), Error> {
        for (index, step) in plan.steps.iter().enumerate() {
            if step.phase == Phase::Arm {
                self.rehearse(&step.desired, plan, site).await?;
            }
            self.write(step).await?;
            let is_last = plan
                .steps
                .get(index + 1)
                .is_none_or(|next| next.phase != step.phase);
            if is_last {
                self.wait(step, plan).await?;
            }
        }
        self.prove(plan, site).await?;
        // After the test: a rollback could not restore these objects.
        for object in &plan.removals {
            self.remove(object).await?;
        }
        Ok(())
    }

    async fn remove(&mut self, object: &Object) -> Result<(), Error> {
        let reference = object.reference();
        self.context.journal.begin(reference.to_string());
        if self.cluster.delete(&reference, DryRun::None).await? {
            self.context
                .journal
                .done(format!("{reference} {}", Verb::Deleted));
            self.report.add(&reference, Verb::Deleted, Some(object));
        } else {
            // Another client deleted it first.
            self.context.journal.nothing_done();
        }
        Ok(())
    }

    async fn write(&mut self, step: &Step) -> Result<(), Error> {
        let reference = step.desired.reference();
        self.context.journal.begin(reference.to_string());
        let applied = apply_step(self.cluster, step, self.apply, DryRun::None).await?;
        self.undo
            .note(applied.verb, step.current.as_ref(), &applied.object);
        if applied.verb.is_change() {
            let verb = applied.verb;
            self.context.journal.done(format!("{reference} {verb}"));
        } else {
            self.context.journal.nothing_done();
        }
        self.report
            .add(&reference, applied.verb, Some(&applied.object));
        Ok(())
    }

    /// Waits until the objects of a phase can be used by the next one.
    async fn wait(&self, step: &Step, plan: &Plan) -> Result<(), Error> {
        let printer = &self.context.printer;
        let limit = |default| wait::limit(self.context, default);
        let reference = step.desired.reference();
        match step.phase {
            Phase::Definition => {
                wait::established(self.cluster, &reference, limit(DEFINITION_LIMIT), printer).await
            }
            Phase::Workload => {
                let namespace = plan.settings.namespace.as_str();
                let deployment = kinds::deployment(namespace);
                printer.note(format!("waiting until {deployment} is ready"));
                wait::ready(self.cluster, &deployment, limit(READY_LIMIT), printer).await?;
                if plan.settings.follow_builds != FollowBuilds::No {
                    let importer = kinds::importer(namespace);
                    printer.note(format!("waiting until {importer} is ready"));
                    wait::rolled_out(self.cluster, &importer, limit(READY_LIMIT), printer).await?;
                }
                Ok(())
            }
            Phase::Base | Phase::Policy | Phase::Arm => Ok(()),
        }
    }

    async fn rehearse(
        &self,
        configuration: &Object,
        plan: &Plan,
        site: Option<&Site>,
    ) -> Result<(), Error> {
        let namespace = site.map_or(ANY_NAMESPACE, |site| &site.namespace);
        let limit = match &plan.settings.tls {
            Tls::External { .. } => URL_LIMIT,
            Tls::OwnCa(_) | Tls::ServiceCa => PROOF_LIMIT,
        };
        let limit = wait::limit(self.context, limit);
        let rehearsal =
            proof::rehearse(self.cluster, configuration, namespace, limit, self.context);
        show_if_slow(&self.context.printer, CALL, rehearsal).await
    }

    async fn prove(&self, plan: &Plan, site: Option<&Site>) -> Result<(), Error> {
        let printer = &self.context.printer;
        let Some(site) = site else {
            printer.warn(&format!(
                "the API server reaches the webhook, but the webhook is not called for any namespace \
                 yet, so the change of an object could not be tested; to test it later: \"{} webhook check\"",
                self.context.caller
            ));
            return Ok(());
        };
        let limit = wait::limit(self.context, PROOF_LIMIT);
        let proof = proof::prove(self.cluster, site, &plan.expectations, limit);
        let proven = show_if_slow(printer, CALL, proof).await?;
        printer.note(format!(
            "tested in namespace {}: {}",
            site.namespace,
            proven.description()
        ));
        Ok(())
    }
}

async fn dry_run(
    cluster: &Cluster,
    plan: &Plan,
    apply: &Apply,
    context: &Context,
    report: &mut Report<'_>,
) -> Result<(), Error> {
    let is_new = |phase| {
        let mut steps = plan.steps.iter();
        steps.any(|step| step.phase == phase && step.current.is_none())
    };
    for step in &plan.steps {
        // The server cannot check an object of a kind, or in a namespace, that does not exist.
        let cannot_check = plan::is_homeless(step, &plan.steps)
            || step.phase == Phase::Policy && is_new(Phase::Definition);
        let dry_run = if cannot_check {
            DryRun::Client
        } else {
            apply.dry_run
        };
        if cannot_check && apply.dry_run == DryRun::Server {
            context.printer.warn(
                "the server cannot check objects in a namespace, or of a kind, that does not \
                 exist yet",
            );
        }
        let applied = apply_step(cluster, step, apply, dry_run).await?;
        report.add(
            &step.desired.reference(),
            applied.verb,
            Some(&applied.object),
        );
    }
    for object in &plan.removals {
        report.add(&object.reference(), Verb::Deleted, Some(object));
    }
    Ok(())
}

async fn choose_site(cluster: &Cluster, plan: &Plan, apply: &Apply) -> Result<Option<Site>, Error> {
    let configuration = mutating_webhook_configuration(&plan.settings);
    let configuration = serde_json::to_value(configuration)
        .map_err(|error| Error::failed(format!("invalid configuration: {error}")))?;
    let entry = configuration.pointer("/webhooks/0");
    let named = apply.proof_namespace.as_deref();
    site::choose(
        cluster,
        &entry.cloned().unwrap_or_default(),
        &plan.expectations,
        named,
    )
    .await
}
