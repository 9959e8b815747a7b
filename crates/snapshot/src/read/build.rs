//! BuildConfigs and Builds of OpenShift.

use std::sync::Arc;

use extreg_core::object::{LocalReference, ObjectReference, Resource, Text, opt_out};

use super::Unreadable;
use super::dockerfile::{self, Replaced};
use super::intern::Names;
use super::item::{Body, BuildItem, Found, Item, Site, StreamTag};
use super::namespace::opted_out;
use super::view::{BuildSource, BuildStatus, BuildStrategy, BuildView, key};
use crate::kind::Kind;
use crate::snapshot::{BuildPhase, BuildRecord, UseRole};

/// The default account of a build.
pub(super) const DEFAULT_ACCOUNT: &str = "builder";

/// Reads a BuildConfig or a Build.
pub(super) fn read(json: &str, site: &mut Site<'_>) -> Result<Item, Unreadable> {
    let resource = if site.kind == Kind::Build {
        Resource::Builds
    } else {
        Resource::BuildConfigs
    };
    let reduced = site.reduce(resource, json)?;
    let view: BuildView<'_> =
        serde_json::from_str(json).map_err(|error| Unreadable::json(resource.kind(), &error))?;

    let mut item = site.item(&view.metadata);
    if view.metadata.labels.get(opt_out::LABEL) == Some("true") {
        item.opt_outs.push(opted_out(site));
    }
    let spec = &view.spec;
    let mut places = Places {
        uses: Vec::new(),
        secrets: Vec::new(),
        names: site.names,
    };
    places.strategy(&spec.strategy);
    places.source(&spec.source);
    places.triggers(&view);
    places.dockerfile(&spec.strategy, &spec.source);
    let output = places.output(&view, &item.id.namespace);
    places.pushed(&view.status);
    let Places { uses, secrets, .. } = places;
    item.uses = uses;

    let config = config(&view);
    if let Some(config) = config
        && site.kind == Kind::Build
    {
        item.owner = Some((Kind::BuildConfig, site.names.get(config)));
    }
    let account = match spec.service_account.as_str() {
        "" => DEFAULT_ACCOUNT,
        account => account,
    };
    let to = spec.output.to.as_ref();
    let pushes_to = to.filter(|to| &*to.kind == "DockerImage");
    let push_secret = spec.output.push_secret.as_ref();
    let record = BuildRecord {
        origin: item.origin.clone(),
        config: config.map(|config| site.names.get(config)),
        account: site.names.get(account),
        pushes_to: site.names.get(pushes_to.map_or("", |to| to.name.as_str())),
        writes: output.as_ref().map(|output| {
            let StreamTag {
                namespace,
                stream,
                tag,
            } = output;
            let name = site.names.field(format_args!("{stream}:{tag}"));
            (Arc::clone(namespace), name)
        }),
        push_secret: site
            .names
            .get(push_secret.map_or("", |secret| secret.name.as_str())),
        has_push_secret: push_secret.is_some(),
        pull_secrets: secrets,
        has_image_trigger: has_image_trigger(&view),
        phase: (site.kind == Kind::Build).then(|| phase(&view.status, site.names)),
        ..BuildRecord::new(item.id.clone())
    };
    item.body = Body::Build(Box::new(BuildItem {
        record,
        output,
        reduced,
    }));
    Ok(item)
}

/// The BuildConfig of a Build.
fn config<'v>(view: &'v BuildView<'_>) -> Option<&'v str> {
    let named = Some(view.status.config.name.as_str()).filter(|name| !name.is_empty());
    let labeled = || view.metadata.labels.get(key::BUILD_CONFIG);
    let annotated = || view.metadata.annotations.get(key::BUILD_CONFIG);
    named.or_else(annotated).or_else(labeled)
}

fn phase(status: &BuildStatus<'_>, names: &mut Names) -> BuildPhase {
    BuildPhase {
        phase: names.get(&status.phase),
        reason: names.get(&status.reason),
        message: names.get(&status.message),
        pushed: names.get(&status.output.to.image_digest),
    }
}

/// Whether a new base image starts a build. A trigger without an image refers to the image of the
/// strategy, and is dropped if that is not a stream tag (openshift-apiserver
/// `pkg/build/apis/build/v1/conversion.go`).
fn has_image_trigger(view: &BuildView<'_>) -> bool {
    let BuildStrategy {
        docker_strategy,
        source_strategy,
        custom_strategy,
    } = &view.spec.strategy;
    let docker = docker_strategy.iter().map(|site| &site.from);
    let others = [source_strategy, custom_strategy];
    let others = others.into_iter().flatten().map(|site| &site.from);
    let follows = |from: &ObjectReference<'_>| &*from.kind == "ImageStreamTag";
    let base = docker.chain(others).flatten().any(follows);
    view.spec.triggers.iter().any(|trigger| {
        let change = trigger.image_change.as_ref();
        // The second spelling is that of OpenShift 3.
        matches!(&*trigger.kind, "ImageChange" | "imageChange")
            && !change.is_some_and(|change| change.paused)
            && change
                .and_then(|change| change.from.as_ref())
                .map_or(base, follows)
    })
}

/// The places of one build that name an image.
struct Places<'n> {
    uses: Vec<Found>,
    secrets: Vec<(Arc<str>, Arc<str>)>,
    names: &'n mut Names,
}

impl Places<'_> {
    fn strategy(&mut self, strategy: &BuildStrategy<'_>) {
        if let Some(site) = &strategy.docker_strategy {
            self.pull(
                UseRole::Base,
                "spec.strategy.dockerStrategy",
                site.from.as_ref(),
                site.pull_secret.as_ref(),
            );
        }
        let others = [
            ("spec.strategy.sourceStrategy", &strategy.source_strategy),
            ("spec.strategy.customStrategy", &strategy.custom_strategy),
        ];
        for (field, site) in others {
            if let Some(site) = site {
                self.pull(
                    UseRole::Base,
                    field,
                    site.from.as_ref(),
                    site.pull_secret.as_ref(),
                );
            }
        }
    }

    fn source(&mut self, source: &BuildSource<'_>) {
        for (index, image) in source.images.iter().enumerate() {
            let field = format!("spec.source.images[{index}]");
            self.pull(
                UseRole::Source,
                &field,
                image.from.as_ref(),
                image.pull_secret.as_ref(),
            );
        }
    }

    fn pull(
        &mut self,
        role: UseRole,
        field: &str,
        from: Option<&ObjectReference<'_>>,
        secret: Option<&LocalReference<'_>>,
    ) {
        let image = from.map_or_else(Arc::default, |from| self.names.get(&from.name));
        // Without an image here the secret is for the images in the Dockerfile.
        if let Some(secret) = secret
            && !secret.name.is_empty()
        {
            self.secrets
                .push((self.names.get(&secret.name), Arc::clone(&image)));
        }
        if from.is_some_and(|from| &*from.kind == "DockerImage") {
            let field = self.names.field(format_args!("{field}.from.name"));
            self.found(role, field, image);
        }
    }

    fn triggers(&mut self, view: &BuildView<'_>) {
        for (index, trigger) in view.spec.triggers.iter().enumerate() {
            let change = trigger.image_change.as_ref();
            let from = change.and_then(|change| change.from.as_ref());
            let field = format!("spec.triggers[{index}].imageChange");
            self.pull(UseRole::Base, &field, from, None);
        }
    }

    /// Images of a Dockerfile that is written in the build itself. The image of the strategy
    /// replaces the last `FROM` (openshift/builder `pkg/build/builder/docker.go`).
    fn dockerfile(&mut self, strategy: &BuildStrategy<'_>, source: &BuildSource<'_>) {
        if source.dockerfile.is_empty() {
            return;
        }
        let docker = strategy.docker_strategy.as_ref();
        let arguments: Vec<(&str, &str)> = docker
            .iter()
            .flat_map(|docker| docker.build_args.iter())
            .filter_map(|argument| Some((&*argument.name, argument.value.as_ref()?.as_str())))
            .collect();
        let stand_ins = source
            .images
            .iter()
            .flat_map(|image| image.stands_for.iter());
        let replaced = Replaced {
            last: docker.is_some_and(|docker| docker.from.is_some()),
            names: stand_ins.map(Text::as_str).collect(),
        };
        for (role, image) in dockerfile::images(&source.dockerfile, &arguments, &replaced) {
            let field = self.names.get("spec.source.dockerfile");
            let image = self.names.get(&image);
            self.found(role, field, image);
        }
    }

    /// Where the build pushes to: an image, or a stream tag that determines it.
    fn output(&mut self, view: &BuildView<'_>, own: &Arc<str>) -> Option<StreamTag> {
        let to = view.spec.output.to.as_ref()?;
        let name = match &*to.kind {
            "DockerImage" => {
                let field = self.names.get("spec.output.to.name");
                let image = self.names.get(&to.name);
                self.found(UseRole::Push, field, image);
                if let Some(pushed) = self.uses.last_mut() {
                    pushed.digest = self.names.get(&view.status.output.to.image_digest);
                }
                return None;
            }
            "ImageStreamTag" => to.name.as_str().to_owned(),
            // Defaulted (openshift-apiserver `pkg/build/apis/build/v1/conversion.go`).
            "" | "ImageStream" => format!("{}:latest", to.name),
            _ => return None,
        };
        let (stream, tag) = name.split_once(':')?;
        Some(StreamTag {
            namespace: match to.namespace.as_str() {
                "" => Arc::clone(own),
                namespace => self.names.get(namespace),
            },
            stream: self.names.get(stream),
            tag: self.names.get(tag),
        })
    }

    /// Where a Build pushed to, from its status.
    fn pushed(&mut self, status: &BuildStatus<'_>) {
        if !status.output_docker_image_reference.is_empty() {
            let field = self.names.get("status.outputDockerImageReference");
            let image = self.names.get(&status.output_docker_image_reference);
            let mut found = Found::new(UseRole::Push, Arc::default(), field, image);
            found.digest = self.names.get(&status.output.to.image_digest);
            found.copied = true;
            self.uses.push(found);
        }
    }

    fn found(&mut self, role: UseRole, field: Arc<str>, image: Arc<str>) {
        self.uses
            .push(Found::new(role, Arc::default(), field, image));
    }
}
