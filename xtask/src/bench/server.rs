//! A measured webhook: ours, or one for comparison.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use extreg_tests::Process;

use crate::bench::pin::{self, Cpu};
use crate::bench::program::Programs;

/// A running server. Dropping it ends the server.
#[derive(Debug)]
pub(super) struct Server {
    process: Process,
    port: u16,
    /// From its start until it reports ready.
    pub(super) start: Duration,
}

impl Server {
    /// extreg-webhook, with a kubeconfig or on its own.
    pub(super) fn ours(programs: &Programs, cpu: Cpu, kubeconfig: Option<&Path>) -> Result<Self> {
        let facts = kubeconfig.map_or_else(
            || "--no-cluster".to_owned(),
            |file| format!("--kubeconfig={}", file.display()),
        );
        let command = pin::command(cpu, &programs.webhook);
        Self::of_the_product(programs, "extreg-webhook", command, &[&facts])
    }

    /// The same server with a reviewer that always gives our answer to this sample.
    pub(super) fn constant(programs: &Programs, cpu: Cpu, sample: &str) -> Result<Self> {
        let mut command = pin::command(cpu, &programs.bench);
        command.args(["constant", sample, "--"]);
        Self::of_the_product(programs, "constant", command, &["--no-cluster"])
    }

    /// The webhook with controller-runtime, on one CPU like the rest.
    pub(super) fn peer(programs: &Programs, cpu: Cpu) -> Result<Self> {
        let port = free_port()?;
        let mut command = pin::command(cpu, &programs.peer);
        command
            .env("GOMAXPROCS", "1")
            .arg(format!("--port={port}"))
            .arg(format!("--cert-dir={}", programs.certificates().display()));
        Self::start("peer", &command, port, || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
    }

    fn of_the_product(
        programs: &Programs,
        name: &'static str,
        mut command: Command,
        args: &[&str],
    ) -> Result<Self> {
        let (port, health) = (free_port()?, free_port()?);
        let certificates = programs.certificates().display();
        command
            .arg(format!("--listen=127.0.0.1:{port}"))
            .arg(format!("--health-listen=127.0.0.1:{health}"))
            .arg(format!("--tls-cert={certificates}/tls.crt"))
            .arg(format!("--tls-key={certificates}/tls.key"))
            .args(args);
        Self::start(name, &command, port, || ready(health).unwrap_or(false))
    }

    fn start(
        name: &'static str,
        command: &Command,
        port: u16,
        ready: impl Fn() -> bool,
    ) -> Result<Self> {
        // Log lines are written and discarded: the cost of a disk is not measured.
        let mut quiet = Command::new("sh");
        quiet
            .args(["-c", r#"exec "$@" 2>/dev/null"#, "sh"])
            .arg(command.get_program())
            .args(command.get_args());
        for (variable, value) in command.get_envs() {
            if let Some(value) = value {
                quiet.env(variable, value);
            }
        }
        let started = Instant::now();
        let mut process = Process::start(name, &quiet)?;
        while started.elapsed() < Duration::from_mins(1) {
            if ready() {
                return Ok(Self {
                    process,
                    port,
                    start: started.elapsed(),
                });
            }
            if let Some(status) = process.ended()? {
                bail!("{name} ended with {status}; run it manually for details: {command:?}");
            }
            sleep(Duration::from_millis(2));
        }
        bail!("{name} is not ready after a minute; run it manually for details: {command:?}")
    }

    /// The URL for reviews.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Seconds of CPU that it has used.
    pub(super) fn cpu(&self) -> Result<f64> {
        // For all its threads, in ticks; Linux shows 100 per second to user space.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid()?))?;
        ticks(&stat)
            .map(|ticks| ticks / 100.0)
            .context("read the times in /proc/PID/stat")
    }

    /// MiB of its resident memory, current and peak.
    pub(super) fn memory(&self) -> Result<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let mebibytes = |name: &str| kibibytes(&status, name).map(|number| number / 1024.0);
        mebibytes("VmRSS:")
            .zip(mebibytes("VmHWM:"))
            .context("read VmRSS and VmHWM of /proc/PID/status")
    }

    /// Files that it has open, sockets included.
    pub(super) fn files(&self) -> Result<f64> {
        let count = std::fs::read_dir(format!("/proc/{}/fd", self.pid()?))?.count();
        Ok(f64::from(u32::try_from(count)?))
    }

    fn pid(&self) -> Result<u32> {
        self.process.pid().context("the process has no id")
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn ready(port: u16) -> Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// utime and stime of `/proc/PID/stat` together. The second field, the command, can contain spaces and brackets.
fn ticks(stat: &str) -> Option<f64> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut words = after.split_whitespace().skip(11);
    let user: f64 = words.next()?.parse().ok()?;
    let system: f64 = words.next()?.parse().ok()?;
    Some(user + system)
}

fn kibibytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{kibibytes, ticks};

    #[test]
    fn process_times_of_linux_are_read() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 12 1 2";
        assert_eq!(ticks(stat), Some(300.0));
        assert_eq!(ticks("7 (short) S"), None);
        assert_eq!(
            kibibytes("VmHWM:\t 900 kB\nVmRSS:\t 800 kB\n", "VmRSS:"),
            Some(800.0)
        );
        assert_eq!(kibibytes("VmHWM:\t 900 kB\n", "VmRSS:"), None);
    }
}
