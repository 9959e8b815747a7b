//! What was looked at and what came of it: one line a check, with the one command that helps.

use std::fmt;

use extreg_remedy::Caller;
use extreg_terminal::{Exit, Printer, Text};
use serde::Serialize;

use crate::{
    error::Error,
    print::{DataFormat, to_data},
};

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// Could not be looked at, or is not there and need not be.
    Skip,
    /// Works, but look at it.
    Warn,
    /// Does not work.
    Fail,
}

/// What belongs together, in the order in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Group {
    /// This program and those that call it.
    Programs,
    /// The kubeconfig, and who one is by it.
    Login,
    /// Proxies and certificate authorities.
    Network,
    /// The API server.
    Server,
    /// What the cluster has that the flow needs.
    Cluster,
    /// What one may do.
    Rights,
    /// The webhook, from its configuration to its certificate.
    Webhook,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) group: Group,
    /// A word for it; stable.
    pub(crate) name: &'static str,
    pub(crate) result: Level,
    pub(crate) message: String,
    /// One command that helps, or tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// Checks, as they are made.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Checks(Vec<Check>);

/// How checks are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// All, in groups.
    Table,
    /// Only what is not well.
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
    /// It is as it should be.
    pub(crate) fn ok(&mut self, group: Group, name: &'static str, message: impl Into<String>) {
        self.add(group, name, Level::Ok, message.into(), None);
    }

    /// It could not be looked at, or is not there and need not be.
    pub(crate) fn skip(
        &mut self,
        group: Group,
        name: &'static str,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.add(group, name, Level::Skip, message.into(), hint);
    }

    /// It works, but look at it.
    pub(crate) fn warn(
        &mut self,
        group: Group,
        name: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(group, name, Level::Warn, message.into(), Some(hint.into()));
    }

    /// It does not work.
    pub(crate) fn fail(
        &mut self,
        group: Group,
        name: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(group, name, Level::Fail, message.into(), Some(hint.into()));
    }

    /// What was read; of what could not be read it is said why, and what is forbidden is passed over.
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

    /// How many went so.
    pub(crate) fn count(&self, level: Level) -> usize {
        self.0.iter().filter(|check| check.result == level).count()
    }

    /// How the run ends.
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

    /// The hints as the caller would type them: what is the host's is said of the host.
    pub(crate) fn said_by(mut self, caller: Caller) -> Self {
        let hints = self.0.iter_mut().filter_map(|check| check.hint.as_mut());
        for hint in hints.filter(|_| caller == Caller::Kubectl) {
            for command in ["config", "extreg", "version"] {
                *hint = hint.replace(&format!("oc {command}"), &format!("kubectl {command}"));
            }
        }
        self
    }

    /// Prints them, and how many there were of each.
    pub(crate) fn show(&self, style: Style, printer: &Printer) -> Result<(), Error> {
        let is_shown = |check: &&Check| {
            style == Style::Table || matches!(check.result, Level::Warn | Level::Fail)
        };
        if let Style::Json(kind) = style {
            printer.raw(&self.to_json(kind)?);
        } else {
            let mut group = None;
            for check in self.0.iter().filter(is_shown) {
                if style == Style::Table && group != Some(check.group) {
                    printer.line(Text::new().bold(check.group.to_string()));
                    group = Some(check.group);
                }
                check.show(printer);
            }
        }
        printer.note(format!(
            "{} ok, {} skipped, {} warnings, {} failed",
            self.count(Level::Ok),
            self.count(Level::Skip),
            self.count(Level::Warn),
            self.count(Level::Fail)
        ));
        Ok(())
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
            Level::Warn => text.yellow(word),
            Level::Fail => text.red(word),
        };
        printer.line(
            text.plain(format!("  {:<15}", self.name))
                .plain(&self.message),
        );
        if let Some(hint) = &self.hint {
            printer.line(Text::new().dim(format!("{:>8}try: ", "")).plain(hint));
        }
    }
}

/// The message of an error in the middle of a line.
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
        checks.skip(Group::Server, "version", "nobody answers", None);
        checks.warn(Group::Server, "clock", "90s off", "date");
        checks
    }

    fn shown(style: Style) -> (String, String) {
        let (printer, out, err) = printer(Quiet::No, 0);
        checks().show(style, &printer).unwrap();
        (out.text(), err.text())
    }

    #[test]
    fn each_style_shows_what_it_says() {
        let (out, err) = shown(Style::Table);
        assert_eq!(
            out,
            "Login\n  ok    context        dev\n\
             Server\n  skip  version        nobody answers\n  warn  clock          90s off\n        \
             try: date\n"
        );
        assert_eq!(err, "1 ok, 1 skipped, 1 warnings, 0 failed\n");
        let (out, _) = shown(Style::Short);
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
    fn hints_are_as_the_caller_types_them() {
        let mut checks = Checks::default();
        checks.fail(Group::Login, "a", "", "oc config view");
        checks.fail(Group::Login, "b", "", "oc login");
        let hints = |checks: &Checks| -> Vec<String> {
            let all = checks.as_slice().iter();
            all.filter_map(|check| check.hint.clone()).collect()
        };
        let said = checks.clone().said_by(Caller::Kubectl);
        assert_eq!(hints(&said), ["kubectl config view", "oc login"]);
        assert_eq!(
            hints(&checks.said_by(Caller::Oc)),
            ["oc config view", "oc login"]
        );
    }

    #[test]
    fn only_a_failure_is_a_no() {
        let mut checks = checks();
        assert_eq!(checks.exit(), Exit::Done);
        checks.fail(Group::Login, "context", "gone", "oc login");
        assert_eq!(checks.exit(), Exit::No);
    }
}
