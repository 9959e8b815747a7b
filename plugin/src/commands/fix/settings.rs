//! The validated settings of `fix`.

use std::{collections::BTreeSet, path::PathBuf};

use extreg_audit::check::CheckId;
use extreg_cluster::DryRun;
use extreg_core::policy::PolicySet;
use extreg_documents::Exclude;

use super::{Args, DryRunAt, Format};
use crate::{context::Context, engine::read_policies, error::Error};

/// The checks that `fix` supports.
pub(crate) const MENDABLE: [CheckId; 4] = [
    CheckId::Exr005,
    CheckId::Exr007,
    CheckId::Exr009,
    CheckId::Exr014,
];
/// The default of `--max`.
const MAX: u32 = 100;

/// What to fix, where, and how to report it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) action: Action,
    pub(super) scope: Scope,
    pub(super) policies: Option<PolicySet>,
    pub(super) format: Format,
}

/// The objects.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Files(FilesAction),
    Cluster(ClusterAction),
}

/// Files.
#[derive(Clone, Debug)]
pub(super) struct FilesAction {
    pub(super) names: Vec<String>,
    pub(super) recursive: bool,
    pub(super) exclude: Vec<Exclude>,
    pub(super) offline: bool,
    pub(super) allow_empty: bool,
    pub(super) write: bool,
}

/// The cluster.
#[derive(Clone, Debug)]
pub(super) struct ClusterAction {
    pub(super) all_namespaces: bool,
    pub(super) selector: String,
    /// None to plan only.
    pub(super) act: Option<DryRun>,
    pub(super) max: usize,
    pub(super) waiting: Waiting,
    pub(super) include_managed: bool,
    pub(super) over_budget: bool,
}

/// What to do about builds that wait for a push secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// List them.
    Listed,
    /// Create the secret as a copy of this one.
    CopyOf { namespace: String, name: String },
    /// Create the secret with the credential of this file.
    AuthFile(PathBuf),
    /// Cancel them, and start new ones.
    Restarted,
}

/// Which findings are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// Tags that are not scheduled.
    pub(super) schedules: bool,
    /// Builds without the policy's secret.
    pub(super) secrets: bool,
    /// Builds that wait for a secret.
    pub(super) waiting: bool,
}

impl Settings {
    /// Validates the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args, context: &Context) -> Result<Self, Error> {
        let scope = Scope::from_names(&args.check)?;
        let policies = args.policy.map(read_policies).transpose()?;
        let names = [args.files, args.filename].concat();
        let action = if names.is_empty() {
            let waiting = match (args.push_secret_from, args.auth_file) {
                (Some(from), _) => copy_of(&from)?,
                (None, Some(path)) => Waiting::AuthFile(path),
                (None, None) if args.restart_builds => Waiting::Restarted,
                (None, None) => Waiting::Listed,
            };
            let writes_credential =
                matches!(waiting, Waiting::CopyOf { .. } | Waiting::AuthFile(_));
            if writes_credential && (args.all_namespaces || context.named_namespace()?.is_none()) {
                return Err(Error::usage(
                    "--push-secret-from and --auth-file write a credential, which a tenant can request \
                     by starting a build: specify the namespace with -n instead of -A",
                ));
            }
            if waiting != Waiting::Listed && !scope.waiting {
                return Err(Error::usage(
                    "--push-secret-from, --auth-file and --restart-builds need EXR009 in --check, the builds that \
                     wait",
                ));
            }
            Action::Cluster(ClusterAction {
                all_namespaces: args.all_namespaces,
                selector: args.selector.unwrap_or_default(),
                act: args.yes.then_some(match args.dry_run {
                    Some(DryRunAt::Server) => DryRun::Server,
                    Some(DryRunAt::None) | None => DryRun::None,
                }),
                max: usize::try_from(args.max.unwrap_or(MAX)).unwrap_or(usize::MAX),
                waiting,
                include_managed: args.include_managed,
                over_budget: args.over_budget,
            })
        } else {
            let from_stdin = names.iter().any(|name| name == "-");
            if args.write && from_stdin && args.output.format.unwrap_or_default() != Format::Table {
                return Err(Error::usage(
                    "-o cannot be used with --write and stdin: stdout is for the changed document",
                ));
            }
            Action::Files(FilesAction {
                names,
                recursive: args.recursive,
                exclude: args.exclude,
                offline: args.offline,
                allow_empty: args.allow_empty,
                write: args.write,
            })
        };
        Ok(Self {
            action,
            scope,
            policies,
            format: args.output.format.unwrap_or_default(),
        })
    }
}

fn copy_of(text: &str) -> Result<Waiting, Error> {
    match text.split_once('/') {
        Some((namespace, name))
            if !namespace.is_empty() && !name.is_empty() && !name.contains('/') =>
        {
            Ok(Waiting::CopyOf {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            })
        }
        _ => Err(Error::usage(format!(
            "--push-secret-from {text}: expected NAMESPACE/NAME, such as ops/dockerhub"
        ))),
    }
}

impl Scope {
    /// Everything.
    const ALL: Self = Self {
        schedules: true,
        secrets: true,
        waiting: true,
    };

    fn from_names(names: &[String]) -> Result<Self, Error> {
        if names.is_empty() {
            return Ok(Self::ALL);
        }
        let checks = names
            .iter()
            .map(|name| mendable(name))
            .collect::<Result<BTreeSet<_>, _>>()?;
        let has = |check| checks.contains(&check);
        let missed = has(CheckId::Exr014);
        Ok(Self {
            schedules: missed || has(CheckId::Exr005),
            secrets: missed || has(CheckId::Exr007),
            waiting: has(CheckId::Exr009),
        })
    }
}

fn mendable(name: &str) -> Result<CheckId, Error> {
    let Ok(check) = name.parse::<CheckId>() else {
        let hint = similar(name).map_or_else(
            || "it can fix EXR005, EXR007, EXR009 and EXR014".to_owned(),
            |check| format!("did you mean {check}?"),
        );
        return Err(Error::usage(format!(
            "--check {name}: no such check; {hint}"
        )));
    };
    if MENDABLE.contains(&check) {
        return Ok(check);
    }
    Err(Error::usage(format!(
        "--check {check}: fix does not support it ({}); {}",
        check.title(),
        instead(check)
    )))
}

/// What to do about a check that `fix` does not support.
const fn instead(check: CheckId) -> &'static str {
    match check {
        CheckId::Exr001 | CheckId::Exr006 | CheckId::Exr010 | CheckId::Exr011 | CheckId::Exr012 => {
            "the owner must decide which image is meant: audit ends each finding with a \
             command for it"
        }
        CheckId::Exr002 | CheckId::Exr003 | CheckId::Exr004 | CheckId::Exr013 | CheckId::Exr015 => {
            "it is in the configuration of the cluster: audit ends each finding with a \
             command for it"
        }
        CheckId::Exr008 => "unschedule tags, or import them with a paid account: see audit",
        CheckId::Exr005 | CheckId::Exr007 | CheckId::Exr009 | CheckId::Exr014 => "it can",
    }
}

/// The closest check to a name: with the same number, or different by one character.
fn similar(name: &str) -> Option<CheckId> {
    let name = name.to_ascii_uppercase();
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let number: usize = digits.parse().ok()?;
    let by_number = number
        .checked_sub(1)
        .and_then(|index| CheckId::ALL.get(index))
        .copied();
    by_number.or_else(|| {
        CheckId::ALL.into_iter().find(|check| {
            let id = check.as_str();
            let same = id.chars().zip(name.chars()).filter(|(a, b)| a == b).count();
            id.len().max(name.len()) - same == 1
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(names: &[&str]) -> Result<Scope, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Scope::from_names(&names).map_err(|error| error.to_string())
    }

    #[test]
    fn only_supported_checks_are_accepted() {
        let of = |schedules, secrets, waiting| {
            Ok(Scope {
                schedules,
                secrets,
                waiting,
            })
        };
        assert_eq!(scope(&[]), of(true, true, true));
        assert_eq!(scope(&["exr005"]), of(true, false, false));
        assert_eq!(scope(&["EXR007", "EXR009"]), of(false, true, true));
        assert_eq!(scope(&["EXR014"]), of(true, true, false));
        for (name, words) in [
            ("EXR05", "did you mean EXR005?"),
            ("exr-9", "did you mean EXR009?"),
            ("EXR099", "did you mean EXR009?"),
            ("EXR777", "it can fix EXR005"),
            ("schedule", "it can fix EXR005"),
            ("EXR008", "fix does not support it"),
        ] {
            let error = scope(&[name]).unwrap_err();
            assert!(error.contains(words), "{name}: {error}");
        }
        for check in CheckId::ALL {
            let can = scope(&[check.as_str()]).is_ok();
            assert_eq!(can, MENDABLE.contains(&check), "{check}");
        }
    }

    #[test]
    fn a_secret_needs_its_namespace() {
        assert!(matches!(copy_of("ops/hub"), Ok(Waiting::CopyOf { .. })));
        for text in ["hub", "/hub", "ops/", "a/b/c"] {
            let error = copy_of(text).unwrap_err();
            assert_eq!(error.exit().code(), 2, "{text}");
        }
    }
}
