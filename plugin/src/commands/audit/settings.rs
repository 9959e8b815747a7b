//! What the arguments come to.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    args::{FailOn, Framework, GateArgs, InputArgs, JudgeArgs, OutputArgs, ShownFrom},
    output::{Format, OutputSpec, check_specs},
    policy_file::{self, PolicyFile},
    rendered::{Chart, Rendered},
};
use crate::{
    error::Error,
    input::{Exclude, TreeSource},
};
use extreg_audit::{
    baseline::Baseline,
    check::{CheckId, Severity},
    control::Benchmark,
    exceptions::Exceptions,
    verdict::Gate,
};

/// The file that `--ci` adds.
const CI_FILE: &str = "extreg.sarif";

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Clusters, and files laid over each.
    Clusters(ClusterInput),
    /// Files.
    Files(FileInput),
    /// What `oc adm inspect` wrote.
    Tree {
        /// The tree.
        source: TreeSource,
        /// The namespace to look at; none for all.
        namespace: Option<String>,
    },
}

/// Which clusters, and what of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClusterInput {
    /// The contexts; empty for the current one.
    pub(super) contexts: Vec<String>,
    /// All namespaces, not one.
    pub(super) all_namespaces: bool,
    /// Labels; empty for all.
    pub(super) selector: String,
    /// Secrets are not read.
    pub(super) without_secrets: bool,
    /// Files to lay over each.
    pub(super) with: Vec<String>,
}

/// Which files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileInput {
    pub(super) names: Vec<String>,
    pub(super) recursive: bool,
    pub(super) exclude: Vec<Exclude>,
    pub(super) rendered: Vec<Rendered>,
    /// The namespace of objects that name none; may be empty.
    pub(super) namespace: String,
}

/// What to judge by.
#[derive(Clone, Debug)]
pub(crate) struct Judgement {
    pub(super) checks: BTreeSet<CheckId>,
    pub(super) policy: PolicyFile,
    /// None to count every finding.
    pub(super) exceptions: Option<Exceptions>,
    /// Whether annotations of objects suppress findings.
    pub(super) annotations: bool,
    /// For how many days from today an exception can last.
    pub(super) longest: Option<u16>,
    pub(super) baseline: Option<Baseline>,
}

/// Where the answer goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destination {
    pub(super) specs: Vec<OutputSpec>,
    pub(super) shown_from: Option<Severity>,
    /// Whether names stand behind their namespaces.
    pub(super) with_namespaces: bool,
    pub(super) baseline: Option<PathBuf>,
    pub(super) folder: Option<PathBuf>,
    pub(super) publish: bool,
}

impl Input {
    /// The current namespace of a cluster, or all of it.
    pub(crate) fn of_cluster(contexts: &[String], all_namespaces: bool) -> Self {
        Self::Clusters(ClusterInput {
            contexts: contexts.to_vec(),
            all_namespaces,
            ..ClusterInput::default()
        })
    }

    /// Files and folders.
    pub(crate) fn of_files(names: Vec<String>, recursive: bool) -> Self {
        Self::Files(FileInput {
            names,
            recursive,
            ..FileInput::default()
        })
    }

    /// # Errors
    /// [`Error::Usage`] if the flags do not go together, or a tree is not there.
    pub(crate) fn of(
        args: InputArgs,
        contexts: &[String],
        namespace: Option<&str>,
    ) -> Result<Self, Error> {
        let files = FileInput {
            names: args.filename,
            recursive: args.recursive,
            exclude: args.exclude,
            rendered: rendered(
                args.kustomize,
                args.helm_chart,
                args.helm_values,
                args.helm_set,
            ),
            namespace: namespace.unwrap_or_default().to_owned(),
        };
        let has_files = !files.names.is_empty() || !files.rendered.is_empty();
        let is_offline = has_files || args.must_gather.is_some();
        if has_files && args.must_gather.is_some() {
            return Err(Error::usage(
                "--must-gather stands alone: no -f, -k or --helm-chart with it",
            ));
        }
        if is_offline && args.without_secrets {
            return Err(Error::usage(
                "--without-secrets is for a cluster, and none is queried",
            ));
        }
        if is_offline && !args.with.is_empty() {
            return Err(Error::usage(
                "--with lays files over a cluster, and none is asked",
            ));
        }
        if args.recursive && !has_files {
            return Err(Error::usage("-R needs -f: the folders to go through"));
        }
        if !files.exclude.is_empty() && !has_files {
            return Err(Error::usage(
                "--exclude needs -f: the folders to go through",
            ));
        }
        if is_offline && args.selector.is_some() {
            return Err(Error::usage("-l is for a cluster: files are read whole"));
        }
        if is_offline && args.all_namespaces && has_files {
            return Err(Error::usage("-A is for a cluster: files are read whole"));
        }
        if is_offline && contexts.len() > 1 {
            return Err(Error::usage(
                "--context is for a cluster, and none is asked",
            ));
        }
        if has_files {
            return Ok(Self::Files(files));
        }
        if let Some(name) = args.must_gather {
            let source = TreeSource::of(&name)
                .map_err(|error| Error::usage(format!("--must-gather: {error}")))?;
            return Ok(Self::Tree {
                source,
                namespace: namespace
                    .filter(|_| !args.all_namespaces)
                    .map(str::to_owned),
            });
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = contexts.iter().find(|context| !seen.insert(*context)) {
            return Err(Error::usage(format!("--context {twice}: given twice")));
        }
        Ok(Self::Clusters(ClusterInput {
            contexts: contexts.to_vec(),
            all_namespaces: args.all_namespaces,
            selector: args.selector.unwrap_or_default(),
            without_secrets: args.without_secrets,
            with: args.with,
        }))
    }
}

fn rendered(
    kustomize: Vec<PathBuf>,
    chart: Option<PathBuf>,
    values: Vec<PathBuf>,
    set: Vec<String>,
) -> Vec<Rendered> {
    let folders = kustomize.into_iter().map(Rendered::Kustomize);
    let chart = chart.map(|path| Rendered::Helm(Chart { path, values, set }));
    folders.chain(chart).collect()
}

impl Judgement {
    /// # Errors
    /// [`Error::Usage`] if a file is at fault, or no check is left.
    pub(super) fn of(args: JudgeArgs) -> Result<Self, Error> {
        let exceptions = match &args.exceptions {
            Some(path) => {
                let text = read("--exceptions", path)?;
                let parsed = Exceptions::parse(&path.display().to_string(), &text);
                Some(parsed.map_err(|error| Error::usage(error.to_string()))?)
            }
            None => (!args.no_exceptions).then(Exceptions::default),
        };
        let baseline = match &args.baseline {
            Some(path) => {
                let parsed = Baseline::parse(&read("--baseline", path)?);
                Some(parsed.map_err(|error| {
                    Error::usage(format!("--baseline {}: {error}", path.display()))
                })?)
            }
            None => None,
        };
        let policy = args.policy.map(policy_file::read).transpose()?;
        Ok(Self {
            checks: checks(&args.check, &args.skip, args.framework)?,
            policy: policy.unwrap_or_default(),
            exceptions,
            annotations: !args.no_annotation_exceptions,
            longest: args.max_exception_days,
            baseline,
        })
    }
}

fn checks(
    only: &[CheckId],
    skip: &[CheckId],
    framework: Option<Framework>,
) -> Result<BTreeSet<CheckId>, Error> {
    let checks: BTreeSet<_> = CheckId::ALL
        .into_iter()
        .filter(|check| only.is_empty() || only.contains(check))
        .filter(|check| !skip.contains(check))
        .filter(|check| framework.is_none_or(|framework| framework.has(*check)))
        .collect();
    if checks.is_empty() {
        return Err(Error::usage(
            "--check, --skip and --framework leave no check to ask (audit list shows them)",
        ));
    }
    Ok(checks)
}

impl Framework {
    fn has(self, check: CheckId) -> bool {
        let is_it = |benchmark: Benchmark| match self {
            Self::CisOcp => benchmark == Benchmark::CisOpenShift,
            Self::Stig => benchmark == Benchmark::Stig,
            Self::Nist => matches!(benchmark, Benchmark::Nist80053 | Benchmark::Nist800190),
            Self::Bsi => benchmark == Benchmark::Bsi,
            Self::Pci => benchmark == Benchmark::PciDss,
        };
        check
            .controls()
            .iter()
            .any(|control| is_it(control.benchmark))
    }
}

/// What the gate flags come to.
pub(super) fn gate(args: &GateArgs) -> Gate {
    let fail_on = match args.fail_on {
        Some(FailOn::None) => None,
        Some(FailOn::Info) => Some(Severity::Info),
        Some(FailOn::Low) => Some(Severity::Low),
        Some(FailOn::Medium) => Some(Severity::Medium),
        Some(FailOn::High) => Some(Severity::High),
        Some(FailOn::Critical) => Some(Severity::Critical),
        None => args.ci.then_some(Severity::High),
    };
    Gate {
        fail_on,
        fail_on_new: args.fail_on_new,
        require_coverage: args.require_coverage.or(args.ci.then_some(100)),
        allow_empty: args.allow_empty,
    }
}

impl Destination {
    /// # Errors
    /// [`Error::Usage`] if two formats go to one place.
    pub(super) fn of(args: OutputArgs, is_ci: bool, with_namespaces: bool) -> Result<Self, Error> {
        let mut specs = args.output;
        if specs.is_empty() {
            specs.push(OutputSpec::stdout(Format::TABLE));
            if is_ci {
                specs.push(OutputSpec {
                    format: Format::SARIF,
                    file: Some(PathBuf::from(CI_FILE)),
                });
            }
        }
        check_specs(&specs)?;
        Ok(Self {
            specs,
            shown_from: args.min_severity.map(ShownFrom::severity),
            with_namespaces,
            baseline: args.write_baseline,
            folder: args.save,
            publish: args.publish,
        })
    }
}

impl ShownFrom {
    const fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }
}

/// The text of a file that a flag names.
pub(super) fn read(flag: &str, path: &Path) -> Result<String, Error> {
    fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("{flag} {}: {error}", path.display())))
}
