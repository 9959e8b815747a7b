//! Defaults from files: the project's `.extreg.yaml` and the user's configuration.
//!
//! A file is a map of long flag names; a command's own flags are in a map under its name:
//!
//! ```yaml
//! color: never
//! setup:
//!   workload: deploymentconfig
//! ```
//!
//! Each value becomes the default of its flag in the command tree, so flags and environment win
//! without a second set of rules. A name that no flag has is an error: a setting that is silently
//! ignored is worse.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use crate::{
    cli::{self, ConnectionArgs},
    error::Error,
    registry::Endpoints,
};

const PROJECT_FILE: &str = ".extreg.yaml";

/// What of the process's surroundings decides about defaults.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    directory: Option<PathBuf>,
}

impl Environment {
    /// From variables and the working directory, if there is one.
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        directory: Option<PathBuf>,
    ) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            directory,
        }
    }

    /// Of this process.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::new(variables, std::env::current_dir().ok())
    }

    /// A variable that is set, and not to nothing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// The files' settings, the user's first, then the project's.
#[derive(Debug, Default)]
pub struct Defaults {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    settings: Map<String, Value>,
    may_connect: bool,
}

impl Defaults {
    /// Reads the user's file (`config`, else `EXTREG_CONFIG`, else the standard place, which may be
    /// absent) and the project's (the nearest one from the working directory up to the root of the
    /// git checkout).
    ///
    /// # Errors
    /// [`Error::Usage`] if a file cannot be read or is no map.
    pub fn load(environment: &Environment, config: Option<&OsStr>) -> Result<Self, Error> {
        let named = config
            .map(PathBuf::from)
            .or_else(|| environment.get("EXTREG_CONFIG").map(PathBuf::from));
        let mut files = Vec::new();
        match named {
            Some(path) => files.push(File::read(path, true)?),
            None => {
                if let Some(path) = standard_place(environment).filter(|path| path.exists()) {
                    files.push(File::read(path, true)?);
                }
            }
        }
        if let Some(path) = environment.directory.as_deref().and_then(project_file) {
            files.push(File::read(path, false)?);
        }
        Ok(Self { files })
    }

    /// Makes the settings the defaults of the flags they name.
    ///
    /// # Errors
    /// [`Error::Usage`] if no flag has a name, or a value cannot be a flag's.
    pub fn apply(&self, command: clap::Command) -> Result<clap::Command, Error> {
        self.files.iter().try_fold(command, |command, file| {
            let decides = |name: &str| {
                ConnectionArgs::NAMES.contains(&name) || Endpoints::NAMES.contains(&name)
            };
            let allowed = |name: &str| file.may_connect || !decides(name);
            set_defaults(command, &file.settings, &allowed)
                .map_err(|why| Error::usage(format!("{}: {why}", file.path.display())))
        })
    }
}

impl File {
    fn read(path: PathBuf, may_connect: bool) -> Result<Self, Error> {
        let wrong = |why: String| Error::usage(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(e.to_string()))?;
        // An empty file, or one of comments only, sets nothing.
        let settings = serde_saphyr::from_str::<Option<Map<String, Value>>>(&text)
            .map_err(|e| wrong(e.without_snippet().to_string()))?
            .unwrap_or_default();
        Ok(Self {
            path,
            settings,
            may_connect,
        })
    }
}

fn standard_place(environment: &Environment) -> Option<PathBuf> {
    let base = environment
        .get("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| {
            environment
                .get("HOME")
                .map(|home| Path::new(home).join(".config"))
        })
        .or_else(|| environment.get("APPDATA").map(PathBuf::from))?;
    Some(base.join("oc-extreg").join("config.yaml"))
}

fn project_file(directory: &Path) -> Option<PathBuf> {
    for folder in directory.ancestors() {
        let file = folder.join(PROJECT_FILE);
        if file.is_file() {
            return Some(file);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

fn set_defaults(
    command: clap::Command,
    settings: &Map<String, Value>,
    allowed: &dyn Fn(&str) -> bool,
) -> Result<clap::Command, String> {
    settings.iter().try_fold(command, |command, (name, value)| {
        if let Value::Object(own) = value {
            let Some(sub) = command.find_subcommand(name).cloned() else {
                return Err(format!("`{name}` is no command"));
            };
            let sub = set_defaults(sub, own, allowed).map_err(|why| format!("{name}: {why}"))?;
            return Ok(command.mut_subcommand(name, |_| sub));
        }
        let flag = command
            .get_arguments()
            .find(|arg| arg.get_long() == Some(name.as_str()));
        let Some(id) = flag.map(|arg| arg.get_id().clone()) else {
            return Err(format!("`{name}` is no flag here"));
        };
        if name == "token" || name == "config" {
            return Err(format!("`{name}` cannot be set in a file"));
        }
        if !allowed(name) {
            return Err(format!(
                "`{name}` decides where requests go, which a project's file may not; \
                 set it in your own configuration file or the environment"
            ));
        }
        let values = scalars(value).ok_or_else(|| format!("`{name}`: not a value of a flag"))?;
        Ok(command.mut_arg(id, |arg| cli::with_default(arg, values)))
    })
}

fn scalars(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) => Some(vec![value.to_string()]),
        Value::Array(items) => items
            .iter()
            .map(|item| scalars(item).and_then(|mut one| one.pop().filter(|_| one.is_empty())))
            .collect(),
        Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Caller;

    fn error_of(text: &str, may_connect: bool) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.yaml");
        std::fs::write(&path, text).unwrap();
        File::read(path, may_connect)
            .and_then(|file| {
                Defaults { files: vec![file] }
                    .apply(cli::command(Caller::Oc))
                    .map(|_| ())
            })
            .err()
            .map(|error| {
                error
                    .to_string()
                    .rsplit_once("f.yaml: ")
                    .unwrap()
                    .1
                    .to_owned()
            })
    }

    #[test]
    fn a_file_sets_what_flags_there_are() {
        let cases = [
            ("", None),
            ("# nothing\n", None),
            ("quiet: 1\nversion:\n  client: true\n", None),
            ("colour: never\n", Some("`colour` is no flag here")),
            ("nothing:\n  x: 1\n", Some("`nothing` is no command")),
            ("version:\n  x: 1\n", Some("version: `x` is no flag here")),
            ("token: abc\n", Some("`token` cannot be set in a file")),
            (
                "namespace: null\n",
                Some("`namespace`: not a value of a flag"),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(error_of(text, true).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_project_does_not_decide_where_requests_go() {
        for name in ConnectionArgs::NAMES {
            assert!(error_of(&format!("{name}: x\n"), false).is_some(), "{name}");
        }
        for name in Endpoints::NAMES {
            let text = format!("ratelimit:\n  {name}: docker.io=https://r.example.com\n");
            assert!(error_of(&text, false).is_some(), "{name}");
            assert_eq!(error_of(&text, true), None, "{name}");
        }
        assert_eq!(error_of("namespace: snow\n", false), None);
    }

    #[test]
    fn the_list_of_connection_flags_is_complete() {
        let mut names: Vec<_> = cli::command(Caller::Oc)
            .get_arguments()
            .filter(|arg| arg.get_help_heading() == Some("Connection"))
            .filter_map(|arg| arg.get_long().map(str::to_owned))
            .collect();
        names.sort();
        assert_eq!(names, ConnectionArgs::NAMES);
        let mut names: Vec<_> = cli::command(Caller::Oc)
            .get_subcommands()
            .flat_map(clap::Command::get_arguments)
            .filter(|arg| arg.get_help_heading() == Some("Registry"))
            .filter_map(|arg| arg.get_long().map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        assert_eq!(names, Endpoints::NAMES);
    }

    #[test]
    fn a_project_ends_at_its_checkout() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("repo/src");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(dir.path().join(PROJECT_FILE), "quiet: 1\n").unwrap();
        assert_eq!(project_file(&inner), Some(dir.path().join(PROJECT_FILE)));
        std::fs::create_dir(dir.path().join("repo/.git")).unwrap();
        assert_eq!(project_file(&inner), None);
    }
}
