//! The project: asked for on OpenShift, where everybody may, and made as a namespace elsewhere.

use extreg_cluster::{
    Cluster, ClusterError, DryRun, Kind, MANAGED_BY, MANAGER, Object, ObjectRef, Owned, is_owned,
};
use serde_json::json;

use crate::error::Error;

/// A project that is asked for cannot be labelled by who asked; its description is what remains.
const DESCRIPTION: &str = "Set up by oc extreg";
/// Where the API server keeps a project's description.
const DESCRIPTION_KEY: &str = "openshift.io/description";

/// What there is of a project.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Project {
    /// It is there.
    Present(Object),
    /// It is there, as far as can be told: it may not be read.
    Unreadable(ObjectRef),
    /// It is not there.
    Absent(How),
}

/// How a project is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// By a Namespace.
    Namespace,
    /// By a ProjectRequest.
    Request,
}

impl Project {
    /// Looks for a project.
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
            // Of a project that is not there a mere user is told that he may not see it. Who has
            // rights in a namespace, but not those that come with a project, sees that.
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

    /// Whether we made it.
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

/// Whether a project is on its way out.
pub(crate) fn is_ending(project: &Object) -> bool {
    project.text("/status/phase") == "Terminating"
}

/// The namespace as an object, as an export has it.
pub(crate) fn namespace(name: &str) -> Object {
    Object::new(Kind::NAMESPACE, "", name, json!({})).label(MANAGED_BY, MANAGER)
}

/// Makes a project. A ProjectRequest is not sent in a server dry run: that its endpoint keeps
/// nothing then is not documented.
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
            // The answer is the Project, whatever was asked for.
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

/// Who has rights to the parts of a project only can neither see it nor make it.
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
        403 => format!("{message}; if the project is there, leave it out with --no-project"),
        409 => format!(
            "project \"{name}\" is there, and you may not see it: if you may write into it, leave \
             the project out with --no-project; else ask its owner for access, or name another \
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
