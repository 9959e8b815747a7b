//! Candidates, in Cobra's format, and those that come from the command tree.

use std::fmt;

use clap::{Arg, builder::StyledStr};
use extreg_audit::check::CheckId;

use super::words::Line;
use crate::{cli::is_topic, commands::audit};

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The text to insert.
    pub(super) value: String,
    /// Its description, one line; may be empty.
    pub(super) description: String,
}

/// The directive for the shell: Cobra's `ShellCompDirective` (cobra `completions.go`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Directive {
    /// No file completion.
    #[default]
    Nothing,
    /// The same, without a space after the only candidate.
    GoOn,
    /// Complete files.
    Files,
    /// Complete folders.
    Folders,
}

/// The output.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) candidates: Vec<Candidate>,
    pub(super) directive: Directive,
}

impl Directive {
    const fn bits(self) -> u8 {
        const NO_SPACE: u8 = 2;
        const NO_FILES: u8 = 4;
        const FILTER_DIRS: u8 = 16;
        match self {
            Self::Nothing => NO_FILES,
            Self::GoOn => NO_FILES | NO_SPACE,
            Self::Files => 0,
            Self::Folders => FILTER_DIRS,
        }
    }
}

impl Answer {
    /// Only these candidates.
    pub(super) const fn closed(candidates: Vec<Candidate>) -> Self {
        Self {
            candidates,
            directive: Directive::Nothing,
        }
    }

    /// Completion by the shell itself.
    pub(super) const fn left_to_the_shell(directive: Directive) -> Self {
        Self {
            candidates: Vec::new(),
            directive,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Candidate { value, description } in &self.candidates {
            if description.is_empty() {
                writeln!(f, "{value}")?;
            } else {
                writeln!(f, "{value}\t{description}")?;
            }
        }
        writeln!(f, ":{}", self.directive.bits())
    }
}

/// The commands that start with the typed text; after `help` the topics too.
pub(super) fn commands(line: &Line<'_>) -> Vec<Candidate> {
    let commands = line.command.get_subcommands();
    commands
        // Of the hidden commands only topics have a page.
        .filter(|command| !command.is_hide_set() || line.is_help && is_topic(command))
        .filter(|command| command.get_name().starts_with(line.typed))
        .map(|command| {
            let about = command.get_about().filter(|_| !is_topic(command));
            Candidate {
                value: command.get_name().to_owned(),
                description: first_line(about),
            }
        })
        .collect()
}

/// The flags that start with the typed text and are not in the line yet.
pub(super) fn flags(line: &Line<'_>) -> Vec<Candidate> {
    let flags = line.command.get_arguments().filter(|arg| {
        !arg.is_positional()
            && !arg.is_hide_set()
            && arg
                .get_long()
                .is_none_or(|name| !line.spent.iter().any(|spent| spent == name))
    });
    let mut candidates = Vec::new();
    for flag in flags {
        let long = flag.get_long().map(|name| format!("--{name}"));
        // A single dash can become either.
        let short = flag
            .get_short()
            .filter(|_| line.typed == "-")
            .map(|letter| format!("-{letter}"));
        let names = short.into_iter().chain(long);
        candidates.extend(
            names
                .filter(|name| name.starts_with(line.typed))
                .map(|value| Candidate {
                    value,
                    description: first_line(flag.get_help()),
                }),
        );
    }
    candidates
}

/// The values of an enumeration that start with the typed text.
pub(super) fn possible(argument: &Arg, typed: &str) -> Vec<Candidate> {
    let values = argument.get_possible_values();
    values
        .iter()
        .filter(|value| !value.is_hide_set() && value.get_name().starts_with(typed))
        .map(|value| Candidate {
            value: value.get_name().to_owned(),
            description: first_line(value.get_help()),
        })
        .collect()
}

/// The checks of the audit, after those before the last comma.
pub(super) fn checks(all: &[CheckId], typed: &str) -> Vec<Candidate> {
    let (before, last) = match typed.rfind(',') {
        Some(comma) => typed.split_at(comma + 1),
        None => ("", typed),
    };
    all.iter()
        .filter(|check| check.as_str().starts_with(last))
        .map(|check| Candidate {
            value: format!("{before}{}", check.as_str()),
            description: check.title().to_owned(),
        })
        .collect()
}

/// The formats of the audit. A file after a format is not completed.
pub(super) fn formats(typed: &str) -> Vec<Candidate> {
    let words = audit::formats().into_iter();
    words
        .filter(|word| word.starts_with(typed))
        .map(|word| Candidate {
            value: word.to_owned(),
            description: String::new(),
        })
        .collect()
}

fn first_line(text: Option<&StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}
