//! `--dry-run`, the same for every command that writes.

use std::ffi::OsString;

use clap::ValueEnum as _;

/// `--dry-run`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DryRun {
    /// Do it.
    #[default]
    None,
    /// Say what would be done; nothing is sent that could change something.
    Client,
    /// Have the server check everything, admission and quota too, and keep nothing.
    Server,
}

impl DryRun {
    /// What is appended to a line of what was done.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }

    /// What the query of a request gains.
    pub(crate) const fn query(self) -> &'static str {
        match self {
            Self::None | Self::Client => "",
            Self::Server => "&dryRun=All",
        }
    }
}

/// `--dry-run`.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct DryRunArgs {
    /// Dry run: "client" computes the result locally (default without a value), "server" submits it without persisting
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        num_args = 0..=1,
        require_equals = true,
        default_value_t,
        default_missing_value = "client",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub dry_run: DryRun,
}

/// The same arguments with `--dry-run WHERE` as one: a value that may be left out stands behind `=`, as
/// kubectl has it, and this one was also accepted as a word of its own.
pub(crate) fn joined(args: &[OsString]) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(args.len());
    let mut is_over = false;
    for arg in args {
        is_over = is_over || arg == "--";
        let value = arg.to_str().filter(|value| {
            let is_value = |it: &DryRun| {
                it.to_possible_value()
                    .is_some_and(|possible| possible.get_name() == *value)
            };
            !is_over && DryRun::value_variants().iter().any(is_value)
        });
        match (joined.last_mut(), value) {
            (Some(last), Some(value)) if last == "--dry-run" => last.push(format!("={value}")),
            _ => joined.push(arg.clone()),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_value_of_the_flag_is_joined() {
        for (line, expected) in [
            ("tag u/a x:y --dry-run", "tag u/a x:y --dry-run"),
            ("tag --dry-run server u/a", "tag --dry-run=server u/a"),
            ("tag --dry-run u/a client", "tag --dry-run u/a client"),
            ("tag --dry-run=none client", "tag --dry-run=none client"),
            ("x -- --dry-run client", "x -- --dry-run client"),
            ("client --dry-run", "client --dry-run"),
        ] {
            let args: Vec<OsString> = line.split(' ').map(Into::into).collect();
            let joined = joined(&args).join(std::ffi::OsStr::new(" "));
            assert_eq!(joined, expected);
        }
    }
}
