//! Processes pinned to one CPU.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

/// One of two CPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cpu {
    /// For the measured process alone.
    Measured,
    /// For everything else.
    Other,
}

/// `program` on that CPU, or unpinned if not possible. Its process ID is the program's.
pub(super) fn command(cpu: Cpu, program: &Path) -> Command {
    match number(cpu) {
        Some(number) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &number]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// Pins a running process and all its threads to that CPU, if possible.
pub(super) fn hold(cpu: Cpu, pid: u32) -> Result<()> {
    if let Some(number) = number(cpu) {
        Command::new("taskset")
            .args(["-a", "-c", "-p", &number, &pid.to_string()])
            .output()?;
    }
    Ok(())
}

/// A description of the CPUs in use.
pub(super) fn described() -> String {
    match (number(Cpu::Measured), number(Cpu::Other)) {
        (Some(measured), Some(other)) => {
            format!("the measured process runs alone on CPU {measured}, the load on CPU {other}")
        }
        _ => "processes are not pinned: this needs two CPUs and taskset (util-linux)".to_owned(),
    }
}

fn number(cpu: Cpu) -> Option<String> {
    let output = Command::new("taskset")
        .args(["-c", "-p", &std::process::id().to_string()])
        .output()
        .ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    let (first, last) = ends(answer.rsplit(':').next()?.trim())?;
    Some(match cpu {
        Cpu::Measured => first,
        Cpu::Other => last,
    })
}

/// The first and the last of a list such as `0-3,8`, unless they are one.
fn ends(list: &str) -> Option<(String, String)> {
    let mut numbers = list.split(['-', ',']);
    let first = numbers.next()?;
    let last = numbers.next_back()?;
    (first != last).then(|| (first.to_owned(), last.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn two_cpus_are_found_where_there_are_two() {
        let two = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        for (list, wanted) in [
            ("0,1", two("0", "1")),
            ("0-3,8", two("0", "8")),
            ("2-5", two("2", "5")),
            ("0", None),
            ("", None),
        ] {
            assert_eq!(ends(list), wanted, "{list:?}");
        }
    }
}
