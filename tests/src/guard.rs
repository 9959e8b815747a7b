//! A process that ends when this one does, in any way.
//!
//! A small shell starts the command, holds the read end of a pipe whose write end we hold, and kills the command when
//! the pipe closes. The kernel closes it when we are killed, so no process remains after a panic, a Ctrl-C or a
//! SIGKILL. The last shell to end also removes the folder.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// A running command and the shell that guards it.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    name: &'static str,
    folder: PathBuf,
}

/// `$1` is the folder, `$2` the command's name, then the command itself. The shell is the parent of the command, so the
/// process ID that it kills cannot belong to another process.
const SCRIPT: &str = r#"
folder=$1; name=$2; shift 2
exec 3<&0 </dev/null
"$@" 3<&- &
pid=$!
echo "$pid" >"$folder/$name.pid"
(
    if read -r word <&3 && [ "$word" = keep ]; then touch "$folder/kept"; exit; fi
    # Fails if another guard has removed the folder; the kill must still run.
    touch "$folder/ending"
    kill -KILL "$pid"
) 2>/dev/null &
watcher=$!
wait "$pid"; code=$?
if [ -e "$folder/ending" ] || [ -e "$folder/kept" ] || [ ! -d "$folder" ]; then
    rm -rf "$folder"
else
    kill "$watcher"
fi
exit "$code"
"#;

impl Guard {
    /// Starts `command` in `folder`, its output in `folder/NAME.log`.
    ///
    /// Of `command`, the program, arguments, variables and folder are used. It runs in a separate process group: a
    /// Ctrl-C is for us, and the guard acts after this process has ended.
    pub(crate) fn start(name: &'static str, folder: &Path, command: &Command) -> Result<Self> {
        use std::os::unix::process::CommandExt as _;
        let log = folder.join(format!("{name}.log"));
        let log = File::create(&log).with_context(|| format!("make {}", log.display()))?;
        let mut shell = Command::new("sh");
        for (variable, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(variable, value),
                None => shell.env_remove(variable),
            };
        }
        let shell = shell
            .args(["-c", SCRIPT, "sh"])
            .arg(folder)
            .arg(name)
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(command.get_current_dir().unwrap_or(folder))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {} through sh", command.get_program().display()))?;
        Ok(Self {
            shell,
            name,
            folder: folder.to_owned(),
        })
    }

    /// The exit status of the command, if it has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.shell.try_wait()?)
    }

    /// The command's process ID; `None` directly after the start.
    pub(crate) fn pid(&self) -> Option<u32> {
        std::fs::read_to_string(self.folder.join(format!("{}.pid", self.name)))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// The command's process ID, which the shell writes shortly after the start.
    pub(crate) fn wait_pid(&self) -> Result<u32> {
        for _ in 0..2000 {
            if let Some(pid) = self.pid() {
                return Ok(pid);
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        bail!("{} has no process ID:\n{}", self.name, self.last_lines())
    }

    /// Waits until the command has ended, for at most a minute.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        // Not `Child::wait`: that would close the pipe first, which triggers the kill.
        for _ in 0..6000 {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        bail!(
            "{} is still running after a minute:\n{}",
            self.name,
            self.last_lines()
        )
    }

    /// The file that the command's output goes to.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    /// The last lines of the command's output, for an error message.
    pub(crate) fn last_lines(&self) -> String {
        let log = std::fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.len().saturating_sub(15);
        lines.get(last..).unwrap_or_default().join("\n")
    }

    /// Keeps the command running after this process has ended.
    pub(crate) fn keep(mut self) -> Result<()> {
        let mut pipe = self
            .shell
            .stdin
            .take()
            .context("the pipe to the guard is closed")?;
        pipe.write_all(b"keep\n")
            .context("send keep to the guard")?;
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // `None` if the command is kept: then the guard is not waited for.
        if let Some(pipe) = self.shell.stdin.take() {
            drop(pipe);
            let _ = self.shell.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive(pid: u32) -> bool {
        Command::new("kill")
            .args(["-0", &pid.to_string()])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    fn start(folder: &Path, script: &str) -> Guard {
        Guard::start(
            "sleeper",
            folder,
            Command::new("/bin/sh").args(["-c", script]),
        )
        .unwrap()
    }

    fn pid(guard: &Guard) -> u32 {
        loop {
            if let Some(pid) = guard.pid() {
                return pid;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    #[test]
    fn dropping_the_guard_ends_the_process_and_removes_the_folder() {
        let folder = tempfile::tempdir().unwrap().keep();
        let guard = start(&folder, "exec sleep 600");
        let pid = pid(&guard);
        assert!(alive(pid));
        drop(guard);
        assert!(!alive(pid));
        assert!(!folder.exists());
    }

    #[test]
    fn a_process_whose_folder_is_gone_is_ended_too() {
        let folder = tempfile::tempdir().unwrap().keep();
        let guard = start(&folder, "exec sleep 600");
        let pid = pid(&guard);
        std::fs::remove_dir_all(&folder).unwrap();
        drop(guard);
        assert!(!alive(pid));
    }

    #[test]
    fn ended_command_has_its_code_and_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut guard = start(folder.path(), "echo no such port >&2; exit 3");
        let status = loop {
            if let Some(status) = guard.ended().unwrap() {
                break status;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(3));
        assert_eq!(guard.last_lines(), "no such port");
    }

    #[test]
    fn kept_process_continues() {
        let folder = tempfile::tempdir().unwrap();
        let guard = start(folder.path(), "exec sleep 600");
        let pid = pid(&guard);
        guard.keep().unwrap();
        while !folder.path().join("kept").exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(alive(pid));
        Command::new("kill").arg(pid.to_string()).status().unwrap();
    }
}
