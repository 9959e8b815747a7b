//! Reading a cluster: every kind page by page, a few requests at a time. What may not be read or fails
//! is a gap, and the rest is read.

mod credentials;
mod elsewhere;
mod list;
mod picked;
mod registry;
mod visible;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use extreg_cluster::Cluster;
use extreg_flow::{Gap, Image, Listed, Report, World, flows};
use futures::future::try_join_all;

use self::{credentials::Opened, registry::Registries};
use super::{judge, settings::Settings};
use crate::{context::Context, error::Error};

/// Where the objects come from.
pub(super) struct Source {
    cluster: Cluster,
    /// The namespace; none for all of them.
    namespace: Option<String>,
    /// None if no registry is to be asked.
    registries: Option<Registries>,
}

impl Source {
    /// Of the namespace or the namespaces that are asked for. Asks nothing yet.
    ///
    /// # Errors
    /// If the kubeconfig is at fault.
    pub(super) async fn new(settings: &Settings, context: &Context) -> Result<Self, Error> {
        let cluster = context.cluster().await?;
        let namespace = (!settings.all_namespaces).then(|| cluster.namespace().to_owned());
        Ok(Self {
            cluster,
            namespace,
            registries: match &settings.registry {
                Some(endpoints) => Some(Registries::new(endpoints, context)?),
                None => None,
            },
        })
    }

    /// Where it looks, in words.
    pub(super) fn place(&self) -> String {
        match &self.namespace {
            Some(name) => format!("{name} namespace"),
            None => "any namespace".to_owned(),
        }
    }

    /// Reads what is there, and judges it.
    ///
    /// # Errors
    /// If nothing at all may be read, the login has expired or the server does not answer.
    pub(super) async fn report(
        &mut self,
        settings: &Settings,
        context: &Context,
    ) -> Result<Report, Error> {
        let what = match &self.namespace {
            Some(name) => format!("namespace {name}"),
            None => "all namespaces".to_owned(),
        };
        let printer = &context.printer;
        if !settings.watch {
            printer.status(&format!("reading {what} of {}", self.cluster.name()));
        }
        let mut settings = settings.clone();
        if !settings.selector.is_empty() {
            settings.wanted.picked = Some(self.picked(&settings.selector).await?);
        }
        let mut world = self.world().await?;
        let mut opened = Opened::default();
        // Of one namespace it is said before a push fails that it will.
        let pushing = match &self.namespace {
            Some(namespace) => credentials::pushing(&world, namespace),
            None => BTreeSet::new(),
        };
        if !pushing.is_empty() {
            let namespaces = self.namespace.iter().cloned().collect();
            opened = self.open(namespaces).await?;
            world.absent_secrets = self.absent(pushing, &opened).await?;
        }
        if let Some(mut registries) = self.registries.take() {
            let images = images(&world, &settings);
            let open = registries.open(images.iter().map(|(image, of)| (image, of.as_str())));
            if !open.is_empty() {
                let namespaces: BTreeSet<String> = open.values().cloned().collect();
                let namespaces: BTreeSet<String> =
                    namespaces.into_iter().take(credentials::MOST).collect();
                if !namespaces.is_subset(&opened.namespaces) {
                    opened = self.open(&namespaces | &opened.namespaces).await?;
                }
                if !settings.watch {
                    printer.status("asking registries what they have");
                }
            }
            world.registry = registries.ask(open, &opened).await;
            self.registries = Some(registries);
        }
        if self.namespace.is_some() {
            world.credentials = std::mem::take(&mut opened.snapshot);
        }
        let report = judge(&world, &settings, context);
        let refused = credentials::refused(&report, &world);
        if refused.is_subset(&opened.namespaces) && self.namespace.is_some() || refused.is_empty() {
            return Ok(report);
        }
        if !refused.is_subset(&opened.namespaces) {
            opened = self.open(&refused | &opened.namespaces).await?;
        }
        world.credentials = opened.snapshot;
        // Of a large cluster one of them is enough to hold.
        drop(report);
        Ok(judge(&world, &settings, context))
    }

    async fn world(&self) -> Result<World, Error> {
        let world = RefCell::new(World::default());
        let denied = RefCell::new(None);
        let lists = Listed::all().map(|what| self.list(what, &world, &denied));
        try_join_all(lists).await?;
        let mut world = world.into_inner();
        if world
            .unseen
            .is_all_forbidden(self.namespace.as_deref().unwrap_or_default())
            && let Some(error) = denied.into_inner()
        {
            return Err(error);
        }
        if let Some(namespace) = &self.namespace {
            self.add_elsewhere(namespace, &mut world).await?;
        }
        Ok(world)
    }

    /// Reads a list, namespace by namespace if it may not be read as a whole.
    async fn list(
        &self,
        what: Listed,
        world: &RefCell<World>,
        denied: &RefCell<Option<Error>>,
    ) -> Result<(), Error> {
        let namespace = self.namespace.as_deref();
        let Some(error) = self.pages(what, namespace, world).await?.err() else {
            return Ok(());
        };
        if !error.is_forbidden() || namespace.is_some() {
            let gap = gap_of(&error);
            if gap == Gap::Forbidden {
                denied.borrow_mut().get_or_insert(error);
            }
            let place = namespace.unwrap_or_default();
            world.borrow_mut().unseen.add(what, place, gap);
            return Ok(());
        }
        denied.borrow_mut().get_or_insert(error);
        let visible = self.visible().await?;
        if visible.is_empty() {
            world.borrow_mut().unseen.add(what, "", Gap::Forbidden);
        }
        for name in visible {
            if let Err(error) = self.pages(what, Some(&name), world).await? {
                let gap = gap_of(&error);
                world.borrow_mut().unseen.add(what, &name, gap);
            }
        }
        Ok(())
    }
}

/// The images of the flows that are asked for, each with the namespace whose imports would ask for it.
fn images(world: &World, settings: &Settings) -> BTreeMap<Image, String> {
    let flows = flows(world, &settings.wanted);
    let images = flows.iter().filter_map(|flow| {
        let namespace = flow.source.map(|source| source.name.namespace);
        let namespace = namespace.unwrap_or_else(|| flow.namespace());
        Some((flow.image()?, namespace.to_owned()))
    });
    images.collect()
}

/// A failed request as a gap.
fn gap_of(error: &Error) -> Gap {
    match error {
        error if error.is_forbidden() => Gap::Forbidden,
        error if error.is_not_found() => Gap::NotServed,
        other => Gap::Failed(other.to_string()),
    }
}
