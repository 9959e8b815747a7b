//! Whether a stream supports color, by kubectl's rule.

use std::{env, ffi::OsStr, io::IsTerminal as _};

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum ColorMode {
    /// Always use color.
    Always,
    /// Use color on a capable terminal.
    #[default]
    Auto,
    /// Never use color.
    Never,
}

/// The inputs for `auto`.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "the field means that the stream is a terminal"
)]
pub struct Terminal {
    is_terminal: bool,
    is_dumb: bool,
    no_color: bool,
    forced: bool,
}

impl ColorMode {
    /// Whether to use color: the stream is a terminal, `TERM` is not `dumb`, `NO_COLOR` is absent
    /// (cli-runtime counts set-but-empty as set); `CLICOLOR_FORCE` takes precedence over all three.
    pub const fn for_terminal(self, terminal: &Terminal) -> bool {
        match self {
            Self::Always => true,
            Self::Auto => {
                terminal.forced || (terminal.is_terminal && !terminal.is_dumb && !terminal.no_color)
            }
            Self::Never => false,
        }
    }
}

impl Terminal {
    /// The inputs for this process's stdout.
    pub fn stdout() -> Self {
        Self::new(std::io::stdout().is_terminal())
    }

    /// The inputs for this process's stderr.
    pub fn stderr() -> Self {
        Self::new(std::io::stderr().is_terminal())
    }

    /// Whether a line on it can be erased.
    pub const fn takes_status(&self) -> bool {
        self.is_terminal && !self.is_dumb
    }

    fn new(is_terminal: bool) -> Self {
        // A Windows console older than Windows Terminal does not support the sequences.
        let capable = !cfg!(windows) || env::var_os("WT_SESSION").is_some();
        Self {
            is_terminal: is_terminal && capable,
            is_dumb: env::var_os("TERM").is_some_and(|term| term == OsStr::new("dumb")),
            no_color: env::var_os("NO_COLOR").is_some(),
            forced: env::var_os("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_follows_kubectl() {
        let plain = Terminal {
            is_terminal: true,
            is_dumb: false,
            no_color: false,
            forced: false,
        };
        let cases = [
            (plain, true),
            (
                Terminal {
                    is_terminal: false,
                    ..plain
                },
                false,
            ),
            (
                Terminal {
                    is_dumb: true,
                    ..plain
                },
                false,
            ),
            (
                Terminal {
                    no_color: true,
                    ..plain
                },
                false,
            ),
            (
                Terminal {
                    is_terminal: false,
                    forced: true,
                    ..plain
                },
                true,
            ),
        ];
        for (terminal, expected) in cases {
            assert_eq!(
                ColorMode::Auto.for_terminal(&terminal),
                expected,
                "{terminal:?}"
            );
            assert!(ColorMode::Always.for_terminal(&terminal));
            assert!(!ColorMode::Never.for_terminal(&terminal));
        }
    }
}
