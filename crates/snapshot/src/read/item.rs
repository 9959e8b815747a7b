//! The record of one object until all are read.

use std::sync::Arc;

use extreg_core::object::{Resource, Subject};
use extreg_core::policy::Policy;

use super::intern::Names;
use super::view::{Chosen, Metadata, OwnerReference};
use super::{Detail, Unreadable, suppression};
use crate::kind::Kind;
use crate::place::{ObjectId, Origin};
use crate::snapshot::{
    AccountRecord, Annotation, BuildRecord, Meaning, MirrorRule, NamespaceRecord, RegistrySources,
    SecretKeys, SecretRecord, SignaturePolicy, StreamRecord, UseRole, WebhookRecord,
    WorkloadRecord,
};

/// The record of one object.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: ObjectId,
    pub(super) origin: Origin,
    /// The cluster's identity of the object: duplicates of one cluster are one object.
    pub(super) uid: Option<u128>,
    /// The controller that made it, if its kind is read.
    pub(super) owner: Option<(Kind, Arc<str>)>,
    pub(super) uses: Vec<Found>,
    pub(super) annotations: Vec<Annotation>,
    pub(super) opt_outs: Vec<OptedOut>,
    pub(super) body: Body,
}

/// A field that names an image. Its registry is determined when all objects are read.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) part: Arc<str>,
    pub(super) field: Arc<str>,
    pub(super) role: UseRole,
    pub(super) written: Arc<str>,
    /// The digest that is known from another source than the reference.
    pub(super) digest: Arc<str>,
    /// Its meaning, if it does not depend on its registry.
    pub(super) meaning: Option<Meaning>,
    /// Whether it repeats another field.
    pub(super) copied: bool,
}

/// An opt-out.
#[derive(Clone, Debug)]
pub(super) struct OptedOut {
    pub(super) part: Arc<str>,
    pub(super) field: Arc<str>,
    pub(super) by: &'static str,
}

/// The record of an object of one kind.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Account(AccountRecord),
    Build(Box<BuildItem>),
    Images(Box<ImagesItem>),
    Mirrors(Vec<MirrorRule>),
    Namespace(NamespaceRecord),
    /// A kind that is read, without relevant content.
    Nothing,
    /// A secret without a docker config.
    OtherSecret(SecretKeys),
    Policy(Box<Result<Policy, String>>),
    Secret(Box<SecretRecord>),
    Signatures(SignaturePolicy),
    Stream(Box<StreamItem>),
    Webhook(WebhookRecord),
    Workload(Box<WorkloadRecord>),
}

/// A BuildConfig or a Build.
#[derive(Clone, Debug)]
pub(super) struct BuildItem {
    pub(super) record: BuildRecord,
    /// The ImageStream tag that it outputs to.
    pub(super) output: Option<StreamTag>,
    /// The parts that the rules of the webhook read; none for Shipwright's, or if they are not evaluated.
    pub(super) reduced: Option<Box<str>>,
}

/// A tag of a stream.
#[derive(Clone, Debug)]
pub(super) struct StreamTag {
    pub(super) namespace: Arc<str>,
    pub(super) stream: Arc<str>,
    pub(super) tag: Arc<str>,
}

/// An ImageStream.
#[derive(Clone, Debug)]
pub(super) struct StreamItem {
    pub(super) record: StreamRecord,
    /// The parts that the rules of the webhook read; none if they are not evaluated.
    pub(super) reduced: Option<Box<str>>,
}

/// `images.config.openshift.io/cluster`.
#[derive(Clone, Debug)]
pub(super) struct ImagesItem {
    pub(super) sources: RegistrySources,
    /// Whether it defines the registry; a file for a future cluster does not.
    pub(super) has_status: bool,
    /// Empty without an integrated registry.
    pub(super) internal: Arc<str>,
    pub(super) external: Vec<Arc<str>>,
}

/// The source of an object, and the context for reading it.
pub(super) struct Site<'r> {
    pub(super) detail: Detail,
    pub(super) kind: Kind,
    pub(super) origin: Origin,
    pub(super) default_namespace: &'r str,
    pub(super) names: &'r mut Names,
}

impl Site<'_> {
    /// The object of this metadata.
    pub(super) fn id(&mut self, metadata: &Metadata<'_>) -> ObjectId {
        let namespace = match (self.kind.api().namespaced, metadata.namespace.as_str()) {
            (false, _) => "",
            (true, "") => self.default_namespace,
            (true, namespace) => namespace,
        };
        let name = match (metadata.name.as_str(), metadata.generate_name.as_str()) {
            ("", "") => Arc::default(),
            ("", generated) => format!("{generated}*").into(),
            (name, _) => name.into(),
        };
        ObjectId {
            namespace: self.names.get(namespace),
            kind: self.kind,
            name,
        }
    }

    /// The item of this metadata, without content yet.
    pub(super) fn item(&mut self, metadata: &Metadata<'_>) -> Item {
        let id = self.id(metadata);
        let mut item = Item {
            id,
            origin: self.origin.clone(),
            uid: uid(&metadata.uid),
            owner: self.owner(metadata),
            uses: Vec::new(),
            annotations: Vec::new(),
            opt_outs: Vec::new(),
            body: Body::Nothing,
        };
        self.note(&mut item, &metadata.annotations);
        item
    }

    /// The parts of an object that the rules of the webhook read; none if they are not evaluated.
    pub(super) fn reduce(
        &self,
        resource: Resource,
        json: &str,
    ) -> Result<Option<Box<str>>, Unreadable> {
        if self.detail == Detail::Flows {
            return Ok(None);
        }
        let reduced = Subject::reduce(resource, json).map_err(|error| Unreadable::of(&error))?;
        Ok(Some(reduced.into()))
    }

    /// Keeps the annotations that suppress a check.
    pub(super) fn note(&mut self, item: &mut Item, annotations: &Chosen<'_>) {
        for annotation in suppression::of(annotations, self.names) {
            if !item.annotations.contains(&annotation) {
                item.annotations.push(annotation);
            }
        }
    }

    fn owner(&mut self, metadata: &Metadata<'_>) -> Option<(Kind, Arc<str>)> {
        let owner = controller(metadata)?;
        let kind = Kind::of(&owner.api_version, &owner.kind)?;
        Some((kind, self.names.get(&owner.name)))
    }
}

impl Found {
    /// A field and its value.
    pub(super) fn new(role: UseRole, part: Arc<str>, field: Arc<str>, written: Arc<str>) -> Self {
        Self {
            part,
            field,
            role,
            written,
            digest: Arc::default(),
            meaning: None,
            copied: false,
        }
    }
}

/// The controller that made an object.
pub(super) fn controller<'m, 'a>(metadata: &'m Metadata<'a>) -> Option<&'m OwnerReference<'a>> {
    let mut owners = metadata.owner_references.iter();
    owners.find(|owner| owner.controller)
}

/// A uid without its hyphens; `None` if it is not a UUID.
fn uid(text: &str) -> Option<u128> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    (digits.len() == 32)
        .then(|| u128::from_str_radix(&digits, 16).ok())
        .flatten()
}
