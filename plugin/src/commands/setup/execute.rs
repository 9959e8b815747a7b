//! Applies the steps: first checks everything, and refuses the whole run if an object is not
//! ours; only then starts to write.

use std::collections::BTreeMap;

use extreg_cluster::{
    ApplyOptions, Cluster, ClusterError, DryRun, Kind, Object, ObjectRef, Owned, Verb, is_owned,
    show_if_slow,
};
use extreg_terminal::Exit;

use super::wait;
use crate::{
    application::{
        adopt,
        merge::merge,
        plan::{self, Step},
        preflight::{check_around, check_owned, check_served, look},
        schedule,
        secret::{PreparedSecret, prepare_secret},
        settings::{Apply, Settings},
        tags,
    },
    context::Context,
    error::Error,
    names,
    print::Report,
    project::{self, How, Project},
};

/// How often an apply is tried if a controller writes the same object concurrently.
const ATTEMPTS: u32 = 4;

/// Applies the steps, or runs a dry run.
pub(super) async fn run(
    settings: &Settings,
    apply: Apply,
    context: &Context,
) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    names::project(&namespace)?;
    let steps = plan::steps(settings, &namespace);
    check_served(&cluster, &steps).await?;
    let project = if settings.project {
        Some(Project::look(&cluster, &namespace).await?)
    } else {
        None
    };
    let absent = matches!(project, Some(Project::Absent(_)));
    let current = if absent {
        BTreeMap::new()
    } else {
        look(&cluster, &namespace, &steps).await?
    };
    if !absent {
        check_around(&cluster, settings, &namespace).await?;
    }
    let secret = prepare_secret(settings, apply, &cluster, &current, context).await?;
    check_owned(&steps, &secret, &current, apply)?;
    secret.verify(settings, context).await?;
    let deciding = schedule::Deciding {
        settings,
        cluster: &cluster,
        namespace: &namespace,
        context,
    };
    let scheduled = deciding.decide(&current, secret.credential()).await?;
    let settings = &settings.with_schedule(scheduled);
    let mut steps = plan::steps(settings, &namespace);
    for step in &mut steps {
        if let Step::Apply(object) = step
            && let Some(current) = current.get(&object.reference())
        {
            adopt::fit(object, current)?;
        }
    }
    let mut runner = Runner {
        cluster: &cluster,
        namespace: &namespace,
        apply,
        context,
        current,
        project,
        secret,
        // A server dry run is impossible in a project that does not exist.
        dry_run: if absent && apply.dry_run == DryRun::Server {
            context.printer.note(format!(
                "project \"{namespace}\" does not exist yet, so the server cannot check the objects \
                 in it"
            ));
            DryRun::Client
        } else {
            apply.dry_run
        },
        made_build: false,
        made_project: false,
        report: Report::new(&context.printer, apply.format, apply.dry_run),
    };
    let journal = &context.journal;
    journal.advise("run the same command again to continue; finished changes are unchanged");
    journal.advise(format!(
        "or roll back: {} teardown {} -n {namespace} --yes",
        context.caller, settings.name
    ));
    let mut result = Ok(());
    for step in steps {
        result = runner.step(step).await;
        if let Err(error) = &result {
            journal.failed(error);
            break;
        }
    }
    let made_build = runner.made_build && apply.dry_run == DryRun::None;
    runner.report.finish()?;
    if let Err(error) = result {
        return Err(journal.ended_by(error));
    }
    if apply.wait {
        wait::run(settings, &cluster, &namespace, context).await?;
    } else if made_build {
        context.printer.note(format!(
            "The first build starts automatically: {} get builds -n {namespace} -w",
            context.caller.program()
        ));
    }
    Ok(Exit::Done)
}

struct Runner<'a> {
    cluster: &'a Cluster,
    namespace: &'a str,
    apply: Apply,
    context: &'a Context,
    current: BTreeMap<ObjectRef, Object>,
    project: Option<Project>,
    secret: PreparedSecret,
    dry_run: DryRun,
    made_build: bool,
    made_project: bool,
    report: Report<'a>,
}

impl Runner<'_> {
    async fn step(&mut self, step: Step) -> Result<(), Error> {
        match step {
            Step::Project(name) => self.project(&name).await,
            Step::Secret(name) => self.secret(&name).await,
            Step::Link(link) => {
                let reference = link.reference(self.namespace);
                self.context.journal.begin(reference.to_string());
                let (verb, account) = if self.is_absent() {
                    (Verb::Linked, None)
                } else {
                    // OpenShift creates its accounts in every project shortly after the project.
                    let await_account = self.made_project
                        && matches!(self.project, Some(Project::Absent(How::Request)));
                    let linked =
                        link.apply(self.cluster, self.namespace, self.dry_run, await_account);
                    let printer = &self.context.printer;
                    let (verb, account) =
                        show_if_slow(printer, &reference.to_string(), linked).await?;
                    (verb, Some(account))
                };
                self.done(&reference, verb, account.as_ref());
                Ok(())
            }
            Step::Apply(object) => self.object(*object).await,
        }
    }

    async fn project(&mut self, name: &str) -> Result<(), Error> {
        let Some(project) = &self.project else {
            return Ok(());
        };
        let reference = project.reference(name);
        match project.clone() {
            Project::Present(object) if project::is_ending(&object) => {
                return Err(Error::failed(format!(
                    "project \"{name}\" is being deleted; run the same command again after the deletion"
                )));
            }
            Project::Present(object) => self.done(&reference, Verb::Unchanged, Some(&object)),
            Project::Unreadable(_) => self.done(&reference, Verb::Unchanged, None),
            Project::Absent(how) => {
                self.context.journal.begin(reference.to_string());
                let made = project::create(self.cluster, name, how, self.apply.dry_run).await?;
                self.made_project = self.apply.dry_run == DryRun::None;
                self.done(&reference, Verb::Created, Some(&made));
            }
        }
        Ok(())
    }

    async fn secret(&mut self, name: &str) -> Result<(), Error> {
        let reference = ObjectRef::new(Kind::SECRET, self.namespace, name);
        match std::mem::replace(&mut self.secret, PreparedSecret::None) {
            PreparedSecret::None => {}
            PreparedSecret::Keep(object) => {
                self.done(&reference, Verb::Unchanged, object.as_ref());
            }
            PreparedSecret::Unknown => {
                self.context.printer.note(format!(
                    "{reference} needs a credential; without --dry-run, setup prompts for it"
                ));
                self.done(&reference, Verb::Created, None);
            }
            PreparedSecret::Write { object, .. } => self.object(object).await?,
        }
        Ok(())
    }

    async fn object(&mut self, desired: Object) -> Result<(), Error> {
        let reference = desired.reference();
        let mut current = self.current.remove(&reference);
        let adopting = current.as_ref().is_some_and(|object| {
            is_owned(object) == Owned::Theirs || tags::foreign(&desired, object).is_some()
        });
        let options = ApplyOptions {
            dry_run: self.dry_run,
            force: self.apply.force_conflicts || adopting,
        };
        self.context.journal.begin(reference.to_string());
        let mut attempt = 1;
        let applied = loop {
            let mut wanted = desired.clone();
            if let Some(current) = &current {
                merge(reference.kind, &current.body, &mut wanted.body);
                // A concurrent write would look like our change. The last attempt includes it.
                let version = current.body.pointer("/metadata/resourceVersion");
                if let (Some(version), true) = (version, attempt < ATTEMPTS) {
                    let at = ["metadata", "resourceVersion"];
                    extreg_cluster::set(&mut wanted.body, &at, version.clone());
                }
            }
            match extreg_cluster::apply(self.cluster, &wanted, current.as_ref(), options).await {
                Err(error) if error.is_conflict() => {
                    // Either a controller was faster, or another client overrides the value.
                    let now = self.cluster.get(&reference).await?;
                    if now == current || attempt >= ATTEMPTS {
                        self.context.journal.nothing_done();
                        return Err(conflict(&reference, error).into());
                    }
                    current = now;
                    attempt += 1;
                }
                applied => break applied?,
            }
        };
        if applied.verb == Verb::Created && reference.kind == Kind::BUILD_CONFIG {
            self.made_build = true;
        }
        self.done(&reference, applied.verb, Some(&applied.object));
        if let (Verb::Configured, Some(before)) = (applied.verb, &current) {
            self.report.show_change(before, &applied.object);
            let others = tags::unrequested(&desired, before);
            if !others.is_empty() {
                self.context.printer.note(format!(
                    "{reference} keeps its other tags: {}",
                    others.join(", ")
                ));
            }
        }
        Ok(())
    }

    fn done(&mut self, reference: &ObjectRef, verb: Verb, object: Option<&Object>) {
        if verb.is_change() && self.apply.dry_run == DryRun::None {
            self.context.journal.done(format!("{reference} {verb}"));
        } else {
            self.context.journal.nothing_done();
        }
        self.report.add(reference, verb, object);
    }

    fn is_absent(&self) -> bool {
        matches!(self.project, Some(Project::Absent(_))) && !self.made_project
    }
}

fn conflict(reference: &ObjectRef, error: ClusterError) -> ClusterError {
    match error {
        ClusterError::Api {
            code,
            reason,
            message,
        } => ClusterError::Api {
            code,
            reason,
            message: format!("{reference}: {message}; overwrite with --force-conflicts"),
        },
        other => other,
    }
}
