//! Builds that wait for a push secret that does not exist, and those that will.
//!
//! The pod of a Build in phase Pending keeps the volume of the name that it was made with, whatever
//! is changed in the Build (openshift-controller-manager `build_controller.go`, `createBuildPod`):
//! a secret of that name helps it, or another build. A Build in phase New has no pod yet.

mod restart;
mod secret;

use std::collections::BTreeMap;

use extreg_audit::check::CheckId;
use extreg_cluster::{Cluster, Kind, ObjectRef};
use extreg_core::{
    facts::{Fit, Known, SecretFact},
    object::Resource,
    policy::Mode,
    verdict::{Decision, Reason},
};
use serde_json::{Value, json};

pub(super) use self::secret::Source;
use super::{
    live::{
        object::{Found, Phase},
        work::Work,
    },
    plan::{Judged, Left},
    report::{Entry, ShownChange, ShownLeft},
};
use crate::{
    engine::{Surroundings, decide, secret_fact},
    error::Error,
    fanout::Refusal,
};

const PUSH_SECRET: &str = "/spec/output/pushSecret/name";

/// Plans what is done about builds that wait.
pub(super) struct Builds<'a> {
    cluster: &'a Cluster,
    surroundings: &'a mut Surroundings,
    source: Source,
    /// Secrets that were looked at, by namespace and name.
    secrets: BTreeMap<(String, String), Known<Option<SecretFact>>>,
    plan: Plan,
}

/// What is done about them.
#[derive(Default)]
pub(super) struct Plan {
    changes: Vec<(usize, ShownChange)>,
    left: Vec<(usize, Left)>,
    work: Vec<Work>,
}

/// A policy that covers the output of a build.
struct Governed {
    image: String,
    policy: String,
    /// The secret that it names.
    secret: String,
    /// Whether it names the namespaces that it is for: a credential goes nowhere else.
    has_selector: bool,
}

impl<'a> Builds<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        surroundings: &'a mut Surroundings,
        source: Source,
    ) -> Self {
        Self {
            cluster,
            surroundings,
            source,
            secrets: BTreeMap::new(),
            plan: Plan::default(),
        }
    }

    /// Plans.
    ///
    /// # Errors
    /// If the secret to copy is not there or may not be read, or the login is gone.
    pub(super) async fn plan(
        mut self,
        objects: &[(Found, Judged)],
        is_wanted: bool,
    ) -> Result<Plan, Error> {
        if !is_wanted {
            return Ok(self.plan);
        }
        let mut waiting = Vec::new();
        for (index, (found, _)) in objects.iter().enumerate() {
            if found.resource != Resource::Builds || found.text(PUSH_SECRET).is_empty() {
                continue;
            }
            let waits = found.waits;
            if !waits && found.phase != Some(Phase::New) {
                continue;
            }
            let name = found.text(PUSH_SECRET);
            match self.secret(&found.namespace, &name).await? {
                Known::Known(Some(_)) => {
                    if waits {
                        let why = format!("the secret {name} exists now: its pod tries again");
                        self.leave(index, &why);
                    }
                    continue;
                }
                Known::Unknown if !waits => continue,
                Known::Known(None) | Known::Unknown => {}
            }
            let governed = match self.governed(found).await? {
                Ok(governed) => governed,
                Err(why) => {
                    if waits {
                        self.leave(index, &why);
                    }
                    continue;
                }
            };
            if waits {
                waiting.push((index, found, governed));
            } else {
                self.replace(index, found, &governed).await?;
            }
        }
        match &self.source {
            Source::None => {
                for (index, found, _) in waiting {
                    let why = format!(
                        "waiting for missing secret {}: create it with --push-secret-from or \
                         --auth-file, or start a new build with --restart-builds",
                        found.text(PUSH_SECRET)
                    );
                    self.leave(index, &why);
                }
            }
            Source::Restart => {
                for (index, found, governed) in waiting {
                    self.restart(index, found, &governed).await?;
                }
            }
            Source::Copy { .. } | Source::File { .. } => self.supply(&waiting).await?,
        }
        Ok(self.plan)
    }

    /// Gives a Build without a pod the policy's secret in the place of one that is not there.
    async fn replace(
        &mut self,
        index: usize,
        found: &Found,
        governed: &Governed,
    ) -> Result<(), Error> {
        let old = found.text(PUSH_SECRET);
        let namespace = &found.namespace;
        if !self.is_usable(namespace, governed).await? {
            let why = format!(
                "it names the secret {old}, which does not exist, and the policy's {} does not fit \
                 either: create it, or the build will wait",
                governed.secret
            );
            self.leave(index, &why);
            return Ok(());
        }
        let body = found.body();
        let output = body.pointer("/spec/output").cloned().unwrap_or_default();
        let new = json!({ "name": governed.secret });
        let operations = vec![
            json!({"op": "test", "path": "/status/phase", "value": "New"}),
            json!({"op": "test", "path": "/spec/output", "value": output}),
            json!({"op": "replace", "path": "/spec/output/pushSecret", "value": new}),
        ];
        self.plan
            .work
            .push(Work::patch(index, found.reference(), operations));
        let field = "spec.output.pushSecret";
        self.change(index, governed, field, json!({ "name": old }), new);
        Ok(())
    }

    /// The policy that covers what a build pushes, as if it named no secret; inner: why none does.
    async fn governed(&mut self, found: &Found) -> Result<Result<Governed, String>, Error> {
        let mut body = found.body();
        extreg_cluster::unset(&mut body, &["spec", "output", "pushSecret"]);
        let json = body.to_string();
        let governed = decide(self.surroundings, found.resource, &json, |_, verdict| {
            let site = verdict
                .sites
                .iter()
                .find(|site| site.field == extreg_core::edit::Field::PushSecret)?;
            Some(match &site.decision {
                Decision::Edit(Mode::Enforce, _)
                | Decision::Keep(Reason::LinkedSecret | Reason::SecretUnknown) => Ok((
                    site.image.to_string(),
                    site.policy.unwrap_or_default().to_owned(),
                )),
                Decision::Edit(..) | Decision::Keep(_) => {
                    let words = site.words();
                    Err(words
                        .strip_prefix("left alone: ")
                        .unwrap_or(&words)
                        .to_owned())
                }
            })
        });
        let none = || Err("no policy covers its output".to_owned());
        let (image, policy) = match governed.await?.ok().flatten() {
            Some(Ok(governed)) => governed,
            Some(Err(why)) => return Ok(Err(why)),
            None => return Ok(none()),
        };
        let mut policies = self.surroundings.policies().iter();
        let found = policies.find(|other| other.name() == policy);
        let secret = found.and_then(|policy| Some((policy, policy.push()?.0)));
        Ok(match secret {
            Some((found, secret)) => Ok(Governed {
                image,
                secret: secret.to_owned(),
                has_selector: found.namespaces().is_some(),
                policy,
            }),
            None => none(),
        })
    }

    /// Whether the policy's secret is there and has a key for the image.
    async fn is_usable(&mut self, namespace: &str, governed: &Governed) -> Result<bool, Error> {
        let secret = self.secret(namespace, &governed.secret).await?;
        Ok(
            matches!(secret, Known::Known(Some(secret)) if secret.push(&governed.image) == Fit::Fits),
        )
    }

    /// A secret: what it has keys for, that it is not there, or that it may not be read.
    async fn secret(
        &mut self,
        namespace: &str,
        name: &str,
    ) -> Result<Known<Option<SecretFact>>, Error> {
        let key = (namespace.to_owned(), name.to_owned());
        if let Some(known) = self.secrets.get(&key) {
            return Ok(known.clone());
        }
        let secret = ObjectRef::new(Kind::SECRET, namespace, name);
        let known = match self.cluster.get(&secret).await {
            Ok(secret) => Known::Known(secret.map(|secret| secret_fact(&secret.body))),
            // What is true of one secret or namespace does not stop the others.
            Err(error) => {
                Refusal::of(error)?;
                Known::Unknown
            }
        };
        self.secrets.insert(key, known.clone());
        Ok(known)
    }

    fn change(&mut self, index: usize, governed: &Governed, field: &str, old: Value, new: Value) {
        let change = ShownChange {
            check: CheckId::Exr009.as_str(),
            field: field.to_owned(),
            old,
            new,
            image: governed.image.clone(),
            policy: governed.policy.clone(),
        };
        self.plan.changes.push((index, change));
    }

    fn leave(&mut self, index: usize, why: &str) {
        let left = Left {
            check: CheckId::Exr009,
            field: "spec.output.pushSecret".to_owned(),
            image: String::new(),
            why: why.to_owned(),
            reason: String::new(),
            is_told: true,
        };
        self.plan.left.push((index, left));
    }
}

impl Plan {
    /// Puts it into the plan of all objects, and gives what is to be written.
    pub(super) fn apply(self, entries: &mut [Entry]) -> Vec<Work> {
        for (index, change) in self.changes {
            if let Some(entry) = entries.get_mut(index) {
                entry.changes.push(change);
            }
        }
        for (index, left) in self.left {
            if let Some(entry) = entries.get_mut(index) {
                entry.left.push(ShownLeft::of(left));
            }
        }
        self.work
    }
}
