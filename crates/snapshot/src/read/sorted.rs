//! The records by kind, until the snapshot is complete.

use std::sync::Arc;

use extreg_core::facts::{ClusterFacts, Known, Reach};
use extreg_core::policy::{Policy, PolicySet};
use extreg_core::registry::{InternalRegistry, RefRole, Resolution, resolve};

use super::facts::FactBook;
use super::injection::{self, Reviewed};
use super::intern::Names;
use super::item::{Body, BuildItem, Found, ImagesItem, Item, StreamItem, StreamTag};
use super::meaning::Meanings;
use super::{Detail, ReadOptions};
use crate::coverage::{Gap, GapReason, GapSubject};
use crate::kind::Kind;
use crate::place::{ObjectId, Origin, Place};
use crate::snapshot::Listed;
use crate::snapshot::{
    ImageUse, Injection, MirrorRule, OptOut, SignaturePolicy, Snapshot, UseRole, WebhookRecord,
};

/// The records by kind.
pub(super) struct Sorted {
    snapshot: Snapshot,
    images: Option<ImagesItem>,
    mirrors: Vec<MirrorRule>,
    signatures: Vec<SignaturePolicy>,
    webhook: Option<WebhookRecord>,
    /// `None` if the cluster has no RegistryPolicy; invalid ones are not included.
    policies: Option<Vec<Policy>>,
    /// Builds and streams for the webhook's decisions.
    reviewed_builds: Vec<Reviewed>,
    reviewed_streams: Vec<Reviewed>,
    /// The builds that output to a stream, by their index.
    outputs: Vec<(usize, bool, StreamTag)>,
    found: Vec<FoundIn>,
}

/// The fields of one object that name an image.
struct FoundIn {
    id: ObjectId,
    origin: Origin,
    is_copy: bool,
    uses: Vec<Found>,
}

impl Sorted {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            images: None,
            mirrors: Vec::new(),
            signatures: Vec::new(),
            webhook: None,
            policies: None,
            reviewed_builds: Vec::new(),
            reviewed_streams: Vec::new(),
            outputs: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Adds an object; objects of one kind and namespace must be consecutive.
    pub(super) fn add(&mut self, item: Item, is_copy: bool) {
        let Item {
            id,
            origin,
            uid: _,
            owner: _,
            uses,
            annotations,
            opt_outs,
            body,
        } = item;
        let opt_outs = opt_outs.into_iter().map(|opt_out| OptOut {
            place: Place {
                object: id.clone(),
                part: opt_out.part,
                field: opt_out.field,
                origin: origin.clone(),
            },
            by: opt_out.by,
        });
        self.snapshot.opt_outs.extend(opt_outs);
        if !annotations.is_empty() {
            let all = self.snapshot.annotations.entry(id.clone()).or_default();
            all.extend(annotations);
        }
        if !uses.is_empty() {
            self.found.push(FoundIn {
                id: id.clone(),
                origin: origin.clone(),
                is_copy,
                uses,
            });
        }
        self.body(id, origin, is_copy, body);
    }

    fn body(&mut self, id: ObjectId, origin: Origin, is_copy: bool, body: Body) {
        let snapshot = &mut self.snapshot;
        let key = || (Arc::clone(&id.namespace), Arc::clone(&id.name));
        match body {
            Body::Account(account) => {
                snapshot.accounts.insert(key(), account);
            }
            Body::Build(build) => {
                let BuildItem {
                    record,
                    output,
                    reduced,
                } = *build;
                let index = snapshot.builds.len();
                self.outputs
                    .extend(output.map(|output| (index, is_copy, output)));
                snapshot.builds.push(record);
                let reviewed = reduced.map(|reduced| Reviewed {
                    id,
                    origin,
                    reduced,
                });
                self.reviewed_builds.extend(reviewed);
            }
            Body::Images(images) => self.images = Some(*images),
            Body::Mirrors(rules) => self.mirrors.extend(rules),
            Body::Namespace(record) => {
                snapshot.namespaces.insert(Arc::clone(&id.name), record);
            }
            Body::Nothing => {}
            Body::OtherSecret(keys) => {
                snapshot.other_secrets.insert(key(), keys);
            }
            Body::Policy(policy) => {
                let policies = self.policies.get_or_insert_default();
                match *policy {
                    Ok(policy) => policies.push(policy),
                    Err(message) => {
                        snapshot.coverage.gaps.insert(Gap {
                            what: GapSubject::Fact(format!("RegistryPolicy {}", id.name)),
                            why: GapReason::Unreadable,
                            message,
                        });
                    }
                }
            }
            Body::Secret(secret) => {
                snapshot.secrets.insert(key(), *secret);
            }
            Body::Signatures(policy) => self.signatures.push(policy),
            Body::Stream(stream) => {
                let StreamItem { record, reduced } = *stream;
                snapshot.streams.push(record);
                let reviewed = reduced.map(|reduced| Reviewed {
                    id,
                    origin,
                    reduced,
                });
                self.reviewed_streams.extend(reviewed);
            }
            Body::Webhook(webhook) => self.webhook = Some(webhook),
            Body::Workload(workload) => snapshot.workloads.push(*workload),
        }
    }

    /// The snapshot.
    pub(super) fn finish(
        mut self,
        options: ReadOptions,
        listed: Listed,
        mut names: Names,
    ) -> Snapshot {
        let ReadOptions {
            policies,
            source,
            detail,
            secrets: _,
            own_namespace,
            cap,
        } = options;
        self.snapshot.source = source;
        self.configure(&listed);
        self.snapshot.policies = match (policies, self.policies.take()) {
            (Some(given), _) => given,
            (None, Some(read)) => PolicySet::of_cluster(Some(read)),
            // All were listed, and none exists.
            (None, None) if self.has_policy_kind(&listed) => {
                PolicySet::of_cluster(Some(Vec::new()))
            }
            (None, None) => PolicySet::of_cluster(None),
        }
        .capped(cap);
        // Flows compare outputs as written.
        if detail == Detail::Registries {
            self.outputs(&mut names);
        }
        self.uses(&mut names);
        self.snapshot.injections = self.injections(&listed, own_namespace, &mut names);
        self.elided();
        self.snapshot.listed = listed;
        self.snapshot.opt_outs.sort_unstable();
        self.snapshot
    }

    /// Whether the cluster is known to have the kind of policies.
    fn has_policy_kind(&self, listed: &Listed) -> bool {
        let coverage = &self.snapshot.coverage;
        !coverage.not_served.contains(&Kind::RegistryPolicy)
            && listed.is_complete(Kind::RegistryPolicy, "", coverage)
    }

    /// The webhook's decisions. Builds come first, as they can depend on a stream; a stream depends
    /// on none.
    fn injections(
        &mut self,
        listed: &Listed,
        own_namespace: Option<String>,
        names: &mut Names,
    ) -> Vec<Injection> {
        let (own_namespace, reach) = match &self.snapshot.cluster.webhook {
            Known::Known(Some(webhook)) => {
                let own = &webhook.namespace;
                let own = (!own.is_empty()).then(|| own.to_string());
                (own, webhook.reach.clone())
            }
            Known::Known(None) | Known::Unknown => (own_namespace, Reach::default()),
        };
        let builds = std::mem::take(&mut self.reviewed_builds);
        let streams = std::mem::take(&mut self.reviewed_streams);
        let book = FactBook {
            snapshot: &self.snapshot,
            listed,
            cluster: ClusterFacts {
                internal: self.snapshot.cluster.internal.clone(),
                integrated: self.snapshot.cluster.integrated,
                own_namespace,
                reach,
            },
            streams: &[],
        };
        let mut injections = Vec::new();
        let with_streams = FactBook {
            streams: &streams,
            ..book.clone()
        };
        injection::evaluate(builds, &with_streams, names, &mut injections);
        injection::evaluate(streams, &book, names, &mut injections);
        injections.sort_by(|a, b| a.place.object.cmp(&b.place.object));
        injections
    }

    /// The facts about the cluster as a whole.
    fn configure(&mut self, listed: &Listed) {
        let coverage = &self.snapshot.coverage;
        let is_complete = |kind, namespace: &str| listed.is_complete(kind, namespace, coverage);
        // Some rules of a kind can be known even if the rest is not.
        let is_known = |kinds: &[Kind]| {
            let was_read = |kind| coverage.read.get(kind).is_some_and(|count| *count > 0);
            kinds.iter().any(was_read) || kinds.iter().all(|kind| is_complete(*kind, ""))
        };
        let cluster = &mut self.snapshot.cluster;
        match self.images.take() {
            Some(images) => {
                let names = images.external.iter().chain([&images.internal]);
                let names = names.map(|name| name.as_ref().to_owned());
                cluster.internal = InternalRegistry::default().with_hostnames(names);
                if images.has_status || images.sources.origin == Origin::Cluster {
                    cluster.integrated = Known::Known(!images.internal.is_empty());
                }
                cluster.registries = Known::Known(Some(images.sources));
            }
            None if is_complete(Kind::ImageConfig, "") => {
                cluster.integrated = Known::Known(false);
                cluster.registries = Known::Known(None);
            }
            None => {}
        }
        let mut mirrors = std::mem::take(&mut self.mirrors);
        mirrors.sort_unstable();
        if is_known(&[
            Kind::ImageDigestMirrorSet,
            Kind::ImageTagMirrorSet,
            Kind::ImageContentSourcePolicy,
        ]) {
            cluster.mirrors = Known::Known(mirrors);
        }
        if is_known(&[Kind::ClusterImagePolicy, Kind::ImagePolicy]) {
            cluster.signatures = Known::Known(std::mem::take(&mut self.signatures));
        }
        cluster.webhook = match self.webhook.take() {
            Some(webhook) => Known::Known(Some(webhook)),
            None if is_complete(Kind::MutatingWebhookConfiguration, "") => Known::Known(None),
            None => Known::Unknown,
        };
        let global = (GLOBAL_NAMESPACE.into(), GLOBAL_PULL_SECRET.into());
        cluster.pull_secret = match self.snapshot.secrets.get(&global) {
            Some(secret) => Known::Known(Some(secret.clone())),
            None if is_complete(Kind::Secret, GLOBAL_NAMESPACE) => Known::Known(None),
            None => Known::Unknown,
        };
    }

    /// Where builds push to, after the registry and the streams are known.
    fn outputs(&mut self, names: &mut Names) {
        let internal = &self.snapshot.cluster.internal;
        let is_internal = |image: &str| {
            matches!(
                resolve(image, RefRole::Push, internal),
                Resolution::Internal(_)
            )
        };
        for build in &mut self.snapshot.builds {
            if is_internal(&build.pushes_to) {
                build.pushes_to = Arc::default();
            }
        }
        if self.snapshot.cluster.integrated == Known::Known(true) {
            return;
        }
        let streams = &self.snapshot.streams;
        let repository = |to: &StreamTag| {
            let wanted = (&to.namespace, &to.stream);
            let at = streams
                .binary_search_by(|s| (&s.object.namespace, &s.object.name).cmp(&wanted))
                .ok()?;
            let repository = &streams.get(at)?.repository;
            let is_external = !repository.is_empty() && !is_internal(repository);
            is_external.then(|| Arc::clone(repository))
        };
        for (index, is_copy, to) in &self.outputs {
            let build = self.snapshot.builds.get_mut(*index);
            let (Some(build), Some(repository)) = (build, repository(to)) else {
                continue;
            };
            let image = names.field(format_args!("{repository}:{}", to.tag));
            build.pushes_to = Arc::clone(&image);
            let field = names.get("spec.output.to.name");
            self.found.push(FoundIn {
                id: build.object.clone(),
                origin: build.origin.clone(),
                is_copy: *is_copy,
                uses: vec![Found::new(UseRole::Push, Arc::default(), field, image)],
            });
        }
    }

    /// The meaning of each field.
    fn uses(&mut self, names: &mut Names) {
        let cluster = &self.snapshot.cluster;
        let search = match &cluster.registries {
            Known::Known(Some(sources)) => sources.search.as_slice(),
            Known::Known(None) | Known::Unknown => &[],
        };
        let mut meanings = Meanings {
            internal: &cluster.internal,
            search,
            names,
        };
        let count = self.found.iter().map(|found| found.uses.len()).sum();
        let mut uses = Vec::with_capacity(count);
        for FoundIn {
            id,
            origin,
            is_copy,
            uses: found,
        } in std::mem::take(&mut self.found)
        {
            for found in found {
                let (image, meaning) = meanings.of(&found);
                uses.push(ImageUse {
                    place: Place {
                        object: id.clone(),
                        part: found.part,
                        field: found.field,
                        origin: origin.clone(),
                    },
                    role: found.role,
                    image,
                    meaning,
                    owned: is_copy || found.copied,
                });
            }
        }
        uses.sort_unstable();
        uses.dedup();
        self.snapshot.uses = uses;
    }

    /// Values missing in the source are a gap.
    fn elided(&mut self) {
        let mut secrets = self.snapshot.secrets.values();
        if secrets.any(crate::snapshot::SecretRecord::is_elided) {
            self.snapshot.coverage.gaps.insert(Gap {
                what: GapSubject::Fact("the values of secrets".to_owned()),
                why: GapReason::Elided,
                message: String::new(),
            });
        }
    }
}

/// The secret that nodes pull with.
const GLOBAL_NAMESPACE: &str = "openshift-config";
const GLOBAL_PULL_SECRET: &str = "pull-secret";
