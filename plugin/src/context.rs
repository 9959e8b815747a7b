//! What every command is given: who called, how to print, how to reach the cluster, and a journal
//! of what it has done.

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

/// What every command is given.
pub struct Context {
    /// Who called us; displays as `oc extreg`.
    pub caller: Caller,
    /// The tree of commands as a caller types them.
    pub tree: fn(Caller) -> clap::Command,
    /// The way to stdout and stderr.
    pub printer: Arc<Printer>,
    /// `--namespace`, if given.
    pub namespace: Option<String>,
    /// `--no-input`: never ask.
    pub no_input: bool,
    /// `--timeout`, if given. The run as a whole is held to it; a wait may use it for its end.
    pub timeout: Option<Timeout>,
    /// When the run began; `timeout` counts from here.
    pub started: Instant,
    /// What has been done so far, for when the run is cut short.
    pub journal: Journal,
    /// What files have set of this run's flags.
    pub files: InForce,
    verb: &'static str,
    read_only: bool,
    connection: ConnectionArgs,
}

impl Context {
    /// For the command `verb`, with what was settled for every command.
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

    /// A client of the cluster that the flags and the kubeconfig name. Sends nothing yet.
    ///
    /// # Errors
    /// [`Error::Usage`] if the kubeconfig or a flag is at fault.
    pub async fn cluster(&self) -> Result<Cluster, Error> {
        match self.contexts() {
            [] => self.cluster_of(None).await,
            [context] => self.cluster_of(Some(context)).await,
            _ => Err(Error::usage(
                "--context: one, please; only audit and inventory take several",
            )),
        }
    }

    /// `--namespace` for a command that writes a credential there, if given: not by a project's file,
    /// whose author would choose who gets it.
    ///
    /// # Errors
    /// [`Error::Usage`] if a project's file sets it.
    pub fn named_namespace(&self) -> Result<Option<&str>, Error> {
        match &self.files.namespace {
            Some(path) => Err(Error::usage(format!(
                "{} sets the namespace, and this command writes a credential: name the namespace \
                 with -n",
                path.display()
            ))),
            None => Ok(self.namespace.as_deref()),
        }
    }

    /// `--context`, as often as it is given.
    pub fn contexts(&self) -> &[String] {
        &self.connection.contexts
    }

    /// As [`Self::cluster`], for one of several contexts.
    ///
    /// # Errors
    /// [`Error::Usage`] if the kubeconfig or a flag is at fault.
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

    /// How this program was started, for a command that is suggested.
    pub fn invocation(&self) -> Invocation {
        Invocation {
            caller: self.caller,
            connection: self.connection_flags(None).into(),
        }
    }

    /// The flags that reach the same cluster as the same user; no token.
    pub fn connection_flags(&self, context: Option<&str>) -> Vec<String> {
        let only = match self.contexts() {
            [only] => Some(only.as_str()),
            _ => None,
        };
        self.connection.flags(context.or(only))
    }

    /// The command's name, as it is typed.
    pub const fn verb(&self) -> &'static str {
        self.verb
    }

    /// `--request-timeout`, if given; zero is no limit.
    pub fn request_timeout(&self) -> Option<Duration> {
        let timeout = self.connection.request_timeout.as_ref();
        timeout.map(|timeout| timeout.duration)
    }

    /// What asks registries. Sends nothing yet.
    ///
    /// # Errors
    /// [`Error::Usage`] if the file of `--registry-ca` is at fault.
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

    /// How long a registry is waited for that has had too many requests.
    pub(crate) fn patience(&self) -> Patience<'_> {
        let limit = self.timeout.as_ref().map(|timeout| timeout.duration);
        Patience::new(&self.printer, self.started, limit)
    }

    /// The kubeconfig with the flags laid over it, if there is one. Reads files only.
    ///
    /// # Errors
    /// [`Error::Usage`] if the kubeconfig or a flag is at fault.
    pub fn kubeconfig(&self) -> Result<Option<Kubeconfig>, Error> {
        Ok(extreg_cluster::kubeconfig(&self.connection.overrides())?)
    }

    /// The login that would be used. Reads files only.
    ///
    /// # Errors
    /// [`Error::Usage`] if the kubeconfig or a flag is at fault.
    pub fn login(&self) -> Result<Option<Login>, Error> {
        let context = self.contexts().first().map(String::as_str);
        Ok(extreg_cluster::login(
            &self.connection.overrides(),
            context,
        )?)
    }
}

/// What has been done so far and how to go on from there, for a run that is cut short.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    done: Vec<String>,
    under_way: Option<String>,
    advice: Vec<String>,
}

impl Journal {
    /// Notes that something is about to be written, e.g. `secret/dockerhub`.
    pub fn begin(&self, what: impl Into<String>) {
        self.with(|entries| entries.under_way = Some(what.into()));
    }

    /// Notes how that ended, e.g. `secret/dockerhub created`. Only what changed something.
    pub fn done(&self, what: impl Into<String>) {
        self.with(|entries| {
            entries.under_way = None;
            entries.done.push(what.into());
        });
    }

    /// Notes that what was begun changed nothing.
    pub fn nothing_done(&self) {
        self.with(|entries| entries.under_way = None);
    }

    /// Notes that what was begun failed: with an answer of the server, or before a request, nothing was
    /// written; of anything else that is not known.
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

    /// Whether anything was written.
    pub fn is_empty(&self) -> bool {
        self.with(|entries| entries.done.is_empty() && entries.under_way.is_none())
    }

    /// What a run ends with that an error cut short: with the error alone where nothing was written.
    pub fn ended_by(&self, error: Error) -> Error {
        if self.is_empty() {
            return error;
        }
        Error::Partial {
            source: Box::new(error),
        }
    }

    /// What to tell when the run was cut short: what was written, what may have been, what now.
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
                lines.push(format!(
                    "under way, may or may not have been written: {what}"
                ));
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
    fn the_journal_tells_what_happened() {
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
                "under way, may or may not have been written: secret/b",
                "resume with: x",
            ]
        );
    }
}
