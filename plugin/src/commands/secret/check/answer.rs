//! The result. It contains no password.

use std::fmt::Write as _;

use extreg_remedy::Rendered;
use extreg_terminal::Exit;
use serde::Serialize;

/// The whole result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    /// None without a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) openshift: Option<OpenShift>,
    pub(super) summary: Summary,
    pub(super) images: Vec<ImageAnswer>,
    pub(super) secrets: Vec<SecretAnswer>,
    pub(super) problems: Vec<Problem>,
    /// What could not be read.
    pub(super) gaps: Vec<String>,
}

/// The cluster's version, as far as it decides which secrets a push searches.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenShift {
    pub(super) version: Option<String>,
    /// The list of an account that a push searches: `imagePullSecrets`, `secrets` or `unknown`.
    pub(super) push_links: &'static str,
}

/// The counts.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) images: usize,
    pub(super) uses: usize,
    /// Uses and secrets that cannot work.
    pub(super) failing: usize,
    /// Uses with another credential than the first of the image.
    pub(super) differing: usize,
    /// Inconclusive uses.
    pub(super) unknown: usize,
    pub(super) problems: usize,
}

/// An image, and who uses what for it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageAnswer {
    /// Empty without a cluster.
    pub(super) namespace: String,
    /// As given, or registry and repository.
    pub(super) image: String,
    #[serde(skip)]
    pub(super) registry: String,
    #[serde(skip)]
    pub(super) repository: String,
    pub(super) uses: Vec<Use>,
}

/// What one consumer uses.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Use {
    /// `buildPush`, `buildPull`, `import`, `kubelet`, `node` or `shipwright`.
    pub(super) consumer: &'static str,
    /// The object, or a description of a hypothetical one.
    pub(super) by: String,
    /// The image as written in the object.
    pub(super) written: String,
    pub(super) outcome: Outcome,
    /// `NAME`, or `NAMESPACE/NAME` for the nodes' secret; empty if none is found.
    pub(super) secret: String,
    pub(super) key: String,
    pub(super) username: String,
    /// Whether the credential differs from the first one of the image.
    pub(super) differs: bool,
    /// Whether the use cannot work.
    pub(super) fails: bool,
    /// A message, if any.
    pub(super) message: String,
    /// Whether nothing depends on it.
    #[serde(skip)]
    pub(super) is_aside: bool,
    #[serde(skip)]
    pub(super) secret_namespace: String,
}

/// The credential of a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// A secret is named that cannot be used.
    Broken,
    /// A credential is found.
    Found,
    /// None is found.
    None,
    /// The resources that decide could not be read.
    Unknown,
}

/// A secret.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecretAnswer {
    /// Empty for a file.
    pub(super) namespace: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) state: State,
    pub(super) keys: Vec<KeyAnswer>,
    pub(super) links: Vec<LinkAnswer>,
    /// The permissions that registries report.
    pub(super) scopes: Vec<Scope>,
    #[serde(skip)]
    pub(super) is_named: bool,
    /// Whether no consumer finds any of its keys.
    #[serde(skip)]
    pub(super) is_useless: bool,
}

/// Whether a secret can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// Its values are omitted.
    Elided,
    /// It does not exist.
    Missing,
    /// It is usable.
    #[default]
    Readable,
    /// It holds no docker config.
    Unreadable,
    /// Its type is not read as a credential.
    WrongType,
}

/// A key of a secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyAnswer {
    /// The key, as it can be shown.
    pub(super) key: String,
    pub(super) username: String,
    /// `padded`, `unpadded` or `absent`.
    pub(super) auth: &'static str,
    /// The problems of the key.
    pub(super) faults: Vec<&'static str>,
}

/// A link of a secret to a service account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkAnswer {
    pub(super) account: String,
    /// Among its `imagePullSecrets`.
    pub(super) pull: bool,
    /// Among its `secrets`.
    pub(super) mount: bool,
    /// Whether a push without a push secret searches it: `yes`, `no` or `unknown`.
    pub(super) push: &'static str,
}

/// The permissions of a credential, as a registry reports them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scope {
    /// Registry and repository.
    pub(super) repository: String,
    pub(super) key: String,
    pub(super) username: String,
    /// `yes`, `no` or `unknown`, like the next fields.
    pub(super) pull: &'static str,
    pub(super) push: &'static str,
    pub(super) delete: &'static str,
    /// Whether it can also push to other repositories.
    pub(super) broader: &'static str,
    /// How long its tokens are valid. No registry reports when the credential expires.
    pub(super) token_seconds: Option<u64>,
    pub(super) message: String,
    /// Why the registry refuses it, or a note about the permissions.
    pub(super) fails: bool,
}

/// A problem, or something inconclusive.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    pub(super) severity: String,
    /// `fail` or `unknown`.
    pub(super) outcome: &'static str,
    pub(super) rule: &'static str,
    /// Empty for a file.
    pub(super) object: String,
    pub(super) message: String,
    pub(super) why: String,
    /// The fix.
    pub(super) fix: Rendered,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            api_version: "extreg.io/v1",
            kind: "SecretCheck",
            openshift: None,
            summary: Summary::default(),
            images: Vec::new(),
            secrets: Vec::new(),
            problems: Vec::new(),
            gaps: Vec::new(),
        }
    }
}

impl Answer {
    /// Counts the uses and secrets.
    pub(super) fn count(&mut self) {
        let uses = || self.images.iter().flat_map(|image| &image.uses);
        let scopes = self.secrets.iter().flat_map(|secret| &secret.scopes);
        let secrets = || self.secrets.iter();
        self.summary = Summary {
            images: self.images.len(),
            uses: uses().count(),
            failing: uses().filter(|one| one.fails).count()
                + secrets().filter(|secret| secret.fails()).count()
                + scopes.filter(|scope| scope.fails).count(),
            differing: uses().filter(|one| one.differs).count(),
            unknown: uses().filter(|one| one.is_unknown()).count()
                + secrets().filter(|secret| secret.is_unknown()).count(),
            problems: self.problems.len(),
        };
    }

    /// The exit code.
    pub(super) const fn exit(&self) -> Exit {
        match (self.summary.failing, self.summary.unknown) {
            (0, 0) => Exit::Done,
            (0, _) => Exit::Incomplete,
            _ => Exit::No,
        }
    }
}

impl Summary {
    /// One line of text.
    pub(super) fn description(&self) -> String {
        let of = |count: usize, one: &str, many: &str| {
            format!("{count} {}", if count == 1 { one } else { many })
        };
        let mut words = format!(
            "{}, {}",
            of(self.images, "image", "images"),
            of(self.uses, "use", "uses")
        );
        for (count, what) in [
            (self.failing, "cannot work"),
            (self.differing, "with a different credential"),
            (self.unknown, "unknown"),
        ] {
            if count > 0 {
                // Writing to a String cannot fail.
                let _ = write!(words, ", {count} {what}");
            }
        }
        if self.problems > 0 {
            words = format!("{words}, {}", of(self.problems, "problem", "problems"));
        }
        words
    }
}

impl Use {
    fn is_unknown(&self) -> bool {
        self.outcome == Outcome::Unknown && !self.is_aside
    }
}

impl SecretAnswer {
    /// Whether it is named but cannot be used.
    pub(super) const fn fails(&self) -> bool {
        self.is_named
            && (self.is_useless
                || matches!(
                    self.state,
                    State::Missing | State::Unreadable | State::WrongType
                ))
    }

    fn is_unknown(&self) -> bool {
        self.is_named && self.state == State::Elided
    }
}
