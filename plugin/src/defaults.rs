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
//! Each value becomes the default of its flag in the command tree, so flags and environment override it without
//! additional rules. An unknown flag name is an error: a setting that is silently ignored is worse. A project's file
//! comes with a checkout, which anyone can have written: it sets only what [`allowed`] lists.

pub mod allowed;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::{ArgAction, ArgMatches, builder::BoolishValueParser, parser::ValueSource};
use serde_json::{Map, Value};

use crate::error::Error;

const PROJECT_FILE: &str = ".extreg.yaml";
/// The maximum size of a settings file.
const LONGEST: u64 = 1 << 20;

/// The environment of the process that determines defaults.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    directory: Option<PathBuf>,
}

impl Environment {
    /// From variables and the working directory, if any.
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        directory: Option<PathBuf>,
    ) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            directory,
        }
    }

    /// From this process.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::new(variables, std::env::current_dir().ok())
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// The settings of the files, the user's first, then the project's.
#[derive(Debug, Default)]
pub struct Defaults {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    settings: Map<String, Value>,
    is_project: bool,
}

/// A command tree with the settings as defaults, and the flags that they set.
#[derive(Debug)]
pub struct Applied {
    /// The tree.
    pub command: clap::Command,
    settings: Vec<Setting>,
    refused: Vec<String>,
}

/// One flag that a file sets.
#[derive(Clone, Debug)]
struct Setting {
    file: usize,
    path: PathBuf,
    is_project: bool,
    /// The path of commands to it; empty for a global flag.
    command: Vec<String>,
    flag: String,
    id: clap::Id,
}

/// The flags of one run that files set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// Each file with its flags, as messages name them.
    pub files: Vec<Source>,
    /// Settings of a project's file that have no effect, one line each.
    pub refused: Vec<String>,
    /// The project's file, if `--namespace` comes from it.
    pub namespace: Option<PathBuf>,
    /// Whether `--quiet` comes from a project's file.
    pub is_quiet: bool,
}

impl InForce {
    /// The lines for a report.
    pub fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let files = self.files.iter().map(ToString::to_string);
        self.refused.iter().cloned().chain(files)
    }
}

/// A file, and the flags that it sets. Displays as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    flags: Vec<String>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "defaults from {}: {}",
            self.path.display(),
            self.flags.join(", ")
        )
    }
}

impl Defaults {
    /// Reads the user's file (`config`, else `EXTREG_CONFIG`, else the standard location, where it is optional) and the
    /// project's (the nearest one from the working directory up to the root of the Git checkout).
    ///
    /// # Errors
    /// [`Error::Usage`] if a file cannot be read or is not a map.
    pub fn load(environment: &Environment, config: Option<&OsStr>) -> Result<Self, Error> {
        let named = config
            .map(PathBuf::from)
            .or_else(|| environment.get("EXTREG_CONFIG").map(PathBuf::from));
        let mut files = Vec::new();
        match named {
            Some(path) => files.push(File::read(path, false)?),
            None => {
                if let Some(path) = standard_place(environment).filter(|path| path.exists()) {
                    files.push(File::read(path, false)?);
                }
            }
        }
        if let Some(path) = environment.directory.as_deref().and_then(project_file) {
            files.push(File::read(path, true)?);
        }
        Ok(Self { files })
    }

    /// Sets the settings as the defaults of their flags.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown flag or an invalid value.
    pub fn apply(&self, command: clap::Command) -> Result<Applied, Error> {
        let mut applied = Applied {
            command: clap::Command::new(""),
            settings: Vec::new(),
            refused: Vec::new(),
        };
        let mut tree = command;
        for (index, file) in self.files.iter().enumerate() {
            let mut layer = Layer {
                file,
                index,
                applied: &mut applied,
            };
            tree = layer
                .set(tree, &file.settings, &[])
                .map_err(|why| Error::usage(format!("{}: {why}", file.path.display())))?;
        }
        applied.command = tree;
        Ok(applied)
    }
}

impl Applied {
    /// The settings that apply to a run: not those that a flag, the environment or a later file overrides, and none of
    /// other commands.
    pub fn in_force(&self, matches: &ArgMatches, environment: &Environment) -> InForce {
        let mut in_force = InForce {
            refused: self.refused.clone(),
            ..InForce::default()
        };
        let is_same = |a: &Setting, b: &Setting| a.command == b.command && a.id == b.id;
        for setting in &self.settings {
            let is_overridden = environment.get(&variable(&setting.flag)).is_some()
                || self
                    .settings
                    .iter()
                    .any(|other| other.file > setting.file && is_same(other, setting));
            if is_overridden || !setting.counts_in(matches) {
                continue;
            }
            if setting.is_project && setting.command.is_empty() {
                match setting.flag.as_str() {
                    "namespace" => in_force.namespace = Some(setting.path.clone()),
                    "quiet" => in_force.is_quiet = true,
                    _ => {}
                }
            }
            let mut name = setting.command.clone();
            name.push(setting.flag.clone());
            let name = name.join(".");
            match in_force
                .files
                .iter_mut()
                .find(|source| source.path == setting.path)
            {
                Some(source) => source.flags.push(name),
                None => in_force.files.push(Source {
                    path: setting.path.clone(),
                    flags: vec![name],
                }),
            }
        }
        in_force
    }
}

impl Setting {
    /// Whether the run uses its command and the default of its flag.
    fn counts_in(&self, matches: &ArgMatches) -> bool {
        let mut matches = matches;
        for name in &self.command {
            match matches.subcommand() {
                Some((other, inner)) if other == name => matches = inner,
                _ => return false,
            }
        }
        matches.value_source(self.id.as_str()) == Some(ValueSource::DefaultValue)
    }
}

impl File {
    fn read(path: PathBuf, is_project: bool) -> Result<Self, Error> {
        let wrong = |why: String| Error::usage(format!("{}: {why}", path.display()));
        let mut text = String::new();
        std::fs::File::open(&path)
            .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
            .map_err(|e| wrong(e.to_string()))?;
        if u64::try_from(text.len()).is_ok_and(|length| length > LONGEST) {
            return Err(wrong(format!("longer than {LONGEST} bytes")));
        }
        // An empty file, or one with comments only, sets nothing.
        let settings = serde_saphyr::from_str::<Option<Map<String, Value>>>(&text)
            .map_err(|e| wrong(e.without_snippet().to_string()))?
            .unwrap_or_default();
        Ok(Self {
            path,
            settings,
            is_project,
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

/// The settings of one file, while they are applied to the tree.
struct Layer<'a> {
    file: &'a File,
    index: usize,
    applied: &'a mut Applied,
}

impl Layer<'_> {
    fn set(
        &mut self,
        command: clap::Command,
        settings: &Map<String, Value>,
        path: &[String],
    ) -> Result<clap::Command, String> {
        let mut command = command;
        for (name, value) in settings {
            command = match value {
                Value::Object(own) => {
                    let Some(sub) = command.find_subcommand(name).cloned() else {
                        return Err(format!("`{name}` is not a command"));
                    };
                    let sub_name = sub.get_name().to_owned();
                    let inner = [path, std::slice::from_ref(&sub_name)].concat();
                    let sub = self
                        .set(sub, own, &inner)
                        .map_err(|why| format!("{name}: {why}"))?;
                    command.mut_subcommand(sub_name, |_| sub)
                }
                value => self.flag(command, name, value, path)?,
            };
        }
        Ok(command)
    }

    fn flag(
        &mut self,
        command: clap::Command,
        name: &str,
        value: &Value,
        path: &[String],
    ) -> Result<clap::Command, String> {
        let flag = command
            .get_arguments()
            .find(|arg| arg.get_long() == Some(name));
        let Some(id) = flag.map(|arg| arg.get_id().clone()) else {
            return Err(format!("`{name}` is not a flag here"));
        };
        if name == "token" || name == "config" {
            return Err(format!("`{name}` cannot be set in a file"));
        }
        let values = scalars(value).ok_or_else(|| format!("`{name}`: not a value of a flag"))?;
        if self.file.is_project && !allowed::is_allowed(&path.join(" "), name) {
            let place = [path, &[name.to_owned()]].concat().join(".");
            self.applied.refused.push(format!(
                "{}: `{place}` has no effect in a project's file, which comes with a checkout: set it \
                 by flag, environment, your own configuration file or --config",
                self.file.path.display()
            ));
            return Ok(command);
        }
        self.applied.settings.push(Setting {
            file: self.index,
            path: self.file.path.clone(),
            is_project: self.file.is_project,
            command: path.to_vec(),
            flag: name.to_owned(),
            id: id.clone(),
        });
        Ok(command.mut_arg(id, |arg| with_default(arg, values)))
    }
}

/// The flag with another default, which counts as a value: it satisfies `required`.
pub(crate) fn with_default(arg: clap::Arg, values: Vec<String>) -> clap::Arg {
    let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
    let arg = arg.required(false).default_values(values);
    if is_switch {
        arg.value_parser(BoolishValueParser::new())
    } else {
        arg
    }
}

/// The environment variable of a flag.
pub(crate) fn variable(flag: &str) -> String {
    format!("EXTREG_{}", flag.to_ascii_uppercase().replace('-', "_"))
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
    use crate::cli;
    use extreg_remedy::Caller;

    fn applied(text: &str, is_project: bool) -> Result<Applied, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.yaml");
        std::fs::write(&path, text).unwrap();
        File::read(path, is_project)
            .and_then(|file| Defaults { files: vec![file] }.apply(cli::command(Caller::Oc)))
            .map_err(|error| {
                let text = error.to_string();
                text.rsplit_once("f.yaml: ").unwrap().1.to_owned()
            })
    }

    #[test]
    fn a_file_sets_existing_flags_only() {
        let cases = [
            ("", None),
            ("# nothing\n", None),
            ("quiet: 1\nversion:\n  client: true\n", None),
            ("shade: never\n", Some("`shade` is not a flag here")),
            ("nothing:\n  x: 1\n", Some("`nothing` is not a command")),
            (
                "version:\n  x: 1\n",
                Some("version: `x` is not a flag here"),
            ),
            ("token: abc\n", Some("`token` cannot be set in a file")),
            (
                "namespace: null\n",
                Some("`namespace`: not a value of a flag"),
            ),
        ];
        for (text, expected) in cases {
            for is_project in [false, true] {
                let error = applied(text, is_project).err();
                assert_eq!(error.as_deref(), expected, "{text}");
            }
        }
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

    #[test]
    fn a_file_is_read_within_a_limit() {
        let long = format!("# {}\n", "x".repeat(1 << 20));
        assert!(applied(&long, true).unwrap_err().starts_with("longer than"));
    }

    /// Every flag of every command, with the path of commands to it.
    fn flags(command: &clap::Command, path: &[String]) -> Vec<(Vec<String>, clap::Arg)> {
        let own = command
            .get_arguments()
            // A global flag is listed once, where it is defined.
            .filter(|arg| path.is_empty() || !arg.is_global_set())
            .filter(|arg| arg.get_long().is_some())
            .map(|arg| (path.to_vec(), arg.clone()));
        let inner = command.get_subcommands().flat_map(|sub| {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            flags(sub, &path)
        });
        own.chain(inner).collect()
    }

    #[test]
    fn every_flag_is_in_exactly_one_list() {
        let all = flags(&cli::command(Caller::Oc), &[]);
        let of = |path: &[String], flag: &clap::Arg| {
            (path.join(" "), flag.get_long().unwrap().to_owned())
        };
        let mut unlisted = Vec::new();
        for (path, flag) in &all {
            let (command, name) = of(path, flag);
            let is_allowed = allowed::is_allowed(&command, &name);
            let is_refused = allowed::REFUSED.contains(&name.as_str());
            if !is_allowed && !is_refused {
                unlisted.push(name);
            }
        }
        unlisted.sort();
        unlisted.dedup();
        assert_eq!(
            unlisted,
            Vec::<String>::new(),
            "add each to REFUSED of defaults/allowed.rs, unless no verdict, request or write \
             depends on it"
        );
        for (command, names) in allowed::ALLOWED {
            for name in *names {
                let is_there = all.iter().any(|(path, flag)| {
                    of(path, flag) == ((*command).to_owned(), (*name).to_owned())
                });
                assert!(is_there, "{command} --{name}");
            }
        }
        for name in allowed::REFUSED {
            let is_there = all.iter().any(|(path, flag)| {
                let (command, long) = of(path, flag);
                long == *name && !allowed::is_allowed(&command, name)
            });
            assert!(is_there, "--{name} is not an existing flag");
        }
        assert!(allowed::REFUSED.is_sorted(), "{:?}", allowed::REFUSED);
    }

    /// A valid value of the flag.
    fn value(flag: &clap::Arg) -> String {
        let possible = flag.get_possible_values();
        match possible.first() {
            _ if matches!(flag.get_action(), ArgAction::Count) => "1".to_owned(),
            Some(first) if flag.get_action().takes_values() => first.get_name().to_owned(),
            _ if !flag.get_action().takes_values() => "true".to_owned(),
            _ => "1".to_owned(),
        }
    }

    /// In a project's file each flag is either listed, or refused with a warning; in the user's own file it has an
    /// effect.
    #[test]
    fn project_file_sets_only_listed_flags() {
        let tree = cli::command(Caller::Oc);
        for (path, flag) in flags(&tree, &[]) {
            let name = flag.get_long().unwrap();
            if matches!(name, "token" | "config" | "help" | "version") {
                continue;
            }
            let mut text = format!("{name}: {}\n", serde_json::json!(value(&flag)));
            for command in path.iter().rev() {
                text = format!("{command}:\n  {}\n", text.trim_end().replace('\n', "\n  "));
            }
            let project = applied(&text, true).unwrap();
            let is_allowed = allowed::is_allowed(&path.join(" "), name);
            assert_eq!(project.refused.is_empty(), is_allowed, "{text}");
            assert_eq!(project.settings.is_empty(), !is_allowed, "{text}");
            let mut changed = &project.command;
            for command in &path {
                changed = changed.find_subcommand(command).unwrap();
            }
            let now = changed
                .get_arguments()
                .find(|arg| arg.get_long() == Some(name))
                .unwrap();
            if !is_allowed {
                assert_eq!(
                    now.get_default_values(),
                    flag.get_default_values(),
                    "{text}"
                );
            }
            let own = applied(&text, false).unwrap();
            assert_eq!((own.settings.len(), own.refused.len()), (1, 0), "{text}");
        }
    }
}
