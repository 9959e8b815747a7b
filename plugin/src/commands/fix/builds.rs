//! Builds that wait for a push secret that does not exist, and builds that will wait.
//!
//! The pod of a Build in phase Pending keeps the volume that it was created with, even if the Build
//! changes later (openshift-controller-manager `build_controller.go`, `createBuildPod`):
//! only a secret of that name or another build helps. A Build in phase New has no pod yet.

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
    plan::{Judged, Skipped},
    report::{Entry, ShownChange},
};
use crate::{
    engine::{Surroundings, decide, secret_fact},
    error::Error,
    fanout::Refusal,
};

const PUSH_SECRET: &str = "/spec/output/pushSecret/name";

/// Plans the changes for builds that wait.
pub(super) struct Builds<'a> {
    cluster: &'a Cluster,
    surroundings: &'a mut Surroundings,
    source: Source,
    /// Secrets that were read, by namespace and name.
    secrets: BTreeMap<(String, String), Known<Option<SecretFact>>>,
    plan: Plan,
}

/// The changes.
#[derive(Default)]
pub(super) struct Plan {
    changes: Vec<(usize, ShownChange)>,
    skipped: Vec<(usize, Skipped)>,
    work: Vec<Work>,
}

/// A policy that covers the output of a build.
struct Governed {
    image: String,
    policy: String,
    /// The secret that the policy names.
    secret: String,
    /// Whether the policy selects namespaces: a credential is written only into selected ones.
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

    /// Makes the plan.
    ///
    /// # Errors
    /// If the secret to copy does not exist or cannot be read, or the login has expired.
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
                        let why = format!("the secret {name} exists now: its pod retries");
                        self.skip(index, &why);
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
                        self.skip(index, &why);
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
                    self.skip(index, &why);
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

    /// Replaces a missing secret in a Build without a pod by the policy's secret.
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
                "it names the secret {old}, which does not exist, and the policy's {} does not \
                 match either: create it, or the build will wait",
                governed.secret
            );
            self.skip(index, &why);
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

    /// The policy that covers the output of a build, as if the build named no secret; inner: why no policy does.
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
                Decision::Keep(reason) => Err(reason.words().to_owned()),
                Decision::Edit(..) => Err(site.words()),
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

    /// Whether the policy's secret exists and has a key for the image.
    async fn is_usable(&mut self, namespace: &str, governed: &Governed) -> Result<bool, Error> {
        let secret = self.secret(namespace, &governed.secret).await?;
        Ok(
            matches!(secret, Known::Known(Some(secret)) if secret.push(&governed.image) == Fit::Fits),
        )
    }

    /// The keys of a secret, or that it does not exist or cannot be read.
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
            // An error about one secret or namespace does not stop the rest.
            Err(error) => {
                Refusal::from_error(error)?;
                Known::Unknown
            }
        };
        self.secrets.insert(key, known.clone());
        Ok(known)
    }

    fn change(&mut self, index: usize, governed: &Governed, field: &str, old: Value, new: Value) {
        let change = ShownChange {
            check: CheckId::Exr009,
            field: field.to_owned(),
            old,
            new,
            image: governed.image.clone(),
            policy: governed.policy.clone(),
        };
        self.plan.changes.push((index, change));
    }

    fn skip(&mut self, index: usize, why: &str) {
        let skipped = Skipped {
            check: CheckId::Exr009,
            field: "spec.output.pushSecret".to_owned(),
            image: String::new(),
            why: why.to_owned(),
            reason: String::new(),
            is_shown: true,
        };
        self.plan.skipped.push((index, skipped));
    }
}

impl Plan {
    /// Adds the change to the plan of all objects, and returns what to write.
    pub(super) fn apply(self, entries: &mut [Entry]) -> Vec<Work> {
        for (index, change) in self.changes {
            if let Some(entry) = entries.get_mut(index) {
                entry.changes.push(change);
            }
        }
        for (index, skipped) in self.skipped {
            if let Some(entry) = entries.get_mut(index) {
                entry.skipped.push(skipped);
            }
        }
        self.work
    }
}
