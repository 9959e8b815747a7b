//! The program that started us: `oc extreg` or `kubectl extreg`.
//!
//! Krew installs `kubectl-extreg` only, and `oc` runs that too, so `argv[0]` alone is not sufficient.
//! kubectl 1.37 and later sets `KUBECTL_PATH` to itself for a plugin
//! (kubernetes `pkg/cmd/plugin.go`), so that is checked first.

use std::{ffi::OsStr, fmt, path::Path};

/// The program that a user types before `extreg`. Displays as typed: `oc extreg`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// `kubectl extreg`
    Kubectl,
    /// `oc extreg`, also assumed for a direct call of the binary
    #[default]
    Oc,
}

impl Caller {
    /// Decides by the value of `KUBECTL_PATH`, then by `argv[0]`, then `oc`.
    pub fn detect(kubectl_path: Option<&OsStr>, argv0: Option<&OsStr>) -> Self {
        kubectl_path
            .and_then(|path| Self::from_program(path, &["oc"], &["kubectl"]))
            .or_else(|| {
                argv0.and_then(|path| {
                    Self::from_program(path, &["oc-extreg"], &["kubectl-extreg", "kubectl"])
                })
            })
            .unwrap_or(Self::Oc)
    }

    /// The host program alone, for its own commands: `oc get pods`.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Kubectl => "kubectl",
            Self::Oc => "oc",
        }
    }

    fn from_program(path: &OsStr, oc: &[&str], kubectl: &[&str]) -> Option<Self> {
        // A version suffix is common: kubectl-1.34, oc-4.20. Everything after the name is ignored.
        let stem = Path::new(path).file_name()?.to_str()?;
        let stem = stem.strip_suffix(".exe").unwrap_or(stem);
        let is = |names: &[&str]| {
            names.iter().any(|name| {
                stem.strip_prefix(name)
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
            })
        };
        if is(kubectl) {
            Some(Self::Kubectl)
        } else if is(oc) {
            Some(Self::Oc)
        } else {
            None
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} extreg", self.program())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caller_by_environment_then_name() {
        let cases: &[(Option<&str>, Option<&str>, Caller)] = &[
            (None, None, Caller::Oc),
            (None, Some("/usr/bin/oc-extreg"), Caller::Oc),
            (None, Some("kubectl-extreg"), Caller::Kubectl),
            (None, Some("C:/bin/kubectl-extreg.exe"), Caller::Kubectl),
            (
                Some("/usr/bin/oc"),
                Some("/krew/kubectl-extreg"),
                Caller::Oc,
            ),
            (Some("/usr/bin/kubectl"), Some("oc-extreg"), Caller::Kubectl),
            (Some("/opt/kubectl-1.34"), None, Caller::Kubectl),
            (Some("/opt/oc-4.20"), Some("kubectl-extreg"), Caller::Oc),
            (
                Some("/opt/octopus"),
                Some("kubectl-extreg"),
                Caller::Kubectl,
            ),
            (Some(""), Some("x"), Caller::Oc),
        ];
        for (path, argv0, expected) in cases {
            let got = Caller::detect(path.map(OsStr::new), argv0.map(OsStr::new));
            assert_eq!(got, *expected, "{path:?} {argv0:?}");
        }
    }
}
