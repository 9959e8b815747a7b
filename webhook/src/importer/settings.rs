//! The importer's command line, validated and independent of clap.

use std::net::SocketAddr;

use extreg_core::policy::{Selector, SelectorDocument};
use tracing_subscriber::filter::Targets;

use super::Args;
use crate::args::{LogFormat, LogLevelError};
use crate::settings::Cluster;

/// The configuration of the importer.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cluster whose builds are followed.
    pub cluster: Cluster,
    /// The importer's own namespace, where the Lease is.
    pub namespace: String,
    /// The selected namespaces; `None` for all.
    pub selected: Option<Selector>,
    /// The address of probes and metrics.
    pub health_listen: SocketAddr,
    /// The format of log lines.
    pub log_format: LogFormat,
    /// The log filter.
    pub log_filter: Targets,
}

/// Why a command line is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A namespace without a name.
    #[error("--namespace cannot be empty: it contains the Lease")]
    Namespace,
    /// An invalid selector.
    #[error(
        "--namespace-selector: {0}; use a label selector in JSON, such as {{\"matchLabels\":{{\"team\":\"shop\"}}}}"
    )]
    Selector(String),
    /// An invalid log filter.
    #[error(transparent)]
    LogLevel(#[from] LogLevelError),
}

impl Settings {
    /// Validates the arguments.
    ///
    /// # Errors
    /// For a value that its flag does not accept.
    pub fn new(args: Args) -> Result<Self, SettingsError> {
        // Destructured here, so that an unused flag does not compile.
        let Args {
            namespace,
            namespace_selector,
            kubeconfig,
            operation,
        } = args;
        if namespace.is_empty() {
            return Err(SettingsError::Namespace);
        }
        let selected = namespace_selector.as_deref().map(selector);
        Ok(Self {
            cluster: kubeconfig.map_or(Cluster::Inferred, Cluster::Kubeconfig),
            namespace,
            selected: selected
                .transpose()
                .map_err(SettingsError::Selector)?
                .flatten(),
            health_listen: operation.health_listen,
            log_format: operation.log_format,
            log_filter: operation.log_filter()?,
        })
    }
}

fn selector(text: &str) -> Result<Option<Selector>, String> {
    let document: SelectorDocument =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    Selector::compile(&document).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn settings(args: &[&str]) -> Result<Settings, SettingsError> {
        let args = ["extreg-importer", "--namespace=hooks"].iter().chain(args);
        Settings::new(Args::try_parse_from(args).unwrap())
    }

    #[test]
    fn namespaces_are_selected_by_label() {
        let all = settings(&[]).unwrap();
        assert_eq!((all.namespace.as_str(), all.selected), ("hooks", None));
        let namespaces = r#"--namespace-selector={"matchLabels":{"team":"shop"}}"#;
        let selector = settings(&[namespaces]).unwrap().selected.unwrap();
        let labels = [("team".to_owned(), "shop".to_owned())].into();
        assert!(selector.matches(&labels) && !selector.matches(&[].into()));
    }

    #[test]
    fn invalid_values_are_refused_with_their_flag() {
        for (flag, value) in [
            ("--namespace-selector", "team=shop"),
            ("--namespace-selector", r#"{"match":1}"#),
            (
                "--namespace-selector",
                r#"{"matchExpressions":[{"key":"a","operator":"In"}]}"#,
            ),
            ("--namespace", ""),
            ("--log-level", "a=b=c"),
        ] {
            let error = settings(&[&format!("{flag}={value}")]).unwrap_err();
            assert!(error.to_string().starts_with(flag), "{error}");
        }
        assert!(Args::try_parse_from(["extreg-importer"]).is_err());
    }
}
