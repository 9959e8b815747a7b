//! One run, from `argv` to the exit code.

use std::{ffi::OsString, process::ExitCode, sync::Arc};

use clap::ValueEnum as _;
use extreg_remedy::Caller;
use extreg_terminal::{ColorMode, Exit, Printer, Quiet};

use crate::{
    args::GlobalArgs,
    cli::{self, Cli, Parsed},
    complete,
    context::{Context, Journal},
    defaults::Environment,
    error::Error,
};

/// Runs the command line `args`, the first of which is the program's name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let environment = Environment::of_process();
    let caller = Caller::detect(
        std::env::var_os("KUBECTL_PATH").as_deref(),
        args.first().map(OsString::as_os_str),
    );
    if args.len() <= 1 {
        let printer = early_printer(&args);
        printer.raw(&cli::overview(caller));
        printer.flush();
        return Exit::Done.into();
    }
    if args.get(1).is_some_and(|arg| arg == complete::COMMAND) {
        let printer = early_printer(&[]);
        let words = args.get(2..).unwrap_or_default();
        printer.raw(&complete::run(words, caller, &environment));
        printer.flush();
        return Exit::Done.into();
    }
    match cli::parse(&args, caller, &environment) {
        Ok(Parsed::Run(cli)) => run(*cli, caller).into(),
        Ok(Parsed::Page { plain, ansi }) => {
            let printer = early_printer(&args);
            printer.raw(if printer.out_has_color() {
                &ansi
            } else {
                &plain
            });
            printer.flush();
            Exit::Done.into()
        }
        Ok(Parsed::Wrong { plain, ansi }) => {
            let printer = early_printer(&args);
            printer.raw_error(if printer.err_has_color() {
                &ansi
            } else {
                &plain
            });
            Exit::Usage.into()
        }
        Err(error) => {
            early_printer(&args).error(&error.to_string());
            error.exit().into()
        }
    }
}

fn run(cli: Cli, caller: Caller) -> Exit {
    let Cli {
        command,
        mut global,
    } = cli;
    if command.is_for_pipelines() {
        global.no_input = true;
        if global.color == ColorMode::Auto {
            global.color = ColorMode::Never;
        }
    }
    let is_watch = command.is_watch();
    let quiet = match global.quiet {
        0 => Quiet::No,
        1 => Quiet::Quiet,
        _ => Quiet::Silent,
    };
    report_files(&global, quiet);
    let printer = Arc::new(Printer::stdio(global.color, quiet, global.verbosity));
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.error(&format!("error: cannot start: {error}"));
            return Exit::Failed;
        }
    };
    let context = Context::new(
        caller,
        cli::command,
        command.name(),
        global,
        Arc::clone(&printer),
    );
    let journal = context.journal.clone();
    let timeout = context.timeout.clone();
    let result = runtime.block_on(async {
        let expire = async {
            match &timeout {
                // Zero means "check once", which the command handles.
                Some(limit) if !limit.duration.is_zero() => {
                    tokio::time::sleep(limit.duration).await;
                    Error::TimedOut(limit.to_string())
                }
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            error = interrupted() => Err(error),
            error = expire => Err(error),
            result = Box::pin(command.run(&context)) => result,
        }
    });
    // A prompt may still block a thread: do not wait for it.
    runtime.shutdown_background();
    let exit = match result {
        Err(Error::Interrupted) if is_watch => Exit::Interrupted,
        result => finish(&printer, &journal, result),
    };
    printer.flush();
    exit
}

/// Reports each file that set a flag, and the flags that it could not set. A project's file cannot silence this.
fn report_files(global: &GlobalArgs, quiet: Quiet) {
    let files = &global.files;
    let quiet = if files.is_quiet { Quiet::No } else { quiet };
    let printer = Printer::stdio(global.color, quiet, global.verbosity);
    for line in &files.refused {
        printer.warn(line);
    }
    for source in &files.files {
        printer.note(source.to_string());
    }
    printer.flush();
}

async fn interrupted() -> Error {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Error::Interrupted,
        // Without a handler the default action of the signal applies.
        Err(_) => std::future::pending().await,
    }
}

fn finish(printer: &Printer, journal: &Journal, result: Result<Exit, Error>) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(error) => {
            printer.error(&error.to_string());
            if matches!(
                error,
                Error::Interrupted | Error::TimedOut(_) | Error::Partial { .. }
            ) {
                for line in journal.report() {
                    printer.note(line);
                }
            }
            error.exit()
        }
    }
}

/// A printer for messages before the arguments are parsed; knows `--color` only.
fn early_printer(args: &[OsString]) -> Printer {
    let color = cli::early_value(args, "--color")
        .and_then(|value| ColorMode::from_str(value.to_str()?, true).ok())
        .unwrap_or_default();
    Printer::stdio(color, Quiet::No, 0)
}
