//! The answer. It holds no password, and no place for one.

use std::fmt::Write as _;

use extreg_remedy::Rendered;
use extreg_terminal::Exit;
use serde::Serialize;

/// All that is answered.
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

/// The cluster, as far as it decides what pushes look into.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenShift {
    pub(super) version: Option<String>,
    /// The list of an account that a push looks into: `imagePullSecrets`, `secrets` or `unknown`.
    pub(super) push_links: &'static str,
}

/// How many of each.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) images: usize,
    pub(super) uses: usize,
    /// Uses and secrets that cannot work.
    pub(super) failing: usize,
    /// Uses with another credential than the first of the image.
    pub(super) differing: usize,
    /// Uses of which nothing can be told.
    pub(super) unknown: usize,
    pub(super) problems: usize,
}

/// An image, and who would use what for it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageAnswer {
    /// Empty without a cluster.
    pub(super) namespace: String,
    /// As it was given, or registry and repository.
    pub(super) image: String,
    #[serde(skip)]
    pub(super) registry: String,
    #[serde(skip)]
    pub(super) repository: String,
    pub(super) uses: Vec<Use>,
}

/// What one would use.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Use {
    /// `buildPush`, `buildPull`, `import`, `kubelet`, `node` or `shipwright`.
    pub(super) consumer: &'static str,
    /// The object, or who that would be.
    pub(super) by: String,
    /// The image as it is written there.
    pub(super) written: String,
    pub(super) outcome: Outcome,
    /// `NAME`, or `NAMESPACE/NAME` of the nodes'; empty where none is found.
    pub(super) secret: String,
    pub(super) key: String,
    pub(super) username: String,
    /// Whether it is another credential than the first of the image.
    pub(super) differs: bool,
    /// Whether that cannot work.
    pub(super) fails: bool,
    /// In words, where there is something to say.
    pub(super) message: String,
    /// Whether nothing depends on it.
    #[serde(skip)]
    pub(super) is_aside: bool,
    #[serde(skip)]
    pub(super) secret_namespace: String,
}

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// A secret is named that cannot be used at all.
    Broken,
    /// A credential.
    Found,
    /// None.
    None,
    /// What decides could not be looked at.
    Unknown,
}

/// A secret.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecretAnswer {
    /// Empty of a file.
    pub(super) namespace: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) state: State,
    pub(super) keys: Vec<KeyAnswer>,
    pub(super) links: Vec<LinkAnswer>,
    /// What registries say of it.
    pub(super) scopes: Vec<Scope>,
    #[serde(skip)]
    pub(super) is_named: bool,
    /// Whether nobody finds any of its keys.
    #[serde(skip)]
    pub(super) is_useless: bool,
}

/// Whether a secret can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// Its values are left out.
    Elided,
    /// It is not there.
    Missing,
    /// It is.
    #[default]
    Readable,
    /// It holds no docker config.
    Unreadable,
    /// It is of a type that nobody reads.
    WrongType,
}

/// A key of a secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyAnswer {
    /// As it may be shown.
    pub(super) key: String,
    pub(super) username: String,
    /// `padded`, `unpadded` or `absent`.
    pub(super) auth: &'static str,
    /// What is wrong with it.
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
    /// Whether a push without a push secret looks at it: `yes`, `no` or `unknown`.
    pub(super) push: &'static str,
}

/// What a registry says of a credential.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scope {
    /// Registry and repository.
    pub(super) repository: String,
    pub(super) key: String,
    pub(super) username: String,
    /// `yes`, `no` or `unknown`, as all of these.
    pub(super) pull: &'static str,
    pub(super) push: &'static str,
    pub(super) delete: &'static str,
    /// Whether it may push to other repositories too.
    pub(super) broader: &'static str,
    /// For how long its tokens are good. Of the end of the credential itself no registry tells.
    pub(super) token_seconds: Option<u64>,
    pub(super) message: String,
    /// Whether the registry refuses it, or what is done with it.
    pub(super) fails: bool,
}

/// Something that is wrong, or cannot be told.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    pub(super) severity: String,
    /// `fail` or `unknown`.
    pub(super) outcome: &'static str,
    pub(super) rule: &'static str,
    /// Empty of a file.
    pub(super) object: String,
    pub(super) message: String,
    pub(super) why: String,
    /// What fixes it.
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
    /// Counts what there is.
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

    /// How the run ends.
    pub(super) const fn exit(&self) -> Exit {
        match (self.summary.failing, self.summary.unknown) {
            (0, 0) => Exit::Done,
            (0, _) => Exit::Incomplete,
            _ => Exit::No,
        }
    }
}

impl Summary {
    /// In one line.
    pub(super) fn words(&self) -> String {
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
            (self.differing, "with another credential"),
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
    /// Whether it is named and cannot be used.
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
