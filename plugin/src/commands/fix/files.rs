//! Fixes files: each is read once, evaluated, changed as text, parsed again, and replaced.

mod fixed;

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use extreg_core::count;
use extreg_documents::{
    InputError, Skipped, Source, SourceList,
    file::{self, Replaced},
    find_sources,
};
use extreg_terminal::{Exit, Text};

use self::fixed::{Fixed, fix};
use super::{
    Format,
    report::{Entry, Outcome, Report},
    settings::{FilesAction, Settings},
};
use crate::{
    context::Context,
    engine::{self, Surroundings, policies},
    error::Error,
    skipped::print_skipped,
};

/// Plans or writes.
pub(super) async fn run(
    settings: &Settings,
    action: &FilesAction,
    context: &Context,
) -> Result<Exit, Error> {
    let found = find_sources(&action.names, action.recursive, &action.exclude)?;
    let mut surroundings =
        engine::surroundings(settings.policies.clone(), action.offline, context).await?;
    policies::warn_about_ties(surroundings.policies(), &context.printer);
    let SourceList {
        sources,
        mut skipped,
        errors,
    } = found;
    let on_stderr = action.write && sources.contains(&Source::Stdin);
    let mut run = Run {
        settings,
        action,
        context,
        report: Report::new(&context.printer, settings.format, on_stderr),
    };
    for error in errors {
        run.report.error(error.to_string());
    }
    for source in sources {
        run.source(source, &mut surroundings, &mut skipped).await?;
        if context.printer.out_is_closed() {
            break;
        }
    }
    run.report.finish()?;
    if run.report.summary.checked == 0 && run.report.summary.errors == 0 {
        print_skipped(&skipped, &context.printer);
    } else if let Some(summary) = skipped.summary() {
        context.printer.note(summary);
    }
    Ok(run.exit(action.allow_empty))
}

struct Run<'a> {
    settings: &'a Settings,
    action: &'a FilesAction,
    context: &'a Context,
    report: Report<'a>,
}

/// A file and its content.
struct Loaded {
    /// None for stdin.
    path: Option<PathBuf>,
    source: Source,
    bytes: Arc<[u8]>,
}

impl Run<'_> {
    async fn source(
        &mut self,
        source: Source,
        surroundings: &mut Surroundings,
        skipped: &mut Skipped,
    ) -> Result<(), Error> {
        let loaded = match load(source).await {
            Ok(loaded) => loaded,
            Err(error) => {
                self.report.error(error.to_string());
                return Ok(());
            }
        };
        let fixed = fix(
            &loaded.source,
            &loaded.bytes,
            self.settings.scope,
            surroundings,
        )
        .await?;
        if let Some(reason) = fixed.skipped {
            skipped.add(reason, loaded.source.name().into());
        }
        for error in &fixed.errors {
            self.report.error(error.clone());
        }
        for entry in &fixed.entries {
            self.report.planned(entry);
        }
        let entries = if self.action.write {
            self.written(&loaded, fixed)
        } else {
            fixed.entries
        };
        for entry in entries {
            self.report.settled(entry);
        }
        Ok(())
    }

    /// Writes a file, and returns its objects with the outcome.
    fn written(&self, loaded: &Loaded, fixed: Fixed) -> Vec<Entry> {
        let Fixed {
            mut entries, text, ..
        } = fixed;
        let Some(path) = &loaded.path else {
            let unchanged = || String::from_utf8_lossy(&loaded.bytes).into_owned();
            self.context
                .printer
                .raw(&text.clone().unwrap_or_else(unchanged));
            settle(
                &mut entries,
                &Outcome::Changed("written to stdout".to_owned()),
            );
            return entries;
        };
        let Some(text) = text else {
            return entries;
        };
        let shown = path.display();
        let journal = &self.context.journal;
        journal.begin(shown.to_string());
        let tree = tree(path, &self.action.names);
        let outcome = match file::replace(path, &tree, Some(&loaded.bytes), text.as_bytes()) {
            Ok(Replaced::Yes) => {
                journal.done(format!("{shown} written"));
                self.report
                    .line(Text::new().plain(format!("{shown} ")).green("written"));
                Outcome::Changed(String::new())
            }
            Ok(Replaced::No) => {
                journal.nothing_done();
                let message = format!("skipped {shown}: it changed after it was read");
                self.context.printer.error(&format!("error: {message}"));
                Outcome::Conflict(message)
            }
            Err(error) => {
                journal.nothing_done();
                let message = format!("cannot write {shown}: {error}");
                self.context.printer.error(&format!("error: {message}"));
                Outcome::Failed(message)
            }
        };
        settle(&mut entries, &outcome);
        entries
    }

    fn exit(&self, allow_empty: bool) -> Exit {
        let summary = &self.report.summary;
        let printer = &self.context.printer;
        if summary.checked == 0 {
            let hint = if allow_empty {
                ""
            } else {
                " (use --allow-empty if this is expected)"
            };
            printer.note(format!("no BuildConfig, Build or ImageStream found{hint}"));
        } else {
            printer.note(summary.description());
        }
        let mut exit = Exit::Done;
        // A needed change counts more than a file that cannot be read.
        if summary.errors > 0 && (self.action.write || summary.changes == 0) {
            exit = exit.and(Exit::Failed);
        }
        if summary.checked == 0 && !allow_empty {
            exit = exit.and(Exit::Incomplete);
        }
        if self.action.write {
            match (summary.changed, summary.failed) {
                (_, 0) => {}
                (0, _) => exit = exit.and(Exit::Failed),
                (_, _) => exit = exit.and(Exit::Partial),
            }
        } else if summary.changes > 0 {
            printer.note(format!(
                "nothing was changed; use --write to change {}",
                match self.settings.format {
                    Format::Name => "the files".to_owned(),
                    _ => count(summary.objects, "object"),
                }
            ));
            exit = exit.and(Exit::No);
        }
        exit
    }
}

/// The user's argument: the folder in which a file was found, or the folder of a file.
fn tree(path: &Path, names: &[String]) -> PathBuf {
    let folder = names
        .iter()
        .map(Path::new)
        .filter(|name| path.starts_with(name) && *name != path)
        .max_by_key(|name| name.components().count());
    let own = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    folder.or(own).unwrap_or(Path::new(".")).to_owned()
}

fn settle(entries: &mut [Entry], outcome: &Outcome) {
    for entry in entries.iter_mut().filter(|entry| entry.is_changed()) {
        entry.result = outcome.clone();
    }
}

/// Reads a file once. Reads stdin on its own thread, so that an interrupt is handled meanwhile.
async fn load(source: Source) -> Result<Loaded, InputError> {
    let name = source.name();
    let (path, named, bytes) = match source {
        Source::File { path, named } => {
            let bytes = file::read(&path);
            (Some(path), named, bytes)
        }
        Source::Loaded { text, named, .. } => (None, named, Ok(text.to_vec())),
        Source::Rendered { text, .. } => (None, true, Ok(text.to_vec())),
        Source::Stdin => {
            let read = tokio::task::spawn_blocking(|| {
                let mut bytes = Vec::new();
                std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
            });
            let bytes = read.await.unwrap_or_else(|error| Err(error.into()));
            (None, true, bytes)
        }
    };
    let bytes: Arc<[u8]> = match bytes {
        Ok(bytes) => bytes.into(),
        Err(cause) => return Err(InputError::Read { name, cause }),
    };
    Ok(Loaded {
        path,
        source: Source::Loaded {
            name,
            text: Arc::clone(&bytes),
            named,
        },
        bytes,
    })
}
