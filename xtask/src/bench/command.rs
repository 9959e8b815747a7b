//! A command that runs to its end: its time and peak memory.

use std::fs::{self, File};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// The polling interval for memory. The peak of a process is only available while it runs.
const INTERVAL: Duration = Duration::from_millis(2);

/// The result of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ran {
    pub(super) seconds: f64,
    /// Peak resident memory, in MiB.
    pub(super) peak: f64,
}

/// The results of the same command in each round.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    pub(super) seconds: Vec<f64>,
    pub(super) peak: Vec<f64>,
}

impl Rounds {
    pub(super) fn push(&mut self, ran: Ran) {
        self.seconds.push(ran.seconds);
        self.peak.push(ran.peak);
    }
}

/// Runs a command, discards its output, and requires success.
pub(super) fn measure(command: &mut Command) -> Result<Ran> {
    measure_to(command, &[0])
}

/// Runs a command, discards its output, and requires one of these exit codes.
pub(super) fn measure_to(command: &mut Command, codes: &[i32]) -> Result<Ran> {
    let errors = tempfile::NamedTempFile::new()?;
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(errors.path())?)
        .spawn()
        .with_context(|| format!("start {}", command.get_program().display()))?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    let ended: ExitStatus = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        if let Ok(status) = fs::read_to_string(&status)
            && let Some(most) = high_water(&status)
        {
            peak = most;
        }
        sleep(INTERVAL);
    };
    let seconds = started.elapsed().as_secs_f64();
    ensure!(
        ended.code().is_some_and(|code| codes.contains(&code)),
        "{command:?} ended with {ended}: {}",
        fs::read_to_string(errors.path())?.trim()
    );
    Ok(Ran { seconds, peak })
}

/// MiB of `VmHWM`.
fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_resident_memory_is_read() {
        assert_eq!(high_water("Name:\ta\nVmHWM:\t 2048 kB\n"), Some(2.0));
        assert_eq!(high_water("Name:\ta\nState:\tZ (zombie)\n"), None);
    }

    #[test]
    fn a_command_that_fails_is_an_error() {
        let error = measure(Command::new("sh").args(["-c", "echo no >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().ends_with("exit status: 3: no"), "{error}");
        assert!(measure(&mut Command::new("true")).is_ok());
    }
}
