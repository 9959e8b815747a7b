//! A flag has one text in all commands.

use std::collections::{BTreeMap, BTreeSet};

use clap::Command;
use extreg_remedy::Caller;

use super::command;

/// Flags that mean different things in different commands, and their numbers of texts.
const DIFFERENT: &[(&str, usize)] = &[
    ("all", 4),
    ("all-namespaces", 5),
    ("auth-file", 4),
    ("check", 2),
    ("dir", 2),
    ("dry-run", 3),
    ("export", 2),
    ("filename", 6),
    ("image", 6),
    ("mode", 2),
    ("no-schedule", 2),
    ("offline", 3),
    ("output", 12),
    ("push-secret", 2),
    ("reference-policy", 2),
    ("registry", 3),
    ("secret", 2),
    ("selector", 3),
    ("source", 2),
    ("username", 2),
    ("wait", 3),
    ("without-secrets", 2),
];

#[test]
fn a_flag_has_the_same_text_in_all_commands() {
    let mut texts = BTreeMap::new();
    collect(&command(Caller::Oc), "", &mut texts);
    let different: Vec<String> = texts
        .iter()
        .filter(|(flag, texts)| {
            let known = DIFFERENT.iter().find(|(name, _)| name == flag);
            texts.len() != known.map_or(1, |(_, count)| *count)
        })
        .map(|(flag, texts)| {
            let texts: Vec<String> = texts
                .iter()
                .map(|(text, commands)| format!("  {text}: {}", join(commands)))
                .collect();
            format!("--{flag}\n{}", texts.join("\n"))
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The commands of each text of each flag.
type Texts = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn collect(command: &Command, above: &str, texts: &mut Texts) {
    let name = format!("{above} {}", command.get_name());
    for arg in command.get_arguments() {
        if let (Some(long), Some(help)) = (arg.get_long(), arg.get_help()) {
            let commands = texts.entry(long.to_owned()).or_default();
            let commands = commands.entry(help.to_string()).or_default();
            commands.insert(name.clone());
        }
    }
    for sub in command.get_subcommands() {
        collect(sub, &name, texts);
    }
}

fn join(commands: &BTreeSet<String>) -> String {
    let commands: Vec<&str> = commands.iter().map(|name| name.trim()).collect();
    commands.join(", ")
}
