//! `completion install`: the two executables that `oc` and `kubectl` call to complete the words after
//! "extreg" (kubectl `pkg/cmd/plugin_completion.go`: the plugin's name with `_complete` before its
//! first dash, on the PATH).

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use extreg_remedy::Caller;
use extreg_terminal::{Exit, Text};

use crate::{complete, context::Context, error::Error};

/// Marks a file as created by this command.
const MARK: &str = "made by \"extreg completion install\"";

/// Enable completion in oc and kubectl: commands, flags, and names from the cluster
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oc extreg completion install
  oc extreg completion install --dir ~/.local/bin

Writes two small scripts, oc_complete-extreg and kubectl_complete-extreg, which oc and kubectl search \
on the PATH. The completion of oc or kubectl must be enabled in the shell (oc completion -h). Namespaces, \
contexts, ImageStreams, their tags and BuildConfigs are queried while you type, for at most 300 ms.")]
pub(super) struct Args {
    /// Folder for the scripts [default: the folder on the PATH that holds this program]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The result for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Created,
    Updated,
    Unchanged,
}

/// Writes the scripts.
pub(super) fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let search = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&search).collect();
    let folder = match args.dir {
        Some(folder) => folder,
        None => usual(&folders)?,
    };
    let printer = &context.printer;
    let mut written = Vec::new();
    for caller in [Caller::Oc, Caller::Kubectl] {
        let path = folder.join(name(caller));
        let done = write(&path, &script(caller))?;
        let line = Text::new().plain(format!("{} ", path.display()));
        printer.line(match done {
            Done::Created => line.green("created"),
            Done::Updated => line.orange("updated"),
            Done::Unchanged => line.dim("unchanged"),
        });
        written.push(quoted(&path));
    }
    if !folders.iter().any(|on_path| is_same(on_path, &folder)) {
        printer.warn(&format!(
            "{} is not on the PATH, so oc and kubectl do not find the scripts",
            folder.display()
        ));
    }
    let remove = if cfg!(windows) { "del" } else { "rm" };
    printer.note(format!("To undo: {remove} {}", written.join(" ")));
    Ok(Exit::Done)
}

/// The folder of the PATH in which the host finds this program, or else the program's own folder.
fn usual(folders: &[PathBuf]) -> Result<PathBuf, Error> {
    let failed = |error: io::Error| {
        Error::failed(format!(
            "cannot find this program ({error}): specify a folder with --dir"
        ))
    };
    let program = env::current_exe().map_err(failed)?;
    let real = fs::canonicalize(&program).map_err(failed)?;
    let found = folders.iter().find(|folder| {
        [Caller::Oc, Caller::Kubectl].into_iter().any(|caller| {
            let file = format!("{}-extreg{}", caller.program(), env::consts::EXE_SUFFIX);
            fs::canonicalize(folder.join(file)).is_ok_and(|found| found == real)
        })
    });
    match (found, program.parent()) {
        (Some(folder), _) => Ok(folder.clone()),
        (None, Some(folder)) => Ok(folder.to_owned()),
        (None, None) => Err(Error::failed(
            "cannot find a folder on the PATH: specify one with --dir",
        )),
    }
}

fn name(caller: Caller) -> String {
    let end = if cfg!(windows) { ".cmd" } else { "" };
    format!("{}_complete-extreg{end}", caller.program())
}

/// Runs the same program as the host, by name: an upgrade can move the program.
fn script(caller: Caller) -> String {
    let command = complete::COMMAND;
    let names = match caller {
        Caller::Oc => "oc-extreg kubectl-extreg",
        Caller::Kubectl => "kubectl-extreg oc-extreg",
    };
    if cfg!(windows) {
        return format!(
            "@rem Completes \"{caller}\"; {MARK}.\r\n\
             @for %%p in ({names}) do @where /q %%p && (%%p {command} %* & exit /b)\r\n"
        );
    }
    format!(
        "#!/bin/sh\n\
         # Completes \"{caller}\"; {MARK}.\n\
         for program in {names}; do\n  \
           command -v \"$program\" >/dev/null 2>&1 && exec \"$program\" {command} \"$@\"\n\
         done\n\
         exit 1\n"
    )
}

fn write(path: &Path, script: &str) -> Result<Done, Error> {
    let failed = |error: io::Error| Error::failed(format!("{}: {error}", path.display()));
    let done = match fs::read_to_string(path) {
        Ok(found) if found == script => Done::Unchanged,
        Ok(found) if found.contains(MARK) => Done::Updated,
        Ok(_) => return Err(foreign(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Done::Created,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(foreign(path)),
        Err(error) => return Err(failed(error)),
    };
    if done != Done::Unchanged {
        fs::write(path, script).map_err(failed)?;
    }
    let made_executable = make_executable(path).map_err(failed)?;
    Ok(match done {
        Done::Unchanged if made_executable => Done::Updated,
        done => done,
    })
}

fn foreign(path: &Path) -> Error {
    Error::failed(format!(
        "{} exists and was not created by this command: move the file, or specify another folder with \
         --dir",
        path.display()
    ))
}

/// Whether the mode was changed.
#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut permissions = fs::metadata(path)?.permissions();
    let mode = permissions.mode();
    if mode & 0o111 == 0o111 {
        return Ok(false);
    }
    permissions.set_mode(mode | 0o111);
    fs::set_permissions(path, permissions)?;
    Ok(true)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// The path, quoted for a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/\\:._-".contains(c);
    if text.chars().all(is_plain) {
        text
    } else if cfg!(windows) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
