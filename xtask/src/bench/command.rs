//! A command that runs to its end: how long it took, and how much memory it had at most.

use std::fs::{self, File};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// How often the memory is looked at. What a process has had at most is only told while it runs.
const INTERVAL: Duration = Duration::from_millis(2);

/// What a command came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ran {
    pub(super) seconds: f64,
    /// MiB that were resident at most.
    pub(super) peak: f64,
}

/// What the same command came to in each round.
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

/// Runs a command whose output is thrown away, and which must succeed.
pub(super) fn measure(command: &mut Command) -> Result<Ran> {
    measure_to(command, &[0])
}

/// Runs a command whose output is thrown away, and which must end with one of these codes.
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
    fn the_most_that_was_resident_is_read() {
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
