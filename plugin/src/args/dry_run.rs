//! `--dry-run`, the same for every command that writes.

use std::ffi::OsString;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use extreg_cluster::DryRun;

const WORDS: [(&str, DryRun, &str); 3] = [
    ("none", DryRun::None, "Do it"),
    (
        "client",
        DryRun::Client,
        "Compute the result locally; send no request that changes anything",
    ),
    (
        "server",
        DryRun::Server,
        "Submit server-side requests, with admission and quota, without persisting",
    ),
];

/// `--dry-run`.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct DryRunArgs {
    /// Dry run: "client" computes the result locally (default without a value), "server" submits it without persisting
    #[arg(
        long,
        value_parser = PossibleValuesParser::new(values()).map(|word| parse(&word)),
        value_name = "WHERE",
        num_args = 0..=1,
        require_equals = true,
        default_value = "none",
        default_missing_value = "client",
        hide_default_value = true
    )]
    pub dry_run: DryRun,
}

fn values() -> [PossibleValue; 3] {
    WORDS.map(|(word, _, help)| PossibleValue::new(word).help(help))
}

fn parse(text: &str) -> DryRun {
    let mut words = WORDS.into_iter();
    words
        .find(|(word, ..)| *word == text)
        .map_or_else(DryRun::default, |(_, value, _)| value)
}

/// Joins `--dry-run WHERE` to one argument: a flag with an optional value needs `=`, as in kubectl, but this one also
/// accepts a separate value.
pub(crate) fn joined(args: &[OsString]) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(args.len());
    let mut is_over = false;
    for arg in args {
        is_over = is_over || arg == "--";
        let value = arg
            .to_str()
            .filter(|value| !is_over && WORDS.iter().any(|(word, ..)| word == value));
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
