//! The permissions of a credential, as registries report them; unknown if a registry does not.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use extreg_cluster::{Cluster, ClusterError, Kind, ObjectRef};
use extreg_core::credential::SecretMember;
use extreg_registry::{Action, Client, Grants, Login, Logins, RegistryError, logins};
use extreg_snapshot::credentials::shown_key;
use futures::{StreamExt as _, stream};

use super::answer::{Answer, Outcome, Scope};
use crate::{args::EndpointArgs, context::Context, credential::docker_config, error::Error};

/// The number of concurrent queries.
const CONCURRENT: usize = 4;
/// The maximum number of queries.
const MOST: usize = 50;
/// A repository that does not exist: a user who can push there can push to any repository beside it.
const ELSEWHERE: &str = "extreg-no-such-repository";

/// The query: a key of a secret in a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    namespace: String,
    secret: String,
    key: String,
    registry: String,
    repository: String,
    is_pushed: bool,
}

/// Queries the registries, and adds their reports to the result.
///
/// # Errors
/// If the login to the cluster has expired, or a flag is invalid. For an unreachable registry
/// the permissions are unknown.
pub(super) async fn query(
    answer: &mut Answer,
    endpoints: &EndpointArgs,
    cluster: &Cluster,
    context: &Context,
) -> Result<(), Error> {
    let questions = questions(answer);
    if questions.is_empty() {
        return Ok(());
    }
    let client = context.registries(endpoints)?;
    let mut configs: BTreeMap<(String, String), Option<Logins>> = BTreeMap::new();
    for question in questions.iter().take(MOST) {
        let name = (question.namespace.clone(), question.secret.clone());
        if let Entry::Vacant(unread) = configs.entry(name) {
            unread.insert(read(cluster, &question.namespace, &question.secret).await?);
        }
    }
    let scopes: Vec<(Question, Scope)> = stream::iter(questions.into_iter().enumerate())
        .map(async |(number, question)| {
            let name = (question.namespace.clone(), question.secret.clone());
            let login = configs.get(&name).and_then(|config| {
                let mut keys = config.as_ref()?.iter();
                keys.find(|of| shown_key(of.key.as_written()) == question.key)?
                    .login
                    .cloned()
            });
            let scope = match login {
                _ if number >= MOST => unknown(&question, "not checked: too many credentials"),
                Some(login) => one(&client, &question, &login).await,
                None => unknown(
                    &question,
                    "not checked: the key holds no username and password",
                ),
            };
            (question, scope)
        })
        .buffered(CONCURRENT)
        .collect()
        .await;
    for (question, scope) in scopes {
        let mut secrets = answer.secrets.iter_mut();
        let secret =
            secrets.find(|of| of.namespace == question.namespace && of.name == question.secret);
        if let Some(secret) = secret {
            secret.scopes.push(scope);
        }
    }
    Ok(())
}

/// Each used key, in each repository: once.
fn questions(answer: &Answer) -> Vec<Question> {
    let mut pushed: BTreeMap<Question, bool> = BTreeMap::new();
    for image in &answer.images {
        for one in image
            .uses
            .iter()
            .filter(|one| one.outcome == Outcome::Found)
        {
            let name = one.secret.rsplit('/').next().unwrap_or_default();
            let question = Question {
                namespace: one.secret_namespace.clone(),
                secret: name.to_owned(),
                key: one.key.clone(),
                registry: image.registry.clone(),
                repository: image.repository.clone(),
                is_pushed: false,
            };
            let is_push = matches!(one.consumer, "buildPush" | "shipwright");
            *pushed.entry(question).or_default() |= is_push;
        }
    }
    let questions = pushed.into_iter().map(|(question, is_pushed)| Question {
        is_pushed,
        ..question
    });
    let known: BTreeSet<(&str, &str)> = answer
        .secrets
        .iter()
        .map(|secret| (secret.namespace.as_str(), secret.name.as_str()))
        .collect();
    questions
        .filter(|question| known.contains(&(&*question.namespace, &*question.secret)))
        .collect()
}

/// The logins of a secret; none if permission to read it is denied.
async fn read(cluster: &Cluster, namespace: &str, name: &str) -> Result<Option<Logins>, Error> {
    let secret = match cluster
        .get(&ObjectRef::new(Kind::SECRET, namespace, name))
        .await
    {
        Ok(secret) => secret,
        Err(error @ ClusterError::NotLoggedIn(_)) => return Err(error.into()),
        Err(_) => None,
    };
    Ok(secret.and_then(|secret| {
        let member = SecretMember::of_type(secret.text("/type"))?;
        logins(&docker_config(&secret, member)?).ok()
    }))
}

async fn one(client: &Client, question: &Question, login: &Login) -> Scope {
    let (host, repository) = (&question.registry, &question.repository);
    let granted = client.grants(host, repository, &Action::ALL, login).await;
    let granted = match granted {
        Ok(granted) => granted,
        Err(error) => return refused(question, login, &error),
    };
    let beside = match repository.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{ELSEWHERE}"),
        None => ELSEWHERE.to_owned(),
    };
    let may = |granted: &Grants, action| match &granted.actions {
        Some(actions) => yes_or_no(actions.contains(&action)),
        None => "unknown",
    };
    let push = may(&granted, Action::Push);
    let broader = if push == "yes" {
        let elsewhere = client.grants(host, &beside, &[Action::Push], login).await;
        elsewhere.map_or("unknown", |granted| may(&granted, Action::Push))
    } else {
        push
    };
    let (pull, delete) = (may(&granted, Action::Pull), may(&granted, Action::Delete));
    let fails = pull == "no" || question.is_pushed && push == "no";
    let mut words = Vec::new();
    if pull == "no" {
        words.push("it cannot pull");
    }
    if question.is_pushed && push == "no" {
        words.push("it cannot push, although it is used for that");
    }
    if delete == "yes" {
        words.push("it can delete images: nothing here needs that permission");
    }
    if broader == "yes" {
        words.push("it can also push to other repositories");
    }
    if push == "unknown" {
        words.push("the registry does not report the permissions of the login");
    }
    Scope {
        pull,
        push,
        delete,
        broader,
        token_seconds: granted.expires_in,
        fails,
        ..unknown(question, &words.join("; "))
    }
    .of(login)
}

fn refused(question: &Question, login: &Login, error: &RegistryError) -> Scope {
    let scope = unknown(question, &error.to_string()).of(login);
    match error {
        RegistryError::Unauthorized | RegistryError::Denied => Scope {
            pull: "no",
            push: "no",
            delete: "no",
            broader: "no",
            fails: true,
            ..scope
        },
        _ => scope,
    }
}

fn unknown(question: &Question, message: &str) -> Scope {
    Scope {
        repository: format!("{}/{}", question.registry, question.repository),
        key: question.key.clone(),
        username: String::new(),
        pull: "unknown",
        push: "unknown",
        delete: "unknown",
        broader: "unknown",
        token_seconds: None,
        message: message.to_owned(),
        fails: false,
    }
}

impl Scope {
    fn of(self, login: &Login) -> Self {
        Self {
            username: login.username().unwrap_or_default().to_owned(),
            ..self
        }
    }
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
