//! The context of every command: caller, printer, connection to the cluster, and a journal of its changes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use extreg_cluster::{Cluster, ClusterError, Login};
use extreg_registry::{Client, Patience, Settings, SettingsError};
use extreg_remedy::{Caller, Invocation};
use extreg_terminal::Printer;
use kube::config::Kubeconfig;

use crate::{
    args::{ConnectionArgs, EndpointArgs, GlobalArgs, Timeout},
    defaults::InForce,
    error::Error,
};

/// The context of every command.
pub struct Context {
    /// The caller; displays as `oc extreg`.
    pub caller: Caller,
    /// The tree of commands in the caller's spelling.
    pub tree: fn(Caller) -> clap::Command,
    /// The only way to stdout and stderr.
    pub printer: Arc<Printer>,
    /// `--namespace`, if given.
    pub namespace: Option<String>,
    /// `--no-input`: never prompt.
    pub no_input: bool,
    /// `--timeout`, if given. It limits the whole run; a wait may use it for its end.
    pub timeout: Option<Timeout>,
    /// The start of the run, from which `timeout` counts.
    pub started: Instant,
    /// The changes so far, for an interrupted run.
    pub journal: Journal,
    /// The flags of this run that files set.
    pub files: InForce,
    verb: &'static str,
    read_only: bool,
    connection: ConnectionArgs,
}

impl Context {
    /// The context for the command `verb`, from the global settings.
    pub fn new(
        caller: Caller,
        tree: fn(Caller) -> clap::Command,
        verb: &'static str,
        global: GlobalArgs,
        printer: Arc<Printer>,
    ) -> Self {
        let GlobalArgs {
            quiet: _,
            color: _,
            verbosity: _,
            config: _,
            no_input,
            read_only,
            timeout,
            namespace,
            connection,
            files,
        } = global;
        Self {
            caller,
            tree,
            printer,
            namespace,
            no_input,
            timeout,
            started: Instant::now(),
            journal: Journal::default(),
            files,
            verb,
            read_only,
            connection,
        }
    }

    /// A client for the cluster of the flags and the kubeconfig. Sends no request yet.
    ///
    /// # Errors
    /// [`Error::Usage`] if the kubeconfig or a flag is invalid.
    pub async fn cluster(&self) -> Result<Cluster, Error> {
        match self.contexts() {
            [] => self.cluster_of(None).await,
            [context] => self.cluster_of(Some(context)).await,
            _ => Err(Error::usage(
                "--context can be given only once here; only audit and inventory accept several",
            )),
        }
    }

    /// `--namespace` for a command that writes a credential, if given: not from a project's file, whose author would
    /// choose the recipient of the credential.
    ///
    /// # Errors
    /// [`Error::Usage`] if a project's file sets it.
    pub fn named_namespace(&self) -> Result<Option<&str>, Error> {
        match &self.files.namespace {
            Some(path) => Err(Error::usage(format!(
                "{} sets the namespace, and this command writes a credential: set the namespace \
                 with -n",
                path.display()
            ))),
            None => Ok(self.namespace.as_deref()),
        }
    }

    /// All values of `--context`.
    pub fn contexts(&self) -> &[String] {
        &self.connection.contexts
    }

    /// As [`Self::cluster`], for one of several contexts.
    ///
    /// # Errors
    /// [`Error::Usage`] if the kubeconfig or a flag is invalid.
    pub async fn cluster_of(&self, context: Option<&str>) -> Result<Cluster, Error> {
        let options = extreg_cluster::ConnectOptions {
            overrides: &self.connection.overrides(),
            context,
            namespace: self.namespace.as_deref(),
            verb: self.verb,
            read_only: self.read_only,
            printer: &self.printer,
        };
        Ok(extreg_cluster::connect(&options).await?)
    }

    /// The command line of this program, for a suggested command.
    pub fn invocation(&self) -> Invocation {
        Invocation {
            caller: self.caller,
            connection: self.connection_flags(None).into(),
        }
    }

    /// The flags that select the same cluster and user; no token.
    pub fn connection_flags(&self, context: Option<&str>) -> Vec<String> {
        let only = match self.contexts() {
            [only] => Some(only.as_str()),
            _ => None,
        };
        self.connection.flags(context.or(only))
    }

    /// The command's name, as typed.
    pub const fn verb(&self) -> &'static str {
        self.verb
    }

    /// `--request-timeout`, if given; zero means no limit.
    pub fn request_timeout(&self) -> Option<Duration> {
        let timeout = self.connection.request_timeout.as_ref();
        timeout.map(|timeout| timeout.duration)
    }

    /// A client for registries. Sends no request yet.
    ///
    /// # Errors
    /// [`Error::Usage`] if the file of `--registry-ca` is invalid.
    pub fn registries(&self, endpoints: &EndpointArgs) -> Result<Client, Error> {
        let settings = Settings {
            endpoints: endpoints.overrides.iter().cloned().collect(),
            certificate_authority: endpoints.certificate_authority.clone(),
            user_agent: extreg_cluster::user_agent(self.verb),
            request_limit: self.request_timeout().filter(|limit| !limit.is_zero()),
        };
        let client = Client::new(settings, Arc::clone(&self.printer));
        client.map_err(|error| match error {
            SettingsError::CertificateAuthority { .. } => Error::usage(error.to_string()),
            SettingsError::UserAgent(_) => Error::failed(error.to_string()),
        })
    }

    /// How long to wait for a registry that received too many requests.
    pub(crate) fn patience(&self) -> Patience<'_> {
        let limit = self.timeout.as_ref().map(|timeout| timeout.duration);
        Patience::new(&self.printer, self.started, limit)
    }

    /// The kubeconfig with the flags applied, if a kubeconfig exists. Reads files only.
    ///
    /// # Errors
    /// [`Error::Usage`] if the kubeconfig or a flag is invalid.
    pub fn kubeconfig(&self) -> Result<Option<Kubeconfig>, Error> {
        Ok(extreg_cluster::kubeconfig(&self.connection.overrides())?)
    }

    /// The login to use. Reads files only.
    ///
    /// # Errors
    /// [`Error::Usage`] if the kubeconfig or a flag is invalid.
    pub fn login(&self) -> Result<Option<Login>, Error> {
        let context = self.contexts().first().map(String::as_str);
        Ok(extreg_cluster::login(
            &self.connection.overrides(),
            context,
        )?)
    }
}

/// The changes so far and how to continue, for an interrupted run.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    done: Vec<String>,
    under_way: Option<String>,
    advice: Vec<String>,
}

impl Journal {
    /// Records the start of a write, e.g. `secret/dockerhub`.
    pub fn begin(&self, what: impl Into<String>) {
        self.with(|entries| entries.under_way = Some(what.into()));
    }

    /// Records the result of the write, e.g. `secret/dockerhub created`. Only for an actual change.
    pub fn done(&self, what: impl Into<String>) {
        self.with(|entries| {
            entries.under_way = None;
            entries.done.push(what.into());
        });
    }

    /// Records that the write changed nothing.
    pub fn nothing_done(&self) {
        self.with(|entries| entries.under_way = None);
    }

    /// Records that the write failed: after an answer of the server, or an error before the request, nothing was
    /// written; for any other error this is unknown.
    pub fn failed(&self, error: &Error) {
        if matches!(
            error,
            Error::Cluster(ClusterError::Api { .. } | ClusterError::NotLoggedIn(_))
                | Error::Usage(_)
        ) {
            self.nothing_done();
        }
    }

    /// Adds a line on how to resume or undo.
    pub fn advise(&self, line: impl Into<String>) {
        self.with(|entries| entries.advice.push(line.into()));
    }

    /// Whether any object was written.
    pub fn is_empty(&self) -> bool {
        self.with(|entries| entries.done.is_empty() && entries.under_way.is_none())
    }

    /// The final error of a run that failed: the error alone if nothing was written.
    pub fn ended_by(&self, error: Error) -> Error {
        if self.is_empty() {
            return error;
        }
        Error::Partial {
            source: Box::new(error),
        }
    }

    /// The message for an interrupted run: completed writes, possible writes, next steps.
    pub fn report(&self) -> Vec<String> {
        self.with(|entries| {
            let mut lines = Vec::new();
            if entries.done.is_empty() && entries.under_way.is_none() {
                lines.push("nothing was changed".to_owned());
                return lines;
            }
            if !entries.done.is_empty() {
                lines.push("changed so far:".to_owned());
                lines.extend(entries.done.iter().map(|line| format!("  {line}")));
            }
            if let Some(what) = &entries.under_way {
                lines.push(format!("in progress, possibly written: {what}"));
            }
            lines.extend(entries.advice.iter().cloned());
            lines
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_reports_all_writes() {
        let journal = Journal::default();
        journal.advise("resume with: x");
        assert_eq!(journal.report(), ["nothing was changed"]);
        journal.begin("secret/a");
        journal.done("secret/a created");
        journal.begin("secret/b");
        assert_eq!(
            journal.report(),
            [
                "changed so far:",
                "  secret/a created",
                "in progress, possibly written: secret/b",
                "resume with: x",
            ]
        );
    }
}
