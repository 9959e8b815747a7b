//! The cluster, through its own client and through our plugin.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use extreg_tests::workspace_binary;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// A cluster that answers.
#[derive(Debug)]
pub(super) struct Cluster {
    oc: PathBuf,
    plugin: PathBuf,
    kubeconfig: PathBuf,
    server: String,
    images: Images,
}

/// The images that can be imported.
#[derive(Clone, Debug)]
pub(super) struct Images {
    /// An image on docker.io, with user, name and tag.
    pub(super) image: String,
    /// A repository on any registry, whose tags can be listed; by default that of the image.
    pub(super) repository: Option<String>,
}

/// The result and output of a command.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The command.
    pub(super) command: String,
    /// Its exit code was 0.
    pub(super) success: bool,
    /// Standard output.
    pub(super) stdout: String,
    /// Standard error, where clients print the server's warnings.
    pub(super) stderr: String,
}

impl Answer {
    /// The result of a command that succeeded.
    pub(super) fn ok(self) -> Result<Self> {
        ensure!(self.success, "`{}` failed: {}", self.command, self.output());
        Ok(self)
    }

    /// The answer of a command that must fail.
    pub(super) fn refused(self) -> Result<Self> {
        ensure!(
            !self.success,
            "`{}` must fail, but succeeded: {}",
            self.command,
            self.output()
        );
        Ok(self)
    }

    /// Whether another client wrote the object meanwhile.
    pub(super) fn is_conflict(&self) -> bool {
        !self.success && self.stderr.contains("(Conflict)")
    }

    /// Its whole output.
    pub(super) fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr).trim().to_owned()
    }

    /// The webhook's lines among the warnings.
    pub(super) fn warnings(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter_map(|line| line.strip_prefix("Warning: "))
            .filter(|line| line.starts_with("extreg: "))
            .collect()
    }
}

impl Cluster {
    /// Queries the current user.
    pub(super) fn connect(oc: &Path, kubeconfig: &Path, images: Images) -> Result<Self> {
        let mut cluster = Self {
            oc: oc.to_owned(),
            plugin: workspace_binary("oc-extreg")?,
            kubeconfig: kubeconfig.to_owned(),
            server: String::new(),
            images,
        };
        ensure!(
            cluster.tag().is_some() && cluster.image().matches('/').count() == 2,
            "--image {}: write registry, user, name and tag, such as docker.io/user/app:v1",
            cluster.image()
        );
        let server = cluster.oc("whoami --show-server", None)?.ok()?;
        server.stdout.trim().clone_into(&mut cluster.server);
        cluster.oc("get --raw /version", None)?.ok()?;
        Ok(cluster)
    }

    /// For a headline.
    pub(super) fn description(&self) -> String {
        format!("cluster {}, image {}", self.server, self.image())
    }

    /// A kubeconfig with which the administrator impersonates a service account.
    pub(super) fn kubeconfig_as(&self, account: &str) -> Result<NamedTempFile> {
        let view = self.oc("config view --raw --flatten -o json", None)?;
        ensure!(view.success, "`{}` failed", view.command);
        let mut config: Value = serde_json::from_str(&view.stdout)?;
        let users = config.pointer_mut("/users").and_then(Value::as_array_mut);
        for user in users.into_iter().flatten() {
            if let Some(user) = user.pointer_mut("/user").and_then(Value::as_object_mut) {
                user.insert("as".to_owned(), json!(account));
            }
        }
        // Readable by its owner only.
        let mut file = NamedTempFile::new().context("make a kubeconfig")?;
        serde_json::to_writer(&mut file, &config)?;
        Ok(file)
    }

    /// The image that can be imported, as given: registry, user, name and tag.
    pub(super) fn image(&self) -> &str {
        &self.images.image
    }

    /// The image without its registry: `user/app:tag`.
    pub(super) fn short_image(&self) -> &str {
        self.image().split_once('/').map_or("", |(_, rest)| rest)
    }

    /// The image without its tag.
    pub(super) fn repository(&self) -> &str {
        self.image().rsplit_once(':').map_or("", |(name, _)| name)
    }

    /// The repository whose tags can be listed.
    pub(super) fn listed(&self) -> &str {
        match &self.images.repository {
            Some(repository) => repository,
            None => self.repository(),
        }
    }

    fn tag(&self) -> Option<&str> {
        let (_, tag) = self.image().rsplit_once(':')?;
        (!tag.contains('/')).then_some(tag)
    }

    /// Runs `oc WORDS`, split at spaces, with this standard input. `IMAGE`, `SHORT`, `REPOSITORY` and `LISTED` in words
    /// and input are placeholders for images that can be imported.
    pub(super) fn oc(&self, words: &str, input: Option<&str>) -> Result<Answer> {
        self.run(&self.oc, words, input)
    }

    /// Runs `oc-extreg WORDS`.
    pub(super) fn plugin(&self, words: &str, input: Option<&str>) -> Result<Answer> {
        self.run(&self.plugin, words, input)
    }

    /// An object by its path.
    pub(super) fn get(&self, path: &str) -> Result<Value> {
        let answer = self.oc(&format!("get --raw {path}"), None)?.ok()?;
        serde_json::from_str(&answer.stdout).with_context(|| format!("read {path}"))
    }

    fn run(&self, program: &Path, words: &str, input: Option<&str>) -> Result<Answer> {
        let words = self.fill(words);
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let command = format!("{name} {words}");
        let mut child = Command::new(program)
            .args(words.split_whitespace())
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read its input closes it.
            let _ = stdin.write_all(self.fill(input.unwrap_or_default()).as_bytes());
        }
        let output = child
            .wait_with_output()
            .with_context(|| format!("run {command}"))?;
        Ok(Answer {
            command,
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn fill(&self, text: &str) -> String {
        text.replace("LISTED", self.listed())
            .replace("REPOSITORY", self.repository())
            .replace("SHORT", self.short_image())
            .replace("IMAGE", self.image())
    }
}

/// Whether the client does not exist.
pub(super) fn is_missing(error: &anyhow::Error) -> bool {
    error
        .root_cause()
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Polls until a result is available, for at most 30 s; `what` describes the expected state.
pub(super) fn until<T>(what: &str, mut query: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = query()? {
            return Ok(answer);
        }
        if start.elapsed() > Duration::from_secs(30) {
            bail!("timed out after 30 s waiting until {what}");
        }
        std::thread::sleep(Duration::from_millis(300));
    }
}
