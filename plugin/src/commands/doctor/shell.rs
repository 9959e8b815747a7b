//! Commands that fixes suggest, in the shell of the system that this program runs on.

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// sh and its relatives.
    Posix,
    /// The command prompt.
    Windows,
}

impl Shell {
    /// The shell of this system.
    pub(super) const fn host() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else {
            Self::Posix
        }
    }

    /// Puts this program on the PATH.
    pub(super) fn put_on_path(self, program: &str) -> String {
        match self {
            Self::Posix => format!("ln -s {program} ~/.local/bin/oc-extreg"),
            // On Windows, links need a permission that few users have, and hosts only run files that end in .exe.
            Self::Windows => format!("copy {program} to a folder of the PATH as oc-extreg.exe"),
        }
    }

    /// Removes a file after a question.
    pub(super) fn remove(self, path: &str) -> String {
        match self {
            Self::Posix => format!("rm -i {path}"),
            Self::Windows => format!("del /p \"{path}\""),
        }
    }

    /// Shows a file.
    pub(super) fn list(self, path: &str) -> String {
        match self {
            Self::Posix => format!("ls -l {path}"),
            Self::Windows => format!("dir \"{path}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_gets_commands_of_its_own_shell() {
        let path = r"C:\Program Files\oc-extreg-audit.exe";
        for (command, posix) in [
            (Shell::Windows.put_on_path(path), "ln "),
            (Shell::Windows.remove(path), "rm "),
            (Shell::Windows.list(path), "ls "),
        ] {
            assert!(command.contains(path), "{command}");
            assert!(!command.contains(posix), "{command}");
        }
        assert_eq!(
            Shell::Posix.put_on_path("/opt/oc-extreg"),
            "ln -s /opt/oc-extreg ~/.local/bin/oc-extreg"
        );
        assert_eq!(
            Shell::Posix.remove("/opt/oc-extreg-x"),
            "rm -i /opt/oc-extreg-x"
        );
        assert_eq!(
            Shell::Posix.list("/opt/oc-extreg-x"),
            "ls -l /opt/oc-extreg-x"
        );
    }
}
