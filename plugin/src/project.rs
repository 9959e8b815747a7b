//! The project: requested on OpenShift, where every user can do so, and created as a namespace on other clusters.

use extreg_cluster::{
    Cluster, ClusterError, DryRun, Kind, MANAGED_BY, MANAGER, Object, ObjectRef, Owned, is_owned,
};
use serde_json::json;

use crate::error::Error;

/// A requested project cannot be labeled by its requester; its description remains.
const DESCRIPTION: &str = "Set up by oc extreg";
/// The annotation in which the API server stores a project's description.
const DESCRIPTION_KEY: &str = "openshift.io/description";

/// The state of a project.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Project {
    /// It exists.
    Present(Object),
    /// It probably exists, but cannot be read.
    Unreadable(ObjectRef),
    /// It does not exist.
    Absent(How),
}

/// How to create a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// With a Namespace.
    Namespace,
    /// With a ProjectRequest.
    Request,
}

impl Project {
    /// Finds a project.
    pub(crate) async fn look(cluster: &Cluster, name: &str) -> Result<Self, Error> {
        let (kind, how) = if cluster.serves(Kind::PROJECT_REQUEST).await? {
            (Kind::PROJECT, How::Request)
        } else {
            (Kind::NAMESPACE, How::Namespace)
        };
        let reference = ObjectRef::new(kind, "", name);
        match cluster.get(&reference).await {
            Ok(Some(project)) => Ok(Self::Present(project)),
            Ok(None) => Ok(Self::Absent(how)),
            // For a missing project the server answers 403 to an ordinary user. A user with permissions in a namespace,
            // but without those of a project member, gets the same answer.
            Err(error) if error.is_forbidden() && how == How::Request => {
                let namespace = cluster
                    .get(&ObjectRef::new(Kind::NAMESPACE, "", name))
                    .await;
                match namespace {
                    Ok(Some(namespace)) => Ok(Self::Present(namespace)),
                    Ok(None) => Ok(Self::Absent(how)),
                    Err(error) if error.is_forbidden() => Ok(Self::Absent(how)),
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) if error.is_forbidden() => Ok(Self::Unreadable(reference)),
            Err(error) => Err(error.into()),
        }
    }

    /// The project as an object's name.
    pub(crate) fn reference(&self, name: &str) -> ObjectRef {
        match self {
            Self::Present(project) => project.reference(),
            Self::Unreadable(reference) => reference.clone(),
            Self::Absent(How::Request) => ObjectRef::new(Kind::PROJECT, "", name),
            Self::Absent(How::Namespace) => ObjectRef::new(Kind::NAMESPACE, "", name),
        }
    }

    /// Whether setup created it.
    pub(crate) fn is_ours(&self) -> bool {
        match self {
            Self::Present(project) => {
                let annotations = project.body.pointer("/metadata/annotations");
                let description = annotations.and_then(|all| all.get(DESCRIPTION_KEY));
                is_owned(project) == Owned::Ours
                    || description.is_some_and(|text| text == DESCRIPTION)
            }
            Self::Unreadable(_) | Self::Absent(_) => false,
        }
    }
}

/// Whether a project is being deleted.
pub(crate) fn is_ending(project: &Object) -> bool {
    project.text("/status/phase") == "Terminating"
}

/// The namespace as an object, for an export.
pub(crate) fn namespace(name: &str) -> Object {
    Object::new(Kind::NAMESPACE, "", name, json!({})).label(MANAGED_BY, MANAGER)
}

/// Creates a project. Does not send a ProjectRequest in a server dry run: it is not documented that its endpoint
/// persists nothing then.
pub(crate) async fn create(
    cluster: &Cluster,
    name: &str,
    how: How,
    dry_run: DryRun,
) -> Result<Object, Error> {
    match (how, dry_run) {
        (How::Namespace, DryRun::None | DryRun::Server) => {
            Ok(cluster.create(&namespace(name), dry_run).await?)
        }
        (How::Request, DryRun::None) => {
            let request = Object::new(
                Kind::PROJECT_REQUEST,
                "",
                name,
                json!({ "description": DESCRIPTION }),
            );
            let made = cluster.create(&request, dry_run).await;
            let made = made.map_err(|error| explain(name, error))?;
            // The answer is the Project, whatever was requested.
            Ok(Object {
                kind: Kind::PROJECT,
                body: made.body,
            })
        }
        (How::Namespace, DryRun::Client) => Ok(namespace(name)),
        (How::Request, DryRun::Client | DryRun::Server) => {
            Ok(Object::new(Kind::PROJECT, "", name, json!({})))
        }
    }
}

/// A user with permissions for only parts of a project can neither see nor create it.
fn explain(name: &str, error: ClusterError) -> ClusterError {
    let ClusterError::Api {
        code,
        reason,
        message,
    } = error
    else {
        return error;
    };
    let message = match code {
        403 => format!("{message}; if the project exists, skip it with --no-project"),
        409 => format!(
            "project \"{name}\" exists, but permission to read it is denied: if you can write to it, skip \
             the project with --no-project; otherwise request access from its owner, or select another one \
             with -n"
        ),
        _ => message,
    };
    ClusterError::Api {
        code,
        reason,
        message,
    }
}
