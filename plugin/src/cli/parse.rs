//! From `argv` to [`Cli`]: the command tree with the defaults of the environment and of files, so that a flag overrides
//! `EXTREG_*`, which overrides the project's file, the user's file and the built-in default.

use std::ffi::{OsStr, OsString};

use clap::{CommandFactory as _, FromArgMatches as _};
use extreg_remedy::Caller;

use super::{Cli, topics};
use crate::{
    args::{CONNECTION, joined},
    defaults::{Defaults, Environment, variable, with_default},
    error::Error,
};

/// Stands in help for the flags of the connection.
const POINTER: &str = "Use \"oc extreg help connection\" for --kubeconfig, --context, --server, --token and the like.";

/// The result of parsing.
#[derive(Debug)]
pub enum Parsed {
    /// A command to run.
    Run(Box<Cli>),
    /// A requested page, for stdout: plain, and with color.
    Page {
        /// Without color.
        plain: String,
        /// With color.
        ansi: String,
    },
    /// A usage error, for stderr: plain, and with color.
    Wrong {
        /// Without color.
        plain: String,
        /// With color.
        ansi: String,
    },
}

/// The whole command tree, with the name and examples of the caller.
pub fn command(caller: Caller) -> clap::Command {
    let command = pointing_to_connection(topics::add(with_conventions(Cli::command())))
        .bin_name(caller.to_string())
        .display_name(caller.to_string());
    match caller {
        Caller::Oc => command,
        Caller::Kubectl => with_kubectl_name(command),
    }
}

/// Parses `args`, the first of which is the program's name.
///
/// # Errors
/// [`Error::Usage`] if a configuration file is invalid; wrong arguments are [`Parsed::Wrong`].
pub fn parse(
    args: &[OsString],
    caller: Caller,
    environment: &Environment,
) -> Result<Parsed, Error> {
    let defaults = Defaults::load(environment, early_value(args, "--config").as_deref())?;
    let applied = defaults.apply(command(caller))?;
    let command = with_environment(applied.command.clone(), environment);
    let parsed = command
        .try_get_matches_from(joined(args))
        .and_then(|matches| {
            let mut cli = Cli::from_arg_matches(&matches)?;
            cli.global.files = applied.in_force(&matches, environment);
            Ok(cli)
        });
    Ok(match parsed {
        Ok(cli) => Parsed::Run(Box::new(cli)),
        Err(error) => {
            let text = error.render();
            let (plain, ansi) = (text.to_string(), text.ansi().to_string());
            if error.use_stderr() {
                Parsed::Wrong { plain, ansi }
            } else {
                Parsed::Page { plain, ansi }
            }
        }
    })
}

/// The value of `--name VALUE` or `--name=VALUE`, for flags that are needed before parsing.
pub fn early_value(args: &[OsString], name: &str) -> Option<OsString> {
    let mut found = None;
    let mut rest = args.iter().skip(1);
    while let Some(arg) = rest.next() {
        if arg == OsStr::new("--") {
            break;
        }
        if arg == OsStr::new(name) {
            found = rest.next().cloned();
        } else if let Some(value) = arg
            .to_str()
            .and_then(|arg| arg.strip_prefix(name)?.strip_prefix('='))
        {
            found = Some(value.into());
        }
    }
    found
}

/// Sets the default of every flag to its `EXTREG_<FLAG>`, if that is not empty.
fn with_environment(command: clap::Command, environment: &Environment) -> clap::Command {
    let command = command.mut_args(|arg| {
        match arg
            .get_long()
            .and_then(|name| environment.get(&variable(name)))
        {
            Some(value) => {
                // A help page must not show a value that may be a token.
                let hide = arg.get_action().takes_values();
                with_default(arg, vec![value.to_owned()]).hide_default_value(hide)
            }
            None => arg,
        }
    });
    each_subcommand(command, &|sub| with_environment(sub, environment))
}

/// What holds for every flag: its help names the possible values, and one with a `BOOL` can stand without it.
fn with_conventions(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        if !arg.get_action().takes_values() {
            return arg;
        }
        let is_bool = arg
            .get_value_names()
            .is_some_and(|names| names.iter().any(|name| name == "BOOL"));
        let arg = arg.hide_possible_values(true);
        if is_bool {
            arg.num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
        } else {
            arg
        }
    });
    each_subcommand(command, &with_conventions)
}

/// Replaces the flags of the connection in help by a line that names their page.
fn pointing_to_connection(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| match arg.get_help_heading() {
        Some(CONNECTION) => arg.hide_short_help(true).hide_long_help(true),
        _ => arg,
    });
    with_pointer(command)
}

fn with_pointer(command: clap::Command) -> clap::Command {
    if topics::is_topic(&command) {
        return command;
    }
    let text = match command.get_after_help() {
        Some(text) => format!("{POINTER}\n\n{text}"),
        None => POINTER.to_owned(),
    };
    each_subcommand(command.after_help(text), &with_pointer)
}

fn with_kubectl_name(command: clap::Command) -> clap::Command {
    let say = |text: Option<&clap::builder::StyledStr>| {
        text.map(|text| text.to_string().replace("oc extreg", "kubectl extreg"))
    };
    let (after, after_long) = (
        say(command.get_after_help()),
        say(command.get_after_long_help()),
    );
    let long_about = say(command.get_long_about());
    let mut command = command;
    if let Some(text) = after {
        command = command.after_help(text);
    }
    if let Some(text) = after_long {
        command = command.after_long_help(text);
    }
    if let Some(text) = long_about {
        command = command.long_about(text);
    }
    each_subcommand(command, &with_kubectl_name)
}

fn each_subcommand(
    command: clap::Command,
    change: &dyn Fn(clap::Command) -> clap::Command,
) -> clap::Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, change)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str], environment: &Environment) -> Cli {
        let args: Vec<OsString> = args.iter().map(Into::into).collect();
        match parse(&args, Caller::Oc, environment).unwrap() {
            Parsed::Run(cli) => *cli,
            Parsed::Page { plain, .. } | Parsed::Wrong { plain, .. } => panic!("{plain}"),
        }
    }

    #[test]
    fn the_tree_is_sound() {
        command(Caller::Oc).debug_assert();
        command(Caller::Kubectl).debug_assert();
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_files() {
        let dir = tempfile::tempdir().unwrap();
        let user = dir.path().join("user.yaml");
        std::fs::write(&user, "namespace: from-user\ncolor: always\nquiet: 1\n").unwrap();
        let project = dir.path().join("project");
        std::fs::create_dir_all(project.join("sub")).unwrap();
        std::fs::write(project.join(".extreg.yaml"), "namespace: from-project\n").unwrap();
        let environment = |vars: &[(&str, &str)]| {
            Environment::new(
                vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
                Some(project.join("sub")),
            )
        };
        let config = user.to_str().unwrap();
        let args = ["oc-extreg", "version", "--config", config];

        let cli = parsed(&args, &environment(&[]));
        assert_eq!(cli.global.namespace.as_deref(), Some("from-project"));
        let files = &cli.global.files;
        let project_file = project.join(".extreg.yaml");
        assert_eq!(files.namespace.as_ref(), Some(&project_file));
        let lines: Vec<String> = files.files.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                format!("defaults from {config}: color, quiet"),
                format!("defaults from {}: namespace", project_file.display()),
            ]
        );
        assert_eq!(
            (cli.global.color, cli.global.quiet),
            (extreg_terminal::ColorMode::Always, 1)
        );

        let set = environment(&[("EXTREG_NAMESPACE", "from-env"), ("EXTREG_NO_INPUT", "1")]);
        let cli = parsed(&args, &set);
        assert_eq!(cli.global.namespace.as_deref(), Some("from-env"));
        assert_eq!(cli.global.files.namespace, None);
        assert!(cli.global.no_input);

        let cli = parsed(&["oc-extreg", "-n", "from-flag", "version"], &set);
        assert_eq!(cli.global.namespace.as_deref(), Some("from-flag"));
        assert_eq!(cli.global.files.namespace, None);
    }

    #[test]
    fn help_for_kubectl_names_kubectl() {
        let args: Vec<OsString> = vec!["kubectl-extreg".into(), "--help".into()];
        let Parsed::Page { plain, .. } =
            parse(&args, Caller::Kubectl, &Environment::default()).unwrap()
        else {
            panic!("not a page")
        };
        assert!(plain.contains("kubectl extreg"), "{plain}");
        assert!(!plain.contains("oc extreg"), "{plain}");
    }

    #[test]
    fn early_values() {
        let args = |list: &[&str]| list.iter().map(Into::into).collect::<Vec<OsString>>();
        let cases: &[(&[&str], Option<&str>)] = &[
            (&["x", "--config", "a"], Some("a")),
            (&["x", "--config=a"], Some("a")),
            (&["x", "--configure=a"], None),
            (&["x", "--", "--config", "a"], None),
            (&["x", "--config"], None),
        ];
        for (list, expected) in cases {
            assert_eq!(
                early_value(&args(list), "--config").as_deref(),
                expected.map(OsStr::new)
            );
        }
    }
}
