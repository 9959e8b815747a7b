//! Errors of a kubeconfig. No text quotes the content of a file, which can be a token.

use std::{error::Error, io, path::PathBuf};

use kube::config::KubeconfigError;

/// Why a kubeconfig is not valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The client cannot be created, for example because a certificate cannot be read.
    #[error("cannot create a client for the cluster: {0}")]
    Client(kube::Error),
    /// Two entries of a list have the same name (client-go `tools/clientcmd/api/v1/conversion.go`).
    #[error("kubeconfig {path}: duplicate {list} entry")]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// `clusters`, `contexts` or `users`.
        list: &'static str,
    },
    /// The credential plugin does not exist.
    #[error("kubeconfig: credential plugin \"{command}\" not found{}", hinted(.hint))]
    ExecNotFound {
        /// The program.
        command: String,
        /// `installHint` of the kubeconfig; may be empty.
        hint: String,
    },
    /// A setting that client-go rejects too (`tools/clientcmd/validation.go`).
    #[error("kubeconfig: {0}")]
    Invalid(String),
    /// Another error, with kube's text.
    #[error("kubeconfig: {0}")]
    Kubeconfig(KubeconfigError),
    /// The file is not a kubeconfig.
    #[error("kubeconfig {path}: not a kubeconfig: {why}")]
    NotKubeconfig {
        /// The file.
        path: PathBuf,
        /// The reason, without quoting.
        why: String,
    },
    /// The file cannot be read.
    #[error("cannot read kubeconfig {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The token file of the user cannot be read.
    #[error("kubeconfig: cannot read token file {path}: {source}")]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// The most specific cause: "connection refused" rather than "client error".
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    let mut text = error.to_string();
    while let Some(source) = last.source() {
        last = source;
        text = source.to_string();
    }
    text
}

fn hinted(hint: &str) -> String {
    match hint.trim() {
        "" => String::new(),
        hint => format!("; {hint}"),
    }
}
