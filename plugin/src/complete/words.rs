//! Parses an incomplete line: its command, its flags, and the kind of its last word.

use clap::{Arg, ArgAction, Command};

/// An incomplete line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The command of the words so far.
    pub(super) command: &'a Command,
    /// Whether it follows `help`, where topics count and arguments do not.
    pub(super) is_help: bool,
    /// The global flags with a value, by long name.
    pub(super) given: Vec<(String, String)>,
    /// The flags of the line that cannot be repeated.
    pub(super) spent: Vec<String>,
    /// The typed part of the last word; for `--name=value` of the value.
    pub(super) typed: &'a str,
    /// The kind of the last word.
    pub(super) place: Place<'a>,
}

/// The kind of the last word.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// The name of a flag.
    Flag,
    /// The value of a flag.
    Value(&'a Arg),
    /// A command, or the value of a positional argument.
    Word {
        /// That argument, if the command takes one here.
        argument: Option<&'a Arg>,
    },
}

impl<'a> Line<'a> {
    /// Parses the words after `extreg`; the last one is incomplete. `root` must be built, so that every command has the
    /// global flags.
    pub(super) fn read(root: &'a Command, words: &'a [String]) -> Self {
        let (typed, before) = words
            .split_last()
            .map_or(("", words), |(typed, before)| (typed.as_str(), before));
        let mut line = Self {
            command: root,
            is_help: false,
            given: Vec::new(),
            spent: Vec::new(),
            typed,
            place: Place::Flag,
        };
        let mut waiting = None;
        let mut only_words = false;
        let mut position = 0;
        for word in before {
            if let Some(flag) = waiting.take() {
                line.give(flag, Some(word));
            } else if only_words {
                position += 1;
            } else if word == "--" {
                only_words = true;
            } else if let Some(name) = word.strip_prefix("--") {
                waiting = line.long(name);
            } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                waiting = line.short(letters);
            } else if let Some(command) = line.subcommand(root, word) {
                line.command = command;
                position = 0;
            } else {
                position += 1;
            }
        }
        line.place = line.place_of_last(waiting, only_words, position);
        line
    }

    fn place_of_last(
        &mut self,
        waiting: Option<&'a Arg>,
        only_words: bool,
        position: usize,
    ) -> Place<'a> {
        if let Some(flag) = waiting {
            return Place::Value(flag);
        }
        if !only_words && self.typed.starts_with('-') {
            let Some((name, value)) = self.typed.split_once('=') else {
                return Place::Flag;
            };
            let flag = name
                .strip_prefix("--")
                .and_then(|name| self.by_long(name))
                .or_else(|| self.by_short(name.strip_prefix('-')?.chars().next()?));
            self.typed = value;
            return flag.map_or(Place::Flag, Place::Value);
        }
        let arguments = || {
            let positionals = self.command.get_positionals();
            positionals.filter(|argument| !argument.is_hide_set())
        };
        let argument = arguments().nth(position).or_else(|| {
            // The last argument may accept all remaining words.
            arguments().last().filter(|last| takes_many(last))
        });
        Place::Word {
            argument: argument.filter(|_| !self.is_help),
        }
    }

    /// A subcommand of the current command. `help` repeats the tree from its root.
    fn subcommand(&mut self, root: &'a Command, word: &str) -> Option<&'a Command> {
        if !self.is_help && word == "help" && self.command.find_subcommand("help").is_some() {
            self.is_help = true;
            return Some(if self.command.get_name() == root.get_name() {
                root
            } else {
                self.command
            });
        }
        self.command.find_subcommand(word)
    }

    /// Handles a long flag; returns it if its value is still missing.
    fn long(&mut self, text: &str) -> Option<&'a Arg> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let flag = self.by_long(name)?;
        if value.is_none() && takes_value(flag) && !flag.is_require_equals_set() {
            return Some(flag);
        }
        self.give(flag, value);
        None
    }

    /// Handles short flags, the last of which may include its value.
    fn short(&mut self, letters: &str) -> Option<&'a Arg> {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let flag = self.by_short(letter)?;
            if takes_value(flag) {
                let value = rest.as_str();
                if value.is_empty() {
                    return Some(flag);
                }
                self.give(flag, Some(value.strip_prefix('=').unwrap_or(value)));
                return None;
            }
            self.give(flag, None);
        }
        None
    }

    fn give(&mut self, flag: &Arg, value: Option<&str>) {
        let Some(name) = flag.get_long() else {
            return;
        };
        if !matches!(flag.get_action(), ArgAction::Append | ArgAction::Count) {
            self.spent.push(name.to_owned());
        }
        if let Some(value) = value.filter(|_| flag.is_global_set()) {
            self.given.push((name.to_owned(), value.to_owned()));
        }
    }

    fn by_long(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| {
            let aliases = arg.get_all_aliases().unwrap_or_default();
            arg.get_long() == Some(name) || aliases.contains(&name)
        })
    }

    fn by_short(&self, letter: char) -> Option<&'a Arg> {
        let mut flags = self.command.get_arguments();
        flags.find(|arg| arg.get_short() == Some(letter))
    }
}

fn takes_value(flag: &Arg) -> bool {
    flag.get_action().takes_values()
}

fn takes_many(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Append)
        || argument
            .get_num_args()
            .is_some_and(|number| number.max_values() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;
    use extreg_remedy::Caller;

    /// The command, the global flags, and the kind of the last word.
    fn read(line: &str) -> String {
        let mut root = cli::command(Caller::Oc);
        root.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let line = Line::read(&root, &words);
        let place = match line.place {
            Place::Flag => "flag".to_owned(),
            Place::Value(flag) => format!("--{}", flag.get_long().unwrap_or_default()),
            Place::Word { argument: None } => "word".to_owned(),
            Place::Word {
                argument: Some(argument),
            } => argument.get_id().to_string(),
        };
        let given: Vec<String> = line
            .given
            .iter()
            .map(|(n, v)| format!("{n}={v} "))
            .collect();
        let name = line.command.get_name();
        format!("{name} {}{place} \"{}\"", given.concat(), line.typed)
    }

    #[test]
    fn incomplete_lines_are_parsed() {
        let table = [
            ("", r#"oc-extreg word """#),
            ("se", r#"oc-extreg word "se""#),
            ("-", r#"oc-extreg flag "-""#),
            ("-n ", r#"oc-extreg --namespace """#),
            ("--namespace=sn", r#"oc-extreg --namespace "sn""#),
            ("-n=sn", r#"oc-extreg --namespace "sn""#),
            ("setup ", r#"setup name """#),
            ("-n snow setup ", r#"setup namespace=snow name """#),
            ("setup -nsnow ", r#"setup namespace=snow name """#),
            ("setup -qn snow ", r#"setup namespace=snow name """#),
            ("setup app ", r#"setup word """#),
            ("setup app -n", r#"setup flag "-n""#),
            ("setup --image x --work", r#"setup flag "--work""#),
            ("setup --workload ", r#"setup --workload """#),
            ("setup --workload=d", r#"setup --workload "d""#),
            // The value of a flag is not a command.
            ("setup --image setup ", r#"setup name """#),
            ("setup -- ", r#"setup name """#),
            ("setup -- -", r#"setup name "-""#),
            ("webhook cert ", r#"cert word """#),
            (
                "webhook --context dev install --mode ",
                r#"install context=dev --mode """#,
            ),
            (
                "--insecure-skip-tls-verify teardown ",
                r#"teardown name """#,
            ),
            ("--v 6 teardown ", r#"teardown loglevel=6 name """#),
            ("help ", r#"oc-extreg word """#),
            ("help webhook ", r#"webhook word """#),
            ("help setup ", r#"setup word """#),
            ("nothing ", r#"oc-extreg word """#),
            ("--nothing x", r#"oc-extreg word "x""#),
            ("--nothing=x", r#"oc-extreg flag "x""#),
        ];
        for (line, expected) in table {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn no_word_equals_an_empty_word() {
        let mut root = cli::command(Caller::Oc);
        root.build();
        let line = Line::read(&root, &[]);
        assert!(matches!(line.place, Place::Word { argument: None }));
        assert_eq!(line.typed, "");
    }
}
