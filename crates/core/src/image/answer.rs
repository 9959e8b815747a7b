use serde::Serialize;

use super::ImageRef;

/// How OpenShift parses one reference, in the fields and the order that `oc extreg resolve` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ReferenceAnswer<'a> {
    /// OpenShift accepts the reference.
    Parsed(ParsedReference<'a>),
    /// OpenShift rejects the reference.
    Invalid {
        /// OpenShift's error text.
        error: String,
        /// The queried string.
        #[serde(rename = "ref")]
        reference: &'a str,
    },
}

/// The parts of a reference that OpenShift accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParsedReference<'a> {
    /// The parts after [`ImageRef::with_defaults`].
    pub defaulted: Defaulted<'a>,
    /// [`ImageRef::is_docker_hub`].
    pub docker_hub: bool,
    /// [`ImageRef::exact`].
    pub exact: String,
    /// [`ImageRef::id`].
    pub id: &'a str,
    /// [`ImageRef::name`].
    pub name: &'a str,
    /// [`ImageRef::namespace`].
    pub namespace: &'a str,
    /// The queried string.
    #[serde(rename = "ref")]
    pub reference: &'a str,
    /// [`ImageRef::registry`].
    pub registry: &'a str,
    /// The pull specification, [`ImageRef`]'s `Display`.
    pub string: String,
    /// [`ImageRef::tag`].
    pub tag: &'a str,
}

/// The five parts of a reference with the docker client's defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Defaulted<'a> {
    /// [`ImageRef::id`].
    pub id: &'a str,
    /// [`ImageRef::name`].
    pub name: &'a str,
    /// [`ImageRef::namespace`].
    pub namespace: &'a str,
    /// [`ImageRef::registry`].
    pub registry: &'a str,
    /// [`ImageRef::tag`].
    pub tag: &'a str,
}

impl<'a> ReferenceAnswer<'a> {
    /// Answers for one string.
    pub fn of(reference: &'a str) -> Self {
        match ImageRef::parse(reference) {
            Ok(image) => Self::Parsed(ParsedReference {
                defaulted: Defaulted::of(image.with_defaults()),
                docker_hub: image.is_docker_hub(),
                exact: image.exact(),
                id: image.id(),
                name: image.name(),
                namespace: image.namespace(),
                reference,
                registry: image.registry(),
                string: image.to_string(),
                tag: image.tag(),
            }),
            Err(error) => Self::Invalid {
                error: error.to_string(),
                reference,
            },
        }
    }
}

impl<'a> Defaulted<'a> {
    fn of(image: ImageRef<'a>) -> Self {
        Self {
            id: image.id(),
            name: image.name(),
            namespace: image.namespace(),
            registry: image.registry(),
            tag: image.tag(),
        }
    }
}
