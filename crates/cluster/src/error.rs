//! Why a kubeconfig leads to no cluster. No text quotes what a file holds: that may be a token.

use std::{error::Error, io, path::PathBuf};

use kube::config::KubeconfigError;

/// Why a kubeconfig cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The client cannot be made, as with a certificate that cannot be read.
    #[error("cannot create a client for the cluster: {0}")]
    Client(kube::Error),
    /// Two entries of a list have one name (client-go `tools/clientcmd/api/v1/conversion.go`).
    #[error("kubeconfig {path}: duplicate {list} entry")]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// `clusters`, `contexts` or `users`.
        list: &'static str,
    },
    /// The program that gives the credential does not exist.
    #[error("kubeconfig: credential plugin \"{command}\" not found{}", hinted(.hint))]
    ExecNotFound {
        /// The program.
        command: String,
        /// `installHint` of the kubeconfig; may be empty.
        hint: String,
    },
    /// Something that client-go refuses too (`tools/clientcmd/validation.go`).
    #[error("kubeconfig: {0}")]
    Invalid(String),
    /// It cannot be used, in kube's words.
    #[error("kubeconfig: {0}")]
    Kubeconfig(KubeconfigError),
    /// The file is something else.
    #[error("kubeconfig {path}: not a kubeconfig: {why}")]
    NotKubeconfig {
        /// The file.
        path: PathBuf,
        /// In our words.
        why: String,
    },
    /// The file cannot be read.
    #[error("cannot read kubeconfig {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The token file of the user cannot be read.
    #[error("kubeconfig: cannot read token file {path}: {source}")]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The cause that says something: "connection refused" rather than "client error".
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
