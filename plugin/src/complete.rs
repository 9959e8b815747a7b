//! Shell completion: `oc extreg __complete WORDS...`; the last word is the incomplete one and may be empty.
//!
//! The output is Cobra's format, which `oc` and `kubectl` read (kubectl `pkg/cmd/plugin_completion.go`): one candidate
//! per line, followed by a tab and its description; the last line is `:` with the sum of the directives for the shell.
//! The hosts search for a separate executable for that, `oc_complete-extreg` or `kubectl_complete-extreg`; `completion
//! install` creates these. The hosts do not complete their own flags after a plugin's name, so `-n` and `--context` are
//! completed here, and their values are used.
//!
//! It never fails and prints nothing else: it offers nothing for a line that it cannot parse, and for a cluster that is
//! slow, forbids the request or does not exist.

mod candidate;
mod live;
mod value;
mod words;

use std::ffi::OsString;

use extreg_remedy::Caller;
use extreg_terminal::{Printer, Quiet};

use self::{
    candidate::{Answer, Directive},
    value::Wanted,
    words::{Line, Place},
};
use crate::{
    cli::{self, Parsed},
    context::Context,
    defaults::Environment,
};

/// The word that requests completion. It is not a command: the words after it need not be valid.
pub const COMMAND: &str = "__complete";

/// The output for the words after `extreg`.
pub fn run(words: &[OsString], caller: Caller, environment: &Environment) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let mut root = cli::command(caller);
    root.build();
    let line = Line::read(&root, &words);
    answer(&line, caller, environment).to_string()
}

fn answer(line: &Line<'_>, caller: Caller, environment: &Environment) -> Answer {
    match &line.place {
        Place::Flag => Answer::closed(candidate::flags(line)),
        Place::Word { argument: None } => Answer::closed(candidate::commands(line)),
        Place::Word {
            argument: Some(argument),
        } => {
            let mut answer = of_argument(line, argument, caller, environment);
            answer.candidates.extend(candidate::commands(line));
            answer
        }
        Place::Value(argument) => of_argument(line, argument, caller, environment),
    }
}

fn of_argument(
    line: &Line<'_>,
    argument: &clap::Arg,
    caller: Caller,
    environment: &Environment,
) -> Answer {
    match value::wanted(line.command.get_name(), argument) {
        Wanted::OneOf => Answer::closed(candidate::possible(argument, line.typed)),
        Wanted::Checks(all) => Answer::closed(candidate::checks(all, line.typed)),
        Wanted::Formats => Answer::closed(candidate::formats(line.typed)),
        Wanted::File => Answer::left_to_the_shell(Directive::Files),
        Wanted::Folder => Answer::left_to_the_shell(Directive::Folders),
        Wanted::Anything => Answer::closed(Vec::new()),
        Wanted::Live(live) => context(line, caller, environment)
            .map_or_else(Answer::default, |context| {
                live::look(live, line.typed, context)
            }),
    }
}

/// The context that a command of this line would have, from the flags typed so far.
fn context(line: &Line<'_>, caller: Caller, environment: &Environment) -> Option<Context> {
    // A command without arguments of its own applies the rules for global flags.
    let program = [caller.to_string(), "version".to_owned()];
    let flags = line
        .given
        .iter()
        .map(|(name, value)| format!("--{name}={value}"));
    let args: Vec<OsString> = program.into_iter().chain(flags).map(Into::into).collect();
    let Ok(Parsed::Run(cli)) = cli::parse(&args, caller, environment) else {
        return None;
    };
    let printer = Printer::new(
        Box::new(std::io::sink()),
        false,
        Box::new(std::io::sink()),
        false,
        Quiet::Silent,
        0,
    );
    Some(Context::new(
        caller,
        cli::command,
        "complete",
        cli.global,
        printer.into(),
    ))
}
