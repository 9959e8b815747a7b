//! A list of checks with their results: one line each, with a command that helps.

use std::fmt;

use extreg_core::count;
use extreg_remedy::Caller;
use extreg_terminal::{Exit, Printer, Text};
use serde::Serialize;

use crate::{
    error::Error,
    print::{DataFormat, to_data},
};

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// Correct.
    Ok,
    /// Could not be checked, or does not exist and is optional.
    Skip,
    /// Works, but needs attention.
    Warn,
    /// Does not work.
    Fail,
}

/// The groups of checks, in display order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    /// This program and those that call it.
    Programs,
    /// The kubeconfig and its user.
    Login,
    /// Proxies and certificate authorities.
    Network,
    /// The API server.
    Server,
    /// The features of the cluster that the flow needs.
    Cluster,
    /// The permissions of the user.
    Rights,
    /// The webhook, from its configuration to its certificate.
    Webhook,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) group: Group,
    /// Its name; stable.
    pub(crate) name: &'static str,
    pub(crate) result: Level,
    pub(crate) message: String,
    /// A command that fixes the problem or shows more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// Checks, in the order of execution.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Checks(Vec<Check>);

/// How to show checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// All, in groups.
    Table,
    /// Only problems.
    Short,
    /// A report of this kind.
    Json(&'static str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    api_version: &'static str,
    kind: &'static str,
    success: bool,
    checks: &'a Checks,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Programs => "Programs",
            Self::Login => "Login",
            Self::Network => "Network",
            Self::Server => "Server",
            Self::Cluster => "Cluster",
            Self::Rights => "Rights",
            Self::Webhook => "Webhook",
        })
    }
}

impl Checks {
    /// Records a success.
    pub(crate) fn ok(&mut self, group: Group, name: &'static str, message: impl Into<String>) {
        self.add(group, name, Level::Ok, message.into(), None);
    }

    /// Records a check that could not run, or an optional object that does not exist.
    pub(crate) fn skip(
        &mut self,
        group: Group,
        name: &'static str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.add(group, name, Level::Skip, message.into(), hint);
    }

    /// Records a warning.
    pub(crate) fn warn(
        &mut self,
        group: Group,
        name: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(group, name, Level::Warn, message.into(), Some(hint.into()));
    }

    /// Records a failure.
    pub(crate) fn fail(
        &mut self,
        group: Group,
        name: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(group, name, Level::Fail, message.into(), Some(hint.into()));
    }

    /// Returns the value of a read; records why a read failed, and ignores a forbidden one.
    pub(crate) fn readable<T>(
        &mut self,
        group: Group,
        name: &'static str,
        read: Result<T, impl Into<Error>>,
        hint: &str,
    ) -> Option<T> {
        match read.map_err(Into::into) {
            Ok(value) => Some(value),
            Err(error) if error.is_forbidden() => {
                self.skip(group, name, plain(&error), None);
                None
            }
            Err(error) => {
                self.fail(group, name, plain(&error), hint);
                None
            }
        }
    }

    /// The checks so far.
    pub(crate) fn as_slice(&self) -> &[Check] {
        &self.0
    }

    /// The number of checks with this result.
    pub(crate) fn count(&self, level: Level) -> usize {
        self.0.iter().filter(|check| check.result == level).count()
    }

    /// The exit of the run.
    pub(crate) fn exit(&self) -> Exit {
        if self.count(Level::Fail) > 0 {
            Exit::No
        } else {
            Exit::Done
        }
    }

    /// As JSON.
    pub(crate) fn to_json(&self, kind: &'static str) -> Result<String, Error> {
        let report = Report {
            api_version: "extreg.io/v1",
            kind,
            success: self.count(Level::Fail) == 0,
            checks: self,
        };
        to_data(&report, DataFormat::Json)
    }

    /// Adapts the hints to the caller: commands of the host start with its name.
    pub(crate) fn for_caller(mut self, caller: Caller) -> Self {
        let hints = self.0.iter_mut().filter_map(|check| check.hint.as_mut());
        for hint in hints.filter(|_| caller == Caller::Kubectl) {
            for command in ["config", "extreg", "version"] {
                *hint = hint.replace(&format!("oc {command}"), &format!("kubectl {command}"));
            }
        }
        self
    }

    /// Prints the checks, and the number of each result.
    pub(crate) fn show(&self, style: Style, printer: &Printer) -> Result<(), Error> {
        let is_shown = |check: &&Check| {
            style == Style::Table || matches!(check.result, Level::Warn | Level::Fail)
        };
        if let Style::Json(kind) = style {
            printer.raw(&self.to_json(kind)?);
        } else {
            let answer = self.answer();
            if style == Style::Table {
                printer.line(answer);
            } else {
                printer.note(answer);
            }
            let mut group = None;
            for check in self.0.iter().filter(is_shown) {
                if style == Style::Table && group != Some(check.group) {
                    printer.line(Text::new().bold(check.group.to_string()));
                    group = Some(check.group);
                }
                check.show(printer);
            }
        }
        Ok(())
    }

    /// The result of all checks in one line.
    fn answer(&self) -> Text {
        let count = |level, one| count(self.count(level), one);
        let (failed, warnings) = (count(Level::Fail, "problem"), count(Level::Warn, "warning"));
        let rest = format!(
            " ({} ok, {} skipped)",
            self.count(Level::Ok),
            self.count(Level::Skip)
        );
        let text = Text::new();
        let text = match (self.count(Level::Fail), self.count(Level::Warn)) {
            (0, 0) => text.green("No problem found"),
            (0, _) => text.orange(format!("No problem found, {warnings}")),
            (_, 0) => text.red(failed),
            _ => text.red(format!("{failed}, {warnings}")),
        };
        text.plain(rest)
    }

    fn add(
        &mut self,
        group: Group,
        name: &'static str,
        result: Level,
        message: String,
        hint: Option<String>,
    ) {
        self.0.push(Check {
            group,
            name,
            result,
            message,
            hint,
        });
    }
}

impl Check {
    fn show(&self, printer: &Printer) {
        let word = format!("{:<4}", self.result.word());
        let text = Text::new().plain("  ");
        let text = match self.result {
            Level::Ok => text.green(word),
            Level::Skip => text.dim(word),
            Level::Warn => text.orange(word),
            Level::Fail => text.red(word),
        };
        let text = text.plain(format!("  {:<15}", self.name));
        printer.labeled(text, &self.message);
        if let Some(hint) = &self.hint {
            printer.line(Text::new().dim(format!("{:>8}try: ", "")).plain(hint));
        }
    }
}

/// An error's message in the middle of a line.
pub(crate) fn plain(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    text.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_terminal::{Quiet, testing::printer};

    fn checks() -> Checks {
        let mut checks = Checks::default();
        checks.ok(Group::Login, "context", "dev");
        checks.skip(Group::Server, "version", "no answer", None);
        checks.warn(Group::Server, "clock", "90s off", "date");
        checks
    }

    fn shown(style: Style) -> (String, String) {
        let (printer, out, err) = printer(Quiet::No, 0);
        checks().show(style, &printer).unwrap();
        (out.text(), err.text())
    }

    #[test]
    fn each_style_shows_its_checks() {
        let (out, err) = shown(Style::Table);
        assert_eq!(
            out,
            "No problem found, 1 warning (1 ok, 1 skipped)\nLogin\n  ok    context        dev\n\
             Server\n  skip  version        no answer\n  warn  clock          90s off\n        \
             try: date\n"
        );
        assert_eq!(err, "");
        let (out, err) = shown(Style::Short);
        assert_eq!(err, "No problem found, 1 warning (1 ok, 1 skipped)\n");
        assert_eq!(out, "  warn  clock          90s off\n        try: date\n");
        let (out, _) = shown(Style::Json("DoctorReport"));
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["success"], true);
        assert_eq!(
            report["checks"][2],
            serde_json::json!({"group": "server", "name": "clock", "result": "warn", "message": "90s off", "hint": "date"})
        );
    }

    #[test]
    fn hints_use_the_name_of_the_caller() {
        let mut checks = Checks::default();
        checks.fail(Group::Login, "a", "", "oc config view");
        checks.fail(Group::Login, "b", "", "oc login");
        let hints = |checks: &Checks| -> Vec<String> {
            let all = checks.as_slice().iter();
            all.filter_map(|check| check.hint.clone()).collect()
        };
        let kubectl = checks.clone().for_caller(Caller::Kubectl);
        assert_eq!(hints(&kubectl), ["kubectl config view", "oc login"]);
        assert_eq!(
            hints(&checks.for_caller(Caller::Oc)),
            ["oc config view", "oc login"]
        );
    }

    #[test]
    fn only_a_failure_fails_the_run() {
        let mut checks = checks();
        assert_eq!(checks.exit(), Exit::Done);
        checks.fail(Group::Login, "context", "gone", "oc login");
        assert_eq!(checks.exit(), Exit::No);
    }
}
